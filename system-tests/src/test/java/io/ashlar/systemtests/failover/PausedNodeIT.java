package io.ashlar.systemtests.failover;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.systemtests.cluster.DevCluster;
import io.ashlar.systemtests.cluster.WithCluster;
import io.ashlar.systemtests.load.LoadPlan;
import io.ashlar.systemtests.load.VerifyingLoad;
import io.ashlar.systemtests.multipath.MultipathClient;
import io.ashlar.systemtests.multipath.MultipathOptions;
import java.time.Duration;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A node stands still with commands of a host in it (SIGSTOP, like a long collection of garbage or
 * a frozen hypervisor), the host goes on by another path, then the node wakes and finds them.
 */
@Order(42)
@ExtendWith(WithCluster.class)
final class PausedNodeIT {
    private static final String VOLUME = "paused";
    private static final String SIZE = "128MiB";

    /** Small regions: the same blocks are written again and again, and a ghost is seen. */
    private static final LoadPlan PLAN = LoadPlan.DEFAULT.withRegionBytes(1 << 20);

    private static final Duration FLOW = Duration.ofSeconds(4);
    private static final Duration PAUSE = Duration.ofSeconds(10);
    private static final int PAUSES_MAX = 4;
    private static final Duration STOP_TIMEOUT = Duration.ofMinutes(2);
    private static final MultipathOptions HASTY =
            MultipathOptions.DEFAULT.withCommand(Duration.ofSeconds(2));

    @Test
    void aPausedOwnerDoesNoHarmWhenItWakes(DevCluster cluster) throws Exception {
        // Protects F1 and F2: what a deposed owner still holds is refused, by its age or epoch.
        int lun = cluster.volume(VOLUME, SIZE);
        int owner = cluster.owner(1, VOLUME);
        VerifyingLoad load = new VerifyingLoad(PLAN.withSeed(1));
        try (MultipathClient host =
                cluster.host("paused", lun, HASTY, owner, owner % DevCluster.NODES + 1)) {
            load.fill(host);
            load.start(host);
            Thread.sleep(FLOW);
            pauseUntilRefused(cluster, () -> cluster.owner(1, VOLUME), load);
            finish(load, host);
        }
        cluster.awaitHealthy();
        cluster.assertReplicasEqual();
    }

    @Test
    void aPausedForwarderDoesNoHarmWhenItWakes(DevCluster cluster) throws Exception {
        // Protects F1 at the owner: commands that a forwarder kept come with old tickets.
        int lun = cluster.volume(VOLUME, SIZE);
        int owner = cluster.owner(1, VOLUME);
        int[] others = {owner % DevCluster.NODES + 1, (owner + 1) % DevCluster.NODES + 1};
        VerifyingLoad load = new VerifyingLoad(PLAN.withSeed(2));
        // As much I/O by the owner itself keeps the volume there.
        VerifyingLoad there = new VerifyingLoad(PLAN.withFirstByte(PLAN.spanBytes()).withSeed(3));
        try (MultipathClient host = cluster.host("paused", lun, HASTY, others);
                MultipathClient ofOwner = cluster.host("there", lun, HASTY, owner)) {
            there.fill(ofOwner);
            there.start(ofOwner);
            load.fill(host);
            load.start(host);
            Thread.sleep(FLOW);
            pauseUntilRefused(cluster, () -> others[host.inUse()], load);
            finish(load, host);
            finish(there, ofOwner);
        }
        cluster.awaitHealthy();
        cluster.assertReplicasEqual();
    }

    /** The node that is to be paused. */
    private interface Chosen {
        int node() throws Exception;
    }

    /**
     * Pauses a node until one wakes with commands that a fence must refuse: sometimes it finds the
     * host's aborts right behind them, and drops them itself.
     */
    private static void pauseUntilRefused(DevCluster cluster, Chosen chosen, VerifyingLoad load)
            throws Exception {
        double ghosts = 0;
        for (int pauses = 0; ghosts == 0 && pauses < PAUSES_MAX; pauses++) {
            cluster.awaitHealthy(); // or a second pause would leave one copy only
            ghosts = pause(cluster, chosen.node(), load);
        }
        assertThat(ghosts).as("refused commands of the time before the pause").isPositive();
    }

    /** Pauses a node, and wakes it when the host has gone on; how many commands were refused. */
    private static double pause(DevCluster cluster, int node, VerifyingLoad load) throws Exception {
        double before = refused(cluster);
        long operations;
        cluster.pauseNode(node);
        try {
            Thread.sleep(PAUSE);
            load.check();
            operations = load.operations();
        } finally {
            cluster.resumeNode(node);
        }
        Thread.sleep(FLOW);
        load.check();
        assertThat(load.operations()).as("the host goes on").isGreaterThan(operations);
        double ghosts = refused(cluster) - before;
        System.out.printf("node %d slept %s; %.0f commands were refused%n", node, PAUSE, ghosts);
        return ghosts;
    }

    private static void finish(VerifyingLoad load, MultipathClient host) throws Exception {
        try {
            System.out.println(load.stop(STOP_TIMEOUT));
            load.verifyAll(host);
            assertThat(host.log().violations()).isEmpty();
        } finally {
            System.out.println(host.log());
            host.log().lines().stream().limit(40).forEach(System.out::println);
        }
    }

    /** Commands that a fence has refused, by all nodes. */
    private static double refused(DevCluster cluster) throws Exception {
        double sum = 0;
        for (int node = 1; node <= DevCluster.NODES; node++) {
            sum += cluster.api(node).metric("ashlar_volumes_refused_total");
            sum += cluster.api(node).metric("ashlar_groups_fenced_total");
        }
        return sum;
    }
}
