package io.ashlar.chunkstore.rocks;

import io.ashlar.common.ChunkId;
import io.ashlar.common.PgId;
import io.ashlar.common.VolumeId;
import java.nio.ByteBuffer;

/**
 * Keys of all column families: big-endian, none of the numbers negative, so that RocksDB's order of
 * bytes is the order of {@link PgId}, {@link ChunkId} and block, or of sequence and epoch.
 *
 * <pre>
 * group   pool 4, index 4
 * chunk   group, volume 8, chunk index 8, layer 8
 * block   chunk, block 4
 * entry   group, sequence 8, epoch 8     sequences rise across epochs, so this is the log's order
 * state   group, field 1
 * </pre>
 */
public final class Keys {
    public static final int GROUP_BYTES = 8;
    public static final int CHUNK_BYTES = GROUP_BYTES + 24;
    public static final int BLOCK_BYTES = CHUNK_BYTES + 4;
    public static final int ENTRY_BYTES = GROUP_BYTES + 16;
    public static final int STATE_BYTES = GROUP_BYTES + 1;

    private Keys() {}

    public static ByteBuffer putGroup(ByteBuffer out, PgId pg) {
        return out.putInt(pg.pool()).putInt(pg.index());
    }

    public static ByteBuffer putChunk(ByteBuffer out, PgId pg, ChunkId chunk) {
        return putGroup(out, pg)
                .putLong(chunk.volume().value())
                .putLong(chunk.index())
                .putLong(chunk.layer());
    }

    public static ByteBuffer putBlock(ByteBuffer out, PgId pg, ChunkId chunk, int block) {
        return putChunk(out, pg, chunk).putInt(block);
    }

    public static byte[] group(PgId pg) {
        return putGroup(ByteBuffer.allocate(GROUP_BYTES), pg).array();
    }

    /** The least key that is greater than all of the group's. */
    public static byte[] afterGroup(PgId pg) {
        return ByteBuffer.allocate(GROUP_BYTES)
                .putInt(pg.pool())
                .putInt(pg.index() + 1) // MAX_VALUE becomes 0x80000000: still greater as bytes
                .array();
    }

    public static byte[] block(PgId pg, ChunkId chunk, int block) {
        return putBlock(ByteBuffer.allocate(BLOCK_BYTES), pg, chunk, block).array();
    }

    /** Greater than all keys of the chunk and less than the next chunk's. */
    public static byte[] afterChunk(PgId pg, ChunkId chunk) {
        return block(pg, chunk, -1);
    }

    public static byte[] entry(PgId pg, long sequence, long epoch) {
        return putGroup(ByteBuffer.allocate(ENTRY_BYTES), pg)
                .putLong(sequence)
                .putLong(epoch)
                .array();
    }

    /** Greater than all entries with the sequence and less than the next one's. */
    public static byte[] afterEntries(PgId pg, long sequence) {
        return entry(pg, sequence, -1);
    }

    public static byte[] state(PgId pg, byte field) {
        return putGroup(ByteBuffer.allocate(STATE_BYTES), pg).put(field).array();
    }

    public static boolean isOfGroup(byte[] key, byte[] group) {
        return key.length >= GROUP_BYTES
                && java.util.Arrays.equals(key, 0, GROUP_BYTES, group, 0, GROUP_BYTES);
    }

    /** The group of any key; the caller made sure that the key is long enough. */
    public static PgId groupOf(byte[] key) {
        ByteBuffer in = ByteBuffer.wrap(key);
        return new PgId(in.getInt(), in.getInt());
    }

    public static int blockOf(byte[] key) {
        return ByteBuffer.wrap(key).getInt(CHUNK_BYTES);
    }

    /** The chunk of a chunk or block key. */
    public static ChunkId chunkOf(byte[] key) {
        ByteBuffer in = ByteBuffer.wrap(key, GROUP_BYTES, CHUNK_BYTES - GROUP_BYTES);
        VolumeId volume = new VolumeId(in.getLong());
        long index = in.getLong();
        return new ChunkId(volume, in.getLong(), index);
    }
}
