package io.ashlar.metadata.planning;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.NodeRecord;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The groups' targets while they are being planned. Starts from what stands, takes away as little
 * as quotas ask for, and fills what is missing. The failure-domain rule is never bent; quotas are,
 * if they cannot all be met.
 */
public final class Slots {
    /** Most chains in one plan; the next plan goes on. */
    private static final int CHAINS_MAX = 256;

    private final int replicas;
    private final SortedMap<NodeId, NodeRecord> known;
    private final SortedMap<NodeId, NodeRecord> open;
    private final Quotas quotas;
    private final Rendezvous rendezvous;
    private final List<SortedSet<NodeId>> present;
    private final List<TreeSet<NodeId>> targets = new ArrayList<>();
    private final TreeMap<NodeId, Integer> loads = new TreeMap<>();

    /**
     * @param present targets as they stand; those on nodes that are not known any more, or that
     *     share a failure domain with another by now, are dropped
     * @param known nodes that may keep what they have
     * @param open those of them that may get more
     */
    public Slots(
            List<SortedSet<NodeId>> present,
            int replicas,
            SortedMap<NodeId, NodeRecord> known,
            SortedMap<NodeId, NodeRecord> open,
            Quotas quotas,
            Rendezvous rendezvous) {
        this.replicas = Math.min(replicas, quotas.domains().size());
        this.known = known;
        this.open = open;
        this.quotas = quotas;
        this.rendezvous = rendezvous;
        this.present = present;
        for (SortedSet<NodeId> group : present) {
            TreeSet<NodeId> kept = new TreeSet<>();
            TreeSet<String> domains = new TreeSet<>();
            for (NodeId node : group) {
                NodeRecord record = known.get(node);
                if (record != null
                        && kept.size() < Math.max(this.replicas, 1)
                        && domains.add(record.failureDomain())) {
                    kept.add(node);
                    loads.merge(node, 1, Integer::sum);
                }
            }
            targets.add(kept);
        }
    }

    /**
     * Moves groups from nodes above their quota to nodes below it: first what was only just put
     * there, which costs nothing, then those that gain most. Where the failure-domain rule leaves
     * no direct way, along a chain of nodes.
     */
    public void moveAboveQuota() {
        for (NodeId node : quotas.nodes().keySet()) {
            giveUpExcess(node);
        }
        for (int chains = 0; chains < CHAINS_MAX && moveAlongChain(); chains++) {
            // each lowers the sum of what nodes hold above their quota
        }
    }

    private void giveUpExcess(NodeId node) {
        int excess = -room(node);
        if (excess <= 0) {
            return;
        }
        TreeMap<Integer, Double> gains = new TreeMap<>();
        for (int group = 0; group < targets.size(); group++) {
            NodeId other = targets.get(group).contains(node) ? bestOther(group, node) : null;
            if (other != null) {
                boolean isFresh = !present.get(group).contains(node);
                gains.put(
                        group,
                        isFresh
                                ? Double.POSITIVE_INFINITY
                                : score(group, other) / score(group, node));
            }
        }
        List<Integer> byGain = new ArrayList<>(gains.keySet());
        byGain.sort(
                (a, b) -> Double.compare(gains.getOrDefault(b, 0.0), gains.getOrDefault(a, 0.0)));
        for (int group : byGain) {
            NodeId other = excess > 0 ? bestOther(group, node) : null;
            if (other != null) {
                move(group, node, other);
                excess--;
            }
        }
    }

    private void move(int group, NodeId from, NodeId to) {
        targets.get(group).remove(from);
        targets.get(group).add(to);
        loads.merge(from, -1, Integer::sum);
        loads.merge(to, 1, Integer::sum);
    }

    /** One step of a chain: the group by which a node was reached, and from where. */
    private record Hop(int group, NodeId from) {}

    /**
     * Moves one group each along the shortest chain from a node above its quota to one below; tells
     * whether there was any.
     */
    private boolean moveAlongChain() {
        TreeMap<NodeId, Hop> reachedBy = new TreeMap<>();
        List<NodeId> reached = new ArrayList<>();
        for (NodeId node : quotas.nodes().keySet()) {
            if (room(node) < 0) {
                reached.add(node);
            }
        }
        TreeSet<NodeId> unreached = new TreeSet<>(open.keySet());
        reached.forEach(unreached::remove);
        for (int next = 0; next < reached.size() && !unreached.isEmpty(); next++) {
            NodeId at = reached.get(next);
            for (int group = 0; group < targets.size(); group++) {
                if (!targets.get(group).contains(at)) {
                    continue;
                }
                for (NodeId to : List.copyOf(unreached)) {
                    if (mayTakeOver(group, at, to)) {
                        unreached.remove(to);
                        reachedBy.put(to, new Hop(group, at));
                        reached.add(to);
                        if (room(to) > 0 && moveTo(to, reachedBy)) {
                            return true;
                        }
                    }
                }
            }
        }
        return false;
    }

    /** Moves along the chain that ends here, unless it names a group twice. */
    private boolean moveTo(NodeId end, TreeMap<NodeId, Hop> reachedBy) {
        TreeSet<Integer> groups = new TreeSet<>();
        for (Hop hop = reachedBy.get(end); hop != null; hop = reachedBy.get(hop.from())) {
            if (!groups.add(hop.group())) {
                return false;
            }
        }
        NodeId to = end;
        for (Hop hop = reachedBy.get(end); hop != null; hop = reachedBy.get(to)) {
            move(hop.group(), hop.from(), to);
            to = hop.from();
        }
        return true;
    }

    /** Gives what a node leaves to its heir, where the failure-domain rule permits. */
    public void handDown(Map<NodeId, NodeId> heirs) {
        for (int group = 0; group < targets.size(); group++) {
            for (NodeId node : present.get(group)) {
                NodeId heir = heirs.get(node);
                if (heir != null
                        && targets.get(group).size() < replicas
                        && mayTakeOver(group, node, heir)) {
                    targets.get(group).add(heir);
                    loads.merge(heir, 1, Integer::sum);
                }
            }
        }
    }

    /** Fills every group up to the number of replicas. */
    public void fill() {
        for (int group = 0; group < targets.size(); group++) {
            while (targets.get(group).size() < replicas) {
                NodeId node = choose(group, targets.size() - group);
                if (node == null) {
                    break; // cordoned nodes hold the remaining domains
                }
                targets.get(group).add(node);
                loads.merge(node, 1, Integer::sum);
            }
        }
    }

    public List<SortedSet<NodeId>> result() {
        List<SortedSet<NodeId>> result = new ArrayList<>();
        targets.forEach(set -> result.add(Collections.unmodifiableSortedSet(set)));
        return result;
    }

    /**
     * The node for one more replica of a group. A domain that must hold every group from here on to
     * meet its quota goes first, then what the group likes best among the nodes below their quota,
     * then whatever is furthest below it in proportion.
     */
    private @Nullable NodeId choose(int group, int groupsLeft) {
        TreeSet<String> taken = domainsOf(group);
        NodeId best = null;
        double bestScore = -1;
        boolean bestUrgent = false;
        for (NodeRecord node : open.values()) {
            if (taken.contains(node.failureDomain()) || room(node.id()) <= 0) {
                continue;
            }
            boolean urgent = domainRoom(node.failureDomain()) >= groupsLeft;
            double score = score(group, node.id());
            if ((urgent && !bestUrgent) || (urgent == bestUrgent && score > bestScore)) {
                best = node.id();
                bestScore = score;
                bestUrgent = urgent;
            }
        }
        if (best != null) {
            return best;
        }
        for (NodeRecord node : open.values()) {
            if (!taken.contains(node.failureDomain())
                    && (best == null || room(node.id()) > room(best))) {
                best = node.id();
            }
        }
        return best;
    }

    /** Who could take a group over from a node and would still be within its quota. */
    private @Nullable NodeId bestOther(int group, NodeId held) {
        NodeId best = null;
        for (NodeId node : open.keySet()) {
            if (room(node) > 0
                    && mayTakeOver(group, held, node)
                    && (best == null || score(group, node) > score(group, best))) {
                best = node;
            }
        }
        return best;
    }

    /** Whether a node may have a group in another's stead, by the failure-domain rule. */
    private boolean mayTakeOver(int group, NodeId held, NodeId node) {
        NodeRecord heir = open.get(node);
        if (heir == null || targets.get(group).contains(node)) {
            return false;
        }
        for (NodeId other : targets.get(group)) {
            NodeRecord record = known.get(other);
            if (!other.equals(held)
                    && record != null
                    && record.failureDomain().equals(heir.failureDomain())) {
                return false;
            }
        }
        return true;
    }

    private TreeSet<String> domainsOf(int group) {
        TreeSet<String> domains = new TreeSet<>();
        for (NodeId node : targets.get(group)) {
            NodeRecord record = known.get(node);
            if (record != null) {
                domains.add(record.failureDomain());
            }
        }
        return domains;
    }

    private int load(NodeId node) {
        return loads.getOrDefault(node, 0);
    }

    private int room(NodeId node) {
        return quotas.nodes().getOrDefault(node, 0) - load(node);
    }

    private int domainRoom(String domain) {
        int room = quotas.domains().getOrDefault(domain, 0);
        for (NodeRecord node : known.values()) {
            if (node.failureDomain().equals(domain)) {
                room -= load(node.id());
            }
        }
        return room;
    }

    private double score(int group, NodeId node) {
        NodeRecord record = known.get(node);
        return rendezvous.score(group, node, record == null ? 1 : record.weight());
    }
}
