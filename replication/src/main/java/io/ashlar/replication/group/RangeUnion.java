package io.ashlar.replication.group;

import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * The blocks that any of some ranges names, each once. Entries of a log name the same blocks over
 * and over; whoever copies range by range would copy a block as often as it was written.
 */
final class RangeUnion {
    private static final Comparator<BlockRange> IN_ORDER =
            Comparator.comparing(BlockRange::chunk).thenComparingInt(BlockRange::first);

    private RangeUnion() {}

    /** Ranges in order that neither overlap nor touch. */
    static List<BlockRange> of(Collection<BlockRange> ranges) {
        List<BlockRange> sorted = new ArrayList<>(ranges);
        sorted.sort(IN_ORDER);
        List<BlockRange> union = new ArrayList<>();
        for (BlockRange range : sorted) {
            BlockRange last = union.isEmpty() ? null : union.getLast();
            if (last != null && last.chunk().equals(range.chunk()) && range.first() <= last.end()) {
                union.removeLast();
                union.addLast(until(last, Math.max(last.end(), range.end())));
            } else {
                union.addLast(range);
            }
        }
        return union;
    }

    private static BlockRange until(BlockRange range, int end) {
        ChunkId chunk = range.chunk();
        return new BlockRange(chunk, range.first(), end - range.first());
    }
}
