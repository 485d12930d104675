package io.ashlar.metadata;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.engine.ConsensusEngine;
import io.ashlar.metadata.engine.EngineConfig;
import io.ashlar.metadata.engine.EngineStatus;
import io.ashlar.metadata.engine.ReplicatedStateMachine;
import io.ashlar.metadata.ratis.RatisEngine;
import io.ashlar.metadata.replica.ControlReplica;
import io.ashlar.metadata.submission.Submissions;
import io.ashlar.metadata.submission.Watchers;
import io.ashlar.metadata.wire.EntryCodec;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A node's part in the control plane: its replica of the control state, kept by the consensus
 * engine, and the client by which the rest of the node reads and changes it.
 */
public final class MetadataServer implements AutoCloseable {
    /** After so long {@link MetadataClient#readBarrier} has failed. */
    private static final Duration BARRIER_GIVE_UP = Duration.ofSeconds(5);

    private static final Duration BARRIER_ATTEMPT = Duration.ofSeconds(2);
    private static final long BARRIER_RETRY_MILLIS = 100;

    /** After that long another attempt goes beside one that is not answered. */
    private static final long BARRIER_OVERLAP_MILLIS = 500;

    private final ControlReplica replica = new ControlReplica();
    private final Watchers watchers = new Watchers();
    private final ScheduledThreadPoolExecutor timer;
    private final ConsensusEngine engine;
    private final Submissions submissions;
    private final Client client = new Client();
    private final Set<Barrier> barriers = ConcurrentHashMap.newKeySet();
    private volatile @Nullable Submissions listening;

    /**
     * Starts it. The state is that of the newest snapshot at first; a {@link
     * MetadataClient#readBarrier} says when it has caught up.
     *
     * @throws io.ashlar.metadata.engine.EngineException if it must not start: the directory belongs
     *     to another cluster or node, is empty where it must not be, or is damaged. The message
     *     says what to do
     */
    public static MetadataServer start(MetadataConfig config) {
        return new MetadataServer(config);
    }

    private MetadataServer(MetadataConfig config) {
        MetadataConfig.Timing timing = config.timing();
        timer =
                new ScheduledThreadPoolExecutor(
                        1, Thread.ofPlatform().daemon().name("metadata-timer").factory());
        timer.setRemoveOnCancelPolicy(true);
        EngineConfig engineConfig =
                new EngineConfig(
                        config.node(),
                        config.raftAddress(),
                        config.clusterId(),
                        config.directory(),
                        config.voters(),
                        config.bootstrap(),
                        config.bootId(),
                        new EngineConfig.Timing(
                                timing.electionMin(),
                                timing.electionMax(),
                                timing.snapshotEntries(),
                                timing.keepEntries()),
                        config.halted());
        boolean started = false;
        try {
            engine = RatisEngine.start(engineConfig, new Machine());
            started = true;
        } finally {
            if (!started) {
                timer.shutdownNow();
            }
        }
        submissions =
                new Submissions(
                        UUID.randomUUID(),
                        engine,
                        () -> watchers.state().index(),
                        this::later,
                        timing.commandTimeout());
        listening = submissions;
    }

    /** This node's access to the control state; the same object each time. */
    public MetadataClient client() {
        return client;
    }

    public EngineStatus status() {
        return engine.status();
    }

    /**
     * Replaces the voters, one node more, less or another at a time. A node that is added must run
     * and follow, or have an empty directory.
     *
     * @param expected the present voters, as {@link #status} gives them
     * @param leaving nodes that do not even follow any more
     */
    public CompletableFuture<Void> changeVoters(
            List<Voter> expected, List<Voter> voters, Set<NodeId> leaving) {
        return engine.changeVoters(expected, voters, leaving);
    }

    /** Has this node follow without a vote; to be called once, by a node that was given none. */
    public void follow() {
        engine.follow();
    }

    /** Asks the leader to hand over; for administration. */
    public CompletableFuture<Void> transferLeadership(NodeId to) {
        return engine.transferLeadership(to);
    }

    /** Writes a snapshot of this node's replica now; completes with its log index. */
    public CompletableFuture<Long> snapshotNow() {
        return engine.snapshotNow();
    }

    /** Commands that wait get an unknown outcome, and barriers fail. */
    @Override
    public void close() {
        submissions.close();
        engine.close();
        timer.shutdownNow();
        barriers.forEach(Barrier::fail);
    }

    /** What the engine drives. Its thread applies; everybody else sees what was published. */
    private final class Machine implements ReplicatedStateMachine {
        @Override
        public void check(ByteBuffer entry) {
            EntryCodec.read(Unpooled.wrappedBuffer(entry));
        }

        @Override
        public void apply(long index, ByteBuffer entry) {
            List<ControlReplica.Done> done = replica.apply(index, Unpooled.wrappedBuffer(entry));
            watchers.publish(replica.state());
            Submissions mine = listening;
            if (mine != null) {
                mine.onApplied(done);
            }
        }

        @Override
        public byte[] save() {
            return replica.save();
        }

        @Override
        public void load(byte[] snapshot) {
            replica.load(snapshot);
            watchers.publish(replica.state());
            Submissions mine = listening;
            if (mine != null) {
                mine.onLoaded(replica::outcomeOf);
            }
        }
    }

    private final class Client implements MetadataClient {
        @Override
        public ControlState state() {
            return watchers.state();
        }

        @Override
        public Runnable watch(Executor executor, Consumer<ControlState> listener) {
            return watchers.watch(executor, listener);
        }

        @Override
        public void submit(Command command, Executor executor, Consumer<Outcome> done) {
            submissions.submit(command, executor, done);
        }

        @Override
        public void readBarrier(Executor executor, Consumer<Long> done) {
            Barrier barrier = new Barrier(index -> executor.execute(() -> done.accept(index)));
            barriers.add(barrier);
            if (timer.isShutdown()) {
                barrier.fail();
            }
            later(BARRIER_GIVE_UP.toMillis(), barrier::fail);
            barrier.attempt();
        }

        @Override
        public boolean isInTouch() {
            return engine.status().isInTouch();
        }

        @Override
        public boolean isLeader() {
            return engine.status().role() == EngineStatus.Role.LEADER;
        }

        @Override
        public List<NodeId> voters() {
            return engine.status().voters().stream().map(Voter::node).toList();
        }
    }

    /** One wait for a read barrier, tried again while there is no leader. */
    private final class Barrier {
        private final Consumer<Long> done;
        private final AtomicBoolean isDone = new AtomicBoolean();

        Barrier(Consumer<Long> done) {
            this.done = done;
        }

        /** Does not wait long for one: a leader that is gone answers none, and its heir all. */
        void attempt() {
            if (isDone.get()) {
                return;
            }
            AtomicBoolean isFollowed = new AtomicBoolean();
            Runnable next =
                    () -> {
                        if (isFollowed.compareAndSet(false, true)) {
                            attempt();
                        }
                    };
            engine.readBarrier(BARRIER_ATTEMPT)
                    .whenComplete((_, error) -> {
                        if (error == null) {
                            hold();
                        } else {
                            later(BARRIER_RETRY_MILLIS, next);
                        }
                    });
            later(BARRIER_OVERLAP_MILLIS, next);
        }

        /**
         * The index given is that of the view: what the engine has in its log for itself moves the
         * read index, not the state.
         */
        private void hold() {
            long index = watchers.state().index();
            if (isDone.compareAndSet(false, true)) {
                barriers.remove(this);
                done.accept(index);
            }
        }

        void fail() {
            if (isDone.compareAndSet(false, true)) {
                barriers.remove(this);
                done.accept(-1L);
            }
        }
    }

    private void later(long millis, Runnable task) {
        try {
            timer.schedule(task, millis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            // The node is shutting down; close() tells everybody.
        }
    }
}
