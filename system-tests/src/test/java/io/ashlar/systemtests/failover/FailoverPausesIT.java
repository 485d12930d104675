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
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * How long a multipath host waits when the owner of its volume is killed, over many kills, with
 * what each part of the fail-over took (ADR 8). {@code -Dashlar.kills=200} for a long run.
 */
@Order(55)
@ExtendWith(WithCluster.class)
final class FailoverPausesIT {
    private static final String VOLUME = "pauses";
    private static final int KILLS = Integer.getInteger("ashlar.kills", 20);
    private static final Duration FLOW = Duration.ofSeconds(1);
    private static final Duration GOES_ON = Duration.ofMinutes(2);
    private static final Duration STOP_TIMEOUT = Duration.ofMinutes(2);

    /** The goal of DESIGN section 11, on a quiet machine. */
    private static final Duration GOAL = Duration.ofSeconds(3);

    /** Past so many times the goal a run fails. */
    private static final int FAILS_PAST = 5;

    @Test
    void aKilledOwnerIsAShortPause(DevCluster cluster) throws Exception {
        // Protects hosts whose applications give up after some seconds; no byte may be wrong.
        int lun = cluster.volume(VOLUME, "128MiB");
        VerifyingLoad load = new VerifyingLoad(LoadPlan.DEFAULT.withSeed(6));
        Pauses ofOwners = new Pauses("owner");
        Pauses ofLeaders = new Pauses("owner that leads Raft");
        try (MultipathClient host =
                cluster.host("pauses", lun, MultipathOptions.DEFAULT, 1, 2, 3)) {
            load.fill(host);
            for (int kill = 1; kill <= KILLS; kill++) {
                int leader = cluster.api(1).status().path("leader").asInt();
                boolean leads = kill % 2 == 0;
                int owner = leads ? leader : leader % DevCluster.NODES + 1;
                cluster.own(owner, VOLUME);
                (leads ? ofLeaders : ofOwners).add(kill(cluster, load, host, owner, leads));
            }
            load.verifyAll(host);
            assertThat(host.log().violations()).isEmpty();
        }
        System.out.println(ofOwners);
        System.out.println(ofLeaders);
        System.out.printf("goal: p99 under %s on a quiet machine%n", GOAL);
        cluster.assertReplicasEqual();
        long worst = Math.max(ofOwners.max(), ofLeaders.max());
        assertThat(worst).as("milliseconds").isLessThan(FAILS_PAST * GOAL.toMillis());
    }

    /** The longest wait of any worker, in milliseconds. */
    private static long kill(
            DevCluster cluster, VerifyingLoad load, MultipathClient host, int owner, boolean leads)
            throws Exception {
        load.start(host);
        Thread.sleep(FLOW);
        Instant killed = Instant.now();
        cluster.killAtOnce(owner);
        long before = load.operations();
        // Not only what was under way: every worker must have got through again.
        Waiting.until(
                "the load goes on without node " + owner,
                GOES_ON,
                () -> {
                    load.check();
                    return load.operations() > before + 600;
                });
        LoadReport report = load.stop(STOP_TIMEOUT);
        FailoverTimeline timeline = FailoverTimeline.of(cluster, owner, killed, Instant.now());
        System.out.printf(
                "node %d%s killed: longest wait %d ms, all stood still for %d ms; after ms: %s%n",
                owner,
                leads ? ", which leads Raft," : "",
                report.longestWait().toMillis(),
                report.longestPause().toMillis(),
                timeline);
        cluster.startNode(owner);
        cluster.awaitHealthy();
        return report.longestWait().toMillis();
    }

    /** A distribution. */
    private static final class Pauses {
        private final String of;
        private final List<Long> millis = new ArrayList<>();

        Pauses(String of) {
            this.of = of;
        }

        void add(long pauseMillis) {
            millis.add(pauseMillis);
            millis.sort(null);
        }

        long max() {
            return millis.isEmpty() ? 0 : millis.getLast();
        }

        private long percentile(int percent) {
            return millis.get(Math.min(millis.size() - 1, millis.size() * percent / 100));
        }

        @Override
        public String toString() {
            return millis.isEmpty()
                    ? "kills of the " + of + ": none"
                    : "kills of the %s: %d; longest wait min %d, median %d, p90 %d, max %d ms"
                            .formatted(
                                    of,
                                    millis.size(),
                                    millis.getFirst(),
                                    percentile(50),
                                    percentile(90),
                                    max());
        }
    }
}
