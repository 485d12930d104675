package io.ashlar.chunkstore.rocks;

import io.ashlar.chunkstore.DeviceConfig;
import io.ashlar.chunkstore.Space;
import io.ashlar.common.Clock;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;

/**
 * Knows how much room there is, and refuses writes while there still is enough for RocksDB's own
 * needs. Asking is cheap: the figure is measured again when it is old or much was written since.
 */
final class SpaceGauge {
    private static final long AGE_NANOS_MAX = 1_000_000_000L;

    /** A byte written comes once to the log and once to a blob file. */
    private static final int COPIES = 2;

    /**
     * The device says that it is short this part of the reserve before it refuses, so that
     * primaries stop first and what is on its way to a backup is still taken.
     */
    private static final int WARNING_PART = 4;

    private final FileStore fileStore;
    private final Clock clock;
    private final long capacityMax;
    private final long reserve;

    private final LongSupplier fileBytes;
    private final LongSupplier memtableBytes;

    private record Measured(long atNanos, long capacity, long used, Space.FileSystem fileSystem) {}

    private Measured measured;

    /** Taken in since the measurement. */
    private long acceptedSince;

    SpaceGauge(
            Path directory, DeviceConfig config, LongSupplier fileBytes, LongSupplier memtableBytes)
            throws IOException {
        this.fileStore = Files.getFileStore(directory);
        this.clock = config.clock();
        this.capacityMax = config.capacityBytes();
        this.reserve = config.reserveBytes();
        this.fileBytes = fileBytes;
        this.memtableBytes = memtableBytes;
        this.measured = measure();
    }

    private Measured measure() throws IOException {
        long total = fileStore.getTotalSpace();
        // What is in memory lies in the logs already, and comes once more when it is flushed.
        long memtables = memtableBytes.getAsLong();
        long free = fileStore.getUsableSpace();
        long usable = free - memtables;
        Space.FileSystem fileSystem =
                new Space.FileSystem(total - fileStore.getUnallocatedSpace(), free);
        if (capacityMax >= total) {
            return new Measured(clock.nanos(), total, total - usable, fileSystem);
        }
        // The file system may be shared with others and be the tighter limit.
        long ours = fileBytes.getAsLong() + COPIES * memtables;
        return new Measured(
                clock.nanos(), capacityMax, Math.max(ours, capacityMax - usable), fileSystem);
    }

    /** Whether the figure should be measured again. */
    synchronized boolean isOld() {
        return clock.nanos() - measured.atNanos > AGE_NANOS_MAX || acceptedSince > reserve / 8;
    }

    /** Measures again; for threads that may use RocksDB. */
    void refresh() throws IOException {
        Measured now = measure();
        synchronized (this) {
            measured = now;
            acceptedSince = 0;
        }
    }

    /**
     * Whether a batch of this size may be written, and if so counts it in. One that {@code frees}
     * room, or that the group needs to run, may use half of the reserve.
     */
    synchronized boolean admits(long bytes, boolean frees) {
        long floor = frees ? reserve / 2 : reserve;
        if (free() - COPIES * bytes < floor) {
            return false;
        }
        acceptedSince += bytes;
        return true;
    }

    private long free() {
        return measured.capacity - measured.used - COPIES * acceptedSince;
    }

    synchronized Space space() {
        long used = Math.min(measured.capacity, measured.used + COPIES * acceptedSince);
        return new Space(
                measured.capacity,
                used,
                free() > reserve + reserve / WARNING_PART,
                measured.fileSystem);
    }
}
