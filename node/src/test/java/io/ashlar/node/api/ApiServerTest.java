package io.ashlar.node.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ashlar.common.BootTimeClock;
import io.ashlar.common.DeviceId;
import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.RandomSource;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.node.Fixtures;
import io.ashlar.node.OperatorException;
import io.ashlar.node.configuration.HostPort;
import io.ashlar.replication.ScrubStatus;
import io.ashlar.volume.VolumeMoves;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ApiServerTest {
    private final HttpClient client = HttpClient.newHttpClient();
    private ApiServer server;
    private String base;

    private record Local(ProcessId self) implements LocalNode {
        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public long term() {
            return 4;
        }

        @Override
        public String targetName() {
            return "iqn.2026-11.io.ashlar:test";
        }

        @Override
        public List<LocalDevice> devices() {
            return List.of();
        }

        @Override
        public DeviceId replace(DeviceId failed) {
            throw new AssertionError("there is none");
        }

        @Override
        public int nearlyFullPercent() {
            return 85;
        }

        @Override
        public List<ScrubStatus> scrubs() {
            return List.of();
        }

        @Override
        public VolumeMoves moves() {
            throw new UnsupportedOperationException("nobody asks for moves here");
        }

        @Override
        public long clockNanos() {
            return 0;
        }

        @Override
        public Set<NodeId> voters() {
            return Set.of(new NodeId(1), new NodeId(2), new NodeId(3));
        }

        @Override
        public CompletableFuture<Void> takeOut(NodeId node) {
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public String metrics() {
            return "ashlar_test 1\n";
        }
    }

    private static AdminApi api() {
        return new AdminApi(
                Fixtures.founded(),
                new Local(new ProcessId(new NodeId(1), 101)),
                new Peers() {
                    @Override
                    public Map<NodeId, ApiViews.Local> ask(Collection<NodeRecord> nodes) {
                        return new TreeMap<>();
                    }

                    @Override
                    public ApiResponse post(
                            NodeRecord node, String path, Object body, Duration timeout) {
                        throw new AssertionError("nobody is there for " + path);
                    }
                },
                RandomSource.seeded(1));
    }

    @BeforeEach
    void start() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        server = ApiServer.start(api(), new BootTimeClock(), new HostPort("127.0.0.1", port));
        base = "http://127.0.0.1:" + server.port();
    }

    @AfterEach
    void stop() {
        server.close();
        client.close();
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest.Builder to(String path) {
        return HttpRequest.newBuilder(URI.create(base + path));
    }

    /** Protects programs: JSON over plain HTTP, also for a client that offers HTTP/2. */
    @Test
    void answersJson() throws Exception {
        HttpResponse<String> response = send(to("/v1/nodes"));
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("content-type")).contains("application/json");
        assertThat(response.body()).startsWith("[{\"id\":1,");
        assertThat(send(to("/metrics")).body()).isEqualTo("ashlar_test 1\n");
    }

    /** Protects names that need quoting in a path. */
    @Test
    void decodesPaths() throws Exception {
        assertThat(send(to("/v1/volumes/a%20b")).body()).contains("there is no volume 'a b'");
    }

    /** Protects the node's memory from a long body. */
    @Test
    void refusesALongBody() throws Exception {
        String body = "{\"name\": \"" + "x".repeat(100_000) + "\"}";
        var request = to("/v1/volumes").POST(HttpRequest.BodyPublishers.ofString(body));
        assertThat(send(request).statusCode()).isEqualTo(413);
    }

    /** Protects an open interface from web pages in a browser of the same machine. */
    @Test
    void refusesRequestsOfWebPages() throws Exception {
        assertThat(send(to("/v1/status").header("Origin", "http://example.org")).statusCode())
                .isEqualTo(403);
        try (Socket socket = new Socket("127.0.0.1", server.port())) {
            socket.getOutputStream()
                    .write(
                            "GET /v1/status HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n"
                                    .getBytes(StandardCharsets.US_ASCII));
            String answer =
                    new String(socket.getInputStream().readNBytes(12), StandardCharsets.UTF_8);
            assertThat(answer).startsWith("HTTP/1.1 403");
        }
    }

    /** Protects operators: a taken port is told in one line. */
    @Test
    void tellsWhenThePortIsTaken() {
        HostPort taken = new HostPort("127.0.0.1", server.port());
        assertThatThrownBy(() -> ApiServer.start(api(), new BootTimeClock(), taken))
                .isInstanceOf(OperatorException.class)
                .hasMessageContaining("cannot listen on " + taken);
    }
}
