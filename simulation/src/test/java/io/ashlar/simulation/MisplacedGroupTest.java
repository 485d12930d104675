package io.ashlar.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.metadata.Member;
import io.ashlar.metadata.PgConfig;
import io.ashlar.replication.PgRules;
import io.ashlar.simulation.world.SimDisk;
import io.ashlar.simulation.world.SimWorld;
import org.junit.jupiter.api.Test;

/**
 * A node's disk fails after the node was made a member by it, and before the group was put on it
 * (docs/protocol-findings.md, 34): the group is on the node's other disk then.
 */
final class MisplacedGroupTest {
    private static final long SEED = 34;
    private static final long LONG = 90 * SimWorld.SECOND;

    @Test
    void aMemberHoldsTheGroupOnTheDiskByWhichItIsOne() {
        // Protects copies from being looked for on a disk that never had them.
        assertThat(isWhereItIsLookedFor(PgRules.ALL)).isTrue();
    }

    @Test
    void elseItWouldBeOnTheOtherOne() {
        // Protects the test above: without the rule it fails.
        assertThat(isWhereItIsLookedFor(PgRules.without(PgRules.Rule.NAMED_DEVICE))).isFalse();
    }

    private static boolean isWhereItIsLookedFor(PgRules rules) {
        SimulatedCluster cluster =
                new SimulatedCluster(
                        SEED,
                        Options.random(SEED)
                                .on(new Options.Cluster(3, 2, 3, 2, 1))
                                .withPowerCut(false),
                        new ReplicationProgram(rules, Scenario.LOST_DISKS.settings(SEED)),
                        false);
        SimWorld world = cluster.world();
        PgConfig founded = config(cluster);
        NodeId node = founded.targets().last();
        Member member = founded.members().get(node);
        disk(cluster, member).fail("I/O error");
        world.runFor(10 * SimWorld.SECOND);
        cluster.convergence().quiesce(LONG);
        Member now = config(cluster).members().get(node);
        assertThat(now).as("the node is a member by its other disk").isNotNull();
        PgId pg = founded.id();
        boolean isThere =
                !disk(cluster, now).hasFailed() && !disk(cluster, now).digests(pg).isEmpty();
        if (isThere) {
            cluster.convergence().verifyEverything(LONG);
        }
        return isThere;
    }

    private static SimDisk disk(SimulatedCluster cluster, Member member) {
        SimDisk disk = cluster.disk(member.device());
        assertThat(disk).isNotNull();
        return disk;
    }

    private static PgConfig config(SimulatedCluster cluster) {
        return cluster.log().newest().placementGroups().values().iterator().next();
    }
}
