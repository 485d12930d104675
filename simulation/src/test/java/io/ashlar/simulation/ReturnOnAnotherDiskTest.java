package io.ashlar.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.Command.Placement;
import io.ashlar.metadata.Member;
import io.ashlar.metadata.PgConfig;
import io.ashlar.replication.PgRules;
import io.ashlar.simulation.check.Violation;
import io.ashlar.simulation.world.SimDisk;
import io.ashlar.simulation.world.SimWorld;
import java.util.List;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/**
 * A node has left a group and come back to it on another of its disks. Then all power goes, and it
 * starts with a view of when it had the group on the first disk, where nothing of it is any more
 * (docs/protocol-findings.md, 30). Chance alone takes many thousand runs to repeat that.
 */
final class ReturnOnAnotherDiskTest {
    private static final long SEED = 30;
    private static final long LONG = 90 * SimWorld.SECOND;
    private static final int TRIES = 40;

    private final Options options =
            Options.random(SEED).on(new Options.Cluster(3, 2, 2, 1, 1)).withPowerCut(false);

    @Test
    void theNewestConfigurationSaysWhichDiskHasTheGroup() {
        // Protects acknowledged writes from a restart: the empty disk must not pass for the group.
        run(PgRules.ALL, true);
        run(PgRules.ALL, false);
    }

    @Test
    void thePastWouldNameTheOtherDisk() {
        // Protects the test above: without the rule it fails.
        PgRules blind =
                PgRules.without(
                        PgRules.Rule.PLACE_REGISTERED,
                        PgRules.Rule.HELD_COMMITTED,
                        PgRules.Rule.NAMED_DEVICE);
        assertThatExceptionOfType(Violation.class).isThrownBy(() -> run(blind, true));
        assertThatExceptionOfType(Violation.class).isThrownBy(() -> run(blind, false));
    }

    @Test
    void whoLacksWhatWasCommittedIsNoMember() {
        // Protects copies, should a member's disk be the wrong one all the same.
        run(PgRules.without(PgRules.Rule.PLACE_REGISTERED), false);
    }

    /**
     * @param leads whether the returning node is back before the group's other member, and leads
     */
    private void run(PgRules rules, boolean leads) {
        SimulatedCluster cluster =
                new SimulatedCluster(
                        SEED,
                        options,
                        new ReplicationProgram(rules, Scenario.NEW_MEMBERS.settings(SEED)),
                        false);
        SimWorld world = cluster.world();
        world.runFor(SimWorld.SECOND);
        cluster.convergence().await(LONG);
        PgConfig first = config(cluster);
        NodeId primary = first.primary();
        NodeId returning = other(first.members().keySet(), primary);
        NodeId bystander = other(new TreeSet<>(cluster.nodes()), primary, returning);
        Member was = member(cluster, returning);
        int past = cluster.log().newestPosition();
        for (int i = 0; member(cluster, returning).device().equals(was.device()); i++) {
            assertThat(i).as("tries").isLessThan(TRIES);
            retarget(cluster, primary, bystander);
            until(cluster, () -> member(cluster, returning) == null && isGone(cluster, returning));
            cluster.kill(returning);
            cluster.restart(returning); // chooses a disk anew
            retarget(cluster, primary, returning);
            until(
                    cluster,
                    () ->
                            member(cluster, returning) != null
                                    && config(cluster).members().size() == 2
                                    && isGone(cluster, bystander));
        }
        world.runFor(SimWorld.SECOND); // it is written to
        cluster.convergence().quiesce(LONG);
        cluster.nodes().forEach(cluster::cutPower);
        cluster.log().beginNextViewAt(returning, past);
        NodeId early = leads ? returning : primary;
        cluster.restart(bystander);
        cluster.restart(early);
        if (leads) {
            world.runFor(10 * SimWorld.SECOND);
        }
        cluster.restart(leads ? primary : returning);
        cluster.convergence().await(LONG);
        world.runFor(SimWorld.SECOND);
        cluster.convergence().scrubEverything(LONG);
        cluster.convergence().verifyEverything(LONG);
    }

    private static PgConfig config(SimulatedCluster cluster) {
        return cluster.log().newest().placementGroups().values().iterator().next();
    }

    private static Member member(SimulatedCluster cluster, NodeId node) {
        return config(cluster).members().get(node);
    }

    private static NodeId other(Iterable<NodeId> nodes, NodeId... not) {
        for (NodeId node : nodes) {
            if (!List.of(not).contains(node)) {
                return node;
            }
        }
        throw new AssertionError("no other node");
    }

    private static void retarget(SimulatedCluster cluster, NodeId primary, NodeId second) {
        PgConfig config = config(cluster);
        TreeSet<NodeId> targets = new TreeSet<>(List.of(primary, second));
        cluster.log()
                .applyNow(
                        new Command.RetargetGroup(
                                config.id(),
                                new Placement(config.preferred(), config.targets()),
                                new Placement(primary, targets)));
    }

    private static boolean isGone(SimulatedCluster cluster, NodeId node) {
        PgId pg = config(cluster).id();
        for (SimDisk disk : cluster.simNode(node).disks()) {
            if (!disk.digests(pg).isEmpty()) {
                return false;
            }
        }
        return true;
    }

    private static void until(SimulatedCluster cluster, BooleanSupplier condition) {
        assertThat(cluster.world().runUntil(condition, LONG)).isTrue();
    }
}
