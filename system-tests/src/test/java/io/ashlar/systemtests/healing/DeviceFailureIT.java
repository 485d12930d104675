package io.ashlar.systemtests.healing;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.systemtests.cluster.DevCluster;
import io.ashlar.systemtests.cluster.Program;
import io.ashlar.systemtests.cluster.Waiting;
import io.ashlar.systemtests.load.LoadPlan;
import io.ashlar.systemtests.load.VerifyingLoad;
import io.ashlar.systemtests.multipath.HardError;
import io.ashlar.systemtests.multipath.MultipathClient;
import io.ashlar.systemtests.multipath.MultipathOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import tools.jackson.databind.JsonNode;

/** Disks fail and fill up under running nodes of two disks each. */
@Order(80)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class DeviceFailureIT {
    private static final int NODE = 2;
    private static final Duration STOP_TIMEOUT = Duration.ofMinutes(2);
    private static final Path HOME = Path.of(System.getProperty("ashlar.home"));
    private static final Path TARGET = Path.of(System.getProperty("ashlar.target"));

    /** Until writes are refused, 1 MiB each; a device has 768 MiB, 256 of them in reserve. */
    private static final int FILL_MAX = 700;

    private static DevCluster cluster;
    private static Path trigger;

    @BeforeAll
    static void start() throws Exception {
        Path shim = TARGET.toAbsolutePath().resolve("ioerror.so");
        Program.run(
                        Duration.ofMinutes(1),
                        "cc",
                        "-shared",
                        "-fPIC",
                        "-O2",
                        "-o",
                        shim.toString(),
                        HOME.resolve("system-tests/src/test/c/ioerror.c").toString(),
                        "-ldl")
                .orThrow();
        trigger = TARGET.toAbsolutePath().resolve("io-errors");
        Files.deleteIfExists(trigger);
        cluster =
                new DevCluster(
                        HOME,
                        TARGET.resolve("two-devices"),
                        Integer.getInteger("ashlar.portOffset", 0) + 200,
                        List.of("--devices", "2", "--device-size", "768MiB", "--heap", "512m"),
                        Map.of(
                                "LD_PRELOAD",
                                shim.toString(),
                                "ASHLAR_IO_ERRORS",
                                trigger.toString()));
        cluster.destroy();
        cluster.start();
    }

    @AfterAll
    static void stop() throws Exception {
        Files.deleteIfExists(trigger);
        cluster.destroy();
    }

    @Test
    @Order(1)
    void aDeviceWhoseFsyncFailsIsTakenOutAndItsDataIsReplicatedAgain() throws Exception {
        // Protects what a failed fsync leaves behind: nothing of it counts, and nobody waits for
        // it.
        withLogs(DeviceFailureIT::failADevice);
    }

    @Test
    @Order(2)
    void aFullDeviceRefusesKeepsWhatItHasAndServesAgainAfterDeletes() throws Exception {
        // Protects data from a disk that is full to the brim, and the way out of that.
        withLogs(DeviceFailureIT::fillTheDevices);
    }

    private interface Body {
        void run() throws Exception;
    }

    private static void withLogs(Body body) throws Exception {
        try {
            body.run();
        } catch (Exception | AssertionError e) {
            System.out.println(cluster.logTails());
            throw e;
        }
    }

    private static void failADevice() throws Exception {
        int lun = cluster.volume("disks", "256MiB");
        VerifyingLoad load = new VerifyingLoad(LoadPlan.DEFAULT.withSeed(9));
        String incarnation = incarnation();
        try (MultipathClient host = cluster.host("disks", lun, MultipathOptions.DEFAULT, 1, 2, 3)) {
            load.fill(host);
            load.start(host);
            Thread.sleep(Duration.ofSeconds(2));
            JsonNode device = cluster.device(NODE, 0);
            String id = device.path("id").asString();
            Files.writeString(trigger, device.path("directory").asString() + "/");
            long began = System.nanoTime();
            Waiting.until(
                    "the device is taken out",
                    Duration.ofSeconds(30),
                    () -> !cluster.device(NODE, 0).path("failure").asString("").isEmpty());
            System.out.printf(
                    "taken out after %.1f s: %s%n",
                    (System.nanoTime() - began) / 1e9,
                    cluster.device(NODE, 0).path("failure").asString());
            cluster.awaitHealthy();
            System.out.printf(
                    "all copies are there again after %.1f s%n", (System.nanoTime() - began) / 1e9);
            load.check();
            assertThat(incarnation()).as("the process that went on").isEqualTo(incarnation);

            Files.delete(trigger);
            cluster.ashlar(1, "device", "replace", Integer.toString(NODE), id).orThrow();
            JsonNode status = cluster.api(1).status();
            assertThat(status.path("warnings")).isEmpty();
            Thread.sleep(Duration.ofSeconds(2));
            System.out.println(load.stop(STOP_TIMEOUT));
            load.verifyAll(host);
            assertThat(host.log().violations()).isEmpty();
        }
        cluster.awaitHealthy();
        cluster.assertReplicasEqual();
    }

    private static byte[] contents(int number) {
        byte[] bytes = new byte[1 << 20];
        new SplittableRandom(number).nextBytes(bytes);
        return bytes;
    }

    private static void fillTheDevices() throws Exception {
        int lun = cluster.volume("big", "1GiB");
        long before = used();
        int written = 0;
        try (MultipathClient host = cluster.host("full", lun, MultipathOptions.DEFAULT, 1, 2, 3)) {
            int blocks = (1 << 20) / host.blockBytes();
            HardError refusal = null;
            for (; written < FILL_MAX && refusal == null; written++) {
                try {
                    host.write((long) written * blocks, contents(written));
                } catch (HardError e) {
                    refusal = e;
                    written--;
                }
            }
            assertThat(refusal).as("a refusal after %d MiB", written).isNotNull();
            assertThat(refusal).hasMessageContaining("sense 7h/27h/07h");
            System.out.printf("refused after %d MiB: %s%n", written, refusal.getMessage());
            assertThat(written).isGreaterThan(64);
            for (int i = 0; i < written; i++) {
                assertThat(host.read((long) i * blocks, blocks))
                        .as("MiB %d", i)
                        .isEqualTo(contents(i));
            }
        }
        long full = used();
        cluster.ashlar(1, "volume", "delete", "big", "--yes").orThrow();
        long began = System.nanoTime();
        long gained = (full - before) / 2;
        Waiting.until(
                "half of the space is back", Duration.ofSeconds(60), () -> used() < full - gained);
        System.out.printf(
                "%d MiB used before, %d when full, %d after %.1f s%n",
                before >> 20, full >> 20, used() >> 20, (System.nanoTime() - began) / 1e9);
        Waiting.until(
                "no device is full",
                Duration.ofSeconds(60),
                () -> cluster.api(1).status().path("warnings").isEmpty());
        int again = cluster.volume("again", "64MiB");
        try (MultipathClient host = cluster.host("again", again, MultipathOptions.DEFAULT, 1, 2)) {
            host.write(0, contents(1));
            assertThat(host.read(0, (1 << 20) / host.blockBytes())).isEqualTo(contents(1));
        }
        assertThat(cluster.isHealthy()).isTrue();
    }

    private static long used() throws Exception {
        return cluster.api(1).status().path("space").path("usedBytes").asLong();
    }

    private static String incarnation() throws Exception {
        return cluster.api(1).node(NODE).path("incarnation").asString();
    }
}
