package io.ashlar.chunkstore.rocks;

import io.ashlar.chunkstore.Blocks;
import io.ashlar.chunkstore.ChunkDigest;
import io.ashlar.chunkstore.Inspection;
import io.ashlar.chunkstore.ReadResult;
import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.Crc32c;
import io.ashlar.common.Payload;
import io.ashlar.common.PgId;
import io.ashlar.common.Sizes;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.rocksdb.ByteBufferGetStatus;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Snapshot;
import org.rocksdb.Status;

/** One value per block that is not zero (ADR 0002). */
public final class PerBlockLayout implements BlockLayout<PerBlockLayout.Scratch> {
    /**
     * From so many blocks on, a trim is one range tombstone. Below it point tombstones are better:
     * each range tombstone costs every read of its neighbourhood until compaction drops it.
     */
    private static final int RANGE_TRIM_BLOCKS_MIN = 32;

    /** Blocks that one MultiGet reads. */
    private static final int SLOTS = Sizes.PAYLOAD_BYTES_MAX / Sizes.BLOCK_BYTES;

    /** Blocks of the largest chunk. */
    static final int BLOCKS_MAX = Sizes.CHUNK_BYTES_MAX / Sizes.BLOCK_BYTES;

    /** Keeps the digest of a bad block apart from any good one's. */
    private static final long BAD_BLOCK = 0xBADB_10C0_BADB_10C1L;

    private final RocksDB db;
    private final ColumnFamilyHandle family;
    private final List<ColumnFamilyHandle> families;
    private final ReadOptions readOptions;
    private final BlockKeys keys;

    /** The write thread's. */
    private final BlockRecord record = new BlockRecord();

    /** The handles stay the caller's. */
    public PerBlockLayout(RocksDB db, ColumnFamilyHandle family, ReadOptions readOptions) {
        this.db = db;
        this.family = family;
        this.families = List.of(family);
        this.readOptions = readOptions;
        this.keys = new BlockKeys(db, family, readOptions);
    }

    /** A reader's records, one for each block of a MultiGet, made when first needed. */
    public static final class Scratch implements AutoCloseable {
        private final List<BlockRecord> records = new ArrayList<>();

        BlockRecord record(int index) {
            while (records.size() <= index) {
                records.add(new BlockRecord());
            }
            return records.get(index);
        }

        @Override
        public void close() {
            records.clear();
        }
    }

    @Override
    public void put(Batch batch, PgId pg, BlockRange range, Blocks blocks) throws RocksDBException {
        Payload data = blocks.data();
        int zerosFrom = 0;
        for (int i = 0; i < range.count(); i++) {
            if (blocks.isZero(i)) {
                continue;
            }
            trimBlocks(batch, pg, range, zerosFrom, i);
            zerosFrom = i + 1;
            ByteBuffer key = record.key(pg, range.chunk(), range.first() + i);
            int offset = data.offset() + i * Sizes.BLOCK_BYTES;
            ByteBuffer value = record.encode(data.array(), offset, blocks.checksums()[i]);
            batch.put(family, key, value);
        }
        trimBlocks(batch, pg, range, zerosFrom, range.count());
    }

    @Override
    public void trim(Batch batch, PgId pg, BlockRange range) throws RocksDBException {
        trimBlocks(batch, pg, range, 0, range.count());
    }

    private void trimBlocks(Batch batch, PgId pg, BlockRange range, int from, int to)
            throws RocksDBException {
        int first = range.first() + from;
        int end = range.first() + to;
        if (end - first >= RANGE_TRIM_BLOCKS_MIN) {
            ChunkId chunk = range.chunk();
            batch.deleteRange(family, Keys.block(pg, chunk, first), Keys.block(pg, chunk, end));
            return;
        }
        for (int block = first; block < end; block++) {
            batch.delete(family, record.key(pg, range.chunk(), block));
        }
    }

    @Override
    public void lose(Batch batch, PgId pg, BlockRange range) throws RocksDBException {
        for (int block = range.first(); block < range.end(); block++) {
            ByteBuffer key = record.key(pg, range.chunk(), block);
            batch.put(family, key, record.encodeLost());
        }
    }

    @Override
    public void drop(Batch batch, PgId pg) throws RocksDBException {
        batch.deleteRange(family, Keys.group(pg), Keys.afterGroup(pg));
    }

    @Override
    public Scratch newScratch() {
        return new Scratch();
    }

    @Override
    public ReadResult read(Scratch scratch, PgId pg, BlockRange range) {
        Reading reading = readAll(scratch, pg, range);
        return reading.firstBad < 0
                ? new ReadResult.Ok(new Blocks(Payload.of(reading.data), reading.checksums))
                : new ReadResult.Corrupt(reading.firstBad, reading.reason);
    }

    @Override
    public Inspection inspect(Scratch scratch, PgId pg, BlockRange range) {
        Reading reading = readAll(scratch, pg, range);
        return new Inspection(reading.checksums, reading.bad);
    }

    private Reading readAll(Scratch scratch, PgId pg, BlockRange range) {
        Reading reading = new Reading(scratch, pg, range);
        if (range.count() <= SLOTS) {
            reading.read(readOptions, 0, range.count()); // one call to RocksDB sees one instant
        } else {
            atOneInstant(options -> {
                for (int i = 0; i < range.count(); i += SLOTS) {
                    reading.read(options, i, Math.min(SLOTS, range.count() - i));
                }
            });
        }
        return reading;
    }

    private void atOneInstant(Consumer<ReadOptions> reads) {
        Snapshot snapshot = db.getSnapshot();
        try (ReadOptions options = new ReadOptions(readOptions).setSnapshot(snapshot)) {
            reads.accept(options);
        } finally {
            db.releaseSnapshot(snapshot);
        }
    }

    /** One read on its way: gathers blocks and the first problem. */
    private final class Reading {
        private final Scratch scratch;
        private final PgId pg;
        private final BlockRange range;
        private final byte[] data;
        private final int[] checksums;
        private final BitSet present = new BitSet();
        private final BitSet bad = new BitSet();
        private int firstBad = -1;
        private String reason = "";

        Reading(Scratch scratch, PgId pg, BlockRange range) {
            this.scratch = scratch;
            this.pg = pg;
            this.range = range;
            this.data = new byte[range.count() * Sizes.BLOCK_BYTES];
            this.checksums = new int[range.count()];
            Arrays.fill(checksums, Crc32c.OF_ZERO_BLOCK);
        }

        void read(ReadOptions options, int from, int count) {
            try {
                if (count == 1) {
                    readOne(options, from);
                } else {
                    readMany(options, from, count);
                }
            } catch (RocksDBException e) {
                for (int i = from; i < from + count; i++) {
                    bad(i, "RocksDB: " + e.getMessage());
                }
            }
        }

        private void readOne(ReadOptions options, int index) throws RocksDBException {
            BlockRecord slot = scratch.record(0);
            ByteBuffer key = slot.key(pg, range.chunk(), range.first() + index);
            int bytes = db.get(family, options, key, slot.valueToFill());
            if (bytes != RocksDB.NOT_FOUND) {
                accept(slot, index, bytes);
            }
        }

        private void readMany(ReadOptions options, int from, int count) throws RocksDBException {
            List<ByteBuffer> keys = new ArrayList<>(count);
            List<ByteBuffer> values = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                BlockRecord slot = scratch.record(i);
                keys.add(slot.key(pg, range.chunk(), range.first() + from + i));
                values.add(slot.valueToFill());
            }
            List<ByteBufferGetStatus> results =
                    db.multiGetByteBuffers(options, families, keys, values);
            for (int i = 0; i < count; i++) {
                ByteBufferGetStatus result = results.get(i);
                Status.Code code = result.status.getCode();
                if (code == Status.Code.Ok) {
                    accept(scratch.record(i), from + i, result.requiredSize);
                } else if (code != Status.Code.NotFound) {
                    String state = result.status.getState();
                    bad(from + i, "RocksDB: " + result.status.getCodeString() + " " + state);
                }
            }
        }

        private void accept(BlockRecord slot, int index, int valueBytes) {
            int offset = index * Sizes.BLOCK_BYTES;
            slot.copyData(data, offset);
            checksums[index] = slot.blockChecksum();
            present.set(index);
            String problem = slot.problem(valueBytes, data, offset);
            if (!problem.isEmpty()) {
                bad(index, problem);
            }
        }

        private void bad(int index, String problem) {
            bad.set(index);
            if (firstBad < 0) {
                firstBad = range.first() + index;
                reason = problem;
            }
        }

        /** What these blocks add to the digest of their chunk. */
        long digest() {
            long digest = 0;
            for (int i = 0; i < range.count(); i++) {
                if (bad.get(i)) {
                    digest += ChunkDigest.ofBlock(range.first() + i, ~checksums[i]) ^ BAD_BLOCK;
                } else if (present.get(i)) {
                    digest += ChunkDigest.ofBlock(range.first() + i, checksums[i]);
                }
            }
            return digest;
        }
    }

    @Override
    public List<ChunkId> chunks(PgId pg, Optional<ChunkId> after, int max) throws RocksDBException {
        List<ChunkId> chunks = new ArrayList<>();
        byte[] group = Keys.group(pg);
        byte[] from = after.map(chunk -> Keys.afterChunk(pg, chunk)).orElse(group);
        while (chunks.size() < max) {
            Optional<byte[]> key = keys.firstFrom(from);
            if (key.isEmpty() || !Keys.isOfGroup(key.get(), group)) {
                break;
            }
            ChunkId chunk = Keys.chunkOf(key.get());
            chunks.add(chunk);
            from = Keys.afterChunk(pg, chunk);
        }
        return chunks;
    }

    @Override
    public Set<PgId> groups() throws RocksDBException {
        Set<PgId> groups = new HashSet<>();
        Optional<byte[]> key = keys.firstFrom(new byte[Keys.BLOCK_BYTES]);
        while (key.isPresent()) {
            PgId pg = Keys.groupOf(key.get());
            groups.add(pg);
            key = keys.firstFrom(Keys.afterGroup(pg));
        }
        return groups;
    }

    @Override
    public long digest(Scratch scratch, PgId pg, ChunkId chunk) {
        long[] digest = {ChunkDigest.OF_ZEROS};
        atOneInstant(options -> {
            int end = lastBlock(options, pg, chunk) + 1;
            for (int first = 0; first < end; first += SLOTS) {
                int count = Math.min(SLOTS, end - first);
                BlockRange range = new BlockRange(chunk, first, count);
                Reading reading = new Reading(scratch, pg, range);
                reading.read(options, 0, count);
                digest[0] += reading.digest();
            }
        });
        return digest[0];
    }

    /** Number of the chunk's last block that is stored, or -1; the greatest if it is unreadable. */
    private int lastBlock(ReadOptions options, PgId pg, ChunkId chunk) {
        try (RocksIterator iterator = db.newIterator(family, options)) {
            iterator.seekForPrev(Keys.afterChunk(pg, chunk));
            iterator.status();
            if (!iterator.isValid()) {
                return -1;
            }
            byte[] key = iterator.key();
            byte[] first = Keys.block(pg, chunk, 0);
            return Arrays.equals(key, 0, Keys.CHUNK_BYTES, first, 0, Keys.CHUNK_BYTES)
                    ? Math.min(Keys.blockOf(key), BLOCKS_MAX - 1)
                    : -1;
        } catch (RocksDBException e) {
            return BLOCKS_MAX - 1; // reading block by block will find what is bad
        }
    }
}
