package io.ashlar.node.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ashlar.common.NodeId;
import io.ashlar.common.RandomSource;
import io.ashlar.node.OperatorException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeDirectoryTest {
    private static final UUID CLUSTER = new UUID(1, 2);
    private static final NodeId NODE = new NodeId(7);

    @TempDir Path directory;

    private NodeDirectory open() {
        return NodeDirectory.open(directory, CLUSTER, NODE);
    }

    /** Protects data of another cluster: its directory is refused and left as it was. */
    @Test
    void refusesTheDirectoryOfAnotherCluster() throws IOException {
        open().close();
        String before = Files.readString(directory.resolve("identity"));
        assertThatThrownBy(() -> NodeDirectory.open(directory, new UUID(9, 9), NODE))
                .isInstanceOf(OperatorException.class)
                .hasMessageContaining("belongs to cluster " + CLUSTER)
                .hasMessageContaining("correct 'cluster'");
        assertThat(Files.readString(directory.resolve("identity"))).isEqualTo(before);
    }

    /** Protects against two nodes that take each other's directories. */
    @Test
    void refusesTheDirectoryOfAnotherNode() {
        open().close();
        assertThatThrownBy(() -> NodeDirectory.open(directory, CLUSTER, new NodeId(8)))
                .isInstanceOf(OperatorException.class)
                .hasMessageContaining("belongs to node 7, the configuration says node 8");
    }

    /** Protects against two processes on one directory. */
    @Test
    void refusesADirectoryThatIsInUse() {
        try (NodeDirectory first = open()) {
            assertThat(first).isNotNull();
            assertThatThrownBy(this::open)
                    .isInstanceOf(OperatorException.class)
                    .hasMessageContaining("is in use by another process");
        }
        open().close();
    }

    /** Protects the order of incarnations: they rise at each start, whatever the clock does. */
    @Test
    void givesRisingIncarnationsThoughTheClockGoesBack() {
        RandomSource random = RandomSource.seeded(1);
        long last = 0;
        for (long millis : new long[] {1_800_000_000_000L, 1_800_000_000_000L, 5, 0}) {
            try (NodeDirectory opened = open()) {
                long next = opened.nextIncarnation(millis, random);
                assertThat(next).isGreaterThan(last);
                last = next;
            }
        }
    }

    /** Protects against a file that a disk has damaged, and one of a version not known. */
    @Test
    void refusesDamagedFilesAndUnknownVersionsByName() throws IOException {
        open().close();
        Path file = directory.resolve("identity");
        String good = Files.readString(file);
        Files.writeString(file, good.replace("node 7", "node 8"));
        assertThatThrownBy(this::open).hasMessageContaining("its checksum does not match");
        Files.writeString(file, good.replace("identity 1", "identity 2"));
        assertThatThrownBy(this::open)
                .hasMessageContaining("has format version 2, this program knows 1");
        Files.writeString(file, "");
        assertThatThrownBy(this::open).hasMessageContaining("is damaged");
        Files.writeString(file, good);
        open().close();
    }
}
