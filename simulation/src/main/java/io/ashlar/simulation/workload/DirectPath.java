package io.ashlar.simulation.workload;

import io.ashlar.common.NodeId;
import io.ashlar.common.VolumeId;
import io.ashlar.simulation.world.SimNetwork;
import io.ashlar.simulation.world.SimProcess;
import io.ashlar.simulation.world.SimRandom;
import io.ashlar.simulation.world.SimShard;
import io.ashlar.simulation.world.SimWorld;
import io.ashlar.volume.Association;
import io.ashlar.volume.AssociationId;
import io.ashlar.volume.AssociationListener;
import io.ashlar.volume.HostConnection;
import io.ashlar.volume.IoRequest;
import io.ashlar.volume.PathState;
import io.ashlar.volume.Reset;
import io.ashlar.volume.VolumeService;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * A path with the least of a front end at its far end: bytes in order, a receive queue that empties
 * at its own pace, stamps, pings. A host that gives it up leaves what it has sent on its way, as
 * iSCSI initiators do.
 */
final class DirectPath implements HostPath {
    private static final int COMMAND_BYTES = 4096;

    /** What travels from the host. */
    private sealed interface Bytes {
        record Command(long tag, IoRequest request) implements Bytes {}

        /** The host has the answers of these commands. */
        record Confirm(List<Long> commands) implements Bytes {}

        record Abort(long tag) implements Bytes {}

        record Reset(VolumeId volume, long tag) implements Bytes {}

        /** A NOP-Out or keep-alive: is anybody there? */
        record AreYouThere() implements Bytes {}

        record Pong(Runnable answered) implements Bytes {}
    }

    private final HostStyle style;
    private final SimWorld world;
    private final SimRandom random;
    private final NodeId host;
    private final SimProcess process;
    private final VolumeService service;
    private final Listener listener;
    private final SimShard shard;
    private final HostWire toNode;
    private final HostWire toHost;
    private final ArrayDeque<Bytes> received = new ArrayDeque<>();
    private final Map<Long, Long> commandOfTag = new HashMap<>();

    /** What the host was told. */
    private final Map<VolumeId, Long> sizes = new HashMap<>();

    /** Numbers of commands whose answers the host has, and has not said so. */
    private List<Long> unconfirmed = new ArrayList<>();

    private long readAtNanos;
    private long heardAtNanos;
    private boolean abandoned;
    private boolean closedByTarget;
    private @Nullable Association association;
    private @Nullable HostConnection connection;

    DirectPath(
            HostStyle style,
            SimNetwork network,
            SimRandom random,
            NodeId host,
            SimProcess process,
            VolumeService service,
            Listener listener) {
        this.style = style;
        this.world = process.world();
        this.toNode = new HostWire(world, network, random, host, process.id().node());
        this.toHost = new HostWire(world, network, random, process.id().node(), host);
        this.random = random;
        this.host = host;
        this.process = process;
        this.service = service;
        this.listener = listener;
        this.shard = process.shard("front-end of " + host);
        this.heardAtNanos = world.nowNanos();
    }

    @Override
    public SimProcess process() {
        return process;
    }

    // ---- the host's end

    @Override
    public void login() {
        toNode.send(() -> process.after(0, () -> shard.execute(this::onLogin)));
    }

    @Override
    public void send(long tag, IoRequest request) {
        if (!unconfirmed.isEmpty()) {
            post(new Bytes.Confirm(unconfirmed));
            unconfirmed = new ArrayList<>();
        }
        post(new Bytes.Command(tag, request));
    }

    @Override
    public void abort(long tag) {
        post(new Bytes.Abort(tag));
    }

    @Override
    public void reset(VolumeId volume, long tag) {
        post(new Bytes.Reset(volume, tag));
    }

    @Override
    public void askIfThere() {
        post(new Bytes.AreYouThere());
    }

    @Override
    public long heardAtNanos() {
        return heardAtNanos;
    }

    @Override
    public SortedMap<NodeId, PathState> paths(VolumeId volume) {
        return service.paths(volume);
    }

    @Override
    public long bytes(VolumeId volume) {
        return sizes.getOrDefault(volume, 0L);
    }

    @Override
    public void abandon() {
        abandoned = true;
        if (!style.answersPings()) {
            toNode.clear();
        }
        // The target learns of it sooner or later, if the cable is whole.
        world.after(
                random.skewed(SimWorld.MILLI, 10 * SimWorld.SECOND),
                () -> process.after(0, () -> shard.execute(this::close)));
    }

    private void post(Bytes bytes) {
        toNode.send(() -> {
            received.add(bytes);
            readSoon();
        });
    }

    /** The front end reads at its own pace; now and then it is long in coming. */
    private void readSoon() {
        long wait =
                random.chance(style.stallChance())
                        ? random.skewed(SimWorld.MILLI, 4 * SimWorld.SECOND)
                        : random.skewed(SimWorld.MICRO, SimWorld.MILLI);
        readAtNanos = Math.max(readAtNanos, world.nowNanos() + wait);
        process.after(readAtNanos - world.nowNanos(), () -> shard.execute(this::read));
    }

    private void answer(Runnable atHost) {
        process.emit(() ->
                toHost.send(() -> {
                    if (!abandoned) {
                        heardAtNanos = world.nowNanos();
                        atHost.run();
                    }
                }));
    }

    // ---- the front end's end

    private void onLogin() {
        if (!service.isReady()) {
            shard.schedule(100 * SimWorld.MILLI, this::onLogin);
            return;
        }
        AssociationId id = new AssociationId(host.toString(), host + ",i,0x1", process.id().node());
        service.associate(
                id,
                new Attentions(),
                shard,
                given -> {
                    association = given;
                    connection = given.openConnection(this::ping);
                    tellSizes(() -> listener.onUp(this));
                });
    }

    /** READ CAPACITY of all units. */
    private void tellSizes(Runnable then) {
        Map<VolumeId, Long> told = new HashMap<>();
        service.volumes(host.toString())
                .values()
                .forEach(volume -> told.put(volume.id(), volume.bytes()));
        answer(() -> {
            sizes.putAll(told);
            then.run();
        });
    }

    /** A NOP-In: the host answers behind all that it has sent. */
    private void ping(Runnable answered) {
        if (style.answersPings()) {
            answer(() -> post(new Bytes.Pong(answered)));
        }
    }

    private void read() {
        HostConnection open = connection;
        Association nexus = association;
        if (open == null || nexus == null || closedByTarget) {
            return;
        }
        Bytes bytes = received.poll();
        open.received(bytes == null ? 0 : COMMAND_BYTES, received.isEmpty());
        switch (bytes) {
            case null -> {}
            case Bytes.Command(long tag, IoRequest request) -> {
                long command =
                        open.submit(
                                request,
                                open.stamp(),
                                result -> {
                                    Long number = commandOfTag.remove(tag);
                                    answer(() -> {
                                        if (number != null) {
                                            unconfirmed.add(number);
                                        }
                                        listener.onResult(this, tag, result);
                                    });
                                });
                commandOfTag.put(tag, command);
            }
            case Bytes.Confirm(List<Long> commands) -> commands.forEach(open::delivered);
            case Bytes.Abort(long tag) -> {
                Long command = commandOfTag.get(tag);
                if (command == null) {
                    // Its answer went before; nothing of it is left here.
                    answer(() -> listener.onAborted(this, tag));
                } else {
                    nexus.abort(command, () -> answer(() -> listener.onAborted(this, tag)));
                }
            }
            case Bytes.Reset(VolumeId volume, long tag) ->
                    nexus.reset(
                            volume,
                            Reset.LOGICAL_UNIT,
                            () -> answer(() -> listener.onReset(this, volume, tag)));
            case Bytes.AreYouThere() -> answer(() -> {});
            case Bytes.Pong(Runnable answered) -> answered.run();
        }
    }

    private void close() {
        HostConnection open = connection;
        Association nexus = association;
        if (open != null && nexus != null && !closedByTarget) {
            closedByTarget = true;
            open.closed();
            nexus.close(() -> {});
        }
    }

    /** What a host sees as unit attentions; only changes of path states make it do something. */
    private final class Attentions implements AssociationListener {
        @Override
        public void volumeReset(VolumeId volume, Reset reset) {}

        @Override
        public void pathsChanged(VolumeId volume) {
            answer(() -> listener.onPathsChanged(DirectPath.this));
        }

        @Override
        public void volumesChanged() {}

        @Override
        public void capacityChanged(VolumeId volume) {
            tellSizes(() -> {});
        }

        @Override
        public void inquiryChanged(VolumeId volume) {}

        @Override
        public void reservationsChanged(
                VolumeId volume, io.ashlar.common.reservation.Notice.Kind kind) {}

        @Override
        public void mustClose(String reason) {}
    }
}
