package io.ashlar.systemtests.overload;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.systemtests.cluster.DevCluster;
import io.ashlar.systemtests.cluster.WithCluster;
import io.ashlar.systemtests.iscsi.SessionOptions;
import io.ashlar.systemtests.load.LoadPlan;
import io.ashlar.systemtests.load.VerifyingLoad;
import io.ashlar.systemtests.multipath.MultipathClient;
import io.ashlar.systemtests.multipath.MultipathOptions;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/**
 * A node that gets more than it can hold does not die, nor does any other; what it acknowledges is
 * right, and all copies are equal afterwards. Some groups may take it out for a moment, fewer than
 * a quarter of them: that none does is the goal, and how many did is printed.
 */
@Order(75)
@ExtendWith(WithCluster.class)
final class OverloadIT {
    private static final int INITIATORS = 64;
    private static final int QUEUE_DEPTH = 128;
    private static final int COMMAND_BYTES = 32 << 10;
    private static final String SMALL_HEAP = "192m";
    private static final Duration LOAD = Duration.ofMinutes(1);
    private static final Duration SETTLED = Duration.ofSeconds(8);
    private static final Duration STOP_TIMEOUT = Duration.ofMinutes(2);

    @Test
    void aNodeWithASmallHeapBearsMoreHostsThanItHasMemoryFor(DevCluster cluster) throws Exception {
        // Protects DESIGN section 9: overload never shows as a dead node, nor as wrong data.
        int lun = cluster.volume("overload", "256MiB");
        int small = cluster.owner(1, "overload");
        cluster.killNode(small);
        cluster.startNode(small, "--heap", SMALL_HEAP);
        cluster.awaitHealthy();
        try {
            overload(cluster, lun, small);
        } finally {
            cluster.killNode(small);
            cluster.startNode(small);
        }
        cluster.awaitHealthy();
        cluster.assertReplicasEqual();
    }

    private static void overload(DevCluster cluster, int lun, int small) throws Exception {
        Map<String, String> before = settled(cluster);
        LoadPlan aside =
                LoadPlan.DEFAULT
                        .withFirstByte(Crowd.span(INITIATORS))
                        .withWorkers(2, 0)
                        .withSeed(7);
        VerifyingLoad witness = new VerifyingLoad(aside);
        SessionOptions options = SessionOptions.of(cluster.portal(small), cluster.targetName());
        try (Crowd crowd = new Crowd(lun, COMMAND_BYTES);
                MultipathClient host =
                        cluster.host("witness", lun, MultipathOptions.DEFAULT, 1, 2, 3)) {
            witness.fill(host);
            witness.start(host);
            crowd.start(options, INITIATORS, QUEUE_DEPTH);
            long end = System.nanoTime() + LOAD.toNanos();
            while (System.nanoTime() - end < 0) {
                crowd.check();
                witness.check();
                Thread.sleep(500);
            }
            crowd.stop();
            System.out.println(witness.stop(STOP_TIMEOUT));
            witness.verifyAll(host);
            System.out.printf(
                    "%d initiators, %d commands of %d KiB each, heap %s: %d done, %d refused%n",
                    INITIATORS,
                    QUEUE_DEPTH,
                    COMMAND_BYTES >> 10,
                    SMALL_HEAP,
                    crowd.done(),
                    crowd.refused());
            assertThat(crowd.done()).isPositive();
        }
        Map<String, String> after = membership(cluster);
        assertThat(after.keySet()).isEqualTo(before.keySet());
        int changed = 0;
        for (String what : before.keySet()) {
            if (what.startsWith("node")) {
                assertThat(after.get(what))
                        .as("nobody has died: %s", what)
                        .isEqualTo(before.get(what));
            } else if (!after.get(what).equals(before.get(what))) {
                changed++;
            }
        }
        System.out.printf("groups that took the node out for a moment: %d, goal 0%n", changed);
        assertThat(changed).as("groups out of %s", before).isLessThan(before.size() / 4);
    }

    /** The membership once leads have come back to where they belong: the same for a while. */
    private static Map<String, String> settled(DevCluster cluster) throws Exception {
        while (true) {
            Map<String, String> membership = membership(cluster);
            Thread.sleep(SETTLED);
            if (membership(cluster).equals(membership)) {
                return membership;
            }
        }
    }

    /** Every node's process, and every group's members in sync with the epoch of that. */
    private static Map<String, String> membership(DevCluster cluster) throws Exception {
        Map<String, String> membership = new TreeMap<>();
        for (JsonNode node : cluster.api(1).status().path("nodes")) {
            membership.put("node " + node.path("id"), node.path("incarnation").asString());
        }
        for (JsonNode group : cluster.api(1).placementGroups()) {
            membership.put(
                    "group " + group.path("id").asString(),
                    group.path("members") + " at epoch " + group.path("epoch"));
        }
        return membership;
    }
}
