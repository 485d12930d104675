package io.ashlar.chunkstore.rocks;

import java.nio.ByteBuffer;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/**
 * The RocksDB batch that one group commit fills, reused for the next. Owned by the write thread.
 */
public final class Batch implements AutoCloseable {
    /** A batch that grew beyond this gives its memory back after use. */
    private static final long KEPT_BYTES_MAX = 8L << 20;

    private WriteBatch batch = new WriteBatch(1 << 20);

    /** Both buffers are direct; what lies between position and limit is copied. */
    public void put(ColumnFamilyHandle family, ByteBuffer key, ByteBuffer value)
            throws RocksDBException {
        batch.put(family, key, value);
    }

    public void put(ColumnFamilyHandle family, byte[] key, byte[] value) throws RocksDBException {
        batch.put(family, key, value);
    }

    /** The buffer is direct. */
    public void delete(ColumnFamilyHandle family, ByteBuffer key) throws RocksDBException {
        batch.delete(family, key);
    }

    /** Removes keys from {@code from} to before {@code to}. */
    public void deleteRange(ColumnFamilyHandle family, byte[] from, byte[] to)
            throws RocksDBException {
        batch.deleteRange(family, from, to);
    }

    WriteBatch rocksBatch() {
        return batch;
    }

    boolean isEmpty() {
        return batch.count() == 0;
    }

    void clear() {
        if (batch.getDataSize() > KEPT_BYTES_MAX) {
            batch.close();
            batch = new WriteBatch(1 << 20);
        } else {
            batch.clear();
        }
    }

    @Override
    public void close() {
        batch.close();
    }
}
