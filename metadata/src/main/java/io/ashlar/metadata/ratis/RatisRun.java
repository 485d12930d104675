package io.ashlar.metadata.ratis;

import io.ashlar.metadata.engine.EngineConfig;
import io.ashlar.metadata.engine.ReplicatedStateMachine;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.LeaderElectionManagementRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.storage.RaftStorage.StartupOption;
import org.apache.ratis.util.LifeCycle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ratis in this process from one start to its end. An engine has one at a time, and begins another
 * when this node's part in the log is another than the one that Ratis plays: Ratis 3.3 reads from
 * the configuration whether a server votes only when it starts. One that joins without a vote is a
 * follower to itself, stands for election when it hears of no leader, and closes itself when it is
 * told that it must not.
 */
final class RatisRun implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RatisRun.class);

    private final RaftServer server;
    private final RaftServer.Division division;
    private final RatisStateMachine machine;
    private final LeaderClient leaders;
    private final AtomicBoolean isOver;
    private final EarlyElection election;
    private volatile long pausedAtConfiguration = -1;

    /** What is told when Ratis ends by itself. */
    interface Ends {
        /** It cannot go on: an entry, a snapshot or the log is at fault. */
        void failed(String reason);

        /** It has closed itself. */
        void closed(String reason);
    }

    private RatisRun(
            RaftServer server,
            RaftServer.Division division,
            RatisStateMachine machine,
            LeaderClient leaders,
            AtomicBoolean isOver,
            EarlyElection election) {
        this.server = server;
        this.division = division;
        this.machine = machine;
        this.leaders = leaders;
        this.isOver = isOver;
        this.election = election;
    }

    /**
     * Starts it.
     *
     * @param applied log index up to which the state machine has applied in this process, -1 if
     *     nothing
     * @param beforeStart called when the log has been opened, before this node takes part
     * @param ends told nothing once {@link #close} has been called
     */
    static RatisRun start(
            EngineConfig config,
            NodeDirectory.Use use,
            RaftProperties properties,
            ReplicatedStateMachine machine,
            long applied,
            Runnable beforeStart,
            Ends ends)
            throws IOException {
        AtomicBoolean isOver = new AtomicBoolean();
        RatisStateMachine adapter =
                new RatisStateMachine(
                        machine,
                        applied,
                        unless(isOver, ends::failed),
                        unless(isOver, ends::closed));
        RaftServer server = build(config, use, properties, adapter);
        boolean complete = false;
        try {
            RaftServer.Division division =
                    server.getDivision(RaftGroupId.valueOf(config.clusterId()));
            beforeStart.run();
            server.start();
            LeaderClient leaders = new LeaderClient(properties, division);
            complete = true;
            return new RatisRun(
                    server,
                    division,
                    adapter,
                    leaders,
                    isOver,
                    new EarlyElection(server, division, config.timing().electionMin()));
        } finally {
            if (!complete) {
                isOver.set(true);
                closeQuietly(server);
            }
        }
    }

    private static Consumer<String> unless(AtomicBoolean isOver, Consumer<String> told) {
        return reason -> {
            if (!isOver.get()) {
                told.accept(reason);
            }
        };
    }

    private static RaftServer build(
            EngineConfig config,
            NodeDirectory.Use use,
            RaftProperties properties,
            RatisStateMachine machine)
            throws IOException {
        RaftGroupId groupId = RaftGroupId.valueOf(config.clusterId());
        boolean isFirstVoter = use == NodeDirectory.Use.FORMAT_AS_VOTER;
        return RaftServer.newBuilder()
                .setServerId(Peers.id(config.node()))
                .setGroup(
                        isFirstVoter
                                ? RaftGroup.valueOf(groupId, Peers.toRatis(config.voters()))
                                : RaftGroup.valueOf(groupId))
                .setOption(
                        use == NodeDirectory.Use.RECOVER
                                ? StartupOption.RECOVER
                                : StartupOption.FORMAT)
                .setProperties(properties)
                .setStateMachine(machine)
                .build();
    }

    RaftServer server() {
        return server;
    }

    RaftServer.Division division() {
        return division;
    }

    LeaderClient leaders() {
        return leaders;
    }

    /** Log index up to which the state machine has applied; meaningful after {@link #close}. */
    long applied() {
        return machine.applied();
    }

    boolean isClosed() {
        LifeCycle.State state = division.getInfo().getLifeCycleState();
        return state.isClosingOrClosed() || state == LifeCycle.State.EXCEPTION;
    }

    /** Whether the newest configuration in this node's log names it, and with a vote. */
    boolean isVoter() {
        return division.getRaftConf().getPeer(self(), RaftPeerRole.FOLLOWER) != null;
    }

    /** Whether the newest configuration in this node's log has it follow without a vote. */
    boolean isListener() {
        return !isVoter() && division.getRaftConf().getPeer(self(), RaftPeerRole.LISTENER) != null;
    }

    /** Whether Ratis plays another part than the committed configuration gives to this node. */
    boolean isMiscast() {
        RaftConfiguration conf = division.getRaftConf();
        if (!conf.getPreviousPeers().isEmpty()
                || conf.getLogEntryIndex() > division.getRaftLog().getLastCommittedIndex()) {
            return false;
        }
        RaftPeerRole role = division.getInfo().getCurrentRole();
        return role == RaftPeerRole.LISTENER ? isVoter() : isListener();
    }

    private RaftPeerId self() {
        return server.getId();
    }

    /**
     * Stands for no election until it hears of another configuration: a leader has taken its vote
     * away, which its own log does not say yet.
     */
    void pauseElections() throws IOException {
        pausedAtConfiguration = division.getRaftConf().getLogEntryIndex();
        server.leaderElectionManagement(
                LeaderElectionManagementRequest.newPause(
                        ClientId.randomId(), self(), groupId(), 0));
    }

    /**
     * Has the leader hand over. If this is the leader, it asks itself without a connection, as it
     * may be one that nobody can reach.
     */
    CompletableFuture<Void> transferLeadership(RaftPeerId to, Duration timeout) {
        if (!division.getInfo().isLeaderReady()) {
            return leaders.transferLeadership(to, timeout);
        }
        CompletableFuture<Void> done = new CompletableFuture<>();
        try {
            server.transferLeadershipAsync(
                            new TransferLeadershipRequest(
                                    ClientId.randomId(),
                                    self(),
                                    groupId(),
                                    0,
                                    to,
                                    timeout.toMillis()))
                    .orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
                    .whenComplete((reply, error) -> {
                        if (error == null && reply.isSuccess()) {
                            done.complete(null);
                        } else {
                            done.completeExceptionally(RatisEngine.failure(reply, error));
                        }
                    });
        } catch (IOException e) {
            done.completeExceptionally(RatisEngine.failure(null, e));
        }
        return done;
    }

    /** Turns to another leader if there is one, and stands for election if it is time. */
    void lookForLeader() {
        leaders.followLeader();
        if (pausedAtConfiguration < 0 && !isClosed() && isVoter()) {
            election.look();
        }
    }

    /** Ends the pause if a newer configuration has given it a vote again. */
    void resumeElections() {
        if (pausedAtConfiguration < 0
                || division.getRaftConf().getLogEntryIndex() <= pausedAtConfiguration
                || !isVoter()) {
            return;
        }
        pausedAtConfiguration = -1;
        try {
            server.leaderElectionManagement(
                    LeaderElectionManagementRequest.newResume(
                            ClientId.randomId(), self(), groupId(), 0));
        } catch (IOException e) {
            LOG.warn("elections stay paused", e);
        }
    }

    private RaftGroupId groupId() {
        return division.getMemberId().getGroupId();
    }

    /** Ends it; the state machine gets no calls after this has returned. */
    @Override
    public void close() {
        isOver.set(true);
        leaders.close();
        closeQuietly(server);
    }

    private static void closeQuietly(RaftServer server) {
        try {
            server.close();
        } catch (IOException e) {
            LOG.warn("closing the consensus engine", e);
        }
    }
}
