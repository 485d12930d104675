package io.ashlar.chunkstore;

import io.ashlar.common.Check;
import java.util.BitSet;

/**
 * What a device holds of consecutive blocks, without their data: for scrub, which compares it
 * between replicas.
 *
 * @param checksums CRC-32C of each block's contents, {@link io.ashlar.common.Crc32c#OF_ZERO_BLOCK}
 *     for one that reads as zeros; without meaning where the block is damaged. Read only
 * @param damaged the blocks, counted from the first of the range, that cannot be read or do not
 *     match their checksum. Read only
 */
public record Inspection(int[] checksums, BitSet damaged) {
    public Inspection {
        Check.argument(
                damaged.length() <= checksums.length,
                "block %s of %s is damaged",
                damaged.length() - 1,
                checksums.length);
    }

    public int count() {
        return checksums.length;
    }

    /** Whether the block is intact and has these contents. */
    public boolean holds(int index, int checksum) {
        return !damaged.get(index) && checksums[index] == checksum;
    }
}
