package io.ashlar.chunkstore.rocks;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.Optional;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;

/**
 * Finds keys in a column family whose values may be damaged. A RocksDB iterator reads the value
 * together with the key, and when that fails gives neither; one bad block would hide all chunks
 * after it.
 */
final class BlockKeys {
    private static final BigInteger END = BigInteger.ONE.shiftLeft(Keys.BLOCK_BYTES * 8);

    private final RocksDB db;
    private final ColumnFamilyHandle family;
    private final ReadOptions readOptions;

    BlockKeys(RocksDB db, ColumnFamilyHandle family, ReadOptions readOptions) {
        this.db = db;
        this.family = family;
        this.readOptions = readOptions;
    }

    /** The first key that is not less than {@code from}. */
    Optional<byte[]> firstFrom(byte[] from) throws RocksDBException {
        try (RocksIterator iterator = db.newIterator(family, readOptions)) {
            iterator.seek(from);
            iterator.status();
            return iterator.isValid() ? Optional.of(iterator.key()) : Optional.empty();
        } catch (RocksDBException e) {
            return Optional.of(firstFromByHalving(from));
        }
    }

    /** An iterator says that there is a key before a bound, if not which: so find the bound. */
    private byte[] firstFromByHalving(byte[] from) throws RocksDBException {
        BigInteger low = new BigInteger(1, Arrays.copyOf(from, Keys.BLOCK_BYTES));
        BigInteger high = END.subtract(BigInteger.ONE);
        if (!isAnyBetween(from, high)) {
            throw new RocksDBException("the keys themselves are damaged");
        }
        while (high.subtract(low).compareTo(BigInteger.ONE) > 0) {
            BigInteger middle = low.add(high).shiftRight(1);
            if (isAnyBetween(from, middle)) {
                high = middle;
            } else {
                low = middle;
            }
        }
        return bytes(low);
    }

    private boolean isAnyBetween(byte[] from, BigInteger end) {
        try (Slice bound = new Slice(bytes(end));
                ReadOptions bounded = new ReadOptions(readOptions).setIterateUpperBound(bound);
                RocksIterator iterator = db.newIterator(family, bounded)) {
            iterator.seek(from);
            iterator.status();
            return iterator.isValid();
        } catch (RocksDBException e) {
            return true;
        }
    }

    private static byte[] bytes(BigInteger value) {
        byte[] bytes = END.add(value).toByteArray(); // a one, then the fixed number of bytes
        return Arrays.copyOfRange(bytes, bytes.length - Keys.BLOCK_BYTES, bytes.length);
    }
}
