package io.ashlar.benchmarks;

import io.ashlar.chunkstore.Blocks;
import io.ashlar.chunkstore.Inspection;
import io.ashlar.chunkstore.ReadResult;
import io.ashlar.chunkstore.rocks.Batch;
import io.ashlar.chunkstore.rocks.BlockLayout;
import io.ashlar.chunkstore.rocks.Keys;
import io.ashlar.chunkstore.rocks.RocksStore;
import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.Crc32c;
import io.ashlar.common.Payload;
import io.ashlar.common.PgId;
import io.ashlar.common.Sizes;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/**
 * The layout that ADR 0002 decided against, as far as measuring needs it: one value for up to 32
 * blocks of a write, and one small value that names it for the index. Which extent holds a block is
 * kept in memory, for all chunks; an extent is removed when its last block was replaced. A real one
 * would also load and bound the index, publish it only after the commit, and rewrite extents of
 * which little is left; so the figures flatter it.
 *
 * <pre>
 * key     chunk 32, number of the extent 8
 * value   first block 4, blocks 4, checksum of each 4, CRC-32C of key and all this 4, data
 * </pre>
 */
final class ExtentLayout implements BlockLayout<ExtentLayout.Scratch> {
    private static final int EXTENT_BLOCKS = 32;
    private static final int CHUNK_BLOCKS = Sizes.CHUNK_BYTES_DEFAULT / Sizes.BLOCK_BYTES;
    private static final int KEY_BYTES = Keys.CHUNK_BYTES + Long.BYTES;
    private static final int RECORD_BYTES_MAX =
            KEY_BYTES + 12 + EXTENT_BLOCKS * (4 + Sizes.BLOCK_BYTES);

    private record Place(PgId pg, ChunkId chunk) {}

    /** Guarded by itself. */
    private static final class ChunkIndex {
        private final long[] extentOf = new long[CHUNK_BLOCKS];
        private final Map<Long, Integer> liveBlocks = new HashMap<>();
    }

    private final RocksDB db;
    private final RocksStore store;
    private final ColumnFamilyHandle extents;
    private final ColumnFamilyHandle deltas;
    private final Map<Place, ChunkIndex> index = new ConcurrentHashMap<>();
    private final ByteBuffer record = ByteBuffer.allocateDirect(RECORD_BYTES_MAX);
    private final ByteBuffer deadKey = ByteBuffer.allocateDirect(KEY_BYTES);
    private long lastExtent;

    ExtentLayout(RocksStore store) {
        this.store = store;
        this.db = store.db();
        this.extents = store.dataFamily();
        this.deltas = db.getDefaultColumnFamily();
    }

    static final class Scratch implements AutoCloseable {
        private final ByteBuffer record = ByteBuffer.allocateDirect(RECORD_BYTES_MAX);

        @Override
        public void close() {}
    }

    @Override
    public void put(Batch batch, PgId pg, BlockRange range, Blocks blocks) throws RocksDBException {
        for (int from = 0; from < range.count(); from += EXTENT_BLOCKS) {
            int count = Math.min(EXTENT_BLOCKS, range.count() - from);
            putExtent(
                    batch, new Place(pg, range.chunk()), range.first() + from, blocks, from, count);
        }
    }

    private void putExtent(Batch batch, Place place, int first, Blocks blocks, int from, int count)
            throws RocksDBException {
        long extent = ++lastExtent;
        record.clear();
        Keys.putChunk(record, place.pg(), place.chunk())
                .putLong(extent)
                .putInt(first)
                .putInt(count);
        for (int i = 0; i < count; i++) {
            record.putInt(blocks.checksums()[from + i]);
        }
        record.putInt(Crc32c.of(record.duplicate().flip()));
        Payload data = blocks.data();
        int offset = data.offset() + from * Sizes.BLOCK_BYTES;
        record.put(data.array(), offset, count * Sizes.BLOCK_BYTES);
        int bytes = record.position() - KEY_BYTES;
        batch.put(extents, record.slice(0, KEY_BYTES), record.slice(KEY_BYTES, bytes));
        batch.put(deltas, record.slice(0, KEY_BYTES), record.slice(KEY_BYTES, 8));
        replace(batch, place, first, count, extent);
    }

    private void replace(Batch batch, Place place, int first, int count, long extent)
            throws RocksDBException {
        ChunkIndex chunk = index.computeIfAbsent(place, _ -> new ChunkIndex());
        synchronized (chunk) {
            if (extent != 0) {
                chunk.liveBlocks.put(extent, count);
            }
            for (int block = first; block < first + count; block++) {
                long old = chunk.extentOf[block];
                chunk.extentOf[block] = extent;
                if (old != 0 && chunk.liveBlocks.merge(old, -1, Integer::sum) == 0) {
                    chunk.liveBlocks.remove(old);
                    Keys.putChunk(deadKey.clear(), place.pg(), place.chunk()).putLong(old).flip();
                    batch.delete(extents, deadKey.duplicate());
                    batch.delete(deltas, deadKey.duplicate());
                }
            }
        }
    }

    @Override
    public void trim(Batch batch, PgId pg, BlockRange range) throws RocksDBException {
        replace(batch, new Place(pg, range.chunk()), range.first(), range.count(), 0);
    }

    @Override
    public void lose(Batch batch, PgId pg, BlockRange range) {
        throw new UnsupportedOperationException("nothing is taught in a benchmark of one device");
    }

    @Override
    public void drop(Batch batch, PgId pg) {
        throw new UnsupportedOperationException("not measured");
    }

    @Override
    public Scratch newScratch() {
        return new Scratch();
    }

    @Override
    public ReadResult read(Scratch scratch, PgId pg, BlockRange range) {
        byte[] data = new byte[range.count() * Sizes.BLOCK_BYTES];
        int[] checksums = new int[range.count()];
        Arrays.fill(checksums, Crc32c.OF_ZERO_BLOCK);
        Place place = new Place(pg, range.chunk());
        ChunkIndex chunk = index.get(place);
        if (chunk != null) {
            long[] wanted;
            synchronized (chunk) {
                wanted = Arrays.copyOfRange(chunk.extentOf, range.first(), range.end());
            }
            for (int i = 0; i < wanted.length; i++) {
                if (wanted[i] == 0) {
                    continue;
                }
                int run = i + 1;
                while (run < wanted.length && wanted[run] == wanted[i]) {
                    run++;
                }
                try {
                    readExtent(
                            scratch.record,
                            place,
                            wanted[i],
                            range.first(),
                            i,
                            run,
                            data,
                            checksums);
                } catch (RocksDBException e) {
                    return new ReadResult.Corrupt(
                            range.first() + i, String.valueOf(e.getMessage()));
                }
                i = run - 1;
            }
        }
        return new ReadResult.Ok(new Blocks(Payload.of(data), checksums));
    }

    private void readExtent(
            ByteBuffer in,
            Place place,
            long extent,
            int rangeFirst,
            int from,
            int to,
            byte[] data,
            int[] checksums)
            throws RocksDBException {
        Keys.putChunk(in.clear(), place.pg(), place.chunk()).putLong(extent);
        ByteBuffer value = in.slice(KEY_BYTES, RECORD_BYTES_MAX - KEY_BYTES);
        int bytes = db.get(extents, store.readOptions(), in.slice(0, KEY_BYTES), value);
        if (bytes == RocksDB.NOT_FOUND) {
            throw new RocksDBException("extent not committed yet, or gone meanwhile");
        }
        int first = in.getInt(KEY_BYTES);
        int count = in.getInt(KEY_BYTES + 4);
        int crcAt = KEY_BYTES + 8 + count * 4;
        if (in.getInt(crcAt) != Crc32c.of(in.slice(0, crcAt))) {
            throw new RocksDBException("header checksum");
        }
        for (int i = from; i < to; i++) {
            int inExtent = rangeFirst + i - first;
            int offset = i * Sizes.BLOCK_BYTES;
            in.get(crcAt + 4 + inExtent * Sizes.BLOCK_BYTES, data, offset, Sizes.BLOCK_BYTES);
            checksums[i] = in.getInt(KEY_BYTES + 8 + inExtent * 4);
            if (Crc32c.of(data, offset, Sizes.BLOCK_BYTES) != checksums[i]) {
                throw new RocksDBException("block checksum");
            }
        }
    }

    @Override
    public Inspection inspect(Scratch scratch, PgId pg, BlockRange range) {
        throw new UnsupportedOperationException("nothing is scrubbed in a benchmark of writes");
    }

    @Override
    public List<ChunkId> chunks(PgId pg, Optional<ChunkId> after, int max) {
        throw new UnsupportedOperationException("not measured");
    }

    @Override
    public Set<PgId> groups() {
        throw new UnsupportedOperationException("not measured");
    }

    @Override
    public long digest(Scratch scratch, PgId pg, ChunkId chunk) {
        throw new UnsupportedOperationException("not measured");
    }
}
