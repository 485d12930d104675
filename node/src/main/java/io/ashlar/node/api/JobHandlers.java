package io.ashlar.node.api;

import io.ashlar.common.NodeId;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.JobKind;
import io.ashlar.metadata.JobRecord;
import io.ashlar.metadata.JobStamp;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.VolumeRecord;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Jobs: what runs, how far it is, and an operator's wishes. */
final class JobHandlers {
    private final ControlAccess control;
    private final ClusterHandlers cluster;
    private final Stamps stamps;

    JobHandlers(ControlAccess control, ClusterHandlers cluster, Stamps stamps) {
        this.control = control;
        this.cluster = cluster;
        this.stamps = stamps;
    }

    /** All jobs that are remembered, the oldest first. */
    List<ApiViews.Job> list() {
        ControlState state = control.newest();
        return state.jobs().all().values().stream().map(job -> view(state, job)).toList();
    }

    ApiViews.Job show(String text) {
        ControlState state = control.newest();
        JobRecord job = state.jobs().all().get(id(text));
        if (job == null) {
            throw ApiException.notFound(
                    "there is no job '" + text + "'", "list the jobs with 'ashlar job list'");
        }
        return view(state, job);
    }

    private static long id(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw ApiException.notFound(
                    "there is no job '" + text + "'",
                    "jobs have numbers; list them with 'ashlar job list'");
        }
    }

    ApiViews.Job start(ApiViews.StartJob request) {
        ControlState state = control.current();
        JobKind kind = kind(state, request);
        long id = control.submit(new Command.StartJob(kind, stamps.now())).value();
        return show(Long.toString(id));
    }

    private JobKind kind(ControlState state, ApiViews.StartJob request) {
        String kind = request.kind() == null ? "" : request.kind().toUpperCase(Locale.ROOT);
        return switch (kind) {
            case "DRAIN" -> new JobKind.Drain(node(state, request).id());
            case "REBUILD" -> rebuild(node(state, request));
            case "REBALANCE" -> new JobKind.Rebalance(0);
            case "SCRUB" ->
                    new JobKind.Scrub(volume(state, request), Boolean.TRUE.equals(request.deep()));
            default ->
                    throw ApiException.invalid(
                            "there is no job of kind '" + request.kind() + "'",
                            "give DRAIN, REBUILD, REBALANCE or SCRUB");
        };
    }

    private static NodeRecord node(ControlState state, ApiViews.StartJob request) {
        if (request.node() == null) {
            throw ApiException.invalid(
                    "a job of kind " + request.kind() + " is about a node, and none is named",
                    "give 'node'");
        }
        return ClusterHandlers.named(state, Integer.toString(request.node()));
    }

    private JobKind rebuild(NodeRecord node) {
        if (cluster.node(Integer.toString(node.id().value())).up()) {
            throw new ApiException(
                    409,
                    "in_use",
                    node.id() + " is up, so what it holds is not lost",
                    "drain it to have it emptied");
        }
        return new JobKind.Rebuild(node.process());
    }

    private static Optional<VolumeId> volume(ControlState state, ApiViews.StartJob request) {
        String name = request.volume();
        if (name == null) {
            return Optional.empty();
        }
        return Optional.of(
                state.volumeNamed(name)
                        .map(VolumeRecord::id)
                        .orElseThrow(() ->
                                ApiException.notFound(
                                        "there is no volume '" + name + "'",
                                        "list the volumes with 'ashlar volume list'")));
    }

    ApiViews.Job change(String text, Command.ChangeJob.Wish wish) {
        control.submit(new Command.ChangeJob(id(text), wish, stamps.now()));
        return show(text);
    }

    static ApiViews.Job view(ControlState state, JobRecord job) {
        NodeId node =
                switch (job.kind()) {
                    case JobKind.Drain(var id) -> id;
                    case JobKind.Rebuild(var process) -> process.node();
                    case JobKind.Rebalance _, JobKind.Scrub _ -> null;
                };
        JobStamp ended = job.ended();
        JobKind.Scrub scrub = job.kind() instanceof JobKind.Scrub s ? s : null;
        return new ApiViews.Job(
                job.id(),
                job.kind().getClass().getSimpleName().toUpperCase(Locale.ROOT),
                node == null ? null : node.value(),
                scrub == null ? null : scrub.volume().map(id -> name(state, id)).orElse(null),
                scrub == null ? null : scrub.deep(),
                job.state().name(),
                job.note().isEmpty() ? null : job.note(),
                job.done(),
                job.total(),
                "groups",
                time(job.started()),
                who(job.started()),
                ended == null ? null : time(ended),
                ended == null ? null : who(ended));
    }

    private static String name(ControlState state, VolumeId id) {
        VolumeRecord volume = state.volumes().get(id);
        return volume == null ? id.toString() : volume.name();
    }

    private static String time(JobStamp stamp) {
        return Instant.ofEpochMilli(stamp.millis()).truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static String who(JobStamp stamp) {
        return (stamp.byOperator() ? "operator" : "cluster") + " at node " + stamp.node().value();
    }
}
