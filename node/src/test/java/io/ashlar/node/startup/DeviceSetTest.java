package io.ashlar.node.startup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ashlar.chunkstore.ChunkDevice;
import io.ashlar.chunkstore.DeviceException;
import io.ashlar.common.BootTimeClock;
import io.ashlar.common.DeviceId;
import io.ashlar.common.NodeId;
import io.ashlar.common.RandomSource;
import io.ashlar.node.Fixtures;
import io.ashlar.node.OperatorException;
import io.ashlar.node.api.LocalDevice;
import io.ashlar.node.configuration.HostPort;
import io.ashlar.node.configuration.NodeConfiguration;
import io.ashlar.node.identity.NodeDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A broken disk takes itself out, and nothing else; nothing on it is lost by that. */
class DeviceSetTest {
    @TempDir Path home;
    private final RandomSource random = RandomSource.seeded(1);
    private NodeConfiguration configuration;
    private NodeDirectory directory;

    @BeforeEach
    void prepare() throws IOException {
        HostPort any = new HostPort("127.0.0.1", 1);
        for (String name : List.of("metadata", "one", "two")) {
            Files.createDirectory(home.resolve(name));
        }
        configuration =
                new NodeConfiguration(
                        home.resolve("node.yaml"),
                        Fixtures.CLUSTER,
                        new NodeId(1),
                        "rack-1",
                        new NodeConfiguration.Addresses(any, any, any, any, any),
                        List.of(new NodeConfiguration.Voter(new NodeId(1), any)),
                        true,
                        home.resolve("metadata"),
                        List.of(home.resolve("one"), home.resolve("two")),
                        new NodeConfiguration.FirstPool(1, 1, 1),
                        new NodeConfiguration.Log(home.resolve("node.log"), "info"),
                        new NodeConfiguration.Limits(1L << 40, 16 << 20, 1 << 20, 1 << 20, 85));
        directory = NodeDirectory.open(home.resolve("metadata"), Fixtures.CLUSTER, new NodeId(1));
    }

    @AfterEach
    void close() {
        directory.close();
    }

    private DeviceSet open() {
        return DeviceSet.open(configuration, directory, new BootTimeClock(), random);
    }

    private DeviceId damageTheFirst() throws IOException {
        DeviceId first;
        try (DeviceSet devices = open()) {
            assertThat(devices.working()).hasSize(2);
            first = devices.all().getFirst().id();
        }
        try (Stream<Path> files = Files.list(home.resolve("one/db"))) {
            for (Path file : files.filter(f -> f.toString().contains("MANIFEST")).toList()) {
                byte[] bytes = Files.readAllBytes(file);
                bytes[bytes.length / 2] ^= 0x40;
                Files.write(file, bytes);
            }
        }
        return first;
    }

    /** Protects a node from ending at every start, and from using such a disk again. */
    @Test
    void aDamagedDeviceIsLeftOutForGood() throws IOException {
        DeviceId first = damageTheFirst();
        for (int start = 0; start < 2; start++) {
            try (DeviceSet devices = open()) {
                assertThat(devices.working()).hasSize(1);
                LocalDevice failed = devices.all().getFirst();
                assertThat(failed.id()).isEqualTo(first);
                assertThat(failed.device()).isEmpty();
                assertThat(failed.failure().orElseThrow()).contains("damaged");
            }
        }
        assertThat(home.resolve("one/db")).isDirectory();
    }

    /** Protects what is on a failed disk: it makes room, and stays. */
    @Test
    void aReplacedDeviceIsSetAsideAndTheNewOneIsUsed() throws IOException {
        DeviceId first = damageTheFirst();
        DeviceId fresh;
        try (DeviceSet devices = open()) {
            ChunkDevice device = devices.replace(first);
            fresh = device.id();
            assertThat(fresh).isNotEqualTo(first);
            assertThat(device.groups()).isEmpty();
            assertThat(devices.working()).hasSize(2);
            assertThatThrownBy(() -> devices.replace(fresh))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("works");
            assertThatThrownBy(() -> devices.replace(first))
                    .hasMessageContaining("has no device " + first);
        }
        assertThat(home.resolve("one/aside-" + first + "/db")).isDirectory();
        try (DeviceSet devices = open()) {
            assertThat(devices.all().getFirst().id()).isEqualTo(fresh);
            assertThat(devices.working()).hasSize(2);
        }
    }

    /**
     * Protects the wrong file system from being written to: an empty directory is no failed disk.
     */
    @Test
    void aDiskThatIsNotMountedKeepsTheNodeFromStarting() throws IOException {
        open().close();
        Files.move(home.resolve("two"), home.resolve("unmounted"));
        Files.createDirectory(home.resolve("two"));
        assertThatThrownBy(this::open)
                .isInstanceOf(OperatorException.class)
                .hasMessageContaining("is empty, device");
    }
}
