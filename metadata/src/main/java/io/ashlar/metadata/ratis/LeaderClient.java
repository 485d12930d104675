package io.ashlar.metadata.ratis;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.Voter;
import io.ashlar.metadata.engine.EngineException;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.retry.RetryPolicies;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.util.TimeDuration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Speaks to the leader from another node. Calls block a virtual thread each. A client that failed
 * is replaced, so that its connections' back-off and its idea of the voters go with it.
 */
final class LeaderClient implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LeaderClient.class);
    private static final int ATTEMPTS = 8;
    private static final TimeDuration BETWEEN_ATTEMPTS =
            TimeDuration.valueOf(150, TimeUnit.MILLISECONDS);

    private final RaftProperties properties;
    private final RaftServer.Division division;
    private final ExecutorService threads =
            Executors.newThreadPerTaskExecutor(
                    Thread.ofVirtual().name("metadata-forward-", 0).factory());
    private @Nullable RaftClient client;

    /** Whom the client takes for the leader, as far as this node knew when it was made. */
    private @Nullable RaftPeerId leaderOfClient;

    private boolean isClosed;

    LeaderClient(RaftProperties properties, RaftServer.Division division) {
        this.properties = properties;
        this.division = division;
    }

    /** What is asked of the leader. */
    private interface Call {
        RaftClientReply on(RaftClient client) throws IOException;
    }

    CompletableFuture<Void> send(Message message, Duration timeout) {
        return call(client -> client.io().send(message), timeout);
    }

    /**
     * Compares and sets the voters; those that lose their vote and do not leave go on following.
     * The engine compares who follows as well, and a node may ask to follow at any time: then once
     * more.
     */
    CompletableFuture<Void> changeVoters(
            List<Voter> expected, List<Voter> voters, Set<NodeId> leaving, Duration timeout) {
        return changeVoters(expected, voters, leaving, timeout, ATTEMPTS);
    }

    private CompletableFuture<Void> changeVoters(
            List<Voter> expected,
            List<Voter> voters,
            Set<NodeId> leaving,
            Duration timeout,
            int attempts) {
        List<RaftPeer> listeners = listeners();
        TreeMap<NodeId, RaftPeer> following = new TreeMap<>();
        listeners.forEach(peer -> following.put(Peers.node(peer.getId()), peer));
        expected.forEach(voter -> following.put(voter.node(), Peers.listener(voter)));
        voters.forEach(voter -> following.remove(voter.node()));
        following.keySet().removeAll(leaving);
        SetConfigurationRequest.Arguments arguments =
                SetConfigurationRequest.Arguments.newBuilder()
                        .setServersInCurrentConf(Peers.toRatis(expected))
                        .setListenersInCurrentConf(listeners)
                        .setServersInNewConf(Peers.toRatis(voters))
                        .setListenersInNewConf(List.copyOf(following.values()))
                        .setMode(SetConfigurationRequest.Mode.COMPARE_AND_SET)
                        .build();
        return call(client -> client.admin().setConfiguration(arguments), timeout)
                .exceptionallyComposeAsync(
                        error ->
                                attempts > 1 && !listeners.equals(listeners())
                                        ? changeVoters(
                                                expected, voters, leaving, timeout, attempts - 1)
                                        : CompletableFuture.failedFuture(
                                                RatisEngine.failure(null, error)),
                        threads);
    }

    private List<RaftPeer> listeners() {
        return List.copyOf(division.getRaftConf().getCurrentPeers(RaftPeerRole.LISTENER));
    }

    /** Asks the voters to take this node in as one that follows without a vote. */
    CompletableFuture<Void> follow(List<Voter> voters, Voter self, Duration timeout) {
        RaftPeer listener = Peers.listener(self);
        SetConfigurationRequest.Arguments arguments =
                SetConfigurationRequest.Arguments.newBuilder()
                        .setServersInNewConf(List.of())
                        .setListenersInNewConf(List.of(listener))
                        .setMode(SetConfigurationRequest.Mode.ADD)
                        .build();
        CompletableFuture<Void> done = new CompletableFuture<>();
        threads.execute(() -> {
            try (RaftClient joining = clientOf(Peers.toRatis(voters))) {
                RaftClientReply reply = joining.admin().setConfiguration(arguments);
                if (reply.isSuccess()) {
                    done.complete(null);
                } else {
                    done.completeExceptionally(RatisEngine.failure(reply, null));
                }
            } catch (IOException | RuntimeException e) {
                done.completeExceptionally(RatisEngine.failure(null, e));
            }
        });
        return done.orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
    }

    CompletableFuture<Void> transferLeadership(RaftPeerId to, Duration timeout) {
        return call(client -> client.admin().transferLeadership(to, timeout.toMillis()), timeout);
    }

    private CompletableFuture<Void> call(Call call, Duration timeout) {
        CompletableFuture<Void> answer = new CompletableFuture<>();
        CompletableFuture<Void> done = new CompletableFuture<>();
        answer.orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((_, error) -> {
                    if (error == null) {
                        done.complete(null);
                    } else {
                        done.completeExceptionally(RatisEngine.failure(null, error));
                    }
                });
        try {
            threads.execute(() -> attempt(call, answer));
        } catch (RejectedExecutionException e) {
            answer.completeExceptionally(new EngineException("the engine is closed", e));
        }
        return done;
    }

    private void attempt(Call call, CompletableFuture<Void> answer) {
        RaftClient present = null;
        try {
            followLeader();
            present = client();
            RaftClientReply reply = call.on(present);
            if (reply.isSuccess()) {
                answer.complete(null);
            } else {
                answer.completeExceptionally(RatisEngine.failure(reply, null));
            }
        } catch (IOException | RuntimeException e) {
            if (present != null) {
                replace(present);
            }
            answer.completeExceptionally(e);
        }
    }

    private synchronized RaftClient client() {
        if (isClosed) {
            throw new EngineException("the engine is closed");
        }
        RaftClient present = client;
        if (present == null) {
            Collection<RaftPeer> voters = division.getRaftConf().getCurrentPeers();
            if (voters.isEmpty()) {
                throw new EngineException("this node has not joined the cluster yet");
            }
            leaderOfClient = division.getInfo().getLeaderId();
            present = clientOf(voters);
            client = present;
        }
        return present;
    }

    /**
     * This node may have heard of another leader: calls to the former one are given up, whose
     * time-outs and retries would outlast the election by a second.
     */
    void followLeader() {
        RaftPeerId leader = division.getInfo().getLeaderId();
        RaftClient former = null;
        synchronized (this) {
            if (client != null && leader != null && !leader.equals(leaderOfClient)) {
                former = client;
                client = null;
            }
        }
        if (former != null) {
            closeQuietly(former);
        }
    }

    private RaftClient clientOf(Collection<RaftPeer> voters) {
        return RaftClient.newBuilder()
                .setProperties(properties)
                .setRaftGroup(RaftGroup.valueOf(division.getMemberId().getGroupId(), voters))
                .setLeaderId(division.getInfo().getLeaderId())
                .setRetryPolicy(
                        RetryPolicies.retryUpToMaximumCountWithFixedSleep(
                                ATTEMPTS, BETWEEN_ATTEMPTS))
                .build();
    }

    private void replace(RaftClient failed) {
        synchronized (this) {
            if (client == failed) {
                client = null;
            }
        }
        closeQuietly(failed);
    }

    @Override
    public void close() {
        RaftClient last;
        synchronized (this) {
            isClosed = true;
            last = client;
            client = null;
        }
        threads.shutdownNow();
        if (last != null) {
            closeQuietly(last);
        }
    }

    private static void closeQuietly(RaftClient client) {
        try {
            client.close();
        } catch (IOException e) {
            LOG.debug("closing a client", e);
        }
    }
}
