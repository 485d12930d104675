package io.ashlar.systemtests.cluster;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One node's administration interface, as a program outside sees it. */
public final class NodeApi {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);
    private static final JsonMapper MAPPER = JsonMapper.builder().build();
    private static final Pattern SAMPLE =
            Pattern.compile("(?m)^([a-zA-Z_:][\\w:]*(?:\\{[^}]*})?) ([-+.\\deENaInf]+)$");

    private final HttpClient http = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
    private final URI base;

    NodeApi(URI base) {
        this.base = base;
    }

    public JsonNode status() throws IOException, InterruptedException {
        return get("/v1/status");
    }

    /** Every volume; not all that {@link #volume} tells of one. */
    public JsonNode volumes() throws IOException, InterruptedException {
        return get("/v1/volumes");
    }

    public JsonNode volume(String name) throws IOException, InterruptedException {
        return get("/v1/volumes/" + name);
    }

    /** Begins a deep scrub of everything, and has it wait at once: no command is that fast. */
    public long startPausedScrub() throws IOException, InterruptedException {
        JsonNode job = change("POST", "/v1/jobs", "{\"kind\": \"SCRUB\", \"deep\": true}");
        long id = job.path("id").asLong();
        change("POST", "/v1/jobs/" + id + "/pause", "");
        return id;
    }

    /** Moves a volume's ownership; answers when the new owner serves. */
    public JsonNode move(String volume, int node) throws IOException, InterruptedException {
        return change("POST", "/v1/volumes/" + volume + "/move", "{\"node\": %d}".formatted(node));
    }

    /** Any change, as {@code docs/api.md} lists them. */
    public JsonNode change(String method, String path, String body)
            throws IOException, InterruptedException {
        HttpRequest.Builder request =
                request(path)
                        .header("Content-Type", "application/json")
                        .method(method, HttpRequest.BodyPublishers.ofString(body));
        return MAPPER.readTree(send(request.build()));
    }

    public JsonNode node(int node) throws IOException, InterruptedException {
        return get("/v1/nodes/" + node);
    }

    public JsonNode job(long job) throws IOException, InterruptedException {
        return get("/v1/jobs/" + job);
    }

    public JsonNode scrub() throws IOException, InterruptedException {
        return get("/v1/scrub");
    }

    public JsonNode placementGroups() throws IOException, InterruptedException {
        return get("/v1/placement-groups");
    }

    /** The digest of every chunk of a group that is not all zeros, on this node's own devices. */
    public Map<String, String> digests(String group) throws IOException, InterruptedException {
        Map<String, String> digests = new TreeMap<>();
        String after = "";
        while (true) {
            JsonNode page = get("/v1/placement-groups/" + group + "/digest" + after);
            for (JsonNode chunk : page.path("chunks")) {
                digests.put(chunk.path("chunk").asString(), chunk.path("digest").asString());
            }
            JsonNode next = page.path("next");
            if (next.isMissingNode() || next.isNull()) {
                return digests;
            }
            after = "?after=" + next.asString();
        }
    }

    /** Samples of the Prometheus page, by name and labels. */
    public Map<String, Double> metrics() throws IOException, InterruptedException {
        Map<String, Double> samples = new LinkedHashMap<>();
        Matcher matcher = SAMPLE.matcher(text("/metrics"));
        while (matcher.find()) {
            samples.put(matcher.group(1), parse(matcher.group(2)));
        }
        return samples;
    }

    /** The sum of a metric's samples, whatever their labels; 0 if there is none. */
    public double metric(String name) throws IOException, InterruptedException {
        double sum = 0;
        for (var sample : metrics().entrySet()) {
            String key = sample.getKey();
            if (key.equals(name) || key.startsWith(name + "{")) {
                sum += sample.getValue();
            }
        }
        return sum;
    }

    private static double parse(String value) {
        return switch (value) {
            case "+Inf" -> Double.POSITIVE_INFINITY;
            case "-Inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(value);
        };
    }

    private JsonNode get(String path) throws IOException, InterruptedException {
        return MAPPER.readTree(text(path));
    }

    private String text(String path) throws IOException, InterruptedException {
        return send(request(path).build());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(base.resolve(path)).timeout(TIMEOUT);
    }

    private String send(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() / 100 != 2) {
            throw new IOException(
                    "%s answered %d: %s"
                            .formatted(request.uri(), response.statusCode(), response.body()));
        }
        return response.body();
    }
}
