package io.ashlar.volume;

import io.ashlar.common.NodeId;
import io.ashlar.common.Payload;
import io.ashlar.common.PgId;
import io.ashlar.common.Sizes;
import io.ashlar.common.VolumeId;
import io.ashlar.replication.PeerTransport.Lane;
import io.ashlar.replication.PgRequest;
import io.ashlar.volume.owner.FenceRules;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One random schedule: two multipath hosts that repeat, abort and switch paths, over three nodes
 * that stop, lose streams, lag and pass ownership on. Checks F1 and F2 of DESIGN section 6 at every
 * write that a placement group applies.
 */
final class FenceSchedule {
    /** How hosts behave. */
    enum Kind {
        /** Leaves bytes in its send buffer when it gives a path up; answers pings while alive. */
        ISCSI,
        /** Drops its send buffer when it gives a path up; has no ping. */
        NVME
    }

    static final class Violation extends RuntimeException {
        Violation(String message) {
            super(message);
        }
    }

    private static final class Op {
        final int host;
        final long sequence;
        final int block;
        final long value;
        boolean isAcknowledged;
        boolean isAborted;
        boolean isApplied;

        /** When a copy of it arrived last at a node's socket. */
        long arrivedNanos;

        Op(int host, long sequence, int block, long value) {
            this.host = host;
            this.sequence = sequence;
            this.block = block;
            this.value = value;
        }
    }

    private sealed interface Bytes {
        record Command(Op op) implements Bytes {}

        record Abort(Op op, Object token) implements Bytes {}

        record Pong(Runnable answered) implements Bytes {}
    }

    /** A TCP connection of a host to a node, both ends. */
    private final class Path {
        final int host;
        final FakeWorld.FakeNode node;
        final Deque<Bytes> queue = new ArrayDeque<>();
        final List<Bytes> beforeLogin = new ArrayList<>();
        final SortedMap<Long, Long> commandOf = new TreeMap<>();
        boolean isAlive = true;
        boolean isLoggedIn;
        boolean isClosedByTarget;
        long sendTailNanos;
        long readTailNanos;
        Association association;
        HostConnection connection;

        Path(int host, FakeWorld.FakeNode node) {
            this.host = host;
            this.node = node;
        }

        // ---- host end

        void send(Bytes bytes) {
            if (!isLoggedIn) {
                beforeLogin.add(bytes);
                return;
            }
            sendTailNanos =
                    Math.max(sendTailNanos, world.nanos() + 1 + world.upTo(2 * FakeWorld.MILLI));
            if (world.chance(stallChance)) {
                sendTailNanos += world.upTo(60 * FakeWorld.MILLI);
            }
            world.at(sendTailNanos - world.nanos(), () -> arrive(bytes));
        }

        void arrive(Bytes bytes) {
            if (isClosedByTarget || (kind == Kind.NVME && !isAlive)) {
                return;
            }
            if (bytes instanceof Bytes.Command(Op op)) {
                op.arrivedNanos = world.nanos();
            }
            queue.add(bytes);
            scheduleRead();
        }

        void answer(Runnable atHost) {
            world.at(1 + world.upTo(FakeWorld.MILLI), atHost);
        }

        // ---- target end

        void scheduleRead() {
            long wait = world.upTo(FakeWorld.MILLI / 2);
            if (world.chance(stallChance)) {
                wait = world.upTo(80 * FakeWorld.MILLI);
            }
            readTailNanos = Math.max(readTailNanos, world.nanos() + wait);
            world.post(readTailNanos, node, () -> node.frontShard.execute(this::read));
        }

        void read() {
            if (isClosedByTarget || connection == null) {
                return;
            }
            Bytes bytes = queue.poll();
            if (bytes == null) {
                connection.received(0, true);
                return;
            }
            connection.received(512, queue.isEmpty());
            switch (bytes) {
                case Bytes.Command(Op op) -> {
                    ByteBuffer data = ByteBuffer.allocate(Sizes.BLOCK_BYTES);
                    data.putLong(0, op.value);
                    IoRequest write =
                            new IoRequest.Write(
                                    volume,
                                    (long) op.block * FakeLog.CHUNK_BYTES,
                                    Payload.of(data.array()),
                                    false);
                    long stamp = connection.stamp();
                    long command = connection.submit(write, stamp, result -> onResult(op, result));
                    commandOf.put(op.value, command);
                }
                case Bytes.Abort(Op op, Object token) -> {
                    Long command = commandOf.get(op.value);
                    if (command != null) {
                        association.abort(
                                command,
                                () -> answer(() -> hosts[host].onAborted(this, op, token)));
                    }
                }
                case Bytes.Pong(Runnable answered) -> answered.run();
            }
            if (!queue.isEmpty()) {
                scheduleRead();
            }
        }

        void onResult(Op op, IoResult result) {
            commandOf.remove(op.value);
            if (isClosedByTarget) {
                return;
            }
            switch (result) {
                case IoResult.Done _ -> answer(() -> hosts[host].onDone(this, op));
                case IoResult.Miscompared compared ->
                        throw new Violation(op.value + " was answered " + compared);
                case IoResult.Failed(IoError error) -> {
                    if (error == IoError.ABORTED) {
                        return; // the answer to the abort says it
                    }
                    if (error != IoError.FENCED && error != IoError.UNREACHABLE) {
                        throw new Violation(op.value + " failed with " + error);
                    }
                    answer(() -> hosts[host].onBusy(this, op));
                }
            }
        }

        void ping(Runnable answered) {
            if (kind == Kind.ISCSI) {
                answer(() -> {
                    if (isAlive) {
                        send(new Bytes.Pong(answered));
                    }
                });
            }
        }

        void login() {
            answer(() -> node.frontShard.execute(this::onLogin));
        }

        void onLogin() {
            AssociationId id =
                    new AssociationId("host" + host, "host" + host + ",i,0x1", node.self.node());
            Path former = atTarget.put(id, this);
            if (former != null) {
                former.isClosedByTarget = true;
                if (former.connection != null) {
                    former.connection.closed();
                }
            }
            node.volumes
                    .service()
                    .associate(
                            id,
                            new Silent(),
                            node.frontShard,
                            given -> {
                                association = given;
                                if (isClosedByTarget) {
                                    return;
                                }
                                connection = given.openConnection(this::ping);
                                answer(this::onLoggedIn);
                                probe();
                            });
        }

        /** As a timer that looks whether the queue is empty. */
        void probe() {
            if (!isClosedByTarget) {
                if (queue.isEmpty()) {
                    connection.received(0, true);
                }
                node.frontShard.schedule(
                        10 * FakeWorld.MILLI + world.upTo(20 * FakeWorld.MILLI), this::probe);
            }
        }

        void onLoggedIn() {
            if (isAlive) {
                isLoggedIn = true;
                beforeLogin.forEach(this::send);
                beforeLogin.clear();
            }
        }
    }

    /** A host that has one command at a time, on one of its paths. */
    private final class Host {
        final int number;
        final SortedMap<NodeId, Path> paths = new TreeMap<>();
        final SortedMap<Integer, Long> acknowledged = new TreeMap<>();
        long sequence;
        Op current;
        Path by;
        Object abortToken;

        Host(int number) {
            this.number = number;
        }

        void step() {
            world.at(world.upTo(12 * FakeWorld.MILLI), this::step);
            if (current == null) {
                if (sequence < OPS) {
                    current = new Op(number, ++sequence, (int) world.upTo(1), ++values);
                    ops.put(current.value, current);
                    send(world.chance(0.25) ? anyNode() : ownerNode());
                }
                return;
            }
            double draw = world.random.nextDouble();
            if (draw < (isCalm ? 0.10 : 0.05)) {
                world.trace("host%d gives up %d by %s", number, current.value, by.node.self);
                by.isAlive = false;
                paths.remove(by.node.self.node(), by);
                NodeId next = anyNode();
                while (next.equals(by.node.self.node())) {
                    next = anyNode();
                }
                send(next);
                if (world.chance(0.3)) {
                    world.at(world.upTo(8 * FakeWorld.MILLI), this::abort);
                }
            } else if (draw < (isCalm ? 0.14 : 0.09)) {
                abort();
            }
        }

        void abort() {
            if (current != null && abortToken == null) {
                abortToken = new Object();
                world.trace("host%d aborts %d by %s", number, current.value, by.node.self);
                by.send(new Bytes.Abort(current, abortToken));
            }
        }

        void send(NodeId to) {
            Path path = paths.get(to);
            if (path == null) {
                path = new Path(number, world.nodes.get(to));
                paths.put(to, path);
                path.login();
            }
            by = path;
            abortToken = null;
            world.trace("host%d sends %d block %d by %s", number, current.value, current.block, to);
            path.send(new Bytes.Command(current));
        }

        boolean isCurrent(Path path, Op op) {
            return path.isAlive && !path.isClosedByTarget && current == op && by == path;
        }

        void onDone(Path path, Op op) {
            if (isCurrent(path, op)) {
                world.trace("host%d has the answer to %d", number, op.value);
                if (!op.isApplied) {
                    throw new Violation(op.value + " was acknowledged and never applied");
                }
                op.isAcknowledged = true;
                acknowledged.put(op.block, op.sequence);
                current = null;
                acks++;
            }
        }

        void onBusy(Path path, Op op) {
            if (isCurrent(path, op)) {
                busies++;
                if (world.chance(0.8)) {
                    send(world.chance(0.6) ? path.node.self.node() : anyNode());
                } else {
                    current = null;
                }
            }
        }

        void onAborted(Path path, Op op, Object token) {
            if (isCurrent(path, op) && abortToken == token) {
                world.trace("host%d knows %d is aborted", number, op.value);
                op.isAborted = true;
                current = null;
                aborts++;
            }
        }
    }

    private static final class Silent implements AssociationListener {
        @Override
        public void volumeReset(VolumeId volume, Reset reset) {}

        @Override
        public void pathsChanged(VolumeId volume) {}

        @Override
        public void volumesChanged() {}

        @Override
        public void capacityChanged(VolumeId volume) {}

        @Override
        public void inquiryChanged(VolumeId volume) {}

        @Override
        public void reservationsChanged(
                VolumeId volume, io.ashlar.common.reservation.Notice.Kind kind) {}

        @Override
        public void mustClose(String reason) {}
    }

    private static final int OPS = 20;

    private final FakeWorld world;
    private final Kind kind;
    private final boolean isCalm;
    private final double stallChance;
    private final VolumeId volume;
    private final Host[] hosts;
    private final SortedMap<AssociationId, Path> atTarget = new TreeMap<>();
    private final SortedMap<Long, Op> ops = new TreeMap<>();
    private final SortedMap<PgId, Long> epochApplied = new TreeMap<>();
    private long values;
    private int moves;
    int acks;
    int busies;
    int aborts;
    int moved;

    FenceSchedule(long seed, Kind kind, FenceRules rules) {
        this.kind = kind;
        this.world = new FakeWorld(seed, 3, settings(seed), rules);
        this.isCalm = world.chance(0.6);
        this.stallChance = 0.02 + 0.2 * world.random.nextDouble();
        this.hosts = new Host[] {new Host(0), new Host(1)};
        this.volume = world.log.createVolume(1 << 20, world.node(1).self, 0);
        world.taskJitterNanos = FakeWorld.MILLI / 5;
        world.messageDelayNanos = FakeWorld.MILLI;
        for (FakeWorld.FakeNode node : world.nodes.values()) {
            node.metadata.lagNanos = isCalm ? 5 * FakeWorld.MILLI : 60 * FakeWorld.MILLI;
        }
        if (!isCalm && world.chance(0.5)) {
            // Two nodes believe long in an owner that is deposed.
            world.nodes.get(anyNode()).metadata.lagNanos = 400 * FakeWorld.MILLI;
            world.nodes.get(anyNode()).metadata.lagNanos = 400 * FakeWorld.MILLI;
        }
        world.storage.delay =
                _ ->
                        world.chance(stallChance)
                                ? world.upTo(60 * FakeWorld.MILLI)
                                : world.upTo(2 * FakeWorld.MILLI);
        world.storage.onWrite = this::check;
        world.storage.onSubmit = request -> checkAge(request, ageMaxMillis(seed));
        world.lateCommands = isCalm ? 0.05 : 0.3;
    }

    private static VolumeSettings settings(long seed) {
        VolumeSettings usual = VolumeSettings.defaults();
        return new VolumeSettings(
                Duration.ofMillis(20),
                Duration.ofMillis(8),
                Duration.ofMillis(ageMaxMillis(seed)),
                Duration.ofSeconds(100),
                Duration.ofSeconds(100),
                Duration.ofMillis(100),
                Duration.ofMillis(15),
                Duration.ofMillis(5),
                1 << 20,
                usual.nodeBytesMax(),
                usual.hostBytesMax(),
                usual.volumeBytesMax(),
                1000,
                4,
                usual.ownedBytesMax(),
                1000,
                100,
                10,
                2,
                new MoveSettings(
                        Duration.ofMillis(30),
                        Duration.ofMillis(40),
                        Duration.ofMillis(60),
                        Duration.ofMillis(500),
                        seed % 2 == 0,
                        Duration.ofMillis(20),
                        3,
                        2,
                        75,
                        Duration.ofMillis(100),
                        Duration.ofMillis(400)));
    }

    /** Where it is short, hosts get less done, and it is checked. */
    private static long ageMaxMillis(long seed) {
        return seed % 4 == 3 ? 60 : 100_000;
    }

    private NodeId ownerNode() {
        return world.newest().volumes().get(volume).owner().node();
    }

    private NodeId anyNode() {
        return new NodeId(1 + (int) world.upTo(2));
    }

    /** Rule 6: nothing is issued that could have been read from its socket longer ago than T. */
    private void checkAge(PgRequest request, long ageMaxMillis) {
        if (request instanceof PgRequest.Write write) {
            Op op = ops.get(ByteBuffer.wrap(write.data().toByteArray()).getLong(0));
            long age = world.nanos() - op.arrivedNanos;
            if (age > ageMaxMillis * FakeWorld.MILLI) {
                throw new Violation(
                        "age: " + op.value + " issued " + age / FakeWorld.MILLI + " ms old");
            }
        }
    }

    private void check(PgRequest.Write write) {
        long before = ByteBuffer.wrap(world.storage.chunk(write.chunk())).getLong(0);
        Op op = ops.get(ByteBuffer.wrap(write.data().toByteArray()).getLong(0));
        long epoch = epochApplied.merge(write.pg(), write.accessEpoch(), Math::max);
        if (epoch > write.accessEpoch()) {
            throw new Violation("F2: epoch " + write.accessEpoch() + " applied after " + epoch);
        }
        world.trace("%s applies %d of epoch %d", write.pg(), op.value, write.accessEpoch());
        if (before != op.value) {
            if (op.isAborted) {
                throw new Violation("F1: " + op.value + " applied after its abort was answered");
            }
            if (hosts[op.host].acknowledged.getOrDefault(op.block, 0L) > op.sequence) {
                throw new Violation(
                        "F1: " + op.value + " applied after a later write was acknowledged");
            }
            if (op.isAcknowledged) {
                throw new Violation("F1: " + op.value + " applied again over other data");
            }
        }
        op.isApplied = true;
    }

    private void disturb() {
        world.at(world.upTo(40 * FakeWorld.MILLI), this::disturb);
        FakeWorld.FakeNode node = world.nodes.get(anyNode());
        NodeId other = anyNode();
        double draw = world.random.nextDouble();
        if (draw < (isCalm ? 0.02 : 0.10) && moves < 6) {
            moves++;
            world.log.move(volume, world.nodes.get(other).self);
            world.trace("ownership moves to %s", other);
        } else if (draw < (isCalm ? 0.07 : 0.17) && moves < 12) {
            moves++;
            world.trace("%s asks for a move to %s", node.self, other);
            node.volumes
                    .moves()
                    .move(
                            volume,
                            other,
                            Runnable::run,
                            result -> {
                                world.trace("move to %s: %s", other, result);
                                if (result.code() == MoveResult.Code.MOVED) {
                                    moved++;
                                }
                            });
        } else if (draw < 0.25) {
            if (!node.isStopped) {
                world.trace("%s stops", node.self);
                node.stop();
                world.at(
                        world.upTo(100 * FakeWorld.MILLI),
                        () -> {
                            world.trace("%s resumes", node.self);
                            node.resume();
                        });
            }
        } else if (draw < 0.35 && !other.equals(node.self.node())) {
            node.transport.disconnect(Lane.DATA, other);
            world.at(
                    world.upTo(20 * FakeWorld.MILLI),
                    () -> node.transport.connect(Lane.DATA, other));
        } else if (draw < 0.50 && !other.equals(node.self.node())) {
            node.transport.stall(
                    world.chance(0.5) ? Lane.DATA : Lane.LIVENESS,
                    other,
                    world.upTo(60 * FakeWorld.MILLI));
        } else if (draw < 0.52 && !isCalm) {
            world.storage.failOver(new PgId(1, (int) world.upTo(FakeLog.PG_COUNT - 1)));
        }
    }

    /** Runs it; throws {@link Violation}. */
    void run() {
        world.start();
        for (Host host : hosts) {
            host.step();
        }
        disturb();
        world.run(1_500 * FakeWorld.MILLI);
    }

    List<String> trace() {
        return new ArrayList<>(world.trace);
    }
}
