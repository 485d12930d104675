package io.ashlar.cli;

import io.ashlar.node.api.ApiViews;
import io.ashlar.node.api.PlainHttp;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The nodes' interface as the command uses it. Several nodes may be named: reads go to the first
 * that answers and is in touch, changes to the first that can be connected to. A change is never
 * sent a second time, as the first one may have been done.
 */
public final class ApiClient {
    /** Where the nodes of a development cluster listen. */
    public static final String DEFAULT_URLS =
            "http://127.0.0.1:7480,http://127.0.0.2:7480,http://127.0.0.3:7480";

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration TIMEOUT = Duration.ofSeconds(40);
    private static final int STATUS_UNAVAILABLE = 503;

    /** Tolerant of fields that a newer node adds. */
    private static final JsonMapper MAPPER =
            JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

    private final List<URI> nodes;
    private final HttpClient client = PlainHttp.client(CONNECT_TIMEOUT).build();

    /**
     * @param urls of one or more nodes, separated by commas
     */
    public ApiClient(String urls) {
        List<URI> parsed = new ArrayList<>();
        for (String text : urls.split(",", -1)) {
            parsed.add(parse(text.trim()));
        }
        nodes = List.copyOf(parsed);
    }

    private static URI parse(String text) {
        try {
            URI uri = URI.create(text);
            if ("http".equals(uri.getScheme()) && uri.getHost() != null) {
                return URI.create(text.endsWith("/") ? text.substring(0, text.length() - 1) : text);
            }
        } catch (IllegalArgumentException e) {
            // answered below
        }
        throw CliException.usage(
                "'" + text + "' is no address of a node; write for example http://127.0.0.1:7480");
    }

    /** Quotes one segment of a path. */
    public static String segment(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    public <T> T get(String path, Class<T> type) {
        return convert(get(path), MAPPER.constructType(type));
    }

    public <T> T get(String path, TypeReference<T> type) {
        return convert(get(path), MAPPER.constructType(type));
    }

    private static <T> T convert(JsonNode json, tools.jackson.databind.JavaType type) {
        try {
            return MAPPER.treeToValue(json, type);
        } catch (JacksonException e) {
            throw CliException.failed(
                    "the node answered what this version of 'ashlar' does not understand: "
                            + e.getOriginalMessage());
        }
    }

    /** The answer as it came. */
    public JsonNode get(String path) {
        HttpResponse<byte[]> refused = null;
        List<String> silent = new ArrayList<>();
        for (URI node : nodes) {
            try {
                HttpResponse<byte[]> response = send(node, "GET", path, null);
                if (response.statusCode() != STATUS_UNAVAILABLE) {
                    return body(response);
                }
                refused = response;
            } catch (IOException e) {
                silent.add(node + " (" + reason(e) + ")");
            }
        }
        if (refused != null) {
            return body(refused); // says why
        }
        throw unreachable(silent);
    }

    /** Sends a change; the answer is what was made, if anything. */
    public JsonNode change(String method, String path, @Nullable Object body) {
        List<String> silent = new ArrayList<>();
        for (URI node : nodes) {
            try {
                return body(send(node, method, path, body));
            } catch (ConnectException | HttpConnectTimeoutException e) {
                silent.add(node + " (" + reason(e) + ")"); // nothing was sent
            } catch (IOException e) {
                throw CliException.failed(
                        node
                                + " was asked and did not answer ("
                                + reason(e)
                                + "): nobody knows whether the change was made; look before you"
                                + " try again");
            }
        }
        throw unreachable(silent);
    }

    private HttpResponse<byte[]> send(URI node, String method, String path, @Nullable Object body)
            throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(node + path));
        request.timeout(TIMEOUT);
        if (body == null) {
            request.method(method, HttpRequest.BodyPublishers.noBody());
        } else {
            request.header("Content-Type", "application/json");
            request.method(
                    method, HttpRequest.BodyPublishers.ofByteArray(MAPPER.writeValueAsBytes(body)));
        }
        try {
            return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static JsonNode body(HttpResponse<byte[]> response) {
        JsonNode json;
        try {
            json = response.body().length == 0 ? null : MAPPER.readTree(response.body());
        } catch (JacksonException e) {
            json = null;
        }
        if (response.statusCode() / 100 == 2) {
            return json == null ? MAPPER.createObjectNode() : json;
        }
        if (json != null && json.has("message")) {
            ApiViews.Failure failure = MAPPER.treeToValue(json, ApiViews.Failure.class);
            throw CliException.failed(failure.message() + "; " + failure.remedy());
        }
        throw CliException.failed(
                response.uri()
                        + " answered "
                        + response.statusCode()
                        + ", which is not what a node of Ashlar says; check the address");
    }

    private CliException unreachable(List<String> silent) {
        return CliException.unreachable(
                "no node answers: "
                        + String.join(", ", silent)
                        + "; start one, or name another with --api URL");
    }

    private static String reason(IOException e) {
        if (e instanceof ConnectException) {
            return "connection refused";
        }
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    /** For {@code -o json}. */
    static String pretty(Object value) {
        return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(value);
    }
}
