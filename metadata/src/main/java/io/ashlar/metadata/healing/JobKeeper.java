package io.ashlar.metadata.healing;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.HealingRules.Rule;
import io.ashlar.metadata.JobKind;
import io.ashlar.metadata.JobRecord;
import io.ashlar.metadata.JobRecord.State;
import io.ashlar.metadata.JobStamp;
import io.ashlar.metadata.Limits;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.NodeRecord.AdminState;
import io.ashlar.metadata.PgConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Begins the jobs that nobody needs to ask for, and says of all how far they are and when they have
 * ended. What is left of a job follows from the state, so whoever leads next says the same.
 */
final class JobKeeper {
    /** Counts of a job that runs, and what is to be said of it. */
    private record Judgement(State state, long left, String note) {
        static Judgement running(long left, String note) {
            return new Judgement(State.RUNNING, left, note);
        }
    }

    private final Situation situation;
    private final ControlState state;
    private final int unevenGroups;
    private final JobStamp stamp;
    private final List<Command> commands = new ArrayList<>();

    private JobKeeper(Situation situation, int unevenGroups, JobStamp stamp) {
        this.situation = situation;
        this.state = situation.state();
        this.unevenGroups = unevenGroups;
        this.stamp = stamp;
    }

    /**
     * Looks once.
     *
     * @param unevenGroups that ought to lie elsewhere for no reason but evenness
     */
    static List<Command> step(Situation situation, int unevenGroups, JobStamp stamp) {
        JobKeeper keeper = new JobKeeper(situation, unevenGroups, stamp);
        situation.state().jobs().open().forEach(keeper::advance);
        keeper.beginRebuilds();
        keeper.beginRebalance();
        return keeper.commands;
    }

    // ---- beginning

    private void beginRebuilds() {
        for (NodeId id : situation.away()) {
            NodeRecord node = state.nodes().get(id);
            if (node == null
                    || situation.leaving().contains(id)
                    || wasRebuilt(node)
                    || held(id) == 0) {
                continue;
            }
            JobKind kind = new JobKind.Rebuild(node.process());
            if (state.jobs().openLike(kind).isEmpty()) {
                commands.add(new Command.StartJob(kind, stamp));
            }
        }
    }

    /** Once for a process: it is done, or an operator did not want it. */
    private boolean wasRebuilt(NodeRecord node) {
        return Situation.lastRebuild(state, node)
                .map(last -> last.state() != State.CANCELLED || cancelHolds())
                .orElse(false);
    }

    private boolean cancelHolds() {
        return situation.rules().has(Rule.CANCEL_HOLDS);
    }

    private void beginRebalance() {
        JobKind.Rebalance kind = new JobKind.Rebalance(layout(situation));
        if (unevenGroups == 0
                || !state.settings().rebalances()
                || state.jobs().openLike(kind).isPresent()
                || wasCancelled(kind)) {
            return;
        }
        commands.add(new Command.StartJob(kind, stamp));
    }

    private boolean wasCancelled(JobKind.Rebalance kind) {
        return state.jobs().all().values().stream()
                .filter(job -> job.kind().equals(kind))
                .reduce((_, later) -> later)
                .map(last -> last.state() == State.CANCELLED && cancelHolds())
                .orElse(false);
    }

    /**
     * Stands for all that evenness depends on: nodes and pools, as far as the planner looks at
     * them. The same on every node that leads.
     */
    static long layout(Situation situation) {
        long sum = 17;
        for (NodeRecord node : situation.state().nodes().values()) {
            sum = sum * 31 + node.id().value();
            sum = sum * 31 + node.failureDomain().hashCode();
            sum = sum * 31 + node.devices().size();
            sum = sum * 31 + node.weight();
            sum = sum * 31 + (node.adminState() == AdminState.ACTIVE ? 1 : 0);
            sum = sum * 31 + (situation.leaving().contains(node.id()) ? 1 : 0);
        }
        return sum * 31 + situation.state().placementGroups().size();
    }

    // ---- advancing

    private void advance(JobRecord job) {
        if (!job.isRunning()) {
            endIfMoot(job);
            return;
        }
        Judgement judgement =
                switch (job.kind()) {
                    case JobKind.Drain(var node) -> drain(node);
                    case JobKind.Rebuild(var process) -> rebuild(process);
                    case JobKind.Rebalance _ -> rebalance();
                    case JobKind.Scrub scrub -> scrub(job, scrub);
                };
        submit(job, judgement);
    }

    /** What has lost its sense ends while it is paused, too. */
    private void endIfMoot(JobRecord job) {
        Judgement judgement =
                switch (job.kind()) {
                    case JobKind.Drain(var node) when !state.nodes().containsKey(node) ->
                            drain(node);
                    case JobKind.Rebuild(var process) -> rebuild(process);
                    default -> null;
                };
        if (judgement != null && judgement.state == State.CANCELLED) {
            commands.add(new Command.ChangeJob(job.id(), Command.ChangeJob.Wish.CANCEL, stamp));
        }
    }

    private void submit(JobRecord job, Judgement judgement) {
        boolean isScrub = job.kind() instanceof JobKind.Scrub;
        long total = isScrub ? job.total() : Math.max(job.total(), judgement.left);
        long done = isScrub ? job.done() : total - judgement.left;
        String note =
                judgement.note.length() <= Limits.NOTE_MAX
                        ? judgement.note
                        : judgement.note.substring(0, Limits.NOTE_MAX);
        if (judgement.state != job.state()
                || done != job.done()
                || total != job.total()
                || !note.equals(job.note())) {
            commands.add(
                    new Command.AdvanceJob(
                            job.id(), job.index(), judgement.state, done, total, note, stamp));
        }
    }

    private long held(NodeId node) {
        return state.placementGroups().values().stream()
                .filter(group -> Situation.holds(group, node))
                .count();
    }

    private Judgement drain(NodeId node) {
        if (!state.nodes().containsKey(node)) {
            return new Judgement(State.CANCELLED, 0, "the node was removed");
        }
        long left = held(node);
        long volumes =
                state.volumes().values().stream()
                        .filter(volume -> volume.owner().node().equals(node))
                        .count();
        if (left == 0 && (volumes == 0 || !situation.rules().has(Rule.DRAIN_ALL))) {
            return new Judgement(State.DONE, 0, "");
        }
        String obstacle = situation.obstacle(node);
        if (obstacle != null) {
            return Judgement.running(left, obstacle + ", or cancel this");
        }
        if (left == 0) {
            return Judgement.running(0, "it owns " + volumes + " volumes yet");
        }
        return Judgement.running(left, "");
    }

    private Judgement rebuild(ProcessId process) {
        NodeId id = process.node();
        NodeRecord node = state.nodes().get(id);
        if (node == null) {
            return new Judgement(State.CANCELLED, 0, "the node was removed");
        }
        long held = held(id);
        boolean isBack =
                !situation.silent().contains(id) && situation.rules().has(Rule.SILENT_ONLY);
        if (!node.process().equals(process) || isBack) {
            return new Judgement(
                    State.CANCELLED,
                    held,
                    "the node is back, and " + held + " groups stay planned for it");
        }
        long underWay =
                state.placementGroups().values().stream()
                        .filter(group -> !Situation.holds(group, id) && situation.isUnderWay(group))
                        .count();
        if (held + underWay == 0) {
            return new Judgement(State.DONE, 0, "");
        }
        String obstacle = situation.obstacle(id);
        return Judgement.running(
                held + underWay, obstacle == null ? "" : obstacle + ", or start this one");
    }

    private Judgement rebalance() {
        long left =
                unevenGroups
                        + state.placementGroups().values().stream()
                                .filter(situation::isUnderWay)
                                .count();
        return left == 0 ? new Judgement(State.DONE, 0, "") : Judgement.running(left, "");
    }

    private Judgement scrub(JobRecord job, JobKind.Scrub scrub) {
        if (scrub.volume().isPresent() && !state.volumes().containsKey(scrub.volume().get())) {
            return new Judgement(State.FAILED, job.left().size(), "the volume was deleted");
        }
        if (job.left().isEmpty()) {
            return new Judgement(State.DONE, 0, "");
        }
        SortedMap<NodeId, Integer> silent = new TreeMap<>();
        for (PgConfig group : state.placementGroups().values()) {
            if (job.left().contains(group.id()) && situation.silent().contains(group.primary())) {
                silent.merge(group.primary(), 1, Integer::sum);
            }
        }
        int waiting = silent.values().stream().mapToInt(Integer::intValue).sum();
        if (waiting == job.left().size() && !situation.rules().has(Rule.SCRUB_ALL)) {
            return new Judgement(State.DONE, 0, "");
        }
        String note =
                silent.isEmpty()
                        ? ""
                        : "waits for the primaries of groups on silent nodes: " + silent;
        return Judgement.running(job.left().size(), note);
    }
}
