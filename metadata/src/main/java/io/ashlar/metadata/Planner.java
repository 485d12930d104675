package io.ashlar.metadata;

import io.ashlar.common.Check;
import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.metadata.Command.Placement;
import io.ashlar.metadata.NodeRecord.AdminState;
import io.ashlar.metadata.planning.Quotas;
import io.ashlar.metadata.planning.Rendezvous;
import io.ashlar.metadata.planning.Slots;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Decides where placement groups go (DESIGN section 4). Pure: its result is proposed as commands
 * and stored, never computed again by those who look placement up.
 *
 * <p>Weighted rendezvous hashing says which nodes a group would like; quotas, in proportion to the
 * nodes' weights as far as failure domains permit, say how many groups a node gets. So loads follow
 * weights to within one group, and a node that comes or goes moves little more than its share.
 */
public final class Planner {
    private Planner() {}

    /**
     * Places the groups of a new pool. With fewer failure domains than replicas a group gets as
     * many targets as there are domains.
     *
     * @param nodes those that may take groups; cordoned ones and those without devices get none
     * @throws IllegalArgumentException if no node can take any
     */
    public static List<Placement> place(int pgCount, int replicas, Collection<NodeRecord> nodes) {
        Check.argument(pgCount > 0 && replicas > 0, "%s groups, %s replicas", pgCount, replicas);
        List<SortedSet<NodeId>> none = Collections.nCopies(pgCount, Collections.emptySortedSet());
        TreeMap<NodeId, NodeRecord> open = open(nodes);
        List<SortedSet<NodeId>> targets = assign(none, replicas, open, open, Map.of());
        Check.argument(!targets.getFirst().isEmpty(), "no active node has a data device");
        List<NodeId> primaries = primaries(targets);
        List<Placement> placements = new ArrayList<>(pgCount);
        for (int group = 0; group < pgCount; group++) {
            placements.add(new Placement(primaries.get(group), targets.get(group)));
        }
        return placements;
    }

    /**
     * New placements for those groups of a pool that want others, given the nodes as they are:
     * missing replicas are filled, groups move from nodes above their quota to nodes below it, and
     * leads are evened out. A cordoned node keeps what it has and gets nothing new. What cannot be
     * placed elsewhere under the failure-domain rule stays where it is.
     *
     * @param leaving nodes whose replicas must find another place: draining, or away for long
     * @param holding nodes that get nothing new for the moment
     */
    public static SortedMap<PgId, Placement> retarget(
            ControlState state, Pool pool, Set<NodeId> leaving, Set<NodeId> holding) {
        List<PgConfig> groups =
                List.copyOf(
                        state.placementGroups()
                                .subMap(new PgId(pool.id(), 0), new PgId(pool.id() + 1, 0))
                                .values());
        TreeMap<NodeId, NodeRecord> known = new TreeMap<>(state.nodes());
        known.keySet().removeAll(leaving);
        TreeMap<NodeId, NodeRecord> open = open(known.values());
        open.keySet().removeAll(holding);
        List<SortedSet<NodeId>> present = groups.stream().map(PgConfig::targets).toList();
        List<SortedSet<NodeId>> wanted =
                open.isEmpty()
                        ? present
                        : assign(present, pool.replicas(), known, open, heirs(state, leaving));
        List<SortedSet<NodeId>> targets = new ArrayList<>(groups.size());
        List<SortedSet<NodeId>> candidates = new ArrayList<>(groups.size());
        for (int i = 0; i < groups.size(); i++) {
            SortedSet<NodeId> kept = keptToo(state, present.get(i), wanted.get(i), pool.replicas());
            targets.add(kept);
            TreeSet<NodeId> mayLead = new TreeSet<>(kept);
            mayLead.removeAll(leaving);
            candidates.add(mayLead.isEmpty() ? kept : mayLead);
        }
        List<NodeId> leads =
                preferences(groups.stream().map(PgConfig::preferred).toList(), candidates);
        TreeMap<PgId, Placement> changes = new TreeMap<>();
        for (int i = 0; i < groups.size(); i++) {
            Placement placement = new Placement(leads.get(i), targets.get(i));
            if (!placement.equals(groups.get(i).placement())) {
                changes.put(groups.get(i).id(), placement);
            }
        }
        return changes;
    }

    /** Who takes the place of nodes that leave, where an administrator has said so. */
    private static SortedMap<NodeId, NodeId> heirs(ControlState state, Set<NodeId> leaving) {
        TreeMap<NodeId, NodeId> heirs = new TreeMap<>();
        for (NodeRecord node : state.nodes().values()) {
            if (leaving.contains(node.id())) {
                node.settings().heir().ifPresent(heir -> heirs.put(node.id(), heir));
            }
        }
        return heirs;
    }

    /**
     * What was found, and of the present targets those that nothing takes the place of; the last
     * ones even if they have come to share a failure domain: that is no reason to drop a copy.
     */
    private static SortedSet<NodeId> keptToo(
            ControlState state, SortedSet<NodeId> present, SortedSet<NodeId> found, int replicas) {
        TreeSet<NodeId> all = new TreeSet<>(found);
        TreeSet<String> domains = new TreeSet<>();
        for (NodeId node : found) {
            NodeRecord record = state.nodes().get(node);
            if (record != null) {
                domains.add(record.failureDomain());
            }
        }
        for (NodeId node : present) {
            NodeRecord record = state.nodes().get(node);
            if (all.size() < replicas && record != null && domains.add(record.failureDomain())) {
                all.add(node);
            }
        }
        for (NodeId node : present) {
            if (all.size() < replicas && state.nodes().containsKey(node)) {
                all.add(node);
            }
        }
        return all;
    }

    private static TreeMap<NodeId, NodeRecord> open(Collection<NodeRecord> nodes) {
        TreeMap<NodeId, NodeRecord> open = new TreeMap<>();
        for (NodeRecord node : nodes) {
            if (node.adminState() == AdminState.ACTIVE && !node.devices().isEmpty()) {
                open.put(node.id(), node);
            }
        }
        return open;
    }

    private static List<SortedSet<NodeId>> assign(
            List<SortedSet<NodeId>> present,
            int replicas,
            SortedMap<NodeId, NodeRecord> known,
            SortedMap<NodeId, NodeRecord> open,
            Map<NodeId, NodeId> heirs) {
        Quotas quotas = Quotas.of(present.size(), replicas, open.values(), loads(present));
        Slots slots = new Slots(present, replicas, known, open, quotas, new Rendezvous());
        slots.handDown(heirs);
        slots.fill();
        slots.moveAboveQuota();
        return slots.result();
    }

    /**
     * Chooses who leads each group first: the target that leads least so far, the one that led
     * longest ago first, so that consecutive groups, which hold consecutive chunks, alternate over
     * the nodes. Then chains of groups hand the lead on from who leads most to who leads least.
     */
    static List<NodeId> primaries(List<SortedSet<NodeId>> targets) {
        TreeMap<NodeId, Integer> leads = new TreeMap<>();
        TreeMap<NodeId, Integer> ledLast = new TreeMap<>();
        List<NodeId> primaries = new ArrayList<>(targets.size());
        for (int group = 0; group < targets.size(); group++) {
            NodeId best = targets.get(group).first();
            for (NodeId node : targets.get(group)) {
                int fewer = leads.getOrDefault(node, 0) - leads.getOrDefault(best, 0);
                int longer = ledLast.getOrDefault(node, -1) - ledLast.getOrDefault(best, -1);
                if (fewer < 0 || (fewer == 0 && longer < 0)) {
                    best = node;
                }
            }
            primaries.add(best);
            leads.merge(best, 1, Integer::sum);
            ledLast.put(best, group);
        }
        evenOut(targets, primaries);
        return primaries;
    }

    /**
     * The same for groups that have a preferred primary already: it stays where that is as good.
     *
     * @param candidates of each group; one of them is chosen
     */
    private static List<NodeId> preferences(
            List<NodeId> present, List<SortedSet<NodeId>> candidates) {
        TreeMap<NodeId, Integer> leads = new TreeMap<>();
        for (int group = 0; group < present.size(); group++) {
            if (candidates.get(group).contains(present.get(group))) {
                leads.merge(present.get(group), 1, Integer::sum);
            }
        }
        List<NodeId> primaries = new ArrayList<>(present);
        for (int group = 0; group < present.size(); group++) {
            if (!candidates.get(group).contains(present.get(group))) {
                NodeId best = candidates.get(group).first();
                for (NodeId node : candidates.get(group)) {
                    if (leads.getOrDefault(node, 0) < leads.getOrDefault(best, 0)) {
                        best = node;
                    }
                }
                primaries.set(group, best);
                leads.merge(best, 1, Integer::sum);
            }
        }
        evenOut(candidates, primaries);
        return primaries;
    }

    private static void evenOut(List<SortedSet<NodeId>> targets, List<NodeId> primaries) {
        TreeMap<NodeId, Integer> leads = new TreeMap<>();
        primaries.forEach(node -> leads.merge(node, 1, Integer::sum));
        for (SortedSet<NodeId> nodes : targets) {
            nodes.forEach(node -> leads.putIfAbsent(node, 0));
        }
        while (handOn(targets, primaries, leads)) {
            // each turn lowers the sum of squares of the loads, so this ends
        }
    }

    /** Moves one lead along a chain from a node to one that leads at least two groups fewer. */
    private static boolean handOn(
            List<SortedSet<NodeId>> targets,
            List<NodeId> primaries,
            TreeMap<NodeId, Integer> leads) {
        for (NodeId from : leads.keySet()) {
            // Breadth first over "leads a group of which the other is a target".
            TreeMap<NodeId, Integer> groupThatReached = new TreeMap<>();
            List<NodeId> reached = new ArrayList<>(List.of(from));
            for (int next = 0; next < reached.size(); next++) {
                NodeId at = reached.get(next);
                if (leads.getOrDefault(at, 0) <= leads.getOrDefault(from, 0) - 2) {
                    for (NodeId node = at; !node.equals(from); ) {
                        int group = groupThatReached.getOrDefault(node, 0);
                        NodeId before = primaries.set(group, node);
                        node = before;
                    }
                    leads.merge(from, -1, Integer::sum);
                    leads.merge(at, 1, Integer::sum);
                    return true;
                }
                for (int group = 0; group < targets.size(); group++) {
                    if (primaries.get(group).equals(at)) {
                        for (NodeId to : targets.get(group)) {
                            if (!to.equals(from) && !groupThatReached.containsKey(to)) {
                                groupThatReached.put(to, group);
                                reached.add(to);
                            }
                        }
                    }
                }
            }
        }
        return false;
    }

    /** How many groups each node is a target of. */
    static SortedMap<NodeId, Integer> loads(List<? extends SortedSet<NodeId>> targets) {
        TreeMap<NodeId, Integer> loads = new TreeMap<>();
        targets.forEach(set -> new TreeSet<>(set).forEach(n -> loads.merge(n, 1, Integer::sum)));
        return loads;
    }
}
