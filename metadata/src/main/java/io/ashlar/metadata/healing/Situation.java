package io.ashlar.metadata.healing;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.HealingRules;
import io.ashlar.metadata.HealingRules.Rule;
import io.ashlar.metadata.JobKind;
import io.ashlar.metadata.JobRecord;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.NodeRecord.AdminState;
import io.ashlar.metadata.Obstacle;
import io.ashlar.metadata.PgConfig;
import java.util.Comparator;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What the control loop judges by, in one step.
 *
 * @param silent nodes that are not heard now
 * @param away of these, those that have been silent for the time that is set
 * @param leaving nodes that are to hold nothing: a drain or a rebuild of them is not paused
 * @param rules {@link HealingRules#ALL} in every product
 */
record Situation(
        ControlState state,
        SortedSet<NodeId> silent,
        SortedSet<NodeId> away,
        SortedSet<NodeId> leaving,
        HealingRules rules) {

    /** Finds out who leaves: jobs say so, and their pause or end keeps a node from it. */
    static Situation of(
            ControlState state,
            SortedSet<NodeId> silent,
            SortedSet<NodeId> away,
            HealingRules rules) {
        TreeSet<NodeId> leaving = new TreeSet<>();
        for (NodeRecord node : state.nodes().values()) {
            boolean isDrained =
                    node.adminState() == AdminState.DRAINING
                            && state.jobs()
                                    .openLike(new JobKind.Drain(node.id()))
                                    .map(job -> mayGoOn(job, rules))
                                    .orElse(true);
            boolean isRebuilt =
                    (silent.contains(node.id()) || !rules.has(Rule.SILENT_ONLY))
                            && lastRebuild(state, node)
                                    .map(job -> mayGoOn(job, away.contains(node.id()), rules))
                                    .orElse(false);
            if (isDrained || isRebuilt) {
                leaving.add(node.id());
            }
        }
        return new Situation(state, silent, away, leaving, rules);
    }

    private static boolean mayGoOn(JobRecord open, HealingRules rules) {
        return open.isRunning() || !rules.has(Rule.PAUSE_HOLDS);
    }

    private static boolean mayGoOn(JobRecord rebuild, boolean isAway, HealingRules rules) {
        return switch (rebuild.state()) {
            case RUNNING, PAUSED -> mayGoOn(rebuild, rules);
            case DONE -> isAway;
            case CANCELLED, FAILED -> false;
        };
    }

    /** The last rebuild of a node's present process, if one is remembered. */
    static Optional<JobRecord> lastRebuild(ControlState state, NodeRecord node) {
        JobKind kind = new JobKind.Rebuild(node.process());
        return state.jobs().all().values().stream()
                .filter(job -> job.kind().equals(kind))
                .max(Comparator.comparingLong(JobRecord::id));
    }

    /** Nodes that have yet to learn the group, and can. */
    TreeSet<NodeId> receivers(PgConfig group, SortedSet<NodeId> targets) {
        TreeSet<NodeId> receivers = new TreeSet<>(targets);
        receivers.removeAll(group.members().keySet());
        receivers.removeAll(silent);
        return receivers;
    }

    /** Whether replicas of the group are on their way. */
    boolean isUnderWay(PgConfig group) {
        return !receivers(group, group.targets()).isEmpty()
                || !group.targets().containsAll(group.members().keySet());
    }

    /** Whether a node holds a group, or ought to. */
    static boolean holds(PgConfig group, NodeId node) {
        return group.members().containsKey(node) || group.targets().contains(node);
    }

    /** Why a node that leaves cannot become empty: what is planned for it has no other place. */
    @Nullable String obstacle(NodeId node) {
        return Obstacle.of(state, node, n -> !silent.contains(n.id()) && !leaving.contains(n.id()));
    }
}
