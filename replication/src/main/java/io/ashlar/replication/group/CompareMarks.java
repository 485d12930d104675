package io.ashlar.replication.group;

import io.ashlar.chunkstore.LogEntry;
import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.CompareMark;
import io.ashlar.common.Sizes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The marks of COMPARE AND WRITE that hold for a group's blocks (ADR 9). The newest entry of the
 * log that names a block says which: so a primary makes this from its log, and no member keeps
 * anything else. What has left the log is forgotten by the next primary; at {@value #MARKS_MAX}
 * marks the chunk that has had one for longest loses them. A forgotten mark means that a repetition
 * is compared. Owned by the group's shard.
 */
final class CompareMarks {
    /** Most marks of one group. */
    static final int MARKS_MAX = 1_024;

    /** By chunk, in the order in which chunks got their first, then by offset. */
    private final LinkedHashMap<ChunkId, TreeMap<Integer, CompareMark>> byChunk =
            new LinkedHashMap<>();

    private int count;

    private CompareMarks() {}

    static CompareMarks none() {
        return new CompareMarks();
    }

    /**
     * Those that hold at the end of a log.
     *
     * @param log without gaps, in order
     */
    static CompareMarks of(List<LogEntry> log) {
        CompareMarks marks = new CompareMarks();
        log.forEach(marks::onAppend);
        return marks;
    }

    /** An entry more. */
    void onAppend(LogEntry entry) {
        BlockRange range = entry.range();
        if (count > 0) {
            forget(range);
        }
        for (CompareMark mark : entry.marks()) {
            TreeMap<Integer, CompareMark> ofChunk =
                    byChunk.computeIfAbsent(range.chunk(), _ -> new TreeMap<>());
            if (ofChunk.put(mark.offset(), mark) == null) {
                count++;
            }
        }
        while (count > MARKS_MAX) {
            count -= byChunk.pollFirstEntry().getValue().size();
        }
    }

    private void forget(BlockRange range) {
        TreeMap<Integer, CompareMark> ofChunk = byChunk.get(range.chunk());
        if (ofChunk == null) {
            return;
        }
        var gone = ofChunk.subMap(start(range), end(range));
        count -= gone.size();
        gone.clear();
        if (ofChunk.isEmpty()) {
            byChunk.remove(range.chunk());
        }
    }

    private static int start(BlockRange range) {
        return range.first() * Sizes.BLOCK_BYTES;
    }

    private static int end(BlockRange range) {
        return (range.first() + range.count()) * Sizes.BLOCK_BYTES;
    }

    /** The mark of the command that wrote there last, if it is known. */
    @Nullable CompareMark at(ChunkId chunk, int offset) {
        TreeMap<Integer, CompareMark> ofChunk = byChunk.get(chunk);
        return ofChunk == null ? null : ofChunk.get(offset);
    }

    /** Those of a range, as many as an entry may have. */
    List<CompareMark> of(BlockRange range) {
        return outside(range, 0, 0);
    }

    /** Those of a range that go on holding when some of its bytes are written. */
    List<CompareMark> outside(BlockRange range, int offset, int length) {
        TreeMap<Integer, CompareMark> ofChunk = byChunk.get(range.chunk());
        if (ofChunk == null) {
            return List.of();
        }
        List<CompareMark> holding = new ArrayList<>();
        for (CompareMark mark : ofChunk.subMap(start(range), end(range)).values()) {
            boolean isWritten =
                    mark.offset() < offset + length && offset < mark.offset() + mark.length();
            if (!isWritten && holding.size() < LogEntry.MARKS_MAX) {
                holding.add(mark);
            }
        }
        return holding;
    }
}
