package io.ashlar.replication;

import io.ashlar.chunkstore.ChunkDevice;
import io.ashlar.chunkstore.DeviceException;
import io.ashlar.common.Clock;
import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Shard;
import io.ashlar.metadata.ClusterSettings;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.Member;
import io.ashlar.metadata.MetadataClient;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.PgConfig;
import io.ashlar.replication.PeerTransport.Lane;
import io.ashlar.replication.PgRules.Rule;
import io.ashlar.replication.client.GroupClient;
import io.ashlar.replication.group.CopyBudget;
import io.ashlar.replication.group.GroupEnvironment;
import io.ashlar.replication.group.HandOvers;
import io.ashlar.replication.group.LearnShare;
import io.ashlar.replication.group.PlacementGroup;
import io.ashlar.replication.group.ScrubBudget;
import io.ashlar.replication.lease.Leases;
import io.ashlar.replication.wire.GroupMessage;
import io.ashlar.replication.wire.LeaseMessage;
import io.ashlar.replication.wire.RequestMessage;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The placement groups of one process: it makes those that the view gives this node, hands each
 * what concerns it on its shard, keeps the leases, and is the owner's way to the groups of the
 * whole cluster. Register it with the transport by constructing it, start the transport, then
 * {@link #start}.
 */
public final class ReplicationNode implements BlockGroups {
    private static final Logger LOG = LoggerFactory.getLogger(ReplicationNode.class);

    /** Ticks between two publications of a group's status. */
    private static final int STATUS_TICKS = 10;

    private static final class Slot {
        final PlacementGroup group;
        final Shard shard;
        final ChunkDevice device;
        volatile GroupStatus status;
        volatile Optional<ScrubStatus> scrub = Optional.empty();

        Slot(PlacementGroup group, Shard shard, ChunkDevice device) {
            this.group = group;
            this.shard = shard;
            this.device = device;
            this.status = group.status();
        }
    }

    private record ConfigIndex(ControlState of, long index) {}

    private final GroupEnvironment environment;

    /** Those that were there at the start, and those added since; some may have failed. */
    private final List<ChunkDevice> devices = new CopyOnWriteArrayList<>();

    private final List<Shard> shards;
    private final Shard livenessShard;
    private final Shard clientShard;
    private final GroupClient client;
    private final Leases leases;
    private final ReplicationCounters counters = new ReplicationCounters();

    /**
     * Looked up by all threads; each shard adds its own groups and iterates over {@link #byShard}.
     */
    private final Map<PgId, Slot> slots = new ConcurrentHashMap<>();

    /** Groups of which this node has something, whether it is still a part of them or not. */
    private final Set<PgId> heldAtStart = new HashSet<>();

    private final List<TreeMap<PgId, Slot>> byShard = new ArrayList<>();
    private final List<Runnable> watches = new ArrayList<>();
    private volatile @Nullable ConfigIndex newestConfig;
    private volatile boolean stopped;

    /**
     * @param shards own the groups; at least one
     * @param livenessShard sends beacons; nothing else that could delay it runs there
     * @param clientShard keeps what owners have asked for; best the shard of the volumes
     * @param fatal called when this process can no longer keep its promises, with the reason; it
     *     must end the process
     */
    public ReplicationNode(
            Clock clock,
            ReplicationSettings settings,
            ScrubSettings scrub,
            PgRules rules,
            PeerTransport transport,
            MetadataClient metadata,
            List<ChunkDevice> devices,
            List<Shard> shards,
            Shard livenessShard,
            Shard clientShard,
            Consumer<String> fatal) {
        this.devices.addAll(devices);
        devices.forEach(device -> heldAtStart.addAll(device.groups()));
        this.shards = List.copyOf(shards);
        this.livenessShard = livenessShard;
        this.clientShard = clientShard;
        this.leases = new Leases(transport.self(), clock, settings, rules);
        this.environment =
                new GroupEnvironment(
                        transport.self(),
                        clock,
                        settings,
                        rules,
                        transport,
                        metadata,
                        leases,
                        counters,
                        new HandOvers(settings.handOversMax()),
                        new ScrubBudget(scrub),
                        budget(metadata.state().settings()),
                        new LearnShare(transport.self().node(), settings.learnBytesInFlight()),
                        clock.nanos(),
                        fatal);
        this.client = new GroupClient(clientShard, transport, metadata.state());
        for (int i = 0; i < shards.size(); i++) {
            byShard.add(new TreeMap<>());
        }
        transport.register(Lane.DATA, new GroupFamily());
        transport.register(Lane.DATA, new RequestFamily());
        transport.register(Lane.LIVENESS, new LeaseFamily());
    }

    private static CopyBudget budget(ClusterSettings settings) {
        return new CopyBudget(settings.copyBytesPerSecondMin(), settings.copyBytesPerSecondMax());
    }

    /** Begins to follow the view, to answer and to send beacons. */
    public void start() {
        for (int i = 0; i < shards.size(); i++) {
            int number = i;
            Shard shard = shards.get(i);
            watches.add(environment.metadata().watch(shard, state -> onView(number, state)));
            shard.schedule(environment.settings().tickNanos(), () -> onTick(number, 1));
        }
        watches.add(environment.metadata().watch(clientShard, client::onView));
        livenessShard.execute(this::sendBeacons);
    }

    /** Stops timers and watches. What is in flight is not waited for. */
    public void stop() {
        stopped = true;
        watches.forEach(Runnable::run);
    }

    public ReplicationCounters counters() {
        return counters;
    }

    /**
     * What this process is for each group that it has anything of, some hundred milliseconds old.
     */
    public List<GroupStatus> groups() {
        TreeMap<PgId, GroupStatus> statuses = new TreeMap<>();
        slots.forEach((pg, slot) -> statuses.put(pg, slot.status));
        return List.copyOf(statuses.values());
    }

    /** How the scrubs of the groups stand that this process leads, as old as {@link #groups}. */
    public List<ScrubStatus> scrubs() {
        TreeMap<PgId, ScrubStatus> statuses = new TreeMap<>();
        slots.forEach((pg, slot) -> slot.scrub.ifPresent(status -> statuses.put(pg, status)));
        return List.copyOf(statuses.values());
    }

    /** What this process copies to learners, and how fast it may. */
    public CopyBudget copies() {
        return environment.copies();
    }

    /** The device on which this node keeps a group, if it has anything of it. */
    public Optional<ChunkDevice> deviceOf(PgId pg) {
        Slot slot = slots.get(pg);
        return slot == null ? Optional.empty() : Optional.of(slot.device);
    }

    /** The group itself, for the simulation's invariants; touch it on its shard only. */
    public Optional<PlacementGroup> group(PgId pg) {
        Slot slot = slots.get(pg);
        return slot == null ? Optional.empty() : Optional.of(slot.group);
    }

    /** Whether a process has answered this one lately: not longer ago than twice the grace. */
    public boolean hears(ProcessId process) {
        return process.equals(environment.self())
                || !leases.isSilent(process, 2 * environment.settings().graceNanos());
    }

    /** Whether this process hears too few to judge others, or to count as alive. */
    public boolean isDeaf() {
        return environment.isDeaf();
    }

    @Override
    public Shard.Cancellable submit(PgRequest request, Shard shard, Consumer<PgReply> done) {
        return client.submit(request, shard, done);
    }

    // ---- the view

    private void onView(int number, ControlState state) {
        TreeMap<PgId, Slot> mine = byShard.get(number);
        if (number == 0) {
            environment
                    .copies()
                    .limit(
                            state.settings().copyBytesPerSecondMin(),
                            state.settings().copyBytesPerSecondMax());
        }
        boolean mayPlace = showsRegistration(state);
        for (PgConfig config : state.placementGroups().values()) {
            if (mayPlace
                    && shardNumber(config.id()) == number
                    && !mine.containsKey(config.id())
                    && isOurs(config)) {
                place(number, config, state, 0);
            }
        }
        for (Slot slot : List.copyOf(mine.values())) {
            moveFromFailedDevice(number, slot, state);
        }
        for (Slot slot : mine.values()) {
            slot.group.onView(state);
        }
    }

    /**
     * Whether a state shows this very process: then it is newer than all of which a former process
     * of the node was a member, and names the devices that hold it. What a process sees before that
     * is the past, in which its node may have had the group on another device.
     */
    private boolean showsRegistration(ControlState state) {
        NodeRecord node = state.nodes().get(environment.self().node());
        return !environment.rules().has(Rule.PLACE_REGISTERED)
                || (node != null && node.incarnation() == environment.self().incarnation());
    }

    /** Puts a group on a device, if there is one that works. */
    private void place(int number, PgConfig config, ControlState state, long promised) {
        Optional<ChunkDevice> device = chooseDevice(config);
        if (device.isEmpty()) {
            return;
        }
        try {
            PlacementGroup group =
                    new PlacementGroup(
                            config.id(),
                            environment,
                            shards.get(number),
                            device.get(),
                            state,
                            promised);
            Slot slot = new Slot(group, shards.get(number), device.get());
            byShard.get(number).put(config.id(), slot);
            slots.put(config.id(), slot);
        } catch (DeviceException e) {
            // The device has failed by that, so the next look at the view chooses another.
            LOG.error(
                    "{} cannot be read from {}: {}", config.id(), device.get().id(), e.toString());
        }
    }

    /**
     * A group whose device has failed begins anew on another one of this node, once the control
     * state names that device nowhere: nothing that was said of the group on the one can then be
     * taken for the other.
     */
    private void moveFromFailedDevice(int number, Slot slot, ControlState state) {
        PgConfig config = state.placementGroups().get(slot.group.id());
        NodeRecord node = state.nodes().get(environment.self().node());
        if (!slot.group.hasLostItsDevice()
                || config == null
                || !isOurs(config)
                || config.members().containsKey(environment.self().node())
                || node == null
                || node.devices().contains(slot.device.id())) {
            return;
        }
        place(number, config, state, slot.group.epoch());
    }

    /** Takes a device into use, beside the others. */
    public void addDevice(ChunkDevice device) {
        devices.add(device);
        for (int i = 0; i < shards.size(); i++) {
            int number = i;
            shards.get(i).execute(() -> onView(number, environment.metadata().state()));
        }
    }

    private int shardNumber(PgId pg) {
        return Math.floorMod(pg.index() + pg.pool(), shards.size());
    }

    private boolean isOurs(PgConfig config) {
        NodeId self = environment.self().node();
        return config.members().containsKey(self)
                || config.targets().contains(self)
                || heldAtStart.contains(config.id());
    }

    /**
     * The device that the configuration names, else the one that has the group, else one by its
     * number. One that has failed is as good as none.
     */
    private Optional<ChunkDevice> chooseDevice(PgConfig config) {
        List<ChunkDevice> working =
                devices.stream().filter(device -> device.failure().isEmpty()).toList();
        Member member = config.members().get(environment.self().node());
        for (ChunkDevice device : working) {
            if (member != null && member.device().equals(device.id())) {
                return Optional.of(device);
            }
        }
        for (ChunkDevice device : working) {
            if (holds(device, config.id())) {
                return Optional.of(device);
            }
        }
        return working.stream().min(Comparator.comparingDouble(this::fullnessWithOneMore));
    }

    /** Groups on a device for each byte that it can hold, if it gets one more. */
    private double fullnessWithOneMore(ChunkDevice device) {
        long groups = slots.values().stream().filter(slot -> slot.device == device).count();
        return (groups + 1.0) / Math.max(1, device.space().capacityBytes());
    }

    private static boolean holds(ChunkDevice device, PgId pg) {
        try {
            return device.groups().contains(pg);
        } catch (DeviceException e) {
            LOG.error("device {} cannot be read: {}", device.id(), e.toString());
            return false;
        }
    }

    private void onTick(int number, int count) {
        if (stopped) {
            return;
        }
        environment.copies().onTick(environment.clock().nanos());
        for (Slot slot : byShard.get(number).values()) {
            slot.group.onTick();
            if (count % STATUS_TICKS == 0) {
                slot.status = slot.group.status();
                slot.scrub = slot.group.scrubStatus();
            }
        }
        shards.get(number)
                .schedule(environment.settings().tickNanos(), () -> onTick(number, count + 1));
    }

    // ---- leases

    private void sendBeacons() {
        if (stopped) {
            return;
        }
        LeaseMessage.Beacon beacon =
                new LeaseMessage.Beacon(environment.clock().nanos(), environment.isDeaf());
        for (NodeId node : environment.metadata().state().nodes().keySet()) {
            if (!node.equals(environment.self().node())) {
                environment.transport().send(Lane.LIVENESS, node, beacon);
            }
        }
        livenessShard.schedule(environment.settings().beaconNanos(), this::sendBeacons);
    }

    private long newestConfigIndex() {
        ControlState state = environment.metadata().state();
        ConfigIndex known = newestConfig;
        if (known == null || known.of != state) {
            long index = 0;
            for (PgConfig config : state.placementGroups().values()) {
                index = Math.max(index, config.index());
            }
            known = new ConfigIndex(state, index);
            newestConfig = known;
        }
        return known.index;
    }

    private boolean isWritable() {
        for (ChunkDevice device : devices) {
            if (device.failure().isEmpty() && !device.space().writable()) {
                return false;
            }
        }
        return true;
    }

    private final class LeaseFamily implements MessageFamily {
        @Override
        public int firstType() {
            return LeaseMessage.FIRST_TYPE;
        }

        @Override
        public int lastType() {
            return LeaseMessage.LAST_TYPE;
        }

        @Override
        public PeerMessage decode(int type, ByteBuf body) {
            return LeaseMessage.decode(type, body);
        }

        @Override
        public void receive(ProcessId from, PeerMessage message) {
            switch ((LeaseMessage) message) {
                case LeaseMessage.Beacon beacon ->
                        leases.onBeacon(from, beacon, newestConfigIndex(), isWritable())
                                .ifPresent(answer ->
                                        environment
                                                .transport()
                                                .send(Lane.LIVENESS, from.node(), answer));
                case LeaseMessage.BeaconAnswer answer -> leases.onAnswer(from, answer);
            }
        }

        @Override
        public void connected(ProcessId peer) {}

        @Override
        public void disconnected(ProcessId peer) {}
    }

    // ---- messages of groups and owners

    private final class GroupFamily implements MessageFamily {
        @Override
        public int firstType() {
            return GroupMessage.FIRST_TYPE;
        }

        @Override
        public int lastType() {
            return GroupMessage.LAST_TYPE;
        }

        @Override
        public PeerMessage decode(int type, ByteBuf body) {
            return GroupMessage.decode(type, body);
        }

        @Override
        public void receive(ProcessId from, PeerMessage message) {
            GroupMessage groupMessage = (GroupMessage) message;
            Slot slot = slots.get(groupMessage.pg());
            if (slot != null) {
                slot.shard.execute(() -> slot.group.onMessage(from, groupMessage));
            }
        }

        @Override
        public void connected(ProcessId peer) {
            for (int i = 0; i < shards.size(); i++) {
                TreeMap<PgId, Slot> mine = byShard.get(i);
                shards.get(i)
                        .execute(() -> mine.values().forEach(slot -> slot.group.onConnected(peer)));
            }
        }

        @Override
        public void disconnected(ProcessId peer) {}
    }

    private final class RequestFamily implements MessageFamily {
        @Override
        public int firstType() {
            return RequestMessage.FIRST_TYPE;
        }

        @Override
        public int lastType() {
            return RequestMessage.LAST_TYPE;
        }

        @Override
        public PeerMessage decode(int type, ByteBuf body) {
            return RequestMessage.decode(type, body);
        }

        @Override
        public void receive(ProcessId from, PeerMessage message) {
            switch ((RequestMessage) message) {
                case RequestMessage.GroupRequest request -> onRequest(from, request);
                case RequestMessage.GroupResponse response ->
                        clientShard.execute(() -> client.onResponse(from, response));
            }
        }

        private void onRequest(ProcessId from, RequestMessage.GroupRequest request) {
            Consumer<Optional<PgReply>> answer =
                    reply ->
                            environment
                                    .transport()
                                    .send(
                                            Lane.DATA,
                                            from.node(),
                                            new RequestMessage.GroupResponse(
                                                    from.incarnation(),
                                                    request.requestId(),
                                                    request.attempt(),
                                                    reply));
            Slot slot = slots.get(request.request().pg());
            if (slot == null) {
                answer.accept(Optional.empty());
            } else {
                slot.shard.execute(
                        () -> slot.group.onRequest(request.leadEpoch(), request.request(), answer));
            }
        }

        @Override
        public void connected(ProcessId peer) {
            clientShard.execute(() -> client.onConnected(peer));
        }

        @Override
        public void disconnected(ProcessId peer) {}
    }
}
