package io.ashlar.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class CommandLineTest {
    private static final String VOLUME =
            """
            {"id": 1, "name": "demo", "pool": "default", "bytes": 1073741824, "chunkBytes": 4194304,
             "logicalBlockBytes": 512, "identity": "00000000-0000-0001-0000-000000000002",
             "health": "HEALTHY", "owner": 2, "accessEpoch": 3, "anyHostLun": 1, "mappings": [],
             "chunks": 256, "primaries": {"1": 86, "2": 85, "3": 85}, "ofTheFuture": true}
            """;
    private static final String NODE =
            """
            {"id": 1, "up": true, "inTouch": true, "leader": true, "incarnation": "65",
             "failureDomain": "rack-1", "adminState": "ACTIVE",
             "addresses": {"iscsi": "127.0.0.1:3260", "data": "127.0.0.1:7460",
                           "liveness": "127.0.0.1:7461", "raft": "127.0.0.1:7462",
                           "api": "127.0.0.1:7480"},
             "primaries": 22, "replicas": 64, "volumes": 0,
             "devices": [{"id": "00000000-0000-0001-0000-000000000002", "capacityBytes": 1048576,
                          "usedBytes": 4096, "writable": true, "failure": null}]}
            """;
    private static final String STATUS =
            """
            {"cluster": "00000000-0000-1111-0000-000000002222", "target": "iqn.2026-11.io.ashlar:x",
             "health": "DEGRADED", "respondent": 1, "inTouch": true, "leader": 1, "term": 4, "index": 7,
             "nodes": [%s], "pools": [],
             "placementGroups": {"total": 64, "healthy": 60, "degraded": 4, "unavailable": 0,
                                 "reasons": {"2 of 3 copies in sync": 4}},
             "volumes": [%s], "space": {"capacityBytes": 3145728, "usedBytes": 12288},
             "warnings": ["node 2: device 7 is nearly full"],
             "jobs": [{"id": 7, "kind": "REBALANCE", "state": "PAUSED", "done": 3, "total": 9,
                       "unit": "groups", "started": "2026-11-24T10:00:00Z", "startedBy": "cluster at node 1"}]}
            """
                    .formatted(NODE, VOLUME);

    private final Map<String, String> answers = new ConcurrentHashMap<>();
    private final List<String> requests = new ArrayList<>();
    @TempDir private java.nio.file.Path directory;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private HttpServer server;
    private String api;
    private int status = 200;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext(
                "/",
                exchange -> {
                    String body =
                            new String(
                                    exchange.getRequestBody().readAllBytes(),
                                    StandardCharsets.UTF_8);
                    String path = exchange.getRequestURI().getRawPath();
                    requests.add(exchange.getRequestMethod() + " " + path + " " + body);
                    byte[] answer =
                            answers.getOrDefault(path, "{}").getBytes(StandardCharsets.UTF_8);
                    exchange.sendResponseHeaders(status, answer.length);
                    exchange.getResponseBody().write(answer);
                    exchange.close();
                });
        server.start();
        api = "http://127.0.0.1:" + server.getAddress().getPort();
        answers.put("/v1/status", STATUS);
        answers.put("/v1/nodes", "[" + NODE + "]");
        answers.put("/v1/nodes/1", NODE);
        answers.put("/v1/volumes", "[" + VOLUME + "]");
        answers.put("/v1/volumes/demo", VOLUME);
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private int ashlar(String... arguments) {
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        return line.execute(arguments);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    /** Protects people's first look: health, reasons, nodes and volumes on one page. */
    @Test
    void statusIsOnePage() {
        assertThat(ashlar("status", "--api", api)).isZero();
        assertThat(out.toString())
                .contains("health    degraded")
                .contains("leader    node 1")
                .contains("64: 60 healthy, 4 degraded, 0 unavailable")
                .contains("4: 2 of 3 copies in sync")
                .contains("WARNING   node 2: device 7 is nearly full")
                .contains("job       7: rebalance, paused, 3 of 9 groups")
                .contains("1     up, leads  no     rack-1  0       127.0.0.1:3260  22")
                .contains("demo    1 GiB  healthy  node 2  default  256     any host, LUN 1");
    }

    /** Protects operators: jobs are asked for, listed and ended by words that are easy to guess. */
    @Test
    void jobsAreStartedListedAndCancelled() {
        String job =
                """
                {"id": 7, "kind": "DRAIN", "node": 2, "state": "RUNNING", "done": 12, "total": 48,
                 "note": "add a node", "unit": "groups", "started": "2026-11-24T10:00:00Z",
                 "startedBy": "operator at node 1"}
                """;
        answers.put("/v1/jobs", "[" + job + "]");
        answers.put("/v1/jobs/7", job);
        answers.put("/v1/jobs/7/cancel", job);
        assertThat(ashlar("job", "list", "--api", api)).isZero();
        assertThat(ashlar("job", "show", "7", "--api", api)).isZero();
        assertThat(out.toString())
                .contains("drain of node 2")
                .contains("12 of 48 groups")
                .contains("note      add a node");
        assertThat(ashlar("job", "cancel", "7", "--api", api)).isZero();
        assertThat(requests).contains("POST /v1/jobs/7/cancel ");
        assertThat(ashlar("job", "pause", "x", "--api", api)).isEqualTo(2);
        answers.put("/v1/jobs", job);
        assertThat(ashlar("rebalance", "--api", api)).isZero();
        assertThat(ashlar("scrub", "start", "demo", "--deep", "--api", api)).isZero();
        assertThat(requests.getLast())
                .contains("\"kind\":\"SCRUB\"")
                .contains("\"volume\":\"demo\"")
                .contains("\"deep\":true");
        assertThat(out.toString()).contains("job 7 started").contains("ashlar job show 7");
    }

    /** Protects settings from being misread: times and sizes have units, and nothing is guessed. */
    @Test
    void settingsAreSentAsTheyWereMeant() {
        answers.put(
                "/v1/settings",
                """
                {"awaySeconds": 600, "movesPerNode": 8, "rebalance": true,
                 "copyBytesPerSecondMin": 2097152, "copyBytesPerSecondMax": 1073741824}
                """);
        assertThat(ashlar("cluster", "show", "--api", api)).isZero();
        assertThat(out.toString()).contains("away            600 s").contains("2 MiB per second");
        assertThat(
                        ashlar(
                                "cluster",
                                "set",
                                "--away",
                                "15min",
                                "--copy-rate-min",
                                "8MiB",
                                "--rebalance",
                                "false",
                                "--api",
                                api))
                .isZero();
        assertThat(requests.getLast())
                .startsWith("PATCH /v1/settings")
                .contains("\"awaySeconds\":900")
                .contains("\"rebalance\":false")
                .contains("\"copyBytesPerSecondMin\":8388608");
        assertThat(ashlar("cluster", "set", "--away", "15", "--api", api)).isEqualTo(2);
        assertThat(ashlar("cluster", "set", "--api", api)).isEqualTo(2);
    }

    /** Protects tables from lines with blanks at their end, and columns from running together. */
    @Test
    void tablesAreAligned() {
        assertThat(ashlar("volume", "list", "--api", api)).isZero();
        assertThat(out.toString().lines())
                .containsExactly(
                        "VOLUME  SIZE   HEALTH   OWNER   POOL     CHUNKS  ATTACHED BY",
                        "demo    1 GiB  healthy  node 2  default  256     any host, LUN 1");
    }

    /** Protects programs: they get the node's own JSON, fields of the future included. */
    @Test
    void jsonIsWhatTheNodeSaid() {
        assertThat(ashlar("volume", "show", "demo", "-o", "json", "--api", api)).isZero();
        assertThat(out.toString()).contains("\"ofTheFuture\" : true").startsWith("{");
    }

    /** Protects people who ask how a volume lies on the nodes. */
    @Test
    void volumeShowCountsPrimaries() {
        assertThat(ashlar("volume", "show", "demo", "--api", api)).isZero();
        assertThat(out.toString())
                .contains("chunks       256 of 4 MiB")
                .contains("1     86                 33.6 %");
    }

    /** Protects a volume's properties on their way to the node. */
    @Test
    void createSendsWhatWasAsked() {
        assertThat(
                        ashlar(
                                "volume",
                                "create",
                                "v1",
                                "--size",
                                "2GiB",
                                "--any-host",
                                "--lun",
                                "3",
                                "--api",
                                api))
                .isZero();
        assertThat(requests).hasSize(1);
        assertThat(requests.getFirst())
                .startsWith("POST /v1/volumes ")
                .contains("\"name\":\"v1\"")
                .contains("\"size\":\"2GiB\"")
                .contains("\"anyHost\":true")
                .contains("\"lun\":3");
    }

    /** Protects names with odd characters on their way into a path. */
    @Test
    void pathsAreQuoted() {
        ashlar("volume", "unmap", "demo", "iqn.2001-01.org/x y", "--api", api);
        assertThat(requests)
                .containsExactly("DELETE /v1/hosts/iqn.2001-01.org%2Fx%20y/volumes/demo ");
    }

    /** Protects a mapping from going to a host when a group is meant, or to nobody. */
    @Test
    void volumesAreMappedToAHostOrToAGroup() {
        answers.put("/v1/host-groups/esx/volumes/demo", "{\"volume\": \"demo\", \"lun\": 4}");
        assertThat(ashlar("volume", "map", "demo", "--group", "esx", "--api", api)).isZero();
        assertThat(ashlar("host-group", "remove", "esx", "h", "--api", api)).isZero();
        assertThat(requests.getFirst()).startsWith("PUT /v1/host-groups/esx/volumes/demo ");
        assertThat(requests.get(1)).startsWith("DELETE /v1/host-groups/esx/hosts/h ");
        assertThat(ashlar("volume", "map", "demo", "--api", api)).isEqualTo(2);
        assertThat(ashlar("volume", "map", "demo", "h", "--group", "g", "--api", api)).isEqualTo(2);
        assertThat(requests).hasSize(2);
    }

    private String file(String contents) throws IOException {
        return java.nio.file.Files.writeString(
                        directory.resolve("secret" + contents.hashCode()), contents)
                .toString();
    }

    /** Protects secrets on their way from files to the node: as they are, without the line end. */
    @Test
    void chapSendsTheSecretsOfFiles() throws IOException {
        String one = file("correct-horse-1\n");
        String two = file("battery-staple-2");
        assertThat(ashlar("host", "chap", "h", "--secret-file", one, "--api", api)).isZero();
        assertThat(
                        ashlar(
                                "host",
                                "chap",
                                "h",
                                "--secret-file",
                                one,
                                "--mutual-secret-file",
                                two,
                                "--api",
                                api))
                .isZero();
        assertThat(ashlar("host", "chap", "h", "--none", "--api", api)).isZero();
        assertThat(requests.get(0))
                .startsWith("PUT /v1/hosts/h/chap ")
                .contains("\"secret\":\"correct-horse-1\"");
        assertThat(requests.get(1)).contains("\"mutualSecret\":\"battery-staple-2\"");
        assertThat(requests.get(2)).isEqualTo("DELETE /v1/hosts/h/chap ");
        assertThat(out.toString()).contains("must log in by CHAP").doesNotContain("horse");
    }

    /** Protects what is asked of a pool on its way to the node, and what is left to it. */
    @Test
    void poolsAreCreatedAndListed() {
        answers.put(
                "/v1/pools",
                """
                [{"id": 1, "name": "two", "placementGroups": 8, "replicas": 2, "inSyncMin": 1,
                  "volumes": 0}]
                """);
        assertThat(ashlar("pool", "create", "two", "--replicas", "2", "--api", api)).isZero();
        assertThat(requests.getFirst())
                .startsWith("POST /v1/pools ")
                .contains("\"name\":\"two\"", "\"replicas\":2");
        assertThat(ashlar("pool", "list", "--api", api)).isZero();
        assertThat(out.toString()).contains("two", "IN SYNC MIN");
    }

    /** Protects secrets that a program hands over: they come by standard input. */
    @Test
    void chapReadsASecretFromStandardInput() {
        java.io.InputStream before = System.in;
        System.setIn(
                new java.io.ByteArrayInputStream(
                        "correct-horse-1\r\n".getBytes(StandardCharsets.UTF_8)));
        try {
            assertThat(ashlar("host", "chap", "h", "--secret-file", "-", "--api", api)).isZero();
        } finally {
            System.setIn(before);
        }
        assertThat(requests.getFirst()).contains("\"secret\":\"correct-horse-1\"");
    }

    /** Protects from files that hold something else; what they hold is not printed. */
    @Test
    void chapRefusesWhatIsNoSecret() throws IOException {
        for (String contents :
                List.of("", "too-short-1", "two lines of\nsomething", "x".repeat(200))) {
            assertThat(ashlar("host", "chap", "h", "--secret-file", file(contents), "--api", api))
                    .as(contents)
                    .isEqualTo(1);
        }
        assertThat(ashlar("host", "chap", "h", "--secret-file", "/no/such", "--api", api))
                .isEqualTo(1);
        assertThat(err.toString()).contains("12 to 128").doesNotContain("something", "too-short");
        assertThat(ashlar("host", "chap", "h", "--api", api)).isEqualTo(2);
        assertThat(ashlar("host", "chap", "h", "--none", "--secret-file", "-", "--api", api))
                .isEqualTo(2);
        assertThat(
                        ashlar(
                                "host",
                                "chap",
                                "h",
                                "--secret-file",
                                "-",
                                "--mutual-secret-file",
                                "-",
                                "--api",
                                api))
                .isEqualTo(2);
        assertThat(requests).isEmpty();
    }

    /** Protects people's overview: which hosts prove themselves, and how. */
    @Test
    void hostsAreListedWithTheirChap() {
        String host = "{\"name\": \"iqn.x:h\", \"chap\": \"MUTUAL\", \"mappings\": []}";
        answers.put("/v1/hosts", "[" + host + "]");
        answers.put("/v1/hosts/iqn.x:h", host);
        answers.put("/v1/hosts/iqn.x%3Ah", host);
        assertThat(ashlar("host", "list", "--api", api)).isZero();
        assertThat(ashlar("host", "show", "iqn.x:h", "--api", api)).isZero();
        assertThat(out.toString()).contains("iqn.x:h  mutual").contains("CHAP  mutual");
    }

    /** Protects data from a slip of the finger: without a terminal, deletion needs --yes. */
    @Test
    void deleteAsksFirst() {
        assertThat(ashlar("volume", "delete", "demo", "--api", api)).isEqualTo(1);
        assertThat(requests).isEmpty();
        assertThat(ashlar("volume", "delete", "demo", "--yes", "--api", api)).isZero();
        assertThat(requests).containsExactly("DELETE /v1/volumes/demo ");
    }

    /** Protects people from stack traces: a refusal is one line, with exit code 1. */
    @Test
    void refusalsAreOneLine() {
        status = 409;
        answers.put(
                "/v1/volumes",
                "{\"code\": \"exists\", \"message\": \"volume v1 exists\", \"remedy\": \"choose\"}");
        assertThat(ashlar("volume", "create", "v1", "--size", "1GiB", "--api", api)).isEqualTo(1);
        assertThat(err.toString()).isEqualToIgnoringNewLines("ashlar: volume v1 exists; choose\n");
    }

    /** Protects people whose node is down: another one is asked. */
    @Test
    void asksTheNextNodeIfOneIsDown() throws IOException {
        String both = "http://127.0.0.1:" + freePort() + "," + api;
        assertThat(ashlar("node", "show", "1", "--api", both)).isZero();
        assertThat(out.toString()).contains("incarnation  65");
        assertThat(ashlar("volume", "delete", "demo", "--yes", "--api", both)).isZero();
    }

    /** Protects scripts: that nobody answers has its own exit code. */
    @Test
    void tellsThatNoNodeAnswers() throws IOException {
        String nobody = "http://127.0.0.1:" + freePort();
        assertThat(ashlar("status", "--api", nobody)).isEqualTo(3);
        assertThat(err.toString()).startsWith("ashlar: no node answers: " + nobody);
        assertThat(err.toString().lines()).hasSize(1);
    }

    /** Protects scripts: a wrong command line has its own exit code, and says what is wrong. */
    @Test
    void tellsWrongUsage() {
        assertThat(ashlar("volume", "create", "v1")).isEqualTo(2);
        assertThat(err.toString()).contains("--size").contains("ashlar volume create --help");
        assertThat(ashlar("nonsense")).isEqualTo(2);
        assertThat(ashlar()).isEqualTo(2);
        assertThat(ashlar("volume")).isEqualTo(2);
        assertThat(ashlar("status", "--api", "nonsense")).isEqualTo(2);
        assertThat(ashlar("dev", "--nodes", "2")).isEqualTo(2);
        assertThat(ashlar("dev", "--address", "192.0.2.1")).isEqualTo(2);
        assertThat(ashlar("dev", "--address", "198.51.101.1")).isEqualTo(2);
        assertThat(ashlar("dev", "--address", "203.0.113.0")).isEqualTo(2);
    }

    /** Protects shells: the completion script knows the commands. */
    @Test
    void printsACompletionScript() {
        assertThat(ashlar("completion")).isZero();
        assertThat(out.toString()).contains("complete -F").contains("kill-node");
    }
}
