package io.ashlar.chunkstore;

import static io.ashlar.chunkstore.TestDevice.CHUNK;
import static io.ashlar.chunkstore.TestDevice.append;
import static io.ashlar.chunkstore.TestDevice.blocks;
import static io.ashlar.chunkstore.TestDevice.config;
import static io.ashlar.chunkstore.TestDevice.range;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ashlar.common.NodeId;
import io.ashlar.common.RandomSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A wrong, foreign or busy directory must be refused with words, and stay as it is. */
class DeviceDirectoryTest {
    @TempDir Path directory;

    private Path identity() {
        return directory.resolve("ashlar-device");
    }

    private void formatWithData() {
        try (TestDevice device = TestDevice.formatted(directory)) {
            device.write(append(1, range(0, 1), blocks(1, 1)));
        }
    }

    private void refuses(DeviceConfig config, String... words) throws IOException {
        Map<Path, Long> before = files();
        assertThatThrownBy(() -> RocksChunkDevice.open(config))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining(directory.toString())
                .hasMessageContainingAll(words);
        assertThat(files()).isEqualTo(before);
    }

    private Map<Path, Long> files() throws IOException {
        Map<Path, Long> sizes = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : paths.filter(Files::isRegularFile).toList()) {
                sizes.put(path, Files.size(path));
            }
        }
        return sizes;
    }

    /** The identity is what metadata knows the device by. */
    @Test
    void identityStaysTheSame() {
        var id = RocksChunkDevice.format(config(directory), RandomSource.system());
        assertThat(RocksChunkDevice.identify(directory)).contains(id);
        try (TestDevice device = new TestDevice(config(directory))) {
            assertThat(device.device.id()).isEqualTo(id);
        }
    }

    /** Two devices made from the same configuration are different ones. */
    @Test
    void everyFormatGivesAnotherIdentity() {
        var first = RocksChunkDevice.format(config(directory.resolve("a")), RandomSource.system());
        var other = RocksChunkDevice.format(config(directory.resolve("b")), RandomSource.system());
        assertThat(first).isNotEqualTo(other);
    }

    /** A disk that is not mounted shows an empty mount point: not a device, and not made one. */
    @Test
    void refusesADirectoryWithoutDevice() throws IOException {
        refuses(config(directory), "holds no device", "mounted");
        assertThat(RocksChunkDevice.identify(directory)).isEmpty();
    }

    /** A disk of another cluster holds somebody's data. */
    @Test
    void refusesADeviceOfAnotherCluster() throws IOException {
        formatWithData();
        UUID other = new UUID(9, 9);
        DeviceConfig config = config(directory);
        refuses(
                DeviceConfig.of(directory, other, TestDevice.NODE, config.clock()),
                TestDevice.CLUSTER.toString(),
                other.toString());
    }

    /** A disk that moved to another host is not that host's device. */
    @Test
    void refusesADeviceOfAnotherNode() throws IOException {
        formatWithData();
        DeviceConfig config = config(directory);
        refuses(
                DeviceConfig.of(directory, TestDevice.CLUSTER, new NodeId(4), config.clock()),
                "node3",
                "node4");
    }

    /** After a downgrade the old software must not guess at a newer format. */
    @Test
    void refusesAnUnknownFormatVersion() throws IOException {
        formatWithData();
        String text = Files.readString(identity()).replace("ashlar-device 1", "ashlar-device 2");
        Files.writeString(identity(), text);
        refuses(config(directory), "version 2", "version 1");
    }

    /** A damaged identity says nothing about whose the data is. */
    @Test
    void refusesADamagedIdentity() throws IOException {
        formatWithData();
        String good = Files.readString(identity());
        for (String bad :
                new String[] {
                    "",
                    good.replace("node 3", "node 5"),
                    good.substring(0, good.length() - 1),
                    good + "\n",
                    good.repeat(20)
                }) {
            Files.writeString(identity(), bad);
            refuses(config(directory), "damaged");
        }
    }

    /** Without its database a device must not come up empty under its old identity. */
    @Test
    void refusesADeviceThatLostItsDatabase() throws IOException {
        formatWithData();
        Files.move(directory.resolve("db"), directory.resolve("gone"));
        Files.createDirectory(directory.resolve("db"));
        assertThatThrownBy(() -> RocksChunkDevice.open(config(directory)))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining(directory.toString());
    }

    /** Two processes on one database would destroy it. */
    @Test
    void refusesADeviceThatIsInUse() {
        try (TestDevice device = TestDevice.formatted(directory)) {
            assertThatThrownBy(() -> RocksChunkDevice.open(config(directory)))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining(directory.toString())
                    .hasMessageContaining("in use");
            assertThat(device.write(append(1, range(0, 1), blocks(1, 1))))
                    .isEqualTo(WriteResult.DURABLE);
        }
    }

    /** Formatting must never cost anybody's data. */
    @Test
    void formatsOnlyEmptyDirectories() throws IOException {
        Files.createDirectory(directory.resolve("lost+found"));
        formatWithData();
        assertThatThrownBy(() -> TestDevice.formatted(directory))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("already holds device");
        Files.delete(identity());
        assertThatThrownBy(() -> TestDevice.formatted(directory))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("not empty");
        assertThat(directory.resolve("db").resolve("CURRENT")).exists();
    }

    /** Formatting a path that cannot be a directory says so. */
    @Test
    void explainsWhyFormattingFails() throws IOException {
        Path file = Files.createFile(directory.resolve("file"));
        assertThatThrownBy(() -> TestDevice.formatted(file.resolve("device")))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining(file.toString());
    }

    /** Opened again it is the same device with the same data. */
    @Test
    void opensAgain() {
        formatWithData();
        try (TestDevice device = new TestDevice(config(directory))) {
            assertThat(device.readOk(range(0, 1)).data()).isEqualTo(blocks(1, 1).data());
            assertThat(device.digest(CHUNK)).isNotZero();
        }
    }
}
