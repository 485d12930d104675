package io.ashlar.common;

/**
 * Whole 4 KiB blocks inside one chunk.
 *
 * @param chunk the chunk
 * @param first number of the first block in the chunk
 * @param count number of blocks, at least 1
 */
public record BlockRange(ChunkId chunk, int first, int count) {
    public BlockRange {
        Check.argument(first >= 0 && count > 0, "blocks %s+%s", first, count);
    }

    /** The block after the last. */
    public int end() {
        return first + count;
    }

    public boolean overlaps(BlockRange other) {
        return first < other.end() && other.first < end() && chunk.equals(other.chunk);
    }

    @Override
    public String toString() {
        return chunk + "[" + first + "+" + count + "]";
    }
}
