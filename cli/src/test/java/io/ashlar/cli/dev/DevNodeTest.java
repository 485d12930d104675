package io.ashlar.cli.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ashlar.cli.CliException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DevNodeTest {
    @TempDir Path directory;

    private static final DevSettings SETTINGS =
            new DevSettings(DevSettings.VERSION, new UUID(1, 2), 3, 1, "127.0.0.1", 1000, 1, "");

    /** Protects every other process: an id that was given away again gets no signal. */
    @Test
    void signalsOnlyTheProcessThatItStarted() throws Exception {
        DevNode node = new DevNode(SETTINGS, directory, 2);
        node.prepare(true);
        assertThat(node.signal("TERM")).isFalse();
        Process bystander = new ProcessBuilder("sleep", "60").start();
        try {
            Path pidFile = directory.resolve("node2/pid");
            Files.writeString(pidFile, bystander.pid() + " 12345\n");
            assertThat(node.process()).isEmpty();
            assertThat(node.signal("KILL")).isFalse();
            assertThat(bystander.isAlive()).isTrue();
            Files.writeString(pidFile, "nonsense\n");
            assertThat(node.signal("KILL")).isFalse();
        } finally {
            bystander.destroyForcibly().waitFor();
        }
    }

    /** Protects a node without a vote: it must not found a cluster of its own. */
    @Test
    void aNodeThatWasAddedHasNoVoteAndAWipedOneAnotherDirectory() throws IOException {
        DevNode node = new DevNode(SETTINGS, directory, 4);
        node.prepare(false);
        Path file = directory.resolve("node4/node.yaml");
        var read = io.ashlar.node.configuration.ConfigurationFile.read(file);
        assertThat(read.voters()).noneMatch(voter -> voter.node().equals(read.node()));
        Files.writeString(directory.resolve("node4/data/something"), "x");
        node.wipe();
        node.prepare(false);
        assertThat(directory.resolve("node4/data")).isEmptyDirectory();
        assertThat(io.ashlar.node.configuration.ConfigurationFile.read(file).dataDirectories())
                .containsExactly(directory.resolve("node4/data-2"));
    }

    /** Protects a cluster's data: the same directory gives the same cluster, or an error. */
    @Test
    void findsTheOldClusterAgain() throws IOException {
        Path home = directory.resolve("cluster");
        UUID cluster = DevCluster.make(home, 3, "127.0.0.1", 7, 1, "").settings().cluster();
        assertThat(DevCluster.make(home, 3, "127.0.0.1", 7, 1, "").settings().cluster())
                .isEqualTo(cluster);
        assertThatThrownBy(() -> DevCluster.make(home, 5, "127.0.0.1", 7, 1, ""))
                .isInstanceOf(CliException.class)
                .hasMessageContaining("holds a cluster of 3 nodes");
        assertThatThrownBy(() -> DevCluster.existing(directory.resolve("nothing")))
                .isInstanceOf(CliException.class)
                .hasMessageContaining("there is no development cluster in");
    }

    /** Protects the configuration that it writes: a node must accept it. */
    @Test
    void writesAConfigurationThatANodeReads() throws IOException {
        DevNode node = new DevNode(SETTINGS, directory, 2);
        node.prepare(true);
        var read =
                io.ashlar.node.configuration.ConfigurationFile.read(
                        directory.resolve("node2/node.yaml"));
        assertThat(read.cluster()).isEqualTo(new UUID(1, 2));
        assertThat(read.addresses().iscsi()).hasToString("127.0.0.2:4260");
        assertThat(read.voters()).hasSize(3);
        assertThat(read.log().file()).isEqualTo(node.log());
    }
}
