package io.ashlar.replication.group;

import io.ashlar.common.ChunkId;
import io.ashlar.common.PgId;
import io.ashlar.common.VolumeId;
import io.ashlar.replication.ScrubSettings;
import io.ashlar.replication.ScrubStatus;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What this process remembers of a group's scrubs, over its leads of the group. Only in memory: a
 * pass costs little more than it brings, so one too many after a restart is better than a command
 * of the control plane for each. Owned by the group's shard.
 */
final class ScrubRecord {
    /** Longest wait until a pass that a job wants is tried again. */
    private static final long ORDER_RETRY_NANOS_MAX = 5_000_000_000L;

    /**
     * A pass.
     *
     * @param job that wants it, or 0 if its time has come
     */
    record Order(long job, Optional<VolumeId> volume, boolean deep) {
        boolean isForJob() {
            return job != 0;
        }
    }

    private final PgId pg;
    private final ScrubSettings settings;
    private long lightDueNanos;
    private long deepDueNanos;
    private long lightEndedNanos = -1;
    private long deepEndedNanos = -1;
    private @Nullable Order order;
    private long orderDueNanos;

    /** The last job for which a pass has ended well. */
    private long jobDone;

    private String problem = "";
    private final Set<ScrubStatus.Place> unrecoverable = new LinkedHashSet<>();
    int lightPasses;
    long bytes;
    long damaged;
    long repaired;
    long inconsistent;

    /**
     * @param salt another one for each process, so that the groups that come first after a start
     *     are others each time
     */
    ScrubRecord(PgId pg, ScrubSettings settings, long nowNanos, long salt) {
        this.pg = pg;
        this.orderDueNanos = nowNanos;
        this.settings = settings;
        this.lightDueNanos = nowNanos + spread(salt, settings.lightNanos());
        this.deepDueNanos = nowNanos + spread(~salt, settings.deepNanos());
    }

    /** Some time within an interval, so that the groups do not come all at once. */
    private long spread(long salt, long interval) {
        long z = (salt + pg.index()) * 0x9E37_79B9_7F4A_7C15L + pg.pool();
        z = (z ^ z >>> 30) * 0xBF58_476D_1CE4_E5B9L;
        z = (z ^ z >>> 27) * 0x94D0_49BB_1331_11EBL;
        return Math.floorMod(z ^ z >>> 31, interval);
    }

    /**
     * What jobs want of the group, by the newest view; it is not taken back by a pass, but by the
     * view.
     */
    void want(@Nullable Order wanted) {
        order = wanted;
    }

    /** Whether a pass that has begun is wanted still. */
    boolean isWanted(Order pass) {
        return !pass.isForJob() || pass.equals(order);
    }

    private boolean isOrdered() {
        return order != null && order.job != jobDone;
    }

    private boolean isOrderDue(long nowNanos) {
        return isOrdered() && nowNanos - orderDueNanos >= 0;
    }

    /** What should be done now. Null if nothing. */
    @Nullable Order due(long nowNanos) {
        if (isOrderDue(nowNanos)) {
            return order;
        }
        return isDue(nowNanos)
                ? new Order(0, Optional.empty(), nowNanos - deepDueNanos >= 0)
                : null;
    }

    boolean isDue(long nowNanos) {
        return isOrderDue(nowNanos)
                || nowNanos - lightDueNanos >= 0
                || nowNanos - deepDueNanos >= 0;
    }

    /** A pass begins: what it will look at is no longer known to be lost. */
    void begin(Order pass) {
        if (pass.deep) {
            unrecoverable.removeIf(place ->
                    pass.volume.isEmpty() || pass.volume.get().equals(place.chunk().volume()));
        }
    }

    /** A pass has ended well. */
    void ended(Order pass, long nowNanos) {
        problem = "";
        if (pass.isForJob()) {
            jobDone = pass.job;
        }
        if (pass.volume.isPresent()) {
            return;
        }
        lightEndedNanos = nowNanos;
        lightDueNanos = nowNanos + settings.lightNanos();
        if (pass.deep) {
            deepEndedNanos = nowNanos;
            deepDueNanos = nowNanos + settings.deepNanos();
        } else {
            lightPasses++;
        }
    }

    /** A pass could not go on; nothing was harmed. */
    void broken(String why, long nowNanos) {
        problem = why;
        orderDueNanos = nowNanos + Math.min(settings.retryNanos(), ORDER_RETRY_NANOS_MAX);
        lightDueNanos = Math.max(lightDueNanos, nowNanos + settings.retryNanos());
        deepDueNanos = Math.max(deepDueNanos, nowNanos + settings.retryNanos());
    }

    /** Notes a block that no member has intact; false if it is known, or too many are. */
    boolean noteUnrecoverable(ChunkId chunk, int block) {
        return unrecoverable.size() < ScrubStatus.PLACES_MAX
                && unrecoverable.add(new ScrubStatus.Place(chunk, block));
    }

    ScrubStatus status(long nowNanos, @Nullable Order running, long chunksDone) {
        ScrubStatus.State state =
                running != null
                        ? ScrubStatus.State.RUNNING
                        : isOrdered() ? ScrubStatus.State.WAITING : ScrubStatus.State.IDLE;
        Order shown = running != null ? running : order;
        return new ScrubStatus(
                pg,
                state,
                shown != null && shown.deep,
                chunksDone,
                lightEndedNanos < 0 ? -1 : nowNanos - lightEndedNanos,
                deepEndedNanos < 0 ? -1 : nowNanos - deepEndedNanos,
                bytes,
                damaged,
                repaired,
                inconsistent,
                List.copyOf(unrecoverable),
                problem);
    }
}
