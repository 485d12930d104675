package io.ashlar.chunkstore.rocks;

import io.ashlar.chunkstore.DeviceConfig;
import io.ashlar.chunkstore.DeviceException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.IndexType;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;
import org.rocksdb.WALRecoveryMode;
import org.rocksdb.WriteBufferManager;
import org.rocksdb.WriteOptions;

/**
 * An open RocksDB with our column families, and every native object that belongs to it. Nothing of
 * it may be used while or after {@link #close} runs: that would crash the process.
 */
public final class RocksStore implements AutoCloseable {
    /** What a system call says whose disk does not work. */
    static final String IO_ERROR = "Input/output error";

    private static final int MEMTABLES_MAX = 3;
    private static final int SMALL_MEMTABLES_MAX = 2;

    /** Range tombstones in a memtable slow down every read of it: so many, then it is flushed. */
    private static final int MEMTABLE_RANGE_TOMBSTONES_MAX = 1024;

    /** Values from here on lie in blob files, and are not copied about by compaction (ADR 0002). */
    private static final long BLOB_BYTES_MIN = 1024;

    private static final long BLOB_FILE_BYTES = 256L << 20;

    private final Deque<AutoCloseable> natives = new ArrayDeque<>();
    private final RocksDB db;
    private final List<ColumnFamilyHandle> families = new ArrayList<>();
    private final ReadOptions readOptions;
    private final WriteOptions writeOptions;

    /**
     * Opens what is there, or with {@code create} makes it.
     *
     * @throws RocksDBException as RocksDB says it; see {@link #explained}
     * @throws IOException if the logs cannot be read
     * @throws io.ashlar.common.WireFormatException if they are damaged
     */
    public RocksStore(DeviceConfig config, Path directory, boolean create)
            throws RocksDBException, IOException {
        NativeLibrary.load(config.nativeDirectory());
        try {
            readOptions = own(new ReadOptions());
            writeOptions = own(new WriteOptions().setSync(true));
            Cache cache = own(new LRUCache(config.blockCacheBytes()));
            WALRecoveryMode walRecoveryMode =
                    create
                            ? WALRecoveryMode.TolerateCorruptedTailRecords
                            : WalCheck.recoveryMode(directory);
            DBOptions options = own(options(config, cache, create, walRecoveryMode));
            List<ColumnFamilyDescriptor> descriptors =
                    List.of(
                            family("default", smallOptions(config, cache)),
                            family("data", dataOptions(config, cache)),
                            family("log", smallOptions(config, cache)),
                            family("state", smallOptions(config, cache)));
            db = own(RocksDB.open(options, directory.toString(), descriptors, families));
            families.forEach(this::own);
        } catch (RocksDBException | IOException | RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private <T extends AutoCloseable> T own(T object) {
        natives.push(object);
        return object;
    }

    private static ColumnFamilyDescriptor family(String name, ColumnFamilyOptions options) {
        return new ColumnFamilyDescriptor(name.getBytes(StandardCharsets.US_ASCII), options);
    }

    private DBOptions options(
            DeviceConfig config, Cache cache, boolean create, WALRecoveryMode walRecoveryMode) {
        long small = smallMemtableBytes(config);
        long memoryMax = MEMTABLES_MAX * config.memtableBytes() + 2 * SMALL_MEMTABLES_MAX * small;
        return new DBOptions()
                // A device without its data must not turn into an empty one of the same identity.
                .setCreateIfMissing(create)
                .setCreateMissingColumnFamilies(create)
                .setErrorIfExists(create)
                .setParanoidChecks(true)
                // WalCheck saw the log before, and needs log files that are written only once.
                .setWalRecoveryMode(walRecoveryMode)
                .setRecycleLogFileNum(0)
                .setMaxTotalWalSize(2 * memoryMax)
                // An error is for good: what the kernel dropped after a failed fsync is gone.
                .setMaxBgErrorResumeCount(0)
                .setWriteBufferManager(own(new WriteBufferManager(memoryMax, cache)))
                .setMaxOpenFiles(config.openFilesMax())
                .setMaxBackgroundJobs(4)
                .setAllowMmapReads(false)
                .setAllowMmapWrites(false)
                .setBytesPerSync(1 << 20)
                .setAvoidUnnecessaryBlockingIO(true)
                .setAvoidFlushDuringShutdown(true)
                .setStatsDumpPeriodSec(0)
                .setStatsPersistPeriodSec(0)
                .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
                .setMaxLogFileSize(4 << 20)
                .setKeepLogFileNum(4);
    }

    private static long smallMemtableBytes(DeviceConfig config) {
        return Math.min(DeviceConfig.SMALL_MEMTABLE_BYTES, config.memtableBytes() / 4);
    }

    private ColumnFamilyOptions dataOptions(DeviceConfig config, Cache cache) {
        return familyOptions(cache)
                .setWriteBufferSize(config.memtableBytes())
                .setMaxWriteBufferNumber(MEMTABLES_MAX)
                .setEnableBlobFiles(true)
                .setMinBlobSize(BLOB_BYTES_MIN)
                .setBlobFileSize(BLOB_FILE_BYTES)
                .setBlobCompressionType(CompressionType.NO_COMPRESSION)
                .setEnableBlobGarbageCollection(true)
                .setBlobGarbageCollectionAgeCutoff(0.25)
                .setBlobGarbageCollectionForceThreshold(0.5);
    }

    private ColumnFamilyOptions smallOptions(DeviceConfig config, Cache cache) {
        return familyOptions(cache)
                .setWriteBufferSize(smallMemtableBytes(config))
                .setMaxWriteBufferNumber(SMALL_MEMTABLES_MAX);
    }

    private ColumnFamilyOptions familyOptions(Cache cache) {
        BlockBasedTableConfig table =
                new BlockBasedTableConfig()
                        .setBlockCache(cache)
                        .setBlockSize(8 * 1024)
                        .setFilterPolicy(own(new BloomFilter(10)))
                        // In small parts: those of a large device do not fit into the cache.
                        .setIndexType(IndexType.kTwoLevelIndexSearch)
                        .setPartitionFilters(true)
                        .setMetadataBlockSize(4096)
                        .setPinTopLevelIndexAndFilter(true)
                        .setCacheIndexAndFilterBlocks(true)
                        .setPinL0FilterAndIndexBlocksInCache(true);
        return own(new ColumnFamilyOptions())
                .setTableFormatConfig(table)
                .setCompressionType(CompressionType.NO_COMPRESSION)
                .setLevelCompactionDynamicLevelBytes(true)
                .setMemtableMaxRangeDeletions(MEMTABLE_RANGE_TOMBSTONES_MAX);
    }

    public RocksDB db() {
        return db;
    }

    public ColumnFamilyHandle dataFamily() {
        return families.get(1);
    }

    ColumnFamilyHandle logFamily() {
        return families.get(2);
    }

    ColumnFamilyHandle stateFamily() {
        return families.get(3);
    }

    public ReadOptions readOptions() {
        return readOptions;
    }

    /** Writes the batch and waits until it is on stable storage. */
    public void write(Batch batch) throws RocksDBException {
        db.write(writeOptions, batch.rocksBatch());
    }

    /** What table and blob files take on the disk. */
    long fileBytes() {
        return property("rocksdb.total-sst-files-size") + property("rocksdb.total-blob-file-size");
    }

    /** What is in memtables: about what the logs take, and what will become files. */
    long memtableBytes() {
        return property("rocksdb.size-all-mem-tables");
    }

    private long property(String name) {
        try {
            return db.getAggregatedLongProperty(name);
        } catch (RocksDBException e) {
            throw new IllegalStateException("RocksDB does not tell " + name, e);
        }
    }

    /** What failed to open, for an operator. */
    public static DeviceException explained(Path directory, RocksDBException e) {
        String said = String.valueOf(e.getMessage());
        Status status = e.getStatus();
        Status.Code code = status == null ? Status.Code.Undefined : status.getCode();
        if (said.contains("/LOCK: ")) {
            return new DeviceException(
                    "the device in "
                            + directory
                            + " is in use by another process; stop that one first ("
                            + said
                            + ")",
                    e);
        }
        if (code == Status.Code.Corruption) {
            return damaged(directory, e);
        }
        if (said.contains(IO_ERROR)) {
            return DeviceException.broken(
                    "the disk of " + directory + " does not work (" + said + "); replace it", e);
        }
        return new DeviceException(
                "cannot open the device in "
                        + directory
                        + "; check that the disk is mounted, healthy, and writable by the user of"
                        + " this process ("
                        + said
                        + ")",
                e);
    }

    static DeviceException damaged(Path directory, Exception e) {
        return DeviceException.broken(
                "the data in "
                        + directory
                        + " is damaged; check the disk, then take it out with 'ashlar device"
                        + " replace': the other replicas hold the data ("
                        + e.getMessage()
                        + ")",
                e);
    }

    /** In the order opposite to making: handles, database, then what they refer to. */
    @Override
    public void close() {
        while (!natives.isEmpty()) {
            try {
                natives.pop().close();
            } catch (Exception e) {
                throw new IllegalStateException("closing RocksDB", e);
            }
        }
    }
}
