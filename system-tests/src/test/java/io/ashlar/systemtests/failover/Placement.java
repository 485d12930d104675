package io.ashlar.systemtests.failover;

import io.ashlar.systemtests.cluster.DevCluster;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/** Where replicas and votes lie, as node 1 sees it. */
final class Placement {
    private Placement() {}

    /** Every replica in sync, as group and node. */
    static Set<String> replicas(DevCluster cluster) throws Exception {
        Set<String> replicas = new TreeSet<>();
        for (JsonNode group : cluster.api(1).placementGroups()) {
            for (JsonNode member : group.path("members")) {
                replicas.add(group.path("id").asString() + " on " + member.asInt());
            }
        }
        return replicas;
    }

    /** Who votes on the cluster's metadata. */
    static List<Integer> voters(DevCluster cluster) throws Exception {
        List<Integer> voters = new ArrayList<>();
        for (JsonNode node : cluster.api(1).status().path("nodes")) {
            if (node.path("voter").asBoolean()) {
                voters.add(node.path("id").asInt());
            }
        }
        return voters;
    }

    /** Whether members and primaries lie evenly over these nodes, and nothing is under way. */
    static boolean isEven(DevCluster cluster, int... nodes) throws Exception {
        TreeMap<Integer, Integer> members = new TreeMap<>();
        TreeMap<Integer, Integer> primaries = new TreeMap<>();
        JsonNode groups = cluster.api(1).placementGroups();
        int replicas = 0;
        for (JsonNode group : groups) {
            replicas += group.path("targets").size();
            if (!group.path("members").equals(group.path("targets"))) {
                return false;
            }
            primaries.merge(group.path("primary").asInt(), 1, Integer::sum);
            for (JsonNode member : group.path("members")) {
                members.merge(member.asInt(), 1, Integer::sum);
            }
        }
        for (int node : nodes) {
            if (Math.abs(members.getOrDefault(node, 0) - replicas / nodes.length) > 1
                    || Math.abs(primaries.getOrDefault(node, 0) - groups.size() / nodes.length)
                            > 1) {
                return false;
            }
        }
        return true;
    }

    /** A node in a status. */
    static JsonNode node(JsonNode status, int number) {
        for (JsonNode node : status.path("nodes")) {
            if (node.path("id").asInt() == number) {
                return node;
            }
        }
        throw new AssertionError("no node " + number + " in " + status);
    }
}
