package io.ashlar.chunkstore;

/** What a read of blocks gave. */
public sealed interface ReadResult {
    /**
     * The contents, verified against their checksums. Blocks never written, or trimmed, are zeros.
     */
    record Ok(Blocks blocks) implements ReadResult {}

    /**
     * The device holds something else than was written.
     *
     * @param block number of the first bad block in the chunk
     */
    record Corrupt(int block, String reason) implements ReadResult {}

    /** The device failed; see {@link ChunkDevice#failure}. */
    record Failed(String reason) implements ReadResult {}
}
