package io.ashlar.metadata.planning;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.NodeRecord;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How many groups each failure domain and each node ought to hold, in proportion to weights and
 * rounded up or down. A domain holds a group at most once, so a heavy domain's quota ends at the
 * number of groups, and the rest falls to the others. Who is rounded up is who holds more already,
 * so that nothing moves for the sake of rounding.
 *
 * @param domains sum to the number of replicas of all groups together
 * @param nodes those of a domain sum to the domain's
 */
public record Quotas(SortedMap<String, Integer> domains, SortedMap<NodeId, Integer> nodes) {

    /**
     * @param nodes those that share the groups
     * @param loads groups that each holds now
     */
    public static Quotas of(
            int groups, int replicas, Collection<NodeRecord> nodes, Map<NodeId, Integer> loads) {
        TreeMap<String, List<NodeRecord>> byDomain = new TreeMap<>();
        for (NodeRecord node : nodes) {
            byDomain.computeIfAbsent(node.failureDomain(), _ -> new ArrayList<>()).add(node);
        }
        TreeMap<String, Long> weights = new TreeMap<>();
        TreeMap<String, Integer> held = new TreeMap<>();
        byDomain.forEach((domain, members) -> {
            weights.put(domain, members.stream().mapToLong(NodeRecord::weight).sum());
            held.put(
                    domain,
                    members.stream().mapToInt(node -> loads.getOrDefault(node.id(), 0)).sum());
        });
        long total = (long) groups * Math.min(replicas, byDomain.size());
        TreeMap<String, Integer> domains = share(total, groups, weights, held);
        TreeMap<NodeId, Integer> perNode = new TreeMap<>();
        byDomain.forEach((domain, members) -> {
            TreeMap<NodeId, Long> memberWeights = new TreeMap<>();
            members.forEach(member -> memberWeights.put(member.id(), member.weight()));
            int ofDomain = domains.getOrDefault(domain, 0);
            perNode.putAll(share(ofDomain, groups, memberWeights, loads));
        });
        return new Quotas(domains, perNode);
    }

    /**
     * Shares a total out by weight, none above the cap: whole parts first, then one more each to
     * those that hold as much already, then to the largest remainders. What a capped one leaves is
     * shared among the others again.
     */
    private static <K extends Comparable<K>> TreeMap<K, Integer> share(
            long total, int cap, Map<K, Long> weights, Map<K, Integer> held) {
        TreeMap<K, Integer> shares = new TreeMap<>();
        TreeMap<K, Long> open = new TreeMap<>(weights);
        long left = total;
        for (boolean capped = true; capped && !open.isEmpty(); ) {
            capped = false;
            long sum = sum(open);
            long toShare = left;
            for (K key : List.copyOf(open.keySet())) {
                if (toShare * open.getOrDefault(key, 0L) >= cap * sum) {
                    shares.put(key, cap);
                    open.remove(key);
                    left -= cap;
                    capped = true;
                }
            }
        }
        long sum = sum(open);
        long toShare = left;
        TreeMap<K, Long> remainders = new TreeMap<>();
        for (var entry : open.entrySet()) {
            int whole = (int) (toShare * entry.getValue() / sum);
            shares.put(entry.getKey(), whole);
            long remainder = toShare * entry.getValue() % sum;
            if (remainder > 0) {
                boolean holdsMore = held.getOrDefault(entry.getKey(), 0) > whole;
                remainders.put(entry.getKey(), remainder + (holdsMore ? sum : 0));
            }
            left -= whole;
        }
        List<K> byRemainder = new ArrayList<>(remainders.keySet());
        byRemainder.sort(Comparator.comparing(key -> -remainders.getOrDefault(key, 0L)));
        for (int i = 0; i < left && i < byRemainder.size(); i++) {
            shares.merge(byRemainder.get(i), 1, Integer::sum);
        }
        return shares;
    }

    private static long sum(Map<?, Long> weights) {
        return weights.values().stream().mapToLong(Long::longValue).sum();
    }
}
