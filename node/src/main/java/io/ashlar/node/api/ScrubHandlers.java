package io.ashlar.node.api;

import io.ashlar.common.NodeId;
import io.ashlar.common.Sizes;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.JobKind;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.replication.ScrubStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What scrubs have found: every node scrubs the groups that it leads, so the state is what all of
 * them say. That one is wanted is a job.
 */
final class ScrubHandlers {
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final ControlAccess control;
    private final ClusterHandlers cluster;

    ScrubHandlers(ControlAccess control, ClusterHandlers cluster) {
        this.control = control;
        this.cluster = cluster;
    }

    /** What this node says of its own scrubs. */
    static ApiViews.NodeScrub view(List<ScrubStatus> scrubs, ControlState state) {
        int running = 0;
        int waiting = 0;
        int lightDone = 0;
        long lightSeconds = 0;
        int deepDone = 0;
        long deepSeconds = 0;
        long chunks = 0;
        long bytes = 0;
        long damaged = 0;
        long repaired = 0;
        long inconsistent = 0;
        List<ApiViews.Lost> lost = new ArrayList<>();
        SortedMap<String, Integer> problems = new TreeMap<>();
        SortedMap<String, ApiViews.Scrubbed> scrubbed = new TreeMap<>();
        for (ScrubStatus scrub : scrubs) {
            running += scrub.state() == ScrubStatus.State.RUNNING ? 1 : 0;
            waiting += scrub.state() == ScrubStatus.State.WAITING ? 1 : 0;
            lightDone += scrub.sinceLightNanos() >= 0 ? 1 : 0;
            lightSeconds = Math.max(lightSeconds, scrub.sinceLightNanos() / NANOS_PER_SECOND);
            deepDone += scrub.sinceDeepNanos() >= 0 ? 1 : 0;
            deepSeconds = Math.max(deepSeconds, scrub.sinceDeepNanos() / NANOS_PER_SECOND);
            chunks += scrub.chunksDone();
            bytes += scrub.bytes();
            damaged += scrub.damaged();
            repaired += scrub.repaired();
            inconsistent += scrub.inconsistent();
            for (ScrubStatus.Place place : scrub.unrecoverable()) {
                lost.add(lost(state, place));
            }
            scrubbed.put(
                    scrub.pg().toString(),
                    new ApiViews.Scrubbed(
                            seconds(scrub.sinceLightNanos()), seconds(scrub.sinceDeepNanos())));
            if (!scrub.problem().isEmpty()) {
                problems.merge(scrub.problem(), 1, Integer::sum);
            }
        }
        return new ApiViews.NodeScrub(
                scrubs.size(),
                running,
                waiting,
                lightDone,
                lightDone == 0 ? null : lightSeconds,
                deepDone,
                deepDone == 0 ? null : deepSeconds,
                chunks,
                bytes,
                damaged,
                repaired,
                inconsistent,
                lost,
                problems,
                scrubbed);
    }

    private static @Nullable Long seconds(long nanos) {
        return nanos < 0 ? null : nanos / NANOS_PER_SECOND;
    }

    private static ApiViews.Lost lost(ControlState state, ScrubStatus.Place place) {
        VolumeRecord volume = state.volumes().get(place.chunk().volume());
        int chunkBytes = volume == null ? Sizes.CHUNK_BYTES_DEFAULT : volume.chunkBytes();
        return new ApiViews.Lost(
                volume == null ? place.chunk().volume().toString() : volume.name(),
                place.chunk().index() * chunkBytes + (long) place.block() * Sizes.BLOCK_BYTES,
                Sizes.BLOCK_BYTES);
    }

    ApiViews.ScrubState state() {
        SortedMap<Integer, ApiViews.NodeScrub> nodes = new TreeMap<>();
        for (Map.Entry<NodeId, ApiViews.Local> answer :
                cluster.answers(control.newest()).entrySet()) {
            ApiViews.NodeScrub scrub = answer.getValue().scrub();
            if (scrub != null) {
                nodes.put(answer.getKey().value(), scrub);
            }
        }
        ControlState state = control.newest();
        boolean runs =
                nodes.values().stream().anyMatch(n -> n.running() + n.waiting() > 0)
                        || state.jobs().open().anyMatch(job -> job.kind() instanceof JobKind.Scrub);
        return new ApiViews.ScrubState(runs, state.placementGroups().size(), nodes);
    }
}
