package io.ashlar.metadata.ratis;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.Voter;
import io.ashlar.metadata.engine.ConsensusEngine;
import io.ashlar.metadata.engine.EngineConfig;
import io.ashlar.metadata.engine.EngineException;
import io.ashlar.metadata.engine.EngineStatus;
import io.ashlar.metadata.engine.ReplicatedStateMachine;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.SnapshotManagementRequest;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The consensus engine made of Apache Ratis. Entries are proposed in this process when it leads,
 * and sent to the leader otherwise. A read barrier is a linearizable read of this very node: Ratis
 * fetches the read index from the leader, who asks a majority, and waits until it is applied here.
 *
 * <p>Ratis may close itself and leave the process running; every way in which that was seen leads
 * to {@link Halt}, and a watchdog looks for others. When this node's vote comes or goes, Ratis is
 * begun anew in place ({@link RatisRun}).
 */
public final class RatisEngine implements ConsensusEngine {
    /** Longest record of the log: an entry and what Ratis adds. */
    static final int RECORD_BYTES_MAX = 4 * 1024 * 1024;

    private static final Logger LOG = LoggerFactory.getLogger(RatisEngine.class);
    private static final long WATCHDOG_MILLIS = 500;

    /** How often a follower looks whether its leader has fallen silent. */
    private static final long ELECTION_LOOK_MILLIS = 100;

    /** How often a node that is unknown to the log asks to follow it. */
    private static final long JOIN_MILLIS = 2_000;

    /** While it lasts the leader takes no commands. */
    private static final Duration TRANSFER_TIMEOUT = Duration.ofSeconds(5);

    private static final Duration ADMIN_TIMEOUT = Duration.ofSeconds(20);

    /** So many looks in a row before Ratis is begun anew in the part that it ought to play. */
    private static final int MISCAST_LOOKS = 2;

    private final EngineConfig config;
    private final NodeDirectory directory;
    private final RaftProperties properties;
    private final ReplicatedStateMachine machine;
    private final Halt halt;
    private final RaftGroupId groupId;
    private final ClientId clientId = ClientId.randomId();
    private final AtomicLong nextCallId = new AtomicLong(1);
    private final ScheduledExecutorService watchdog =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("metadata-watchdog").factory());

    private final AtomicBoolean joining = new AtomicBoolean();
    private volatile RatisRun run;
    private int miscastLooks;

    private RatisEngine(
            EngineConfig config,
            NodeDirectory directory,
            NodeDirectory.Use use,
            RaftProperties properties,
            ReplicatedStateMachine machine,
            Halt halt)
            throws IOException {
        this.config = config;
        this.directory = directory;
        this.properties = properties;
        this.machine = machine;
        this.halt = halt;
        this.groupId = RaftGroupId.valueOf(config.clusterId());
        boolean mayHaveVoted = use == NodeDirectory.Use.RECOVER && directory.isFirstUseInThisBoot();
        this.run =
                RatisRun.start(
                        config,
                        use,
                        properties,
                        machine,
                        -1,
                        () -> {
                            if (mayHaveVoted) {
                                waitOutOlderElections(config);
                            }
                        },
                        new Ends());
    }

    /** Ratis tells on threads of its own; what is done about it is done by the watchdog. */
    private final class Ends implements RatisRun.Ends {
        @Override
        public void failed(String reason) {
            halt.now(reason);
        }

        @Override
        public void closed(String reason) {
            try {
                watchdog.execute(() -> afterClose(reason));
            } catch (RejectedExecutionException e) {
                LOG.debug("closed while closing: {}", reason);
            }
        }
    }

    @Override
    public void follow() {
        watchdog.scheduleWithFixedDelay(
                this::followIfStranger, 0, JOIN_MILLIS, TimeUnit.MILLISECONDS);
    }

    /**
     * Starts the engine; the state machine has its newest snapshot when this returns, and the rest
     * of the log soon after it has heard from a leader.
     *
     * @throws EngineException if it must not start, with what to do
     */
    public static RatisEngine start(EngineConfig config, ReplicatedStateMachine machine) {
        Halt halt = new Halt(config);
        NodeDirectory directory = new NodeDirectory(config);
        try {
            NodeDirectory.Use use = directory.open();
            if (use == NodeDirectory.Use.RECOVER) {
                LogTail.repair(directory.current());
            }
            RaftProperties properties = RatisProperties.of(config, directory);
            if (use != NodeDirectory.Use.RECOVER) {
                FirstStart.check(config, properties, use);
            }
            directory.claim(use);
            RatisEngine engine = new RatisEngine(config, directory, use, properties, machine, halt);
            engine.begin();
            return engine;
        } catch (IOException | RuntimeException e) {
            halt.expect();
            closeQuietly(directory);
            if (e instanceof EngineException known) {
                throw known;
            }
            throw new EngineException(
                    "metadata of "
                            + config.node()
                            + " cannot start in "
                            + config.directory()
                            + ": "
                            + rootCause(e),
                    e);
        }
    }

    private void begin() throws IOException {
        boolean complete = false;
        try {
            directory.confirm();
            complete = true;
        } finally {
            if (!complete) {
                watchdog.shutdownNow();
                run.close();
            }
        }
        watchdog.scheduleWithFixedDelay(
                this::watch, WATCHDOG_MILLIS, WATCHDOG_MILLIS, TimeUnit.MILLISECONDS);
        watchdog.scheduleWithFixedDelay(
                this::lookForLeader,
                ELECTION_LOOK_MILLIS,
                ELECTION_LOOK_MILLIS,
                TimeUnit.MILLISECONDS);
    }

    /** A schedule ends with its first exception; this one must not. */
    private void lookForLeader() {
        try {
            run.lookForLeader();
        } catch (RuntimeException e) {
            LOG.debug("looking for the leader", e);
        }
    }

    /**
     * Ratis syncs the file with its vote but not the directory that names it, so a power cut may
     * take back the newest vote. After one, elections that it may have voted in are waited out.
     */
    private static void waitOutOlderElections(EngineConfig config) {
        try {
            Thread.sleep(config.timing().electionMax());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EngineException("interrupted while starting", e);
        }
    }

    @Override
    public CompletableFuture<Void> propose(byte[] entry, Duration timeout) {
        Message message = Message.valueOf(UnsafeByteOperations.unsafeWrap(entry));
        RatisRun present = run;
        if (!present.division().getInfo().isLeaderReady()) {
            return present.leaders().send(message, timeout);
        }
        return submit(request(RaftClientRequest.writeRequestType(), message, timeout), timeout);
    }

    @Override
    public CompletableFuture<Void> readBarrier(Duration timeout) {
        return submit(
                request(RaftClientRequest.readRequestType(), Message.EMPTY, timeout), timeout);
    }

    @Override
    public CompletableFuture<Void> changeVoters(
            List<Voter> expected, List<Voter> voters, Set<NodeId> leaving) {
        return run.leaders().changeVoters(expected, voters, leaving, ADMIN_TIMEOUT);
    }

    @Override
    public CompletableFuture<Void> transferLeadership(NodeId to) {
        return run.transferLeadership(Peers.id(to), TRANSFER_TIMEOUT);
    }

    @Override
    public CompletableFuture<Long> snapshotNow() {
        CompletableFuture<Long> done = new CompletableFuture<>();
        RaftServer server = run.server();
        SnapshotManagementRequest request =
                SnapshotManagementRequest.newCreate(
                        clientId,
                        server.getId(),
                        groupId,
                        nextCallId.getAndIncrement(),
                        ADMIN_TIMEOUT.toMillis(),
                        0);
        server.snapshotManagementAsync(request)
                .whenComplete((reply, error) -> {
                    if (error == null && reply.isSuccess()) {
                        done.complete(reply.getLogIndex());
                    } else {
                        done.completeExceptionally(failure(reply, error));
                    }
                });
        return done;
    }

    @Override
    public EngineStatus status() {
        return Statuses.of(run.division(), config.timing().electionMax());
    }

    @Override
    public void close() {
        if (halt.expect()) {
            return;
        }
        watchdog.shutdownNow();
        synchronized (this) {
            run.close();
            closeQuietly(directory);
        }
    }

    private static void closeQuietly(NodeDirectory directory) {
        try {
            directory.close();
        } catch (IOException e) {
            LOG.warn("closing the directory of the consensus engine", e);
        }
    }

    private RaftClientRequest request(
            RaftClientRequest.Type type, Message message, Duration timeout) {
        return RaftClientRequest.newBuilder()
                .setClientId(clientId)
                .setServerId(Peers.id(config.node()))
                .setGroupId(groupId)
                .setCallId(nextCallId.getAndIncrement())
                .setMessage(message)
                .setType(type)
                .setTimeoutMs(timeout.toMillis())
                .build();
    }

    private CompletableFuture<Void> submit(RaftClientRequest request, Duration timeout) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        try {
            run.server()
                    .submitClientRequestAsync(request)
                    .orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
                    .whenComplete((reply, error) -> {
                        if (error == null && reply.isSuccess()) {
                            done.complete(null);
                        } else {
                            done.completeExceptionally(failure(reply, error));
                        }
                    });
        } catch (IOException e) {
            done.completeExceptionally(failure(null, e));
        }
        return done;
    }

    static EngineException failure(@Nullable RaftClientReply reply, @Nullable Throwable error) {
        Throwable cause = error != null ? error : reply == null ? null : reply.getException();
        return new EngineException(cause == null ? "no answer" : rootCause(cause));
    }

    /**
     * Asks the first voters to let this node follow, until the log's configuration names it.
     * Whoever has made it a voter meanwhile is not disturbed.
     */
    private void followIfStranger() {
        RatisRun present = run;
        if (joining.get() || present.isVoter() || present.isListener()) {
            return;
        }
        joining.set(true);
        present.leaders()
                .follow(
                        config.voters(),
                        new Voter(config.node(), config.raftAddress()),
                        ADMIN_TIMEOUT)
                .whenComplete((_, error) -> {
                    joining.set(false);
                    if (error != null) {
                        LOG.info("not taken in as a follower yet: {}", rootCause(error));
                    }
                });
    }

    private void watch() {
        RatisRun present = run;
        if (present.isClosed()) {
            afterClose("the consensus engine is closed");
            return;
        }
        present.resumeElections();
        miscastLooks = present.isMiscast() ? miscastLooks + 1 : 0;
        if (miscastLooks >= MISCAST_LOOKS) {
            beginAnew(
                    present.isVoter()
                            ? "it has been given a vote"
                            : "it follows without a vote from now on");
        }
    }

    /**
     * Ratis closes a server that stands for election and has no vote. That is the case of one that
     * follows, as its own log says, or whose vote was taken while it was away, as others say. It
     * goes on without a vote; anything else is the end of the process.
     */
    private void afterClose(String reason) {
        RatisRun present = run;
        if (!present.isClosed()) {
            return; // told of a former one
        }
        boolean hadVote = present.isVoter();
        boolean goesOn =
                hadVote
                        ? FirstStart.isListenerTo(
                                config, properties, present.division().getRaftConf().getAllPeers())
                        : present.isListener();
        if (!goesOn) {
            halt.now(
                    reason
                            + "; if the node was removed from the cluster, empty its directories"
                            + " before it joins again");
            return;
        }
        beginAnew(reason + ", and it has no vote");
        if (hadVote) {
            try {
                run.pauseElections();
            } catch (IOException | RuntimeException e) {
                halt.now("its elections cannot be paused: " + rootCause(e));
            }
        }
    }

    /** Ends Ratis and starts it again in this process; whoever waits for it asks again. */
    private synchronized void beginAnew(String why) {
        if (halt.isExpected()) {
            return;
        }
        LOG.info("{} begins its part in the log anew: {}", config.node(), why);
        miscastLooks = 0;
        RatisRun former = run;
        former.close();
        try {
            LogTail.repair(directory.current());
            run =
                    RatisRun.start(
                            config,
                            NodeDirectory.Use.RECOVER,
                            properties,
                            machine,
                            former.applied(),
                            () -> {},
                            new Ends());
        } catch (IOException | RuntimeException e) {
            halt.now("the consensus engine cannot be started again: " + rootCause(e));
        }
    }

    private static String rootCause(Throwable error) {
        Throwable cause = error;
        for (int depth = 0; depth < 10 && cause.getCause() != null; depth++) {
            cause = cause.getCause();
        }
        String message = cause.getMessage();
        return cause.getClass().getSimpleName() + (message == null ? "" : ": " + message);
    }

    /** Whom Ratis names as the leader. */
    static Optional<NodeId> leaderOf(RaftServer.Division division) {
        return Optional.ofNullable(division.getInfo().getLeaderId()).map(Peers::node);
    }
}
