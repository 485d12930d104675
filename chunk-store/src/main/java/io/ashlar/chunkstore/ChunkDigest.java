package io.ashlar.chunkstore;

/**
 * The digest of a chunk: the sum over its blocks that are not zero of a mix of block number and
 * checksum. Order does not matter, and every implementation of {@link ChunkDevice} gives the same.
 */
public final class ChunkDigest {
    /** Of a chunk that reads as zeros. */
    public static final long OF_ZEROS = 0;

    private ChunkDigest() {}

    /** What a block that is not all zeros adds to the digest. */
    public static long ofBlock(int block, int checksum) {
        long z = ((long) block << 32 | (checksum & 0xFFFF_FFFFL)) + 0x9E37_79B9_7F4A_7C15L;
        z = (z ^ z >>> 30) * 0xBF58_476D_1CE4_E5B9L;
        z = (z ^ z >>> 27) * 0x94D0_49BB_1331_11EBL;
        return z ^ z >>> 31;
    }
}
