package io.ashlar.metadata.healing;

import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.HealingRules;
import io.ashlar.metadata.HealingRules.Rule;
import io.ashlar.metadata.JobKind;
import io.ashlar.metadata.JobRecord;
import io.ashlar.metadata.JobStamp;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.NodeRecord.AdminState;
import io.ashlar.metadata.PgConfig;
import io.ashlar.metadata.Planner;
import io.ashlar.metadata.Pool;
import io.ashlar.metadata.VolumeRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Decides what moves when nodes join, drain or stay away: plain code that gets the state, who is
 * heard and the time, and gives changes. It never makes anything less safe: it only says where
 * replicas ought to be. Their primaries bring them there, and take nobody out before the new ones
 * are in sync. So it needs no lock and no memory but since when nodes have been silent; two of them
 * at once disturb each other at worst. Owned by one shard.
 *
 * <p>Replicas move for a job that runs: a drain, a rebuild, a rebalance. Only what a group lacks it
 * gets without one.
 */
public final class Steward {
    /** Changes asked for in one step; the next step takes the others. */
    private static final int CHANGES_MAX = 64;

    /** Ownerships moved in one step. */
    private static final int VOLUMES_MAX = 4;

    private final HealingRules rules;
    private final Silence silence = new Silence();

    /**
     * @param rules {@link HealingRules#ALL} in every product
     */
    public Steward(HealingRules rules) {
        this.rules = rules;
    }

    /**
     * What ought to be done now.
     *
     * @param retargets new targets and preferred primaries
     * @param volumes owners that ought to be others, since theirs drain
     * @param jobs that begin, get on, or end
     */
    public record Plan(
            List<Command.RetargetGroup> retargets,
            SortedMap<VolumeId, NodeId> volumes,
            List<Command> jobs) {}

    /** Forgets who was silent: what this process heard while it did not lead says little. */
    public void restart() {
        if (rules.has(Rule.OWN_SILENCE)) {
            silence.restart();
        }
    }

    /**
     * Looks once.
     *
     * @param hears whether a process has been heard lately
     * @param stamp for what it does to jobs
     */
    public Plan step(
            ControlState state, Predicate<ProcessId> hears, long nowNanos, JobStamp stamp) {
        Situation situation = situation(state, hears, nowNanos);
        Moves moves = new Moves(situation);
        for (Pool pool : state.pools().values()) {
            Planner.retarget(state, pool, situation.leaving(), situation.silent())
                    .forEach(moves::take);
        }
        return new Plan(
                moves.taken, volumes(situation), JobKeeper.step(situation, moves.uneven, stamp));
    }

    private Situation situation(ControlState state, Predicate<ProcessId> hears, long nowNanos) {
        Silence.Absent absent = silence.look(state, hears, nowNanos);
        return Situation.of(state, absent.silent(), absent.away(), rules);
    }

    /**
     * Which of the wanted changes are made now: few groups of a node move at a time, and a group
     * that is on its way to a target that can be reached is left alone, since its learner would
     * have to begin anew.
     */
    private static final class Moves {
        final List<Command.RetargetGroup> taken = new ArrayList<>();

        /** Groups that ought to move for evenness. */
        int uneven;

        private final Situation situation;
        private final ControlState state;
        private final boolean mayRebalance;
        private final TreeMap<NodeId, Integer> busy = new TreeMap<>();

        Moves(Situation situation) {
            this.situation = situation;
            this.state = situation.state();
            this.mayRebalance =
                    state.jobs()
                            .openLike(new JobKind.Rebalance(0))
                            .map(JobRecord::isRunning)
                            .orElse(false);
            for (PgConfig group : state.placementGroups().values()) {
                note(group, situation.receivers(group, group.targets()));
            }
        }

        private void note(PgConfig group, SortedSet<NodeId> receivers) {
            if (!receivers.isEmpty()) {
                busy.merge(group.primary(), 1, Integer::sum);
                receivers.forEach(node -> busy.merge(node, 1, Integer::sum));
            }
        }

        private boolean isFree(NodeId node) {
            return busy.getOrDefault(node, 0) < state.settings().movesPerNodeMax()
                    || !situation.rules().has(Rule.FEW_MOVES);
        }

        private boolean isDraining(NodeId node) {
            NodeRecord record = state.nodes().get(node);
            return record != null && record.adminState() == AdminState.DRAINING;
        }

        /** Whether a replica moves although nobody leaves, and none is lacking. */
        private boolean isForEvenness(PgConfig group, SortedSet<NodeId> wanted) {
            TreeSet<NodeId> given = new TreeSet<>(group.targets());
            given.removeAll(wanted);
            return !given.isEmpty() && given.stream().noneMatch(situation.leaving()::contains);
        }

        void take(PgId pg, Command.Placement wanted) {
            PgConfig group = state.placementGroups().get(pg);
            if (group == null) {
                return;
            }
            if (wanted.targets().equals(group.targets()) && isDraining(wanted.primary())) {
                return; // its drain is paused: leads do not come back to it meanwhile
            }
            boolean isForEvenness = isForEvenness(group, wanted.targets());
            uneven += isForEvenness ? 1 : 0;
            if ((isForEvenness && !mayRebalance && situation.rules().has(Rule.EVEN_BY_JOB))
                    || taken.size() >= CHANGES_MAX) {
                return;
            }
            if (!wanted.targets().equals(group.targets())) {
                TreeSet<NodeId> underWay = situation.receivers(group, group.targets());
                underWay.removeAll(situation.leaving());
                TreeSet<NodeId> receivers = situation.receivers(group, wanted.targets());
                boolean isFree =
                        receivers.isEmpty()
                                || (isFree(group.primary())
                                        && receivers.stream().allMatch(this::isFree));
                boolean isOnItsWay = !underWay.isEmpty() && situation.rules().has(Rule.ONE_MOVE);
                if (isOnItsWay || !isFree) {
                    return;
                }
                note(group, receivers);
            }
            taken.add(new Command.RetargetGroup(pg, group.placement(), wanted));
        }
    }

    /** Volumes of draining nodes, each to the active node that is heard and owns fewest. */
    private static SortedMap<VolumeId, NodeId> volumes(Situation situation) {
        ControlState state = situation.state();
        TreeMap<NodeId, Integer> owned = new TreeMap<>();
        for (VolumeRecord volume : state.volumes().values()) {
            owned.merge(volume.owner().node(), 1, Integer::sum);
        }
        TreeMap<VolumeId, NodeId> moves = new TreeMap<>();
        for (VolumeRecord volume : state.volumes().values()) {
            NodeRecord owner = state.nodes().get(volume.owner().node());
            if (owner == null
                    || owner.adminState() != AdminState.DRAINING
                    || !situation.leaving().contains(owner.id())
                    || moves.size() >= VOLUMES_MAX) {
                continue;
            }
            NodeId heir = heir(state, situation.silent(), owned);
            if (heir != null) {
                moves.put(volume.id(), heir);
                owned.merge(heir, 1, Integer::sum);
            }
        }
        return moves;
    }

    private static @Nullable NodeId heir(
            ControlState state, SortedSet<NodeId> silent, Map<NodeId, Integer> owned) {
        NodeId best = null;
        for (NodeRecord node : state.nodes().values()) {
            if (node.adminState() == AdminState.ACTIVE
                    && !silent.contains(node.id())
                    && (best == null
                            || owned.getOrDefault(node.id(), 0) < owned.getOrDefault(best, 0))) {
                best = node.id();
            }
        }
        return best;
    }
}
