package io.ashlar.systemtests.cluster;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import tools.jackson.databind.JsonNode;

/** Whether all replicas of all groups hold the same; the nodes read theirs beside one another. */
final class ReplicaComparison {
    private final DevCluster cluster;

    ReplicaComparison(DevCluster cluster) {
        this.cluster = cluster;
    }

    /**
     * How many chunks each replica holds, all groups together.
     *
     * @throws AssertionError naming the first group that differs or has not three replicas
     */
    int run() throws IOException, InterruptedException {
        JsonNode groups = cluster.api(1).placementGroups();
        Map<Integer, List<String>> heldBy = new TreeMap<>();
        for (JsonNode group : groups) {
            for (JsonNode member : group.path("members")) {
                heldBy.computeIfAbsent(member.asInt(), _ -> new ArrayList<>()).add(id(group));
            }
        }
        Map<Integer, Map<String, Map<String, String>>> digests = digests(heldBy);
        int chunks = 0;
        for (JsonNode group : groups) {
            chunks += compare(group, digests);
        }
        return chunks;
    }

    /** By node, group and chunk. */
    private Map<Integer, Map<String, Map<String, String>>> digests(
            Map<Integer, List<String>> heldBy) throws IOException, InterruptedException {
        Map<Integer, Map<String, Map<String, String>>> digests = new TreeMap<>();
        try (ExecutorService nodes = Executors.newVirtualThreadPerTaskExecutor()) {
            Map<Integer, Future<Map<String, Map<String, String>>>> futures = new TreeMap<>();
            heldBy.forEach((node, groups) ->
                    futures.put(node, nodes.submit(() -> digestsOf(node, groups))));
            for (var future : futures.entrySet()) {
                digests.put(future.getKey(), future.getValue().get());
            }
            return digests;
        } catch (ExecutionException e) {
            throw new IOException("not all replicas can be read: " + e.getCause(), e.getCause());
        }
    }

    private Map<String, Map<String, String>> digestsOf(int node, List<String> groups)
            throws IOException, InterruptedException {
        NodeApi api = cluster.api(node);
        Map<String, Map<String, String>> digests = new HashMap<>();
        for (String group : groups) {
            digests.put(group, api.digests(group));
        }
        return digests;
    }

    /** How many chunks it has. */
    private static int compare(
            JsonNode group, Map<Integer, Map<String, Map<String, String>>> digests) {
        String id = id(group);
        if (group.path("members").size() != DevCluster.NODES) {
            throw new AssertionError("group %s has not three replicas: %s".formatted(id, group));
        }
        int firstNode = group.path("members").get(0).asInt();
        Map<String, String> first = digests.get(firstNode).get(id);
        for (JsonNode member : group.path("members")) {
            Map<String, String> other = digests.get(member.asInt()).get(id);
            if (!first.equals(other)) {
                throw new AssertionError(
                        "group %s differs:%n node %d %s%n node %d %s"
                                .formatted(id, firstNode, first, member.asInt(), other));
            }
        }
        return first.size();
    }

    private static String id(JsonNode group) {
        return group.path("id").asString();
    }
}
