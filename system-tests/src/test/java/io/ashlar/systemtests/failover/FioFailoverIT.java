package io.ashlar.systemtests.failover;

import io.ashlar.systemtests.cluster.DevCluster;
import io.ashlar.systemtests.cluster.WithCluster;
import io.ashlar.systemtests.referee.FioLoad;
import io.ashlar.systemtests.referee.NbdServer;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** fio through a node that stays up sees no error while the others die, one after the other. */
@Order(45)
@ExtendWith(WithCluster.class)
final class FioFailoverIT {
    private static final String VOLUME = "fio";
    private static final Duration END_TIMEOUT = Duration.ofMinutes(4);

    @Test
    void fioSeesNoErrorThroughANodeThatStaysUp(DevCluster cluster, @TempDir Path directory)
            throws Exception {
        // Protects hosts without multipath: forwarding hides the death of any other node.
        int lun = cluster.volume(VOLUME, "256MiB");
        int owner = cluster.owner(1, VOLUME);
        int ingress = owner % DevCluster.NODES + 1;
        int backup = ingress % DevCluster.NODES + 1;
        try (NbdServer nbd = new NbdServer(cluster.url(ingress, lun), directory);
                FioLoad fio = new FioLoad(nbd.uri(), directory)) {
            OneNodeDown scenario = new OneNodeDown(cluster, VOLUME, fio::check);
            scenario.run(owner, backup);
            System.out.println(fio.finish(END_TIMEOUT));
        }
        cluster.awaitHealthy();
        cluster.assertReplicasEqual();
    }
}
