package io.ashlar.metadata.ratis;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.engine.EngineConfig;
import io.ashlar.metadata.engine.EngineException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.proto.RaftProtos.RaftConfigurationProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.protocol.GroupInfoReply;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.retry.RetryPolicies;

/**
 * Asks other nodes what they know of this one, when its own directory does not say.
 *
 * <p>Before an empty directory is formatted: whether this node has taken part before. An operator
 * may have left bootstrap on and then lost the disk, or a node that was given a vote later lost its
 * disk; it would vote where it has voted. Others that do not answer, or were themselves started
 * anew since they heard of it, cannot tell; so this catches the mistake and proves nothing.
 *
 * <p>When Ratis has closed itself: whether this node's vote was taken while it was away.
 */
final class FirstStart {
    private static final long ANSWER_MILLIS_MAX = 2000;

    private FirstStart() {}

    /** What another node told. */
    private record Answer(NodeId witness, GroupInfoReply info) {
        boolean isOfLeader() {
            return info.getRoleInfoProto().getRole() == RaftPeerRole.LEADER;
        }

        boolean knowsLogOf(NodeId node) {
            return info.getCommitInfos().stream()
                    .anyMatch(commit ->
                            isNamed(commit.getServer(), node) && commit.getCommitIndex() > 0);
        }

        boolean countsAsVoter(NodeId node) {
            return info.getConf().map(conf -> names(conf.getPeersList(), node)).orElse(false);
        }

        boolean countsAsListener(NodeId node) {
            return info.getConf().map(conf -> isOnlyListener(conf, node)).orElse(false);
        }

        private static boolean isOnlyListener(RaftConfigurationProto conf, NodeId node) {
            return names(conf.getListenersList(), node) && !names(conf.getPeersList(), node);
        }

        private static boolean names(List<RaftPeerProto> peers, NodeId node) {
            return peers.stream().anyMatch(peer -> isNamed(peer, node));
        }

        private static boolean isNamed(RaftPeerProto peer, NodeId node) {
            return peer.getId().toStringUtf8().equals(Peers.id(node).toString());
        }
    }

    /**
     * Before the first start in an empty directory.
     *
     * @throws EngineException if another node has heard of this node's log, or counts on its vote
     */
    static void check(EngineConfig config, RaftProperties properties, NodeDirectory.Use use) {
        List<Answer> answers = ask(config, properties, Peers.toRatis(config.voters()));
        NodeId self = config.node();
        if (use == NodeDirectory.Use.FORMAT_AS_VOTER) {
            refuseIf(config, answers, a -> a.knowsLogOf(self), "knows that it held a log");
            return;
        }
        List<Answer> leaders = answers.stream().filter(Answer::isOfLeader).toList();
        refuseIf(
                config,
                leaders.isEmpty() ? answers : leaders,
                a -> a.countsAsVoter(self),
                "counts on its vote");
    }

    private static void refuseIf(
            EngineConfig config, List<Answer> answers, Predicate<Answer> which, String what) {
        answers.stream()
                .filter(which)
                .findFirst()
                .ifPresent(answer -> {
                    throw new EngineException(
                            NodeDirectory.lost(
                                    config, "is empty, but " + answer.witness() + " " + what));
                });
    }

    /** Whether any of these nodes has this one follow without a vote. */
    static boolean isListenerTo(
            EngineConfig config, RaftProperties properties, Collection<RaftPeer> others) {
        return ask(config, properties, others).stream()
                .anyMatch(answer -> answer.countsAsListener(config.node()));
    }

    private static List<Answer> ask(
            EngineConfig config, RaftProperties properties, Collection<RaftPeer> peers) {
        RaftGroup group = RaftGroup.valueOf(RaftGroupId.valueOf(config.clusterId()), peers);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<CompletableFuture<Optional<Answer>>> calls =
                    peers.stream()
                            .map(peer -> Peers.node(peer.getId()))
                            .filter(node -> !node.equals(config.node()))
                            .map(node ->
                                    CompletableFuture.supplyAsync(
                                                    () -> ask(node, properties, group), threads)
                                            .completeOnTimeout(
                                                    Optional.empty(),
                                                    ANSWER_MILLIS_MAX,
                                                    TimeUnit.MILLISECONDS))
                            .toList();
            List<Answer> answers = new ArrayList<>();
            calls.forEach(call -> call.join().ifPresent(answers::add));
            threads.shutdownNow();
            return answers;
        }
    }

    private static Optional<Answer> ask(NodeId other, RaftProperties properties, RaftGroup group) {
        try (RaftClient client =
                RaftClient.newBuilder()
                        .setProperties(properties)
                        .setRaftGroup(group)
                        .setRetryPolicy(RetryPolicies.noRetry())
                        .build()) {
            return Optional.of(
                    new Answer(
                            other,
                            client.getGroupManagementApi(Peers.id(other))
                                    .info(group.getGroupId())));
        } catch (IOException | RuntimeException e) {
            return Optional.empty(); // not there, or not yet
        }
    }
}
