package io.ashlar.metadata;

import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.ControlStateMachine.Result;
import io.ashlar.metadata.JobRecord.State;
import io.ashlar.metadata.NodeRecord.AdminState;
import io.ashlar.metadata.Outcome.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Commands about jobs and settings. A node drains if and only if an administrator wants it; a drain
 * that is open says so of its node, always.
 */
final class JobRules {
    private JobRules() {}

    static Result start(Step step, Command.StartJob command) {
        return switch (command.kind()) {
            case JobKind.Drain(var id) -> {
                NodeRecord node = step.state().nodes().get(id);
                yield node == null ? noNode(step, id) : drain(step, node, command.stamp());
            }
            case JobKind.Rebuild kind -> startRebuild(step, kind, command.stamp());
            case JobKind.Rebalance kind -> begin(step, kind, GroupSet.EMPTY, command.stamp());
            case JobKind.Scrub kind -> startScrub(step, kind, command.stamp());
        };
    }

    /** Drains a node: its open job stands, or one begins. */
    static Result drain(Step step, NodeRecord node, JobStamp stamp) {
        JobKind kind = new JobKind.Drain(node.id());
        Optional<JobRecord> open = step.state().jobs().openLike(kind);
        if (open.isPresent()) {
            return step.applied(step.state(), open.get().id());
        }
        Step draining =
                new Step(
                        step.state().withNode(node.withAdminState(AdminState.DRAINING)),
                        step.index());
        return begin(draining, kind, GroupSet.EMPTY, stamp);
    }

    /** Another state ends a drain. */
    static Result endDrain(Step step, NodeRecord node, Command.SetAdminState command) {
        ControlState state = step.state().withNode(node.withAdminState(command.state()));
        Optional<JobRecord> open = state.jobs().openLike(new JobKind.Drain(node.id()));
        if (open.isEmpty()) {
            return step.applied(state);
        }
        JobRecord ended =
                open.get()
                        .ended(
                                State.CANCELLED,
                                "the node was made " + command.state(),
                                command.stamp(),
                                step.index());
        return step.applied(state.withJobs(state.jobs().with(ended)), ended.id());
    }

    private static Result noNode(Step step, NodeId node) {
        return step.rejected(
                Reason.NOT_FOUND, "there is no " + node + "; list the nodes and correct the id");
    }

    private static Result startRebuild(Step step, JobKind.Rebuild kind, JobStamp stamp) {
        NodeRecord node = step.state().nodes().get(kind.process().node());
        if (node == null) {
            return noNode(step, kind.process().node());
        }
        if (!node.process().equals(kind.process())) {
            return step.rejected(
                    Reason.STALE,
                    node.id() + " has been started again; what it holds needs no rebuild");
        }
        return begin(step, kind, GroupSet.EMPTY, stamp);
    }

    private static Result startScrub(Step step, JobKind.Scrub kind, JobStamp stamp) {
        ControlState state = step.state();
        Integer pool = null;
        if (kind.volume().isPresent()) {
            VolumeId id = kind.volume().get();
            VolumeRecord volume = state.volumes().get(id);
            if (volume == null) {
                return step.rejected(
                        Reason.NOT_FOUND,
                        "there is no " + id + "; list the volumes and correct the name");
            }
            pool = volume.pool();
        }
        long open = state.jobs().open().filter(job -> job.kind() instanceof JobKind.Scrub).count();
        if (open >= Limits.SCRUBS_OPEN_MAX) {
            return step.rejected(
                    Reason.INVALID,
                    open + " scrubs are open already; let them end, or cancel some");
        }
        List<PgId> groups = new ArrayList<>();
        for (PgId pg : state.placementGroups().keySet()) {
            if (pool == null || pool == pg.pool()) {
                groups.add(pg);
            }
        }
        if (groups.isEmpty()) {
            return step.rejected(
                    Reason.STALE, "there are no placement groups yet; nothing can be scrubbed");
        }
        return begin(step, kind, GroupSet.of(groups), stamp);
    }

    private static Result begin(Step step, JobKind kind, GroupSet left, JobStamp stamp) {
        JobBoard jobs = step.state().jobs();
        Optional<JobRecord> open = jobs.openLike(kind);
        if (open.isPresent()) {
            return step.rejected(
                    Reason.EXISTS,
                    "job "
                            + open.get().id()
                            + " does that already and is "
                            + open.get().state()
                            + "; let it end, resume or cancel it");
        }
        long id = jobs.nextId();
        JobRecord job = JobRecord.begun(id, kind, left.size(), left, stamp, step.index());
        return step.applied(step.state().withJobs(jobs.with(job)), id);
    }

    static Result change(Step step, Command.ChangeJob command) {
        ControlState state = step.state();
        JobRecord job = state.jobs().all().get(command.job());
        if (job == null) {
            return noJob(step, command.job());
        }
        if (!job.isOpen()) {
            return step.rejected(
                    Reason.STALE,
                    "job " + job.id() + " is " + job.state() + " already; start another one");
        }
        return switch (command.wish()) {
            case PAUSE -> step.applied(with(state, job.paused(true, step.index())), job.id());
            case RESUME -> step.applied(with(state, job.paused(false, step.index())), job.id());
            case CANCEL -> {
                ControlState next =
                        with(state, job.ended(State.CANCELLED, "", command.stamp(), step.index()));
                if (job.kind() instanceof JobKind.Drain(var id)) {
                    NodeRecord node = next.nodes().get(id);
                    if (node != null) {
                        NodeRecord.Settings plain = node.settings().withHeir(Optional.empty());
                        next = next.withNode(node.with(AdminState.ACTIVE, plain));
                    }
                }
                yield step.applied(next, job.id());
            }
        };
    }

    static Result advance(Step step, Command.AdvanceJob command) {
        JobRecord job = step.state().jobs().all().get(command.job());
        if (job == null) {
            return noJob(step, command.job());
        }
        if (!job.isRunning() || job.index() != command.expectedIndex()) {
            return step.rejected(
                    Reason.STALE,
                    "job "
                            + job.id()
                            + " is "
                            + job.state()
                            + " and was changed at "
                            + job.index()
                            + "; judge again by the newest state");
        }
        boolean isScrub = job.kind() instanceof JobKind.Scrub;
        if (command.done() < 0
                || command.done() > command.total()
                || command.note().length() > Limits.NOTE_MAX
                || command.state() == State.PAUSED
                || (isScrub && command.total() != job.total())) {
            return step.rejected(
                    Reason.INVALID,
                    "job "
                            + job.id()
                            + " cannot be "
                            + command.state()
                            + " with "
                            + command.done()
                            + " of "
                            + command.total()
                            + "; this is a bug of whoever proposed it");
        }
        long done = isScrub ? job.done() : command.done();
        JobRecord next =
                job.advanced(done, command.total(), command.note(), job.left(), step.index());
        return step.applied(
                with(
                        step.state(),
                        command.state().isOpen()
                                ? next
                                : next.ended(
                                        command.state(),
                                        command.note(),
                                        command.stamp(),
                                        step.index())));
    }

    static Result scrubbed(Step step, Command.ReportScrubbed command) {
        JobRecord job = step.state().jobs().all().get(command.job());
        if (job == null) {
            return noJob(step, command.job());
        }
        if (!job.isOpen() || !(job.kind() instanceof JobKind.Scrub)) {
            return step.rejected(
                    Reason.STALE, "job " + job.id() + " is " + job.state() + ", or is no scrub");
        }
        GroupSet left = job.left().without(command.pg());
        if (left == job.left()) {
            return step.applied(step.state());
        }
        return step.applied(
                with(
                        step.state(),
                        job.advanced(
                                job.total() - left.size(),
                                job.total(),
                                job.note(),
                                left,
                                step.index())));
    }

    private static ControlState with(ControlState state, JobRecord job) {
        return state.withJobs(state.jobs().with(job));
    }

    private static Result noJob(Step step, long id) {
        return step.rejected(
                Reason.NOT_FOUND,
                "there is no job "
                        + id
                        + "; list the jobs, of which the last "
                        + Limits.JOBS_ENDED_MAX
                        + " that ended are kept");
    }

    static Result changeSettings(Step step, Command.ChangeSettings command) {
        if (!step.state().settings().equals(command.expected())) {
            return step.rejected(
                    Reason.STALE,
                    "the settings have been changed meanwhile; look at them and try again");
        }
        String problem = command.wanted().problem();
        if (problem != null) {
            return step.rejected(Reason.INVALID, problem);
        }
        return step.applied(step.state().withSettings(command.wanted()));
    }
}
