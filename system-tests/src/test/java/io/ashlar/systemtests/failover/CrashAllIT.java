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

/** All nodes die at once; what was acknowledged is on their disks. */
@Order(60)
@ExtendWith(WithCluster.class)
final class CrashAllIT {
    private static final Duration STOP_TIMEOUT = Duration.ofMinutes(2);
    private static final Duration LOAD = Duration.ofSeconds(6);
    private static final int CRASHES = 2;

    @Test
    void everyAcknowledgedWriteSurvivesTheDeathOfAllNodesAtOnce(DevCluster cluster)
            throws Exception {
        // Protects `sync`: an answer means stable storage on every member in sync.
        int lun = cluster.volume("crash", "256MiB");
        VerifyingLoad load = new VerifyingLoad(LoadPlan.DEFAULT.withSeed(4));
        try (MultipathClient host = cluster.host("crash", lun, MultipathOptions.DEFAULT, 1, 2, 3)) {
            load.fill(host);
        }
        for (int crash = 1; crash <= CRASHES; crash++) {
            MultipathClient host = cluster.host("crash", lun, MultipathOptions.DEFAULT, 1, 2, 3);
            load.start(host);
            Thread.sleep(LOAD);
            load.expectErrors();
            cluster.killAtOnce(1, 2, 3);
            host.kill();
            long before = load.operations();
            System.out.println(load.awaitEnd(STOP_TIMEOUT));
            assertThat(before).as("operations before the crash").isPositive();

            long began = System.nanoTime();
            cluster.start();
            System.out.printf(
                    "crash %d: %d operations of unknown outcome; healthy %.1f s after the start%n",
                    crash, load.givenUp(), (System.nanoTime() - began) / 1e9);
            try (MultipathClient reader =
                    cluster.host("crash", lun, MultipathOptions.DEFAULT, 1, 2, 3)) {
                load.verifyAll(reader);
                assertThat(reader.log().violations()).isEmpty();
            }
            cluster.assertReplicasEqual();
        }
    }
}
