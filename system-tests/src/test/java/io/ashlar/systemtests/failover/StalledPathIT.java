package io.ashlar.systemtests.failover;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.systemtests.cluster.DevCluster;
import io.ashlar.systemtests.cluster.WithCluster;
import io.ashlar.systemtests.iscsi.SessionOptions;
import io.ashlar.systemtests.load.LoadPlan;
import io.ashlar.systemtests.load.LoadReport;
import io.ashlar.systemtests.load.VerifyingLoad;
import io.ashlar.systemtests.multipath.MultipathClient;
import io.ashlar.systemtests.multipath.MultipathOptions;
import io.ashlar.systemtests.multipath.StallingLink;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The hazard of DESIGN section 6: a path stalls with writes in it, the host repeats them by another
 * and goes on, then the old ones come out of the cable.
 */
@Order(40)
@ExtendWith(WithCluster.class)
final class StalledPathIT {
    private static final String VOLUME = "stalled";
    private static final Duration STOP_TIMEOUT = Duration.ofMinutes(2);
    private static final Duration FLOW = Duration.ofSeconds(4);

    /** Long enough for time-out, abort, repetition, and newer writes to the same blocks. */
    private static final Duration STALL = Duration.ofSeconds(6);

    private static final int ROUNDS = 4;
    private static final MultipathOptions HASTY =
            new MultipathOptions(
                    Duration.ofSeconds(2),
                    Duration.ofSeconds(1),
                    Duration.ofSeconds(5),
                    Duration.ofMillis(500),
                    Duration.ofSeconds(20),
                    Duration.ofMinutes(2));

    @Test
    void writesThatComeOutOfAStalledPathLateDoNoHarm(DevCluster cluster) throws Exception {
        // Protects F1: no write takes effect after a later one to the same blocks was answered.
        int lun = cluster.volume(VOLUME, "128MiB");
        int owner = cluster.owner(1, VOLUME);
        int other = owner % DevCluster.NODES + 1;
        // Small regions: the same blocks are written again and again.
        VerifyingLoad load =
                new VerifyingLoad(LoadPlan.DEFAULT.withRegionBytes(1 << 20).withSeed(5));
        try (StallingLink first = new StallingLink(cluster.portal(owner));
                StallingLink second = new StallingLink(cluster.portal(other));
                MultipathClient host =
                        MultipathClient.open(
                                List.of(session(cluster, first), session(cluster, second)),
                                lun,
                                HASTY)) {
            load.fill(host);
            load.start(host);
            for (int round = 0; round < ROUNDS && !load.hasFailed(); round++) {
                StallingLink victim = round % 2 == 0 ? first : second;
                Thread.sleep(FLOW);
                victim.stall();
                Thread.sleep(STALL);
                victim.resume();
            }
            Thread.sleep(FLOW);
            try {
                LoadReport report = load.stop(STOP_TIMEOUT);
                System.out.println(report);
                load.verifyAll(host);
                assertThat(host.log().violations()).isEmpty();
            } finally {
                System.out.println(host.log());
                host.log().lines().stream().limit(60).forEach(System.out::println);
            }
        }
        cluster.assertReplicasEqual();
    }

    private static SessionOptions session(DevCluster cluster, StallingLink link) {
        return SessionOptions.of(link.address(), cluster.targetName())
                .withInitiatorName(SessionOptions.INITIATOR_NAME + ":stalled");
    }
}
