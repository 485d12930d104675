package io.ashlar.node.api;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.NodeRecord;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;

/** Asks the other nodes over their own administration interfaces. */
public final class HttpPeers implements Peers, AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofSeconds(1);

    private final HttpClient client =
            PlainHttp.client(TIMEOUT).executor(Executors.newVirtualThreadPerTaskExecutor()).build();

    @Override
    public Map<NodeId, ApiViews.Local> ask(Collection<NodeRecord> nodes) {
        Map<NodeId, ApiViews.Local> answers = get(nodes, "/v1/local", ApiViews.Local.class);
        answers.entrySet().removeIf(each -> each.getValue().node() != each.getKey().value());
        return answers;
    }

    @Override
    public <T> Map<NodeId, T> get(Collection<NodeRecord> nodes, String path, Class<T> type) {
        Map<NodeId, T> answers = new ConcurrentSkipListMap<>();
        var threads = new ArrayList<Thread>();
        for (NodeRecord node : nodes) {
            threads.add(Thread.ofVirtual().start(() -> get(node, path, type, answers)));
        }
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return new TreeMap<>(answers);
    }

    private <T> void get(NodeRecord node, String path, Class<T> type, Map<NodeId, T> answers) {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create("http://" + node.addresses().api() + path))
                        .timeout(TIMEOUT)
                        .build();
        try {
            var response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
            if (response.statusCode() == 200) {
                answers.put(node.id(), Json.MAPPER.readValue(response.body(), type));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (java.io.IOException | RuntimeException e) {
            // It does not answer, or not what a node of this version would: it counts as down.
        }
    }

    @Override
    public ApiResponse post(NodeRecord node, String path, Object body, Duration timeout) {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create("http://" + node.addresses().api() + path))
                        .timeout(timeout)
                        .header("Content-Type", "application/json")
                        .POST(
                                HttpRequest.BodyPublishers.ofByteArray(
                                        Json.MAPPER.writeValueAsBytes(body)))
                        .build();
        try {
            var response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
            return new ApiResponse(response.statusCode(), ApiResponse.JSON, response.body());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw silent(node, "interrupted");
        } catch (java.io.IOException e) {
            throw silent(node, e.toString());
        }
    }

    private static ApiException silent(NodeRecord node, String why) {
        return new ApiException(
                503,
                "node_silent",
                "node " + node.id().value() + " does not answer (" + why + ")",
                "start it if it is down, and look before you try again");
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
