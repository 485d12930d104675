package io.ashlar.node.configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.ashlar.node.OperatorException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ConfigurationFileTest {
    private static final String GOOD =
            """
            cluster: 6ba7b810-9dad-41d1-80b4-00c04fd430c8
            node: 1
            failureDomain: rack-1
            addresses:
              iscsi: '127.0.0.1:3260'
              data: '127.0.0.1:7460'
              liveness: '127.0.0.1:7461'
              raft: '127.0.0.1:7462'
              api: '127.0.0.1:7480'
            voters:
              - {node: 1, raft: '127.0.0.1:7462'}
              - {node: 2, raft: '127.0.0.2:7462'}
              - {node: 3, raft: '127.0.0.3:7462'}
            bootstrap: true
            metadataDirectory: metadata
            dataDirectories: [data]
            pool: {placementGroups: 64, replicas: 3, inSyncMin: 2}
            log: {file: node.log, level: info}
            limits: {deviceBytes: 20GiB, deviceReserveBytes: 256MiB}
            """;

    @TempDir Path directory;

    @BeforeEach
    void makeDirectories() throws IOException {
        Files.createDirectory(directory.resolve("metadata"));
        Files.createDirectory(directory.resolve("data"));
    }

    private Path write(String text) throws IOException {
        return Files.writeString(directory.resolve("node.yaml"), text);
    }

    /** Protects the meaning of every key. */
    @Test
    void readsEveryKey() throws IOException {
        NodeConfiguration read = ConfigurationFile.read(write(GOOD));
        assertThat(read.cluster()).hasToString("6ba7b810-9dad-41d1-80b4-00c04fd430c8");
        assertThat(read.node().value()).isEqualTo(1);
        assertThat(read.failureDomain()).isEqualTo("rack-1");
        assertThat(read.addresses().iscsi()).isEqualTo(new HostPort("127.0.0.1", 3260));
        assertThat(read.addresses().api().port()).isEqualTo(7480);
        assertThat(read.voters()).hasSize(3);
        assertThat(read.bootstrap()).isTrue();
        assertThat(read.metadataDirectory()).isEqualTo(directory.resolve("metadata"));
        assertThat(read.dataDirectories()).containsExactly(directory.resolve("data"));
        assertThat(read.pool()).isEqualTo(new NodeConfiguration.FirstPool(64, 3, 2));
        assertThat(read.log().file()).isEqualTo(directory.resolve("node.log"));
        assertThat(read.limits().deviceBytes()).isEqualTo(20L << 30);
        assertThat(read.limits().deviceReserveBytes()).isEqualTo(256L << 20);
    }

    /** Protects what may be left out, and what it is then. */
    @Test
    void fillsInWhatMayBeLeftOut() throws IOException {
        String shortest =
                GOOD.replace("failureDomain: rack-1\n", "")
                        .replace("bootstrap: true\n", "")
                        .replaceAll("(?m)^(pool|log|limits): .*\n", "");
        NodeConfiguration read = ConfigurationFile.read(write(shortest));
        assertThat(read.failureDomain()).isEqualTo("host-1");
        assertThat(read.bootstrap()).isFalse();
        assertThat(read.pool()).isEqualTo(new NodeConfiguration.FirstPool(64, 3, 2));
        assertThat(read.log().file()).isEqualTo(directory.resolve("metadata/node.log"));
        assertThat(read.limits().deviceBytes()).isEqualTo(Long.MAX_VALUE);
    }

    static Stream<Arguments> mistakes() {
        return Stream.of(
                wrong("node: 1\n", "nod: 1\n", "node: missing; add a whole number, 1 to 65535"),
                wrong("bootstrap: true", "bootstrp: true", "bootstrp: unknown key; known here: "),
                wrong("node: 1\n", "node: 0\n", "node: '0' is not a whole number in 1 to 65535"),
                wrong("node: 1\n", "node: one\n", "node: 'one' is not a whole number"),
                wrong("6ba7b810", "6ba7", "cluster: '6ba7-9dad-41d1-80b4-00c04fd430c8' is not a"),
                wrong("rack-1", "'rack 1'", "failureDomain: 'rack 1' is not 1 to 64 letters"),
                wrong("'127.0.0.1:3260'", "3260", "addresses.iscsi: '3260' is not ADDRESS:PORT"),
                wrong("127.0.0.1:3260", "node-a:3260", "addresses.iscsi: 'node-a' is not an IP"),
                wrong("127.0.0.1:3260", "0.0.0.0:3260", "is no address that others can connect"),
                wrong("127.0.0.1:3260", "127.0.0.1:70000", "port '70000' is not in 1 to 65535"),
                wrong("127.0.0.1:3260", "::1:3260", "write an IPv6 address in brackets"),
                wrong("127.0.0.1:7460", "127.0.0.1:3260", "is also addresses.iscsi; take another"),
                wrong("  data: '127.0.0.1:7460'\n", "", "addresses.data: missing; add an address"),
                wrong("  data: '", "  dta: 'x'\n  data: '", "addresses.dta: unknown key"),
                wrong("{node: 3, raft", "{node: 2, raft", "voters: names node 2 twice"),
                wrong("{node: 3, ", "{nod: 3, ", "voters[2].node: missing"),
                wrong(
                        "{node: 1, raft: '127.0.0.1:",
                        "{node: 4, raft: '127.0.0.1:",
                        "bootstrap: is set"),
                wrong("{node: 1, raft: '127.0.0.1:", "{node: 1, raft: '127.0.0.9:", "make them eq"),
                wrong("  - {node: 3, raft: '127.0.0.3:7462'}\n", "", "names 2 nodes; let 1, 3, 5"),
                wrong("bootstrap: true", "bootstrap: maybe", "bootstrap: 'maybe' is not true or"),
                wrong("Directory: metadata", "Directory: meta", "create it, or mount its disk"),
                wrong("[data]", "[]", "dataDirectories: is not a list with at least one entry"),
                wrong("[data]", "data", "dataDirectories: is not a list with at least one entry"),
                wrong("[data]", "[other]", "dataDirectories[0]: "),
                wrong("[data]", "[data, data]", "is used twice; give each its own directory"),
                wrong("[data]", "[metadata]", "is used twice; give each its own directory"),
                wrong("Groups: 64", "Groups: 60", "pool.placementGroups: 60 is not a power of two"),
                wrong("replicas: 3", "replicas: 9", "pool.replicas: '9' is not a whole number in"),
                wrong("inSyncMin: 2", "inSyncMin: 4", "pool.inSyncMin: '4' is not a whole number"),
                wrong("level: info", "level: loud", "log.level: 'loud' is not one of error, warn"),
                wrong("file: node.log", "file: no/node.log", "log.file: "),
                wrong("20GiB", "20GB", "limits.deviceBytes: '20GB': write GiB"),
                wrong("20GiB", "much", "limits.deviceBytes: 'much' is not a size"),
                wrong("256MiB", "1KiB", "deviceReserveBytes: '1KiB' is less than 16 MiB"),
                wrong("node: 1\n", "node: 1\nnode: 2\n", "is not correct YAML"),
                wrong("addresses:\n", "addresses: [\n", "is not correct YAML"));
    }

    private static Arguments wrong(String right, String wrong, String complaint) {
        return Arguments.of(right, wrong, complaint);
    }

    /** Protects operators: each mistake gives one line with file, key, problem and remedy. */
    @ParameterizedTest(name = "{2}")
    @MethodSource("mistakes")
    void tellsEachMistakeInOneLine(String right, String wrong, String complaint)
            throws IOException {
        assertThat(GOOD).contains(right);
        Path file = write(GOOD.replaceFirst(java.util.regex.Pattern.quote(right), wrong));
        OperatorException e =
                catchThrowableOfType(OperatorException.class, () -> ConfigurationFile.read(file));
        assertThat(e).isNotNull();
        assertThat(e.getMessage()).startsWith(file.toString()).contains(complaint);
        assertThat(e.getMessage().lines()).hasSize(1);
        assertThat(e.getMessage()).contains(";");
        assertThat(e.exitCode()).isEqualTo(OperatorException.EXIT_CONFIGURATION);
    }

    /** Protects operators who name a file that is not there, or is something else. */
    @Test
    void tellsWhenTheFileIsMissingOrNoMapping() throws IOException {
        Path missing = directory.resolve("no.yaml");
        assertThat(
                        catchThrowableOfType(
                                OperatorException.class, () -> ConfigurationFile.read(missing)))
                .hasMessageContaining("no such file");
        Path list = write("[1, 2]\n");
        assertThat(
                        catchThrowableOfType(
                                OperatorException.class, () -> ConfigurationFile.read(list)))
                .hasMessageContaining("is not a mapping");
    }
}
