package io.ashlar.systemtests.failover;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.systemtests.cluster.DevCluster;
import io.ashlar.systemtests.cluster.Waiting;
import io.ashlar.systemtests.cluster.WithCluster;
import io.ashlar.systemtests.load.LoadPlan;
import io.ashlar.systemtests.load.LoadReport;
import io.ashlar.systemtests.load.VerifyingLoad;
import io.ashlar.systemtests.multipath.MultipathClient;
import io.ashlar.systemtests.multipath.MultipathOptions;
import java.time.Duration;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A multipath host keeps its data and goes on while nodes die, its own ingress among them. */
@Order(50)
@ExtendWith(WithCluster.class)
final class FailoverIT {
    private static final String VOLUME = "failover";
    private static final String SIZE = "256MiB";
    private static final Duration STOP_TIMEOUT = Duration.ofMinutes(3);

    /** Leaves a node that starts again some of two cores. */
    private static final LoadPlan PLAN = LoadPlan.DEFAULT.withWorkers(3, 2);

    private static final MultipathOptions PATIENT =
            MultipathOptions.DEFAULT.withGiveUp(Duration.ofMinutes(5));

    @Test
    @Order(1)
    void hostGoesOnWhenItsOwnIngressIsAmongTheKilled(DevCluster cluster) throws Exception {
        // Protects R1, R5 and F1 where it matters: a real cluster, a host that repeats, kill -9.
        int lun = cluster.volume(VOLUME, SIZE);
        int owner = cluster.owner(1, VOLUME);
        int backup = owner % DevCluster.NODES + 1;
        VerifyingLoad load = new VerifyingLoad(PLAN.withSeed(2));
        try (MultipathClient host = cluster.host("failover", lun, PATIENT, owner, backup)) {
            load.fill(host);
            load.start(host);
            try {
                new OneNodeDown(cluster, VOLUME, load::check).run(owner, backup);
                finish(cluster, lun, load, host);
            } finally {
                print(load, host);
            }
        }
    }

    @Test
    @Order(2)
    void withTwoNodesDownTheHostWaitsAndThenGoesOn(DevCluster cluster) throws Exception {
        // Protects the choice of no answer over a wrong one: below two copies nothing is accepted.
        int lun = cluster.volume(VOLUME, SIZE);
        int owner = cluster.owner(1, VOLUME);
        int other = (owner + 1) % DevCluster.NODES + 1;
        VerifyingLoad load = new VerifyingLoad(PLAN.withSeed(3));
        try (MultipathClient host = cluster.host("two-down", lun, PATIENT, 1, 2, 3)) {
            load.fill(host);
            load.start(host);
            try {
                killTwoAndBringThemBack(cluster, load, owner, other);
                finish(cluster, lun, load, host);
            } finally {
                print(load, host);
            }
        }
    }

    private static void killTwoAndBringThemBack(
            DevCluster cluster, VerifyingLoad load, int owner, int other) throws Exception {
        Thread.sleep(Duration.ofSeconds(5));
        cluster.killNode(owner);
        cluster.killNode(other);
        System.out.printf("nodes %d and %d are dead%n", owner, other);

        // What was under way may still be answered; after that there must be silence.
        Waiting.until(
                "nothing is answered",
                Duration.ofMinutes(1),
                () -> {
                    load.check();
                    return load.sinceLastCompletion().toSeconds() >= 10;
                });

        long before = load.operations();
        cluster.startNode(other);
        Waiting.until(
                "the load goes on with two nodes of three",
                Duration.ofMinutes(3),
                () -> {
                    load.check();
                    return load.operations() > before + 500;
                });
        System.out.printf("node %d is back and the load goes on%n", other);
        cluster.startNode(owner);
        cluster.awaitHealthy();
    }

    private static void finish(
            DevCluster cluster, int lun, VerifyingLoad load, MultipathClient host)
            throws Exception {
        LoadReport report = load.stop(STOP_TIMEOUT);
        System.out.println(report);
        load.verifyAll(host);
        for (int node = 1; node <= DevCluster.NODES; node++) {
            try (MultipathClient single = cluster.host("reader", lun, PATIENT, node)) {
                load.verifyAll(single);
                assertThat(single.log().violations()).isEmpty();
            }
        }
        assertThat(host.log().violations()).isEmpty();
        cluster.awaitHealthy();
        cluster.assertReplicasEqual();
    }

    private static void print(VerifyingLoad load, MultipathClient host) {
        System.out.printf(
                "%d operations, none for %s; paths: %s; %s%n",
                load.operations(), load.sinceLastCompletion(), host.describePaths(), host.log());
        host.log().lines().stream().limit(60).forEach(System.out::println);
    }
}
