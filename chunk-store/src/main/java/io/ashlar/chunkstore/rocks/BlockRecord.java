package io.ashlar.chunkstore.rocks;

import io.ashlar.common.ChunkId;
import io.ashlar.common.Crc32c;
import io.ashlar.common.PgId;
import io.ashlar.common.Sizes;
import java.nio.ByteBuffer;

/**
 * One block in RocksDB, in a direct buffer: its key and after it the value.
 *
 * <pre>
 *  0  key              36
 * 36  version           1   = 1
 * 37  zero              2
 * 39  lost              1   1: no replica had the block intact, there is no data; else 0
 * 40  block checksum    4   CRC-32C of the data, as it entered the cluster
 * 44  header checksum   4   CRC-32C of bytes 0 to 44: binds the data to group, chunk and block
 * 48  data           4096
 * </pre>
 */
final class BlockRecord {
    static final int HEADER_BYTES = 12;
    static final int VALUE_BYTES = HEADER_BYTES + Sizes.BLOCK_BYTES;
    static final int RECORD_BYTES = Keys.BLOCK_BYTES + VALUE_BYTES;
    static final byte VERSION = 1;

    /** Version and flag of a block that is lost, as one number. */
    private static final int LOST = VERSION << 24 | 1;

    private static final int BLOCK_CHECKSUM = Keys.BLOCK_BYTES + 4;
    private static final int HEADER_CHECKSUM = Keys.BLOCK_BYTES + 8;
    private static final int DATA = Keys.BLOCK_BYTES + HEADER_BYTES;

    private final ByteBuffer record = ByteBuffer.allocateDirect(RECORD_BYTES);
    private final ByteBuffer key = record.slice(0, Keys.BLOCK_BYTES);
    private final ByteBuffer value = record.slice(Keys.BLOCK_BYTES, VALUE_BYTES);
    private final ByteBuffer covered = record.slice(0, HEADER_CHECKSUM);

    /** The key's buffer, ready to be given to RocksDB. */
    ByteBuffer key(PgId pg, ChunkId chunk, int block) {
        Keys.putBlock(key.clear(), pg, chunk, block);
        return key.flip();
    }

    /** The value for the key that was set last, ready to be given to RocksDB. */
    ByteBuffer encode(byte[] data, int offset, int checksum) {
        record.putInt(Keys.BLOCK_BYTES, VERSION << 24).putInt(BLOCK_CHECKSUM, checksum);
        record.putInt(HEADER_CHECKSUM, Crc32c.of(covered.clear()));
        record.put(DATA, data, offset, Sizes.BLOCK_BYTES);
        return value.clear();
    }

    /** The value that marks the block of the key that was set last as lost. */
    ByteBuffer encodeLost() {
        record.putInt(Keys.BLOCK_BYTES, LOST).putInt(BLOCK_CHECKSUM, 0);
        record.putInt(HEADER_CHECKSUM, Crc32c.of(covered.clear()));
        return value.clear().limit(HEADER_BYTES);
    }

    /** An empty buffer for RocksDB to read the value into. */
    ByteBuffer valueToFill() {
        return value.clear();
    }

    int blockChecksum() {
        return record.getInt(BLOCK_CHECKSUM);
    }

    /** Copies the data out; {@link #problem} is to be asked afterwards, of the copy. */
    void copyData(byte[] target, int offset) {
        record.get(DATA, target, offset, Sizes.BLOCK_BYTES);
    }

    /**
     * What is wrong with the record under the key that was set last, whose data was copied to
     * {@code data}; empty if nothing is.
     */
    String problem(int valueBytes, byte[] data, int offset) {
        if (valueBytes == HEADER_BYTES
                && record.getInt(Keys.BLOCK_BYTES) == LOST
                && record.getInt(HEADER_CHECKSUM) == Crc32c.of(covered.clear())) {
            return "lost: no replica had it intact when it was copied here";
        }
        if (valueBytes != VALUE_BYTES) {
            return "record of " + valueBytes + " bytes, not " + VALUE_BYTES;
        }
        if (record.getInt(HEADER_CHECKSUM) != Crc32c.of(covered.clear())) {
            return "header checksum: not what was written for this block";
        }
        if (record.getInt(Keys.BLOCK_BYTES) != VERSION << 24) {
            return "record version " + record.get(Keys.BLOCK_BYTES) + ", known is " + VERSION;
        }
        if (Crc32c.of(data, offset, Sizes.BLOCK_BYTES) != blockChecksum()) {
            return "data does not match its checksum";
        }
        return "";
    }
}
