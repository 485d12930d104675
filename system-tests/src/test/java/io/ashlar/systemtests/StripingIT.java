package io.ashlar.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.systemtests.cluster.DevCluster;
import io.ashlar.systemtests.cluster.WithCluster;
import io.ashlar.systemtests.multipath.MultipathClient;
import io.ashlar.systemtests.multipath.MultipathOptions;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/** Every volume lies on every node, so that every large transfer is served by all of them. */
@Order(30)
@ExtendWith(WithCluster.class)
final class StripingIT {
    private static final String VOLUME = "striped";
    private static final int VOLUME_BYTES = 384 << 20;
    private static final int TRANSFER_BYTES = 256 << 10;
    private static final int READ_BYTES = 64 << 20;
    private static final double UNEVEN_MAX = 0.10;

    /** Reads that a node answered as primary. */
    private static final String READS_METRIC = "ashlar_groups_reads_total";

    @Test
    void volumeLiesEvenlyOnAllNodesAndAllServeOneRead(DevCluster cluster) throws Exception {
        // Protects the reason to stripe: capacity and speed of all nodes for one volume.
        int lun = cluster.volume(VOLUME, (VOLUME_BYTES >> 20) + "MiB");
        try (MultipathClient host =
                cluster.host("striping", lun, MultipathOptions.DEFAULT, 1, 2, 3)) {
            byte[] data = new byte[TRANSFER_BYTES];
            for (int at = 0; at < VOLUME_BYTES; at += TRANSFER_BYTES) {
                java.util.Arrays.fill(data, (byte) (at >> 18));
                host.write(at / host.blockBytes(), data);
            }
            assertPrimariesEven(cluster);

            Map<Integer, Double> before = readsByNode(cluster);
            int blocks = TRANSFER_BYTES / host.blockBytes();
            for (int at = 0; at < READ_BYTES; at += TRANSFER_BYTES) {
                byte[] read = host.read(at / host.blockBytes(), blocks);
                assertThat(read[0]).isEqualTo((byte) (at >> 18));
            }
            Map<Integer, Double> served = readsByNode(cluster);
            before.forEach((node, count) -> served.merge(node, -count, Double::sum));
            System.out.println("a read of 64 MiB was served by: " + served);
            assertThat(served.values()).hasSize(DevCluster.NODES).allMatch(count -> count > 0);
        }
    }

    private static void assertPrimariesEven(DevCluster cluster) throws Exception {
        JsonNode volume = cluster.ashlarJson(2, "volume", "show", VOLUME);
        long chunks = volume.path("chunks").asLong();
        JsonNode primaries = volume.path("primaries");
        System.out.println("chunks " + chunks + ", primaries by node " + primaries);
        assertThat(chunks).isEqualTo(VOLUME_BYTES / volume.path("chunkBytes").asLong());
        double even = (double) chunks / DevCluster.NODES;
        for (int node = 1; node <= DevCluster.NODES; node++) {
            assertThat(primaries.path(Integer.toString(node)).asDouble())
                    .as("chunks with their primary on node %d of %s", node, primaries)
                    .isBetween(even * (1 - UNEVEN_MAX), even * (1 + UNEVEN_MAX));
        }
    }

    private static Map<Integer, Double> readsByNode(DevCluster cluster) throws Exception {
        Map<Integer, Double> reads = new TreeMap<>();
        for (int node = 1; node <= DevCluster.NODES; node++) {
            reads.put(node, cluster.api(node).metric(READS_METRIC));
        }
        return reads;
    }
}
