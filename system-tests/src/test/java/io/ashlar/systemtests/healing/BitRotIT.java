package io.ashlar.systemtests.healing;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.systemtests.cluster.DevCluster;
import io.ashlar.systemtests.cluster.Waiting;
import io.ashlar.systemtests.cluster.WithCluster;
import io.ashlar.systemtests.load.LoadPlan;
import io.ashlar.systemtests.load.VerifyingLoad;
import io.ashlar.systemtests.multipath.MultipathClient;
import io.ashlar.systemtests.multipath.MultipathOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/**
 * One replica's files rot: hosts do not notice, a scrub does, and what it cannot mend is rebuilt.
 */
@Order(70)
@ExtendWith(WithCluster.class)
final class BitRotIT {
    private static final String VOLUME = "rot";
    private static final int ROTTEN = 2;
    private static final int FLIPS_PER_FILE = 40;
    private static final double MIB = 1 << 20;

    /** A rebuild copies what was written, not the whole of a thin volume. */
    private static final double COPIES_MAX = 1.5;

    private static final Duration STOP_TIMEOUT = Duration.ofMinutes(2);

    private final SplittableRandom random = new SplittableRandom(11);

    @Test
    void flippedBytesAreServedFromOthersAndScrubRepairsThem(DevCluster cluster) throws Exception {
        // Protects "damaged blocks are never returned", and that they do not pile up unseen.
        int lun = cluster.volume(VOLUME, "256MiB");
        VerifyingLoad load = new VerifyingLoad(LoadPlan.DEFAULT.withSeed(7));
        try (MultipathClient host = cluster.host("rot", lun, MultipathOptions.DEFAULT, 1, 2, 3)) {
            load.fill(host);
            load.start(host);
            Thread.sleep(Duration.ofSeconds(3));
            int flipped = flip(cluster, ".blob");
            assertThat(flipped).as("bytes flipped under the load").isPositive();
            Thread.sleep(Duration.ofSeconds(3));
            load.check();
            System.out.println(load.stop(STOP_TIMEOUT));
            load.verifyAll(host);
            replaceIfTakenOut(cluster);
            flipped += flip(cluster, ".blob");
            load.verifyAll(host);

            long repaired = 0;
            JsonNode state = null;
            for (int pass = 0; pass < 2; pass++) {
                state = cluster.scrub();
                repaired = sum(state, "repaired");
            }
            System.out.printf(
                    "%d bytes flipped; scrubs: %d copies damaged, %d blocks repaired, %s compared%n",
                    flipped, sum(state, "damaged"), repaired, sum(state, "bytes"));
            assertThat(sum(state, "damaged")).isPositive();
            assertThat(repaired).isPositive();
            assertThat(sum(state, "inconsistent")).isZero();
            long damaged = sum(state, "damaged");
            state = cluster.scrub();
            assertThat(sum(state, "damaged")).as("damage left after repairs").isEqualTo(damaged);
            for (JsonNode node : state.path("nodes")) {
                assertThat(node.path("unrecoverable")).isEmpty();
            }
            load.verifyAll(host);
        }
        cluster.awaitHealthy();
        cluster.assertReplicasEqual();
    }

    @Test
    void aDeviceWithoutItsManifestIsTakenOutAndReplaced(DevCluster cluster) throws Exception {
        // Protects a node with one rotten disk from ending at every start, and what was on it.
        int lun = cluster.volume(VOLUME, "256MiB");
        VerifyingLoad load = new VerifyingLoad(LoadPlan.DEFAULT.withSeed(8));
        try (MultipathClient host = cluster.host("rot2", lun, MultipathOptions.DEFAULT, 1, 2, 3)) {
            load.fill(host);
            String failed = cluster.device(ROTTEN, 0).path("id").asString();
            cluster.killNode(ROTTEN);
            flip(cluster, "MANIFEST");
            cluster.startNode(ROTTEN);
            Waiting.until(
                    "node " + ROTTEN + " is up, and says that its device has failed",
                    Duration.ofMinutes(1),
                    () -> !cluster.device(ROTTEN, 0).path("failure").asString("").isEmpty());
            assertThat(cluster.ashlar(1, "status").orThrow().output()).contains("has failed");
            load.start(host);
            double before = copiedBytes(cluster);
            cluster.ashlar(1, "device", "replace", Integer.toString(ROTTEN), failed).orThrow();
            cluster.awaitHealthy();
            double copied = copiedBytes(cluster) - before;
            System.out.printf(
                    "rebuilt by %.1f MiB of copies; the host has written to %.1f MiB%n",
                    copied / MIB, LoadPlan.DEFAULT.spanBytes() / MIB);
            assertThat(copied).isLessThan(COPIES_MAX * LoadPlan.DEFAULT.spanBytes());
            System.out.println(load.stop(STOP_TIMEOUT));
            load.verifyAll(host);
            assertThat(cluster.device(ROTTEN, 0).path("id").asString()).isNotEqualTo(failed);
            assertThat(dataOf(cluster).resolve("aside-" + failed).resolve("db")).isDirectory();
        }
        cluster.assertReplicasEqual();
    }

    /** What all nodes together have copied to learners. */
    private static double copiedBytes(DevCluster cluster) throws Exception {
        double bytes = 0;
        for (int node = 1; node <= DevCluster.NODES; node++) {
            bytes += cluster.api(node).metric("ashlar_groups_copied_bytes_total");
        }
        return bytes;
    }

    /** A compaction that meets damage can only give the device up. */
    private static void replaceIfTakenOut(DevCluster cluster) throws Exception {
        JsonNode device = cluster.device(ROTTEN, 0);
        if (!device.path("failure").asString("").isEmpty()) {
            System.out.println("taken out under the load: " + device.path("failure").asString());
            String id = device.path("id").asString();
            cluster.ashlar(1, "device", "replace", Integer.toString(ROTTEN), id).orThrow();
            cluster.awaitHealthy();
        }
    }

    private static Path dataOf(DevCluster cluster) {
        return cluster.directory().resolve("node" + ROTTEN).resolve("data");
    }

    private static long sum(JsonNode state, String field) {
        long sum = 0;
        for (JsonNode node : state.path("nodes")) {
            sum += node.path(field).asLong();
        }
        return sum;
    }

    /** Flips bytes in the middle of files; how many. */
    private int flip(DevCluster cluster, String part) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(dataOf(cluster).resolve("db"))) {
            files = all.filter(file -> file.getFileName().toString().contains(part)).toList();
        }
        int flips = 0;
        for (Path file : files) {
            try (FileChannel channel =
                    FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                for (int i = 0; i < FLIPS_PER_FILE && channel.size() > 256; i++) {
                    long at = 32 + random.nextLong(channel.size() - 128);
                    ByteBuffer one = ByteBuffer.allocate(1);
                    channel.read(one, at);
                    one.put(0, (byte) (one.get(0) ^ 0x55)).rewind();
                    channel.write(one, at);
                    flips++;
                }
            } catch (NoSuchFileException e) {
                // RocksDB has removed it meanwhile.
            }
        }
        return flips;
    }
}
