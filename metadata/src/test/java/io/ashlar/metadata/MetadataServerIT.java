package io.ashlar.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.engine.EngineException;
import io.ashlar.metadata.engine.EngineStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every consensus engine must do, tried on three servers in one JVM. */
class MetadataServerIT {
    @TempDir Path root;

    @Test
    void commandsOfAnyNodeAreAppliedOnAllOnceAndSurviveARestartOfAll() {
        try (LocalCluster cluster = LocalCluster.ofThree(root, 1000, 100)) {
            cluster.preparePool(cluster.follower());
            List<CompletableFuture<Outcome>> outcomes = new ArrayList<>();
            for (int i = 0; i < 600; i++) {
                outcomes.add(cluster.submit(1 + i % 3, LocalCluster.volume("v" + i)));
            }
            for (CompletableFuture<Outcome> outcome : outcomes) {
                assertThat(outcome.orTimeout(30, TimeUnit.SECONDS).join())
                        .isInstanceOf(Outcome.Applied.class);
            }
            // Group commit: far fewer entries than commands.
            assertThat(cluster.servers.get(1).status().committedIndex()).isLessThan(300);
            cluster.barrierHeld(1);
            ControlState expected = cluster.client(1).state();
            for (int node = 1; node <= 3; node++) {
                assertThat(cluster.barrierHeld(node)).isEqualTo(expected.index());
                assertThat(cluster.client(node).state()).isEqualTo(expected);
                assertThat(cluster.client(node).isInTouch()).isTrue();
            }
            IntStream.rangeClosed(1, 3).forEach(cluster::stop);
            IntStream.rangeClosed(1, 3).forEach(node -> cluster.start(node, false));
            for (int node = 1; node <= 3; node++) {
                cluster.barrierHeld(node);
                assertThat(cluster.client(node).state()).isEqualTo(expected);
            }
            assertThat(cluster.halts).isEmpty();
        }
    }

    @Test
    void aNodeThatWasAwayBeyondThePurgedLogGetsASnapshotAndGoesOn() {
        try (LocalCluster cluster = LocalCluster.ofThree(root, 40, 5)) {
            cluster.preparePool(1);
            int away = cluster.follower();
            cluster.stop(away);
            int leader = cluster.leader();
            for (int i = 0; i < 120; i++) {
                cluster.applied(leader, LocalCluster.volume("v" + i));
            }
            assertThat(cluster.servers.get(leader).status().snapshotIndex()).isPositive();
            cluster.start(away, false);
            cluster.barrierHeld(away);
            assertThat(cluster.servers.get(away).status().snapshotIndex())
                    .as("it came by snapshot")
                    .isPositive();
            // It takes part as before: its own commands, and the outcome of the others'.
            cluster.applied(away, LocalCluster.volume("after"));
            await().atMost(30, TimeUnit.SECONDS)
                    .until(() -> cluster.client(leader).state().volumeNamed("after").isPresent());
            assertThat(cluster.client(away).state()).isEqualTo(cluster.client(leader).state());
            // A snapshot that is installed while running must not stop the node either.
            cluster.stop(leader);
            cluster.applied(away, LocalCluster.volume("last"));
            assertThat(cluster.halts).isEmpty();
        }
    }

    @Test
    void aLeaderThatNobodyCanReachHandsOverWhenItIsToldTo() throws Exception {
        // Protects changes of the cluster from a firewall that lets its leader speak, not hear.
        try (LocalCluster cluster = LocalCluster.ofThreeWithADeafLeader(root)) {
            MetadataServer deaf = cluster.servers.get(1);
            await().atMost(40, TimeUnit.SECONDS).until(() -> deaf.client().isLeader());
            cluster.applied(1, new Command.InitializeCluster(cluster.clusterId));
            assertThat(
                            cluster.submit(2, LocalCluster.volume("unheard"))
                                    .orTimeout(30, TimeUnit.SECONDS)
                                    .join())
                    .isInstanceOf(Outcome.Unknown.class);
            // It does not hear either who leads then, so that its own answer may be a time-out.
            deaf.transferLeadership(new NodeId(2));
            await().atMost(40, TimeUnit.SECONDS)
                    .until(() -> cluster.client(2).isLeader() && !deaf.client().isLeader());
            cluster.applied(3, new Command.RegisterNode(Fixture.node(1, 10, "host1", 1)));
            assertThat(cluster.halts).isEmpty();
        }
    }

    @Test
    void withoutAMajorityNothingIsConfirmedAndBarriersFail() {
        try (LocalCluster cluster = LocalCluster.ofThree(root, 1000, 100)) {
            cluster.preparePool(1);
            int last = cluster.follower();
            for (int node = 1; node <= 3; node++) {
                if (node != last) {
                    cluster.stop(node);
                }
            }
            assertThat(cluster.barrier(last)).isEqualTo(-1);
            assertThat(cluster.client(last).isInTouch()).isFalse();
            assertThat(
                            cluster.submit(last, LocalCluster.volume("v"))
                                    .orTimeout(30, TimeUnit.SECONDS)
                                    .join())
                    .isInstanceOf(Outcome.Unknown.class);
            assertThat(cluster.client(last).state().volumes()).isEmpty();
        }
    }

    @Test
    void aVoterThatLostItsDiskIsRefusedUntilItIsRemovedAndAddedAgain() throws IOException {
        try (LocalCluster cluster = LocalCluster.ofThree(root, 1000, 100)) {
            cluster.preparePool(1);
            int wiped = cluster.follower();
            Voter wipedVoter = cluster.voters.get(wiped - 1);
            List<Voter> others =
                    cluster.voters.stream().filter(v -> v.node().value() != wiped).toList();
            cluster.stop(wiped);
            cluster.wipe(wiped);
            assertThatThrownBy(() -> cluster.start(wiped, false))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("is empty")
                    .hasMessageContaining("rejoin");
            // Nor is it formatted because bootstrap was left on.
            assertThatThrownBy(() -> cluster.start(wiped, true))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("knows that it held a log");
            MetadataServer leader = cluster.servers.get(cluster.leader());
            leader.changeVoters(cluster.voters, others, Set.of(new NodeId(wiped)))
                    .orTimeout(30, TimeUnit.SECONDS)
                    .join();
            cluster.wipe(wiped);
            MetadataConfig joining = cluster.config(wiped, false);
            cluster.start(
                    new MetadataConfig(
                            joining.node(),
                            joining.clusterId(),
                            joining.directory(),
                            joining.raftAddress(),
                            others,
                            false,
                            joining.bootId(),
                            joining.timing(),
                            joining.halted()));
            List<Voter> again = new ArrayList<>(others);
            again.add(wipedVoter);
            // Whoever has another idea of the present voters changes nothing.
            assertThatThrownBy(() ->
                            leader.changeVoters(cluster.voters, again, Set.of())
                                    .orTimeout(30, TimeUnit.SECONDS)
                                    .join())
                    .hasCauseInstanceOf(EngineException.class);
            leader.changeVoters(others, again, Set.of()).orTimeout(30, TimeUnit.SECONDS).join();
            cluster.barrierHeld(wiped);
            cluster.applied(wiped, LocalCluster.volume("after"));
            assertThat(cluster.servers.get(wiped).status().voters()).hasSize(3);
            assertThat(cluster.halts).isEmpty();
        }
    }

    @Test
    void aNodeThatFollowsIsGivenAVoteAndTheVoteCounts() {
        // Protects a cluster whose voters change: the new voter's vote and log count, and the node
        // that has lost its vote goes on and holds up nobody.
        try (LocalCluster cluster = LocalCluster.ofThreeAndFollowers(root, 1, 1000, 100)) {
            cluster.preparePool(1);
            awaitRole(cluster, 4, EngineStatus.Role.LISTENER);
            cluster.applied(4, LocalCluster.volume("before"));
            int former = cluster.follower();
            List<Voter> voters =
                    cluster.voters.stream().filter(v -> v.node().value() != former).toList();
            giveVote(cluster, cluster.founders, voters);
            awaitRole(cluster, former, EngineStatus.Role.LISTENER);
            awaitRole(cluster, 4, EngineStatus.Role.FOLLOWER);
            cluster.applied(former, LocalCluster.volume("by-a-listener"));
            // Two of the three voters are left, and the new one is needed for every entry.
            cluster.stop(cluster.leader());
            cluster.barrierHeld(4);
            cluster.applied(4, LocalCluster.volume("after"));
            assertThat(cluster.servers.get(4).status().voters()).isEqualTo(voters);
            cluster.barrierHeld(former);
            assertThat(cluster.client(former).state()).isEqualTo(cluster.client(4).state());
            assertThat(cluster.halts).isEmpty();
        }
    }

    @Test
    void aNodeThatFollowsOutlivesTheLossOfTheLeader() {
        // Protects nodes without a vote: Ratis closes one that stands for election.
        try (LocalCluster cluster = LocalCluster.ofThreeAndFollowers(root, 1, 1000, 100)) {
            cluster.preparePool(1);
            awaitRole(cluster, 4, EngineStatus.Role.LISTENER);
            ControlState before = cluster.client(4).state();
            cluster.stop(cluster.leader());
            cluster.barrierHeld(4);
            cluster.applied(4, LocalCluster.volume("after"));
            assertThat(cluster.client(4).state().index()).isGreaterThan(before.index());
            assertThat(cluster.halts).isEmpty();
        }
    }

    @Test
    void aVoterThatComesBackWithoutItsVoteGoesOnFollowing() {
        // Protects a node that was away for long: it must not vote, nor end for want of a vote.
        try (LocalCluster cluster = LocalCluster.ofThreeAndFollowers(root, 1, 1000, 100)) {
            cluster.preparePool(1);
            awaitRole(cluster, 4, EngineStatus.Role.LISTENER);
            int away = cluster.follower();
            cluster.stop(away);
            List<Voter> voters =
                    cluster.voters.stream().filter(v -> v.node().value() != away).toList();
            giveVote(cluster, cluster.founders, voters);
            cluster.applied(cluster.leader(), LocalCluster.volume("meanwhile"));
            cluster.start(away, false);
            awaitRole(cluster, away, EngineStatus.Role.LISTENER);
            cluster.barrierHeld(away);
            cluster.applied(away, LocalCluster.volume("after"));
            assertThat(cluster.servers.get(away).status().voters()).isEqualTo(voters);
            assertThat(cluster.halts).isEmpty();
        }
    }

    @Test
    void aNodeThatWasGivenAVoteAndLostItsDiskIsRefused() throws IOException {
        // Protects the log: without what it had confirmed, its vote could elect a leader that lacks
        // entries.
        try (LocalCluster cluster = LocalCluster.ofThreeAndFollowers(root, 1, 1000, 100)) {
            cluster.preparePool(1);
            awaitRole(cluster, 4, EngineStatus.Role.LISTENER);
            giveVote(cluster, cluster.founders, cluster.voters);
            awaitRole(cluster, 4, EngineStatus.Role.FOLLOWER);
            cluster.stop(4);
            cluster.wipe(4);
            assertThatThrownBy(() -> cluster.start(4, false))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("counts on its vote");
        }
    }

    private static void awaitRole(LocalCluster cluster, int node, EngineStatus.Role role) {
        await().atMost(30, TimeUnit.SECONDS)
                .until(() -> cluster.servers.get(node).status().role() == role);
    }

    private static void giveVote(LocalCluster cluster, List<Voter> present, List<Voter> voters) {
        cluster.servers
                .get(cluster.leader())
                .changeVoters(present, voters, Set.of())
                .orTimeout(30, TimeUnit.SECONDS)
                .join();
    }

    @Test
    void aDirectoryOfAnotherClusterOrNodeIsRefused() {
        LocalCluster cluster = new LocalCluster(root, 1, 1000, 100);
        cluster.start(1, true);
        cluster.stop(1);
        MetadataConfig config = cluster.config(1, true);
        assertThatThrownBy(() -> cluster.start(with(config, UUID.randomUUID(), config.node())))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("belongs to cluster " + cluster.clusterId);
        assertThatThrownBy(() -> cluster.start(with(config, config.clusterId(), new NodeId(2))))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("belongs to node1");
    }

    @Test
    void watchersGetStatesInOrderFromThePresentOneOn() {
        LocalCluster cluster = new LocalCluster(root, 1, 1000, 100);
        try (MetadataServer server = cluster.start(1, true)) {
            ConcurrentLinkedQueue<Long> seen = new ConcurrentLinkedQueue<>();
            cluster.preparePool(1);
            Runnable end = server.client().watch(Runnable::run, state -> seen.add(state.index()));
            assertThat(seen).containsExactly(server.client().state().index());
            for (int i = 0; i < 50; i++) {
                cluster.applied(1, LocalCluster.volume("v" + i));
            }
            long last = server.client().state().index();
            await().atMost(30, TimeUnit.SECONDS).until(() -> seen.contains(last));
            assertThat(List.copyOf(seen)).isSorted().doesNotHaveDuplicates();
            end.run();
            cluster.applied(1, LocalCluster.volume("unseen"));
            assertThat(seen).doesNotContain(server.client().state().index());
        }
    }

    @Test
    void aRejectionReachesItsSubmitterWithTheMessage() {
        LocalCluster cluster = new LocalCluster(root, 1, 1000, 100);
        try (MetadataServer _ = cluster.start(1, true)) {
            assertThat(cluster.submit(1, new Command.DeleteHost("nobody")).join())
                    .isInstanceOfSatisfying(
                            Outcome.Rejected.class,
                            rejected -> {
                                assertThat(rejected.reason()).isEqualTo(Outcome.Reason.NOT_FOUND);
                                assertThat(rejected.message()).contains("nobody");
                            });
            assertThat(cluster.submit(1, new Command.CreateHost("x".repeat(3000))).join())
                    .isInstanceOf(Outcome.Rejected.class);
        }
    }

    private static MetadataConfig with(MetadataConfig config, UUID cluster, NodeId node) {
        return new MetadataConfig(
                node,
                cluster,
                config.directory(),
                config.raftAddress(),
                config.voters(),
                config.bootstrap(),
                config.bootId(),
                config.timing(),
                config.halted());
    }
}
