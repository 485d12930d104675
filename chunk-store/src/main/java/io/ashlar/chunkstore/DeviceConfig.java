package io.ashlar.chunkstore;

import io.ashlar.common.Check;
import io.ashlar.common.Clock;
import io.ashlar.common.NodeId;
import java.nio.file.Path;
import java.util.UUID;

/**
 * Where a device lies and what it may take. Make one with {@link #of} and change what matters.
 *
 * @param directory a directory or mount point of its own
 * @param cluster the cluster that the device belongs to
 * @param node the node that the device belongs to
 * @param nativeDirectory where RocksDB's native library is unpacked, once for all starts; not used
 *     if {@code java.library.path} has it. One for all devices of a process: the first one counts
 * @param capacityBytes most bytes that the device may take; {@link #WHOLE_FILE_SYSTEM} for no limit
 *     but the file system's
 * @param reserveBytes room that stays free for compaction and logs: below it writes are refused,
 *     below half of it also what makes room or is needed to run (trims, log and state changes). At
 *     least {@link #RESERVE_BYTES_MIN}
 * @param memtableBytes size of a memtable of block data; at most three of them and two of {@link
 *     #SMALL_MEMTABLE_BYTES} or a quarter of it, whichever is less, for log and state are in memory
 * @param blockCacheBytes limit of the cache of index, filter and key blocks; the data itself is
 *     cached by the operating system
 * @param openFilesMax most files that RocksDB keeps open
 * @param readerThreads threads that read, so many reads wait on the disk at a time
 * @param pendingMax most batches, and most reads, that wait. Callers admit I/O by credits whose sum
 *     must stay below it: one more is a broken invariant, not something to wait for or to drop
 * @param pendingBytesMax as {@code pendingMax}, in bytes of payload
 * @param clock for how old the known free space is
 */
public record DeviceConfig(
        Path directory,
        UUID cluster,
        NodeId node,
        Path nativeDirectory,
        long capacityBytes,
        long reserveBytes,
        long memtableBytes,
        long blockCacheBytes,
        int openFilesMax,
        int readerThreads,
        int pendingMax,
        long pendingBytesMax,
        Clock clock) {
    public static final long WHOLE_FILE_SYSTEM = Long.MAX_VALUE;

    /** Smallest {@link #reserveBytes}: a few memtables and their logs must always fit. */
    public static final long RESERVE_BYTES_MIN = 16L << 20;

    /** Largest memtable of log and of state. */
    public static final long SMALL_MEMTABLE_BYTES = 16L << 20;

    private static final long MEMTABLE_BYTES_MIN = 1L << 20;

    public DeviceConfig {
        Check.argument(
                reserveBytes >= RESERVE_BYTES_MIN,
                "reserve of %s bytes, least is %s",
                reserveBytes,
                RESERVE_BYTES_MIN);
        Check.argument(memtableBytes >= MEMTABLE_BYTES_MIN, "memtable of %s bytes", memtableBytes);
        Check.argument(capacityBytes > 0, "capacity of %s bytes", capacityBytes);
        Check.argument(blockCacheBytes > 0, "block cache of %s bytes", blockCacheBytes);
        Check.argument(openFilesMax >= 64, "%s open files, least is 64", openFilesMax);
        Check.argument(readerThreads > 0 && readerThreads <= 64, "%s readers", readerThreads);
        Check.argument(pendingMax > 0 && pendingBytesMax > 0, "no pending operations allowed");
    }

    /** What suits a server: 2 GiB reserve, 64 MiB memtables, 64 MiB cache, 4 readers. */
    public static DeviceConfig of(Path directory, UUID cluster, NodeId node, Clock clock) {
        return new DeviceConfig(
                directory,
                cluster,
                node,
                directory.resolve("native"),
                WHOLE_FILE_SYSTEM,
                2L << 30,
                64L << 20,
                64L << 20,
                1024,
                4,
                65_536,
                1L << 30,
                clock);
    }

    public DeviceConfig withNativeDirectory(Path path) {
        return copy(path, capacityBytes, reserveBytes, memtableBytes, blockCacheBytes);
    }

    public DeviceConfig withCapacityBytes(long bytes) {
        return copy(nativeDirectory, bytes, reserveBytes, memtableBytes, blockCacheBytes);
    }

    public DeviceConfig withReserveBytes(long bytes) {
        return copy(nativeDirectory, capacityBytes, bytes, memtableBytes, blockCacheBytes);
    }

    /** Both limits of what RocksDB holds in memory. */
    public DeviceConfig withMemory(long memtableBytes, long blockCacheBytes) {
        return copy(nativeDirectory, capacityBytes, reserveBytes, memtableBytes, blockCacheBytes);
    }

    private DeviceConfig copy(
            Path nativeDirectory,
            long capacityBytes,
            long reserveBytes,
            long memtableBytes,
            long blockCacheBytes) {
        return new DeviceConfig(
                directory,
                cluster,
                node,
                nativeDirectory,
                capacityBytes,
                reserveBytes,
                memtableBytes,
                blockCacheBytes,
                openFilesMax,
                readerThreads,
                pendingMax,
                pendingBytesMax,
                clock);
    }
}
