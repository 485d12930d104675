package io.ashlar.replication.wire;

import io.ashlar.chunkstore.Blocks;
import io.ashlar.chunkstore.LogEntry;
import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.CompareMark;
import io.ashlar.common.Crc32c;
import io.ashlar.common.Payload;
import io.ashlar.common.PgId;
import io.ashlar.common.Sizes;
import io.ashlar.common.VolumeId;
import io.ashlar.common.Wire;
import io.ashlar.common.WireFormatException;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Encodings of the values that messages share. Values out of their types' limits are refused as bad
 * format.
 */
public final class Codec {
    /** Most log entries or ranges in one message. */
    public static final int ENTRIES_MAX = 16_384;

    private static final int CHUNK_ID_BYTES = 24;
    private static final int RANGE_BYTES = CHUNK_ID_BYTES + 8;
    private static final int ENTRY_BYTES = 17 + RANGE_BYTES;

    /** Set in an entry's kind if its marks follow it: their count in a byte, then they. */
    private static final int MARKED = 0x80;

    private static final int BLOCKS_MAX = Sizes.PAYLOAD_BYTES_MAX / Sizes.BLOCK_BYTES;

    private Codec() {}

    public static void writePg(ByteBuf out, PgId pg) {
        out.writeInt(pg.pool()).writeInt(pg.index());
    }

    public static PgId readPg(ByteBuf in) {
        int pool = Wire.readInt(in);
        int index = Wire.readInt(in);
        if (pool <= 0 || index < 0) {
            throw new WireFormatException("placement group " + pool + "." + index);
        }
        return new PgId(pool, index);
    }

    public static void writeChunk(ByteBuf out, ChunkId chunk) {
        out.writeLong(chunk.volume().value()).writeLong(chunk.layer()).writeLong(chunk.index());
    }

    public static ChunkId readChunk(ByteBuf in) {
        long volume = Wire.readLong(in);
        long layer = Wire.readLong(in);
        long index = Wire.readLong(in);
        if (volume <= 0 || layer <= 0 || index < 0) {
            throw new WireFormatException("chunk " + volume + "/" + layer + "/" + index);
        }
        return new ChunkId(new VolumeId(volume), layer, index);
    }

    public static void writeRange(ByteBuf out, BlockRange range) {
        writeChunk(out, range.chunk());
        out.writeInt(range.first()).writeInt(range.count());
    }

    public static BlockRange readRange(ByteBuf in) {
        ChunkId chunk = readChunk(in);
        int first = Wire.readInt(in);
        int count = Wire.readInt(in);
        int blocksMax = Sizes.CHUNK_BYTES_MAX / Sizes.BLOCK_BYTES;
        if (first < 0 || count <= 0 || first >= blocksMax || count > blocksMax - first) {
            throw new WireFormatException("blocks " + first + "+" + count);
        }
        return new BlockRange(chunk, first, count);
    }

    public static void writeRanges(ByteBuf out, List<BlockRange> ranges) {
        out.writeInt(ranges.size());
        for (BlockRange range : ranges) {
            writeRange(out, range);
        }
    }

    public static List<BlockRange> readRanges(ByteBuf in) {
        int count = Wire.readCount(in, ENTRIES_MAX, RANGE_BYTES);
        List<BlockRange> ranges = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            ranges.add(readRange(in));
        }
        return ranges;
    }

    public static void writeEntry(ByteBuf out, LogEntry entry) {
        boolean isMarked = !entry.marks().isEmpty();
        out.writeLong(entry.epoch()).writeLong(entry.sequence());
        out.writeByte(entry.kind().code() | (isMarked ? MARKED : 0));
        writeRange(out, entry.range());
        if (isMarked) {
            out.writeByte(entry.marks().size());
            entry.marks().forEach(mark -> mark.encode(out));
        }
    }

    public static LogEntry readEntry(ByteBuf in) {
        long epoch = Wire.readLong(in);
        long sequence = Wire.readLong(in);
        int code = Wire.readByte(in);
        LogEntry.Kind kind = LogEntry.Kind.of(code & ~MARKED);
        if (epoch <= 0 || sequence <= 0) {
            throw new WireFormatException("entry " + epoch + ":" + sequence);
        }
        BlockRange range = readRange(in);
        return new LogEntry(
                epoch, sequence, kind, range, (code & MARKED) == 0 ? List.of() : readMarks(in));
    }

    private static List<CompareMark> readMarks(ByteBuf in) {
        int count = Wire.readByte(in);
        if (count == 0 || count > in.readableBytes() / CompareMark.BYTES) {
            throw new WireFormatException(count + " marks in " + in.readableBytes() + " bytes");
        }
        List<CompareMark> marks = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            marks.add(CompareMark.decode(in));
        }
        return marks;
    }

    public static void writeEntries(ByteBuf out, List<LogEntry> entries) {
        out.writeInt(entries.size());
        for (LogEntry entry : entries) {
            writeEntry(out, entry);
        }
    }

    public static List<LogEntry> readEntries(ByteBuf in) {
        int count = Wire.readCount(in, ENTRIES_MAX, ENTRY_BYTES);
        List<LogEntry> entries = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            entries.add(readEntry(in));
        }
        return entries;
    }

    public static void writeBlocks(ByteBuf out, Blocks blocks) {
        out.writeInt(blocks.count());
        for (int checksum : blocks.checksums()) {
            out.writeInt(checksum);
        }
        Payload data = blocks.data();
        out.writeBytes(data.array(), data.offset(), data.length());
    }

    public static Blocks readBlocks(ByteBuf in) {
        int count = Wire.readCount(in, BLOCKS_MAX, 4 + Sizes.BLOCK_BYTES);
        int[] checksums = readInts(in, count);
        byte[] data = new byte[count * Sizes.BLOCK_BYTES];
        in.readBytes(data);
        return new Blocks(Payload.of(data), checksums);
    }

    /** The same with a map of the blocks that are all zeros, instead of their contents. */
    static void writeSparse(ByteBuf out, Blocks blocks) {
        out.writeInt(blocks.count());
        byte[] set = new byte[mapBytes(blocks.count())];
        for (int block = 0; block < blocks.count(); block++) {
            if (!blocks.isZero(block)) {
                set[block / Byte.SIZE] |= (byte) (1 << block % Byte.SIZE);
            }
        }
        out.writeBytes(set);
        Payload data = blocks.data();
        for (int block = 0; block < blocks.count(); block++) {
            if (isSet(set, block)) {
                out.writeInt(blocks.checksums()[block]);
                out.writeBytes(
                        data.array(), data.offset() + block * Sizes.BLOCK_BYTES, Sizes.BLOCK_BYTES);
            }
        }
    }

    static Blocks readSparse(ByteBuf in) {
        int count = Wire.readCount(in, BLOCKS_MAX, 0);
        Wire.need(in, mapBytes(count));
        byte[] set = new byte[mapBytes(count)];
        in.readBytes(set);
        Wire.need(in, (long) BitSet.valueOf(set).cardinality() * (4 + Sizes.BLOCK_BYTES));
        int[] checksums = new int[count];
        byte[] data = new byte[count * Sizes.BLOCK_BYTES];
        for (int block = 0; block < count; block++) {
            if (isSet(set, block)) {
                checksums[block] = in.readInt();
                in.readBytes(data, block * Sizes.BLOCK_BYTES, Sizes.BLOCK_BYTES);
            } else {
                checksums[block] = Crc32c.OF_ZERO_BLOCK;
            }
        }
        return new Blocks(Payload.of(data), checksums);
    }

    private static int mapBytes(int blocks) {
        return (blocks + Byte.SIZE - 1) / Byte.SIZE;
    }

    private static boolean isSet(byte[] map, int block) {
        return (map[block / Byte.SIZE] & 1 << block % Byte.SIZE) != 0;
    }

    static int[] readInts(ByteBuf in, int count) {
        int[] values = new int[count];
        for (int i = 0; i < count; i++) {
            values[i] = in.readInt();
        }
        return values;
    }
}
