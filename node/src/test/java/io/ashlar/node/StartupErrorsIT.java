package io.ashlar.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real processes in surroundings that are wrong: one clear line each, and nothing damaged. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class StartupErrorsIT {
    private static final UUID CLUSTER = UUID.fromString("6ba7b810-9dad-41d1-80b4-00c04fd430c8");
    private static final UUID OTHER = UUID.fromString("6ba7b811-9dad-41d1-80b4-00c04fd430c8");
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir Path home;

    private final List<Process> running = new ArrayList<>();
    private int[] ports;

    @BeforeEach
    void prepare() throws IOException {
        Files.createDirectory(home.resolve("metadata"));
        Files.createDirectory(home.resolve("data"));
        ports = freePorts(5);
    }

    @AfterEach
    void endProcesses() throws InterruptedException {
        for (Process process : running) {
            process.destroyForcibly().waitFor();
        }
    }

    private static int[] freePorts(int count) throws IOException {
        List<ServerSocket> sockets = new ArrayList<>();
        int[] ports = new int[count];
        for (int i = 0; i < count; i++) {
            ServerSocket socket = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"));
            sockets.add(socket);
            ports[i] = socket.getLocalPort();
        }
        for (ServerSocket socket : sockets) {
            socket.close();
        }
        return ports;
    }

    private String configuration(UUID cluster) {
        return """
        cluster: %s
        node: 1
        addresses:
          iscsi: '127.0.0.1:%d'
          data: '127.0.0.1:%d'
          liveness: '127.0.0.1:%d'
          raft: '127.0.0.1:%d'
          api: '127.0.0.1:%d'
        voters: [{node: 1, raft: '127.0.0.1:%d'}]
        bootstrap: true
        metadataDirectory: metadata
        dataDirectories: [data]
        pool: {placementGroups: 4, replicas: 1, inSyncMin: 1}
        log: {file: node.log}
        limits: {deviceReserveBytes: 64MiB, memtableBytes: 8MiB, blockCacheBytes: 8MiB}
        """
                .formatted(cluster, ports[0], ports[1], ports[2], ports[3], ports[4], ports[3]);
    }

    private Process start(String configuration, String... wrapper) throws IOException {
        Files.writeString(home.resolve("node.yaml"), configuration);
        List<String> line = new ArrayList<>(List.of(wrapper));
        line.addAll(
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:+UseSerialGC",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.ashlar.node.Main",
                        "--config",
                        home.resolve("node.yaml").toString()));
        ProcessBuilder builder = new ProcessBuilder(line);
        builder.redirectOutput(home.resolve("stdout").toFile());
        builder.redirectError(home.resolve("stderr").toFile());
        Process process = builder.start();
        running.add(process);
        return process;
    }

    /** Expects that the process ends by itself, with one line. */
    private String refusal(Process process, int exitCode) throws Exception {
        assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        List<String> lines = Files.readAllLines(home.resolve("stderr"));
        assertThat(lines).hasSize(1);
        assertThat(lines.getFirst()).startsWith("ashlar-node: ").contains(";");
        assertThat(process.exitValue()).isEqualTo(exitCode);
        return lines.getFirst();
    }

    private void awaitHealthy() {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest request =
                    HttpRequest.newBuilder(
                                    URI.create("http://127.0.0.1:" + ports[4] + "/v1/status"))
                            .timeout(Duration.ofSeconds(5))
                            .build();
            Awaitility.await()
                    .atMost(PATIENCE)
                    .ignoreExceptions()
                    .until(() ->
                            client.send(request, HttpResponse.BodyHandlers.ofString())
                                    .body()
                                    .contains("\"health\":\"HEALTHY\""));
        }
    }

    private void stop(Process process) throws InterruptedException {
        process.destroy();
        assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(128 + 15);
    }

    private List<Path> filesIn(String directory) throws IOException {
        try (Stream<Path> files = Files.walk(home.resolve(directory))) {
            return files.filter(Files::isRegularFile).toList();
        }
    }

    /** Protects operators from a wrong configuration. */
    @Test
    void aWrongConfigurationIsToldInOneLine() throws Exception {
        String wrong = configuration(CLUSTER).replace("dataDirectories", "dataDirectory");
        String line = refusal(start(wrong), 2);
        assertThat(line).contains("node.yaml: dataDirectories: missing; add");
        assertThat(filesIn("metadata")).isEmpty();
    }

    /** Protects operators from a port in use; the disks are left as they were. */
    @Test
    void aPortInUseIsToldInOneLine() throws Exception {
        try (ServerSocket taken =
                new ServerSocket(ports[0], 1, InetAddress.ofLiteral("127.0.0.1"))) {
            String line = refusal(start(configuration(CLUSTER)), 1);
            assertThat(line)
                    .contains("addresses.iscsi: cannot listen on 127.0.0.1:" + taken.getLocalPort())
                    .contains("in use");
        }
        assertThat(filesIn("metadata")).isEmpty();
        assertThat(filesIn("data")).isEmpty();
    }

    /**
     * Protects the data of a cluster from a node of another one, from a second process, and from a
     * disk that is not mounted; afterwards it still starts as what it was.
     */
    @Test
    void directoriesOfAnotherClusterAreRefusedAndKept() throws Exception {
        Process first = start(configuration(CLUSTER));
        awaitHealthy();
        int[] its = ports;
        ports = freePorts(5);
        assertThat(refusal(start(configuration(CLUSTER)), 1))
                .contains("is in use by another process");
        ports = its;
        stop(first);

        assertThat(refusal(start(configuration(OTHER)), 1))
                .contains("metadata belongs to cluster " + CLUSTER)
                .contains("correct 'cluster'");

        Files.createDirectory(home.resolve("metadata2"));
        String otherWithData =
                configuration(OTHER).replace("Directory: metadata", "Directory: metadata2");
        assertThat(refusal(start(otherWithData), 1))
                .contains("belongs to cluster " + CLUSTER + ", not to this one, " + OTHER);

        Files.move(home.resolve("data"), home.resolve("unmounted"));
        Files.createDirectory(home.resolve("data"));
        assertThat(refusal(start(configuration(CLUSTER)), 1))
                .contains("data is empty")
                .contains("mount its disk");
        assertThat(filesIn("data")).isEmpty();
        Files.delete(home.resolve("data"));
        Files.move(home.resolve("unmounted"), home.resolve("data"));

        Process again = start(configuration(CLUSTER));
        awaitHealthy();
        stop(again);
    }

    /** Protects operators from a disk that is full, for the control plane's log or for data. */
    @Test
    void aFullDiskIsToldInOneLine() throws Exception {
        for (String directory : new String[] {"metadata", "data"}) {
            Process process =
                    start(
                            configuration(CLUSTER),
                            "unshare",
                            "--map-root-user",
                            "--mount",
                            "sh",
                            "-c",
                            "mount -t tmpfs -o size=1m tmpfs \"$0\" && exec \"$@\"",
                            home.resolve(directory).toString());
            assertThat(refusal(process, 1)).contains(directory).contains("is full: 1 MiB free");
        }
    }
}
