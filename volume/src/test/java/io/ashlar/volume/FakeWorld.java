package io.ashlar.volume;

import io.ashlar.common.Clock;
import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.RandomSource;
import io.ashlar.common.Shard;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.volume.owner.FenceRules;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.BooleanSupplier;

/**
 * A cluster in one thread, on a virtual clock, from one seed: volume nodes over a fake network, a
 * fake log and fake placement groups. Nodes can be stopped, streams broken, views held back.
 */
final class FakeWorld {
    private record Event(long nanos, long order, FakeNode node, Runnable task)
            implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(nanos, other.nanos);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }

    static final long MILLI = 1_000_000;

    final SplittableRandom random;
    final FakeLog log;
    final FakeStorage storage;
    final SortedMap<NodeId, FakeNode> nodes = new TreeMap<>();
    final List<String> trace = new ArrayList<>();
    final VolumeSettings settings;
    final FenceRules rules;

    /** Longest wait of a task for its shard, and of a message on its way, in ordinary times. */
    long taskJitterNanos = 0;

    long messageDelayNanos = MILLI / 10;

    /** How often a command reaches the log late, and how late at most; then nobody knows. */
    double lateCommands = 0;

    long lateNanos = 150 * MILLI;
    long lateNanosMin = 0;

    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private long nanos = 1_000 * MILLI;
    private long order;
    private FakeShard running;

    FakeWorld(long seed, int nodeCount, VolumeSettings settings, FenceRules rules) {
        this.random = new SplittableRandom(seed);
        this.settings = settings;
        this.rules = rules;
        this.storage = new FakeStorage(this);
        SortedMap<NodeId, NodeRecord> records = new TreeMap<>();
        for (int i = 1; i <= nodeCount; i++) {
            records.put(new NodeId(i), record(new ProcessId(new NodeId(i), 100 + i)));
        }
        this.log = new FakeLog(this, records);
        for (NodeRecord record : records.values()) {
            nodes.put(record.id(), new FakeNode(this, record.process()));
        }
    }

    static NodeRecord record(ProcessId process) {
        return new NodeRecord(
                process.node(),
                process.incarnation(),
                new UUID(1, process.node().value()),
                "rack" + process.node().value(),
                new NodeRecord.Addresses("127.0.0.1:3260", "d:1", "l:1", "r:1", "a:1"),
                new LinkedHashMap<>(),
                NodeRecord.AdminState.ACTIVE,
                NodeRecord.Settings.NONE);
    }

    void start() {
        nodes.values().forEach(FakeNode::start);
        nodes.values().forEach(node -> node.transport.connectAll());
    }

    FakeNode node(int id) {
        return nodes.get(new NodeId(id));
    }

    Clock clock() {
        return () -> nanos;
    }

    long nanos() {
        return nanos;
    }

    /** Uniform in {@code 0..bound}. */
    long upTo(long bound) {
        return bound <= 0 ? 0 : random.nextLong(bound + 1);
    }

    boolean chance(double probability) {
        return random.nextDouble() < probability;
    }

    RandomSource randomSource() {
        return RandomSource.seeded(random.nextLong());
    }

    void trace(String format, Object... arguments) {
        trace.add("%10.3f ".formatted(nanos / 1e6) + format.formatted(arguments));
    }

    /** Runs outside of any node. */
    void at(long delayNanos, Runnable task) {
        events.add(new Event(nanos + delayNanos, ++order, null, task));
    }

    void post(long atNanos, FakeNode node, Runnable task) {
        events.add(new Event(Math.max(atNanos, nanos), ++order, node, task));
    }

    boolean step() {
        Event event = events.poll();
        if (event == null) {
            return false;
        }
        nanos = Math.max(nanos, event.nanos);
        if (event.node != null && event.node.isStopped) {
            event.node.deferred.add(event.task);
        } else {
            event.task.run();
        }
        return true;
    }

    void run(long forNanos) {
        long end = nanos + forNanos;
        while (!events.isEmpty() && events.peek().nanos <= end) {
            step();
        }
        nanos = Math.max(nanos, end);
    }

    /** Runs until it holds, at most for ten minutes of virtual time. */
    void runUntil(BooleanSupplier holds) {
        long end = nanos + 600_000 * MILLI;
        while (!holds.getAsBoolean()) {
            if (nanos > end || !step()) {
                throw new AssertionError(
                        "did not happen within ten minutes\n" + String.join("\n", trace));
            }
        }
    }

    ControlState newest() {
        return log.newest();
    }

    /** One queue of a node. */
    static final class FakeShard implements Shard {
        private final FakeWorld world;
        private final FakeNode node;
        private long tailNanos;

        FakeShard(FakeWorld world, FakeNode node) {
            this.world = world;
            this.node = node;
        }

        @Override
        public boolean isCurrent() {
            return world.running == this;
        }

        @Override
        public void execute(Runnable task) {
            long at = world.nanos + world.upTo(world.taskJitterNanos);
            tailNanos = Math.max(tailNanos, at);
            world.post(tailNanos, node, () -> run(task));
        }

        @Override
        public Cancellable schedule(long delayNanos, Runnable task) {
            boolean[] cancelled = new boolean[1];
            world.post(
                    world.nanos + delayNanos,
                    node,
                    () -> {
                        if (!cancelled[0]) {
                            run(task);
                        }
                    });
            return () -> cancelled[0] = true;
        }

        private void run(Runnable task) {
            FakeShard before = world.running;
            world.running = this;
            try {
                task.run();
            } finally {
                world.running = before;
            }
        }
    }

    /** One process. */
    static final class FakeNode {
        final FakeWorld world;
        final ProcessId self;
        final FakeShard volumeShard;
        final FakeShard frontShard;
        final FakeTransport transport;
        final FakeMetadata metadata;
        final VolumeNode volumes;
        final List<Runnable> deferred = new ArrayList<>();
        boolean isStopped;

        FakeNode(FakeWorld world, ProcessId self) {
            this.world = world;
            this.self = self;
            this.volumeShard = new FakeShard(world, this);
            this.frontShard = new FakeShard(world, this);
            this.transport = new FakeTransport(world, this);
            this.metadata = new FakeMetadata(world, this);
            this.volumes =
                    new VolumeNode(
                            self,
                            world.clock(),
                            world.randomSource(),
                            volumeShard,
                            transport,
                            world.storage.groups(),
                            metadata,
                            () -> false,
                            world.settings,
                            world.rules);
        }

        void start() {
            volumes.start();
        }

        /** As SIGSTOP: nothing of it runs, what comes waits. */
        void stop() {
            isStopped = true;
        }

        void resume() {
            isStopped = false;
            List<Runnable> waiting = List.copyOf(deferred);
            deferred.clear();
            waiting.forEach(task -> world.post(world.nanos, this, task));
        }
    }
}
