package io.ashlar.volume;

import io.ashlar.common.ChapSecrets;
import io.ashlar.common.Check;
import io.ashlar.common.Clock;
import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.RandomSource;
import io.ashlar.common.Shard;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.HostRecord;
import io.ashlar.metadata.MetadataClient;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.replication.BlockGroups;
import io.ashlar.replication.MessageFamily;
import io.ashlar.replication.PeerMessage;
import io.ashlar.replication.PeerTransport;
import io.ashlar.replication.PeerTransport.Lane;
import io.ashlar.volume.ingress.Ingress;
import io.ashlar.volume.ingress.TicketBook;
import io.ashlar.volume.ingress.Visibility;
import io.ashlar.volume.owner.FenceRules;
import io.ashlar.volume.owner.FenceRules.Rule;
import io.ashlar.volume.owner.Owner;
import io.ashlar.volume.owner.Ticks;
import io.ashlar.volume.paths.ChangeWatch;
import io.ashlar.volume.paths.Liveness;
import io.ashlar.volume.paths.OwnershipSupervisor;
import io.ashlar.volume.paths.Paths;
import io.ashlar.volume.wire.Post;
import io.ashlar.volume.wire.Ticket;
import io.ashlar.volume.wire.ToIngress;
import io.ashlar.volume.wire.ToOwner;
import io.ashlar.volume.wire.Transfer;
import io.ashlar.volume.wire.VolumeMessages;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node's part in serving volumes: owner of some, ingress to all (DESIGN section 6). It has no
 * threads of its own; all of it runs on the volume shard, front ends are entered by their own.
 *
 * <p>Order of use: construct, which registers its messages; start the transport; then {@link
 * #start}.
 */
public final class VolumeNode {
    private static final Logger LOG = LoggerFactory.getLogger(VolumeNode.class);

    private final ProcessId self;
    private final Clock clock;
    private final RandomSource random;
    private final Shard shard;
    private final PeerTransport transport;
    private final MetadataClient metadata;
    private final BooleanSupplier isDeaf;
    private final VolumeSettings settings;
    private final Ticks ticks;
    private final TicketBook tickets;
    private final Owner owner;
    private final Ingress ingress;
    private final Liveness liveness;
    private final ChangeWatch changes;
    private final OwnershipSupervisor supervisor;
    private final VolumeService service = new Service();
    private final VolumeMoves moves = new Moves();
    private final VolumeCounters counters = new VolumeCounters();
    private final Certificates certificates = new Certificates();
    private long tickNanos;
    private volatile boolean hasCaughtUp;
    private boolean isStopped;
    private @Nullable Runnable endWatch;

    /**
     * @param self this process; what stands in its registration
     * @param random jitter of timers
     * @param volumeShard owns everything in here
     * @param transport not started yet
     * @param groups of the whole cluster
     * @param isDeaf whether this node hears too few to judge others, or to count as alive
     */
    public VolumeNode(
            ProcessId self,
            Clock clock,
            RandomSource random,
            Shard volumeShard,
            PeerTransport transport,
            BlockGroups groups,
            MetadataClient metadata,
            BooleanSupplier isDeaf,
            VolumeSettings settings) {
        this(
                self,
                clock,
                random,
                volumeShard,
                transport,
                groups,
                metadata,
                isDeaf,
                settings,
                FenceRules.ALL);
    }

    /**
     * The same with some of the rules switched off: for the simulation's mutants.
     *
     * @param rules {@link FenceRules#ALL} in every product
     */
    public VolumeNode(
            ProcessId self,
            Clock clock,
            RandomSource random,
            Shard volumeShard,
            PeerTransport transport,
            BlockGroups groups,
            MetadataClient metadata,
            BooleanSupplier isDeaf,
            VolumeSettings settings,
            FenceRules rules) {
        Check.argument(self.equals(transport.self()), "%s is not %s", self, transport.self());
        this.self = self;
        this.clock = clock;
        this.random = random;
        this.shard = volumeShard;
        this.transport = transport;
        this.metadata = metadata;
        this.isDeaf = () -> isDeaf.getAsBoolean() && rules.has(Rule.DEAF_IS_SILENT);
        this.settings = settings;
        long ageMaxNanos = settings.ageMax().toNanos();
        Post post = new LocalPost();
        this.ticks = new Ticks(clock, ageMaxNanos);
        this.tickets = new TicketBook(clock, ageMaxNanos);
        this.liveness = new Liveness(self, clock, settings.pathSilenceMax().toNanos());
        this.owner =
                new Owner(
                        clock,
                        shard,
                        ticks,
                        post,
                        groups,
                        metadata,
                        settings,
                        rules,
                        process -> liveness.isHeard(process, settings.ownerSilenceMax().toNanos()),
                        counters,
                        certificates);
        this.ingress =
                new Ingress(clock, shard, tickets, post, metadata, settings, rules, counters);
        this.changes = new ChangeWatch(self, ingress);
        this.supervisor =
                new OwnershipSupervisor(clock, shard, metadata, this.isDeaf, liveness, settings);
        this.tickNanos = clock.nanos();
        transport.register(Lane.DATA, new DataFamily());
        transport.register(Lane.LIVENESS, new LivenessFamily());
    }

    /** What front ends use; safe for use by any thread, ready after {@link #start}. */
    public VolumeService service() {
        return service;
    }

    /** Moves, and what they left; safe for use by any thread. */
    public VolumeMoves moves() {
        return moves;
    }

    /** Begins to watch the view, to send tickets and to serve. Call it once, from any thread. */
    public void start() {
        shard.execute(() -> {
            endWatch = metadata.watch(shard, this::onView);
            catchUp();
            onTimer();
        });
    }

    /** Ends timers and the watch; for an orderly shutdown. Call it from any thread. */
    public void stop() {
        shard.execute(() -> {
            isStopped = true;
            if (endWatch != null) {
                endWatch.run();
            }
        });
    }

    private void catchUp() {
        metadata.readBarrier(
                shard,
                index -> {
                    if (index >= 0) {
                        hasCaughtUp = true;
                        LOG.info("{} has caught up with index {}", self, index);
                    } else if (!isStopped) {
                        shard.schedule(settings.busyRetry().toNanos(), this::catchUp);
                    }
                });
    }

    private void onView(ControlState view) {
        if (isStopped) {
            return;
        }
        owner.onView(view);
        ingress.onView(view);
        look(view);
    }

    private void look(ControlState view) {
        boolean hasChanged = liveness.refresh(view);
        changes.look(view, liveness.alive(), hasChanged, metadata.isInTouch());
    }

    private void onTimer() {
        if (isStopped) {
            return;
        }
        long interval = settings.heartbeatInterval().toNanos();
        shard.schedule(interval - random.nextInt((int) (interval / 8) + 1), this::onTimer);
        long now = clock.nanos();
        if (now - tickNanos >= settings.ticketInterval().toNanos()) {
            tickNanos = now;
            ticks.advance();
        }
        Ticket ticket = new Ticket(ticks.current());
        ControlState view = metadata.state();
        if (!isDeaf.getAsBoolean()) {
            sendToOthers(ticket, view);
        }
        tickets.onTicket(self, ticket.tick());
        owner.onTimer();
        ingress.onTimer();
        supervisor.onTimer();
        look(view);
    }

    private void sendToOthers(Ticket ticket, ControlState view) {
        for (NodeId node : view.nodes().keySet()) {
            if (!node.equals(self.node())) {
                transport.send(Lane.LIVENESS, node, ticket);
            }
        }
    }

    private void dispatch(ProcessId from, PeerMessage message) {
        if (isStopped) {
            return;
        }
        switch (message) {
            case ToOwner toOwner -> owner.onMessage(from, toOwner);
            case Transfer transfer -> owner.onTransfer(from, transfer);
            case ToIngress toIngress -> ingress.onMessage(from, toIngress);
            case Ticket ticket -> {
                liveness.onHeard(from);
                tickets.onTicket(from, ticket.tick());
            }
            default -> LOG.warn("{} sent a {} to volumes", from, message.getClass());
        }
    }

    /** Messages of this module, to this node and others. */
    private final class LocalPost implements Post {
        @Override
        public ProcessId self() {
            return self;
        }

        @Override
        public boolean send(NodeId to, PeerMessage message) {
            if (to.equals(self.node())) {
                shard.execute(() -> dispatch(self, message));
                return true;
            }
            return transport.send(Lane.DATA, to, message);
        }

        @Override
        public void broadcast(PeerMessage message) {
            send(self.node(), message);
            for (NodeId node : metadata.state().nodes().keySet()) {
                if (!node.equals(self.node())) {
                    send(node, message);
                }
            }
        }
    }

    private final class DataFamily implements MessageFamily {
        @Override
        public int firstType() {
            return VolumeMessages.DATA_FIRST;
        }

        @Override
        public int lastType() {
            return VolumeMessages.DATA_LAST;
        }

        @Override
        public PeerMessage decode(int type, ByteBuf body) {
            return VolumeMessages.decode(type, body);
        }

        @Override
        public void receive(ProcessId from, PeerMessage message) {
            shard.execute(() -> dispatch(from, message));
        }

        @Override
        public void connected(ProcessId peer) {
            shard.execute(() -> {
                ingress.onConnected(peer);
                owner.onConnected(peer);
            });
        }

        @Override
        public void disconnected(ProcessId peer) {
            shard.execute(() -> ingress.onDisconnected(peer));
        }
    }

    private final class LivenessFamily implements MessageFamily {
        @Override
        public int firstType() {
            return VolumeMessages.LIVENESS_FIRST;
        }

        @Override
        public int lastType() {
            return VolumeMessages.LIVENESS_LAST;
        }

        @Override
        public PeerMessage decode(int type, ByteBuf body) {
            return VolumeMessages.decode(type, body);
        }

        @Override
        public void receive(ProcessId from, PeerMessage message) {
            shard.execute(() -> dispatch(from, message));
        }

        @Override
        public void connected(ProcessId peer) {}

        @Override
        public void disconnected(ProcessId peer) {}
    }

    private final class Moves implements VolumeMoves {
        @Override
        public void move(
                VolumeId volume, NodeId target, Executor executor, Consumer<MoveResult> done) {
            shard.execute(() ->
                    ingress.move(
                            volume, target, result -> executor.execute(() -> done.accept(result))));
        }

        @Override
        public List<FenceCertificate> certificates(VolumeId volume) {
            return certificates.of(volume);
        }

        @Override
        public VolumeCounters counters() {
            return counters;
        }
    }

    private final class Service implements VolumeService {
        @Override
        public boolean isReady() {
            if (!hasCaughtUp) {
                return false;
            }
            NodeRecord node = metadata.state().nodes().get(self.node());
            return node != null && node.process().equals(self);
        }

        @Override
        public UUID clusterId() {
            return metadata.state().clusterId();
        }

        @Override
        public NodeId localNode() {
            return self.node();
        }

        @Override
        public List<Portal> portals() {
            List<Portal> portals = new ArrayList<>();
            for (NodeRecord node : metadata.state().nodes().values()) {
                portals.add(Portals.parse(node.id(), node.addresses().iscsi()));
            }
            return List.copyOf(portals);
        }

        @Override
        public SortedMap<Integer, VolumeInfo> volumes(String host) {
            return Visibility.volumes(metadata.state(), host);
        }

        @Override
        public Optional<ChapSecrets> chap(String host) {
            HostRecord known = metadata.state().hosts().get(host);
            return known == null ? Optional.empty() : known.chap();
        }

        @Override
        public SortedMap<NodeId, PathState> paths(VolumeId volume) {
            ControlState view = metadata.state();
            VolumeRecord found = view.volumes().get(volume);
            return found == null
                    ? Collections.unmodifiableSortedMap(new TreeMap<>())
                    : Paths.of(found, view, self, liveness.alive(), metadata.isInTouch());
        }

        @Override
        public void associate(
                AssociationId id,
                AssociationListener listener,
                Shard associationShard,
                Consumer<Association> done) {
            Check.argument(
                    id.ingress().equals(self.node()), "%s does not enter by %s", id, self.node());
            shard.execute(() -> ingress.associate(id, listener, associationShard, done));
        }
    }
}
