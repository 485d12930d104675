package io.ashlar.volume.owner;

import io.ashlar.common.NodeId;
import io.ashlar.volume.MoveSettings;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * By which nodes a volume's commands come in, and whether it should move to one of them (DESIGN
 * section 6, rule 7: implicit moves). Time is cut into slices. A volume moves when one other node
 * had the clear majority of both commands and bytes in each of several slices in a row. A host that
 * uses its paths evenly gives no node such a majority, and one that switches back and forth breaks
 * the row.
 *
 * <p>After every change of owner the volume stays for a dwell time. It doubles with each implicit
 * move that follows soon after the one before, so that flapping paths are followed ever more
 * slowly; a volume that stayed long begins anew. Owned by the volume shard.
 */
final class TrafficWatch {
    /** A volume that stayed for so many dwell times is settled. */
    private static final int SETTLED_DWELLS = 4;

    private static final class Share {
        long commands;
        long bytes;
    }

    private final MoveSettings settings;
    private final NodeId self;
    private final SortedMap<NodeId, Share> slice = new TreeMap<>();
    private long sliceNanos;
    private long dwellNanos;
    private long servingNanos;
    private long notBeforeNanos;
    private @Nullable NodeId favourite;
    private int row;

    TrafficWatch(MoveSettings settings, NodeId self) {
        this.settings = settings;
        this.self = self;
    }

    /**
     * The volume is served here from now on.
     *
     * @param dwell how long it should stay; 0 if nobody has owned it before
     */
    void onServing(long now, long dwell) {
        servingNanos = now;
        sliceNanos = now;
        dwellNanos = Math.clamp(dwell, 0, settings.dwellMax().toNanos());
        notBeforeNanos = now + dwellNanos;
    }

    void onAdmitted(NodeId ingress, int bytes) {
        Share share = slice.computeIfAbsent(ingress, _ -> new Share());
        share.commands++;
        share.bytes += bytes;
    }

    /** An attempt came to nothing; not again at once. */
    void onFailed(long now) {
        row = 0;
        notBeforeNanos = Math.max(notBeforeNanos, now + settings.dwellMin().toNanos());
    }

    /** Where the volume should go, if anywhere. */
    @Nullable NodeId look(long now) {
        if (now - sliceNanos < settings.slice().toNanos()) {
            return null;
        }
        sliceNanos = now;
        NodeId busiest = clearMajority();
        slice.clear();
        row = busiest != null && busiest.equals(favourite) ? row + 1 : 1;
        favourite = busiest;
        boolean isDue =
                settings.isImplicit()
                        && busiest != null
                        && !busiest.equals(self)
                        && row >= settings.slices()
                        && now - notBeforeNanos >= 0;
        return isDue ? busiest : null;
    }

    private @Nullable NodeId clearMajority() {
        long commands = 0;
        long bytes = 0;
        for (Share share : slice.values()) {
            commands += share.commands;
            bytes += share.bytes;
        }
        if (commands < settings.commandsMin()) {
            return null;
        }
        for (Map.Entry<NodeId, Share> entry : slice.entrySet()) {
            Share share = entry.getValue();
            if (share.commands * 100 >= commands * settings.majorityPercent()
                    && share.bytes * 100 >= bytes * settings.majorityPercent()) {
                return entry.getKey();
            }
        }
        return null;
    }

    /** How long the volume should stay where it goes now. */
    long nextDwellNanos(long now, boolean isImplicit) {
        long least = settings.dwellMin().toNanos();
        boolean isSettled = now - servingNanos > SETTLED_DWELLS * Math.max(dwellNanos, least);
        return isImplicit && !isSettled && dwellNanos > 0
                ? Math.clamp(2 * dwellNanos, least, settings.dwellMax().toNanos())
                : least;
    }
}
