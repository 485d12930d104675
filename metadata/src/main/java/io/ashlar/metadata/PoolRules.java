package io.ashlar.metadata;

import io.ashlar.common.DeviceId;
import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.metadata.Command.Placement;
import io.ashlar.metadata.ControlStateMachine.Result;
import io.ashlar.metadata.Outcome.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Commands about pools, and where their groups ought to be. */
final class PoolRules {
    private PoolRules() {}

    static Result create(Step step, Command.CreatePool command) {
        ControlState state = step.state();
        String name = command.name();
        if (!state.isInitialized()) {
            return step.rejected(
                    Reason.STALE, "the cluster has no identity yet; initialize it first");
        }
        if (!Step.isName(name)) {
            return step.rejected(
                    Reason.INVALID,
                    "pool name " + Step.quoted(name) + " is not allowed; " + Step.NAME_RULE);
        }
        if (state.poolNamed(name).isPresent()) {
            return step.rejected(
                    Reason.EXISTS, "pool " + name + " exists already; choose another name");
        }
        int pgCount = command.groups().size();
        if (Integer.bitCount(pgCount) != 1 || pgCount > Limits.GROUPS_PER_POOL_MAX) {
            return step.rejected(
                    Reason.INVALID,
                    "pool "
                            + name
                            + " with "
                            + pgCount
                            + " placement groups; use a power of two up to "
                            + Limits.GROUPS_PER_POOL_MAX);
        }
        if (command.replicas() < 1
                || command.replicas() > Limits.REPLICAS_MAX
                || command.inSyncMin() < 1
                || command.inSyncMin() > command.replicas()) {
            return step.rejected(
                    Reason.INVALID,
                    "pool "
                            + name
                            + " with "
                            + command.replicas()
                            + " replicas, at least "
                            + command.inSyncMin()
                            + " in sync; use 1 to "
                            + Limits.REPLICAS_MAX
                            + " replicas and a minimum between 1 and their number");
        }
        if (state.pools().size() >= Limits.POOLS_MAX
                || state.placementGroups().size() + pgCount > Limits.GROUPS_MAX) {
            return step.rejected(
                    Reason.INVALID,
                    "pool "
                            + name
                            + " would exceed "
                            + Limits.POOLS_MAX
                            + " pools or "
                            + Limits.GROUPS_MAX
                            + " placement groups; use fewer groups");
        }
        int id = state.pools().isEmpty() ? 1 : state.pools().lastKey() + 1;
        DeviceChoice devices = new DeviceChoice(state);
        List<PgConfig> groups = new ArrayList<>(pgCount);
        for (Placement placement : command.groups()) {
            PgId pg = new PgId(id, groups.size());
            SortedSet<NodeId> targets = placement.targets();
            String problem =
                    targetsProblem(
                            state, targets, targets, command.inSyncMin(), command.replicas());
            if (problem == null) {
                problem = newTargetProblem(state, targets);
            }
            if (problem == null && !targets.contains(placement.primary())) {
                problem = "primary " + placement.primary() + " is none of its targets";
            }
            if (problem != null) {
                return step.rejected(
                        Reason.INVALID,
                        "placement group "
                                + pg
                                + " of pool "
                                + name
                                + ": "
                                + problem
                                + "; plan the pool anew");
            }
            TreeMap<NodeId, Member> members = new TreeMap<>();
            for (NodeId node : targets) {
                NodeRecord record = node(state, node);
                members.put(
                        node,
                        new Member(
                                node,
                                record.incarnation(),
                                record.bootId(),
                                devices.leastUsed(record)));
            }
            groups.add(
                    new PgConfig(
                            pg,
                            1,
                            1,
                            placement.primary(),
                            members,
                            placement.primary(),
                            targets,
                            step.index(),
                            step.index()));
        }
        Pool pool = new Pool(id, name, pgCount, command.replicas(), command.inSyncMin());
        return step.applied(state.withPool(pool, groups), id);
    }

    static Result retarget(Step step, Command.RetargetGroup command) {
        ControlState state = step.state();
        PgConfig group = state.placementGroups().get(command.pg());
        Pool pool = state.pools().get(command.pg().pool());
        if (group == null || pool == null) {
            return step.rejected(Reason.NOT_FOUND, "there is no placement group " + command.pg());
        }
        if (!group.placement().equals(command.expected())) {
            return step.rejected(
                    Reason.STALE,
                    "placement group "
                            + command.pg()
                            + " is planned for "
                            + group.targets()
                            + " under "
                            + group.preferred()
                            + " by now; plan again from the newest state");
        }
        SortedSet<NodeId> targets = command.wanted().targets();
        SortedSet<NodeId> added = new TreeSet<>(targets);
        added.removeAll(group.targets());
        String problem = targetsProblem(state, targets, added, 1, pool.replicas());
        if (problem == null) {
            problem = newTargetProblem(state, added);
        }
        if (problem == null && !targets.contains(command.wanted().primary())) {
            problem = "primary " + command.wanted().primary() + " is none of its targets";
        }
        if (problem != null) {
            return step.rejected(
                    Reason.INVALID,
                    "placement group " + command.pg() + ": " + problem + "; plan again");
        }
        // The configuration is as it was: its epoch and index stay.
        return step.applied(
                state.withGroup(
                        new PgConfig(
                                group.id(),
                                group.epoch(),
                                group.leadEpoch(),
                                group.primary(),
                                group.members(),
                                command.wanted().primary(),
                                targets,
                                targets.equals(group.targets())
                                        ? group.targetsIndex()
                                        : step.index(),
                                group.index())));
    }

    /**
     * What is wrong with a set of targets, or null. Two that were there already may share a failure
     * domain: an administrator has renamed it, and there may be no other place for either.
     */
    private static @Nullable String targetsProblem(
            ControlState state,
            SortedSet<NodeId> targets,
            SortedSet<NodeId> added,
            int countMin,
            int countMax) {
        if (targets.size() < countMin || targets.size() > countMax) {
            return targets.size() + " targets, needs " + countMin + " to " + countMax;
        }
        TreeMap<String, NodeId> domains = new TreeMap<>();
        for (NodeId target : targets) {
            NodeRecord node = state.nodes().get(target);
            if (node == null) {
                return target + " is not registered";
            }
            NodeId other = domains.put(node.failureDomain(), target);
            if (other != null && (added.contains(target) || added.contains(other))) {
                return "two targets lie in failure domain " + node.failureDomain();
            }
        }
        return null;
    }

    private static @Nullable String newTargetProblem(ControlState state, SortedSet<NodeId> added) {
        for (NodeId target : added) {
            NodeRecord node = node(state, target);
            if (node.devices().isEmpty()) {
                return target + " has no data device";
            }
            if (node.adminState() != NodeRecord.AdminState.ACTIVE) {
                return target + " is cordoned";
            }
        }
        return null;
    }

    /** A node that a check before has found. */
    private static NodeRecord node(ControlState state, NodeId id) {
        NodeRecord node = state.nodes().get(id);
        if (node == null) {
            throw new IllegalStateException(id + " is not registered");
        }
        return node;
    }

    /**
     * Spreads first members over the devices of each node in proportion to their capacity, counting
     * what lies there already.
     */
    private static final class DeviceChoice {
        private final TreeMap<DeviceId, Integer> uses = new TreeMap<>();

        DeviceChoice(ControlState state) {
            for (PgConfig group : state.placementGroups().values()) {
                for (Member member : group.members().values()) {
                    uses.merge(member.device(), 1, Integer::sum);
                }
            }
        }

        DeviceId leastUsed(NodeRecord node) {
            DeviceId best = node.devices().getFirst();
            for (DeviceId device : node.devices()) {
                // Fuller in proportion after one more: compared without a division.
                long ofDevice = (uses.getOrDefault(device, 0) + 1) * mib(node, best);
                long ofBest = (uses.getOrDefault(best, 0) + 1) * mib(node, device);
                if (ofDevice < ofBest) {
                    best = device;
                }
            }
            uses.merge(best, 1, Integer::sum);
            return best;
        }

        private static long mib(NodeRecord node, DeviceId device) {
            return Math.max(1, node.deviceBytes().getOrDefault(device, 0L) >> 20);
        }
    }
}
