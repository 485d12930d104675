package io.ashlar.chunkstore;

import io.ashlar.common.Check;
import io.ashlar.common.Crc32c;
import io.ashlar.common.Payload;
import io.ashlar.common.Sizes;

/**
 * The contents of consecutive blocks with the checksum of each. The checksums travel with the data
 * from where it entered the cluster; nobody recomputes them on the way except to verify.
 *
 * @param data a multiple of 4096 bytes
 * @param checksums CRC-32C of each block; read only
 */
public record Blocks(Payload data, int[] checksums) {
    public Blocks {
        Check.argument(
                data.length() == checksums.length * Sizes.BLOCK_BYTES,
                "%s bytes with %s checksums",
                data.length(),
                checksums.length);
    }

    /** Computes the checksums: only where data enters the cluster, or is merged into a block. */
    public static Blocks checksummed(Payload data) {
        Check.argument(
                data.length() % Sizes.BLOCK_BYTES == 0,
                "%s bytes are not whole blocks",
                data.length());
        int[] checksums = new int[data.length() / Sizes.BLOCK_BYTES];
        for (int i = 0; i < checksums.length; i++) {
            checksums[i] = data.crc32c(i * Sizes.BLOCK_BYTES, Sizes.BLOCK_BYTES);
        }
        return new Blocks(data, checksums);
    }

    public int count() {
        return checksums.length;
    }

    /** Whether a block, counted from 0, is all zeros. */
    public boolean isZero(int block) {
        return checksums[block] == Crc32c.OF_ZERO_BLOCK
                && data.slice(block * Sizes.BLOCK_BYTES, Sizes.BLOCK_BYTES).isZero();
    }

    /** Bytes of the blocks that are not all zeros. */
    public int bytesSet() {
        int bytes = 0;
        for (int block = 0; block < count(); block++) {
            bytes += isZero(block) ? 0 : Sizes.BLOCK_BYTES;
        }
        return bytes;
    }

    /** Number of the first block whose data does not match its checksum, or -1. */
    public int firstMismatch() {
        for (int i = 0; i < checksums.length; i++) {
            if (data.crc32c(i * Sizes.BLOCK_BYTES, Sizes.BLOCK_BYTES) != checksums[i]) {
                return i;
            }
        }
        return -1;
    }
}
