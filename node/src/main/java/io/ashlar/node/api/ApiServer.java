package io.ashlar.node.api;

import io.ashlar.common.Clock;
import io.ashlar.node.OperatorException;
import io.ashlar.node.configuration.HostPort;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * HTTP around {@link AdminApi}, a virtual thread for each request. Until it has TLS and tokens it
 * is open to whoever reaches its port, which is why it listens on loopback unless the configuration
 * says otherwise. Requests that a browser sends for some web page are refused.
 */
public final class ApiServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ApiServer.class);
    private static final Logger AUDIT = LoggerFactory.getLogger("io.ashlar.audit");
    private static final int BODY_BYTES_MAX = 64 << 10;
    private static final int CONNECTIONS_MAX = 256;

    private final AdminApi api;
    private final Clock clock;
    private final WebServer server;

    private ApiServer(AdminApi api, Clock clock, HostPort address) {
        this.api = api;
        this.clock = clock;
        this.server =
                WebServer.builder()
                        .address(InetAddress.ofLiteral(address.host()))
                        .port(address.port())
                        .maxPayloadSize(BODY_BYTES_MAX)
                        .maxTcpConnections(CONNECTIONS_MAX)
                        // Also what ends a connection whose client asked for that.
                        .idleConnectionTimeout(Duration.ofSeconds(30))
                        .idleConnectionPeriod(Duration.ofSeconds(10))
                        .shutdownGracePeriod(Duration.ofMillis(200))
                        .shutdownHook(false)
                        .routing(routing -> routing.any(this::answer))
                        .build();
    }

    /**
     * Starts to listen.
     *
     * @throws OperatorException if the port is taken
     */
    public static ApiServer start(AdminApi api, Clock clock, HostPort address) {
        ApiServer result = new ApiServer(api, clock, address);
        RuntimeException cause = null;
        try {
            result.server.start();
        } catch (RuntimeException e) {
            cause = e;
        }
        // A port that is taken is only logged by the server, not thrown.
        if (cause != null || !result.server.isRunning()) {
            String message =
                    "api: cannot listen on "
                            + address
                            + "; stop what listens there, or choose another port";
            throw cause == null
                    ? OperatorException.start(message)
                    : OperatorException.start(message, cause);
        }
        LOG.warn(
                "the administration interface on {} is open: no TLS, no login; keep it on {}",
                address,
                address.isLoopback() ? "loopback" : "a network that you trust");
        return result;
    }

    /** The port that it listens on. */
    public int port() {
        return server.port();
    }

    private void answer(ServerRequest request, ServerResponse response) {
        long begun = clock.nanos();
        String method = request.prologue().method().text();
        String path = request.path().path();
        ApiResponse answer;
        if (isForged(request)) {
            answer =
                    ApiResponse.json(
                            403,
                            new ApiViews.Failure(
                                    "forbidden",
                                    "the request comes from a web page or names a foreign host",
                                    "use 'ashlar' or a program, and the node's IP address"));
        } else {
            Map<String, String> query = new HashMap<>();
            request.query().toMap().forEach((key, all) -> query.put(key, all.getFirst()));
            byte[] body =
                    request.content().hasEntity()
                            ? request.content().as(byte[].class)
                            : new byte[0];
            answer = api.handle(new ApiRequest(method, path, query, body));
        }
        audit(request, method, path, answer.status(), clock.nanos() - begun);
        response.status(answer.status());
        if (answer.body().length > 0) {
            response.header(HeaderNames.CONTENT_TYPE, answer.contentType());
            response.send(answer.body());
        } else {
            response.send();
        }
    }

    /** A page in a browser can send requests here; it cannot hide its origin, nor name our IP. */
    private static boolean isForged(ServerRequest request) {
        if (request.headers().contains(HeaderNames.ORIGIN)) {
            return true;
        }
        String host = request.requestedUri().host();
        if (host.equals("localhost")) {
            return false;
        }
        try {
            InetAddress.ofLiteral(
                    host.startsWith("[") ? host.substring(1, host.length() - 1) : host);
            return false;
        } catch (IllegalArgumentException e) {
            return true;
        }
    }

    /** Changes are logged, reads at debug level, since programs poll them. */
    private static void audit(
            ServerRequest request, String method, String path, int status, long nanos) {
        var level = method.equals("GET") ? org.slf4j.event.Level.DEBUG : org.slf4j.event.Level.INFO;
        AUDIT.atLevel(level)
                .log(
                        "{} {} from {} answered {} after {} ms",
                        method,
                        path,
                        request.remotePeer().host(),
                        status,
                        nanos / 1_000_000);
    }

    @Override
    public void close() {
        server.stop();
    }
}
