package io.ashlar.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import io.ashlar.common.BootTimeClock;
import io.ashlar.common.Clock;
import io.ashlar.common.RandomSource;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.WALRecoveryMode;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * Where the time of a put of 128 KiB goes (ADR 0002): one thread, fresh keys, each variant changes
 * one thing. Argument: an empty directory on the disk to measure.
 */
public final class PutCostBenchmark {
    private static final int VALUE_BYTES = 128 * 1024;
    private static final int PUTS = 1500;
    private static final int WARM_UP_PUTS = 700;

    private static final Clock CLOCK = new BootTimeClock();
    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private PutCostBenchmark() {}

    /** One way to put; the first is RocksDB as it comes, with an fsync and a byte array. */
    private record Variant(
            String name,
            boolean sync,
            boolean wal,
            boolean direct,
            long memtableBytes,
            int blockBytes,
            int recycledLogs,
            boolean blobs,
            long hugePageBytes) {}

    public static void main(String[] arguments) throws Exception {
        long mebibyte = 1L << 20;
        int whole = VALUE_BYTES;
        Variant[] variants = {
            new Variant("array, fsync", true, true, false, 64 * mebibyte, whole, 0, false, 0),
            new Variant("direct buffer", true, true, true, 64 * mebibyte, whole, 0, false, 0),
            new Variant("blob files", true, true, true, 64 * mebibyte, whole, 0, true, 0),
            new Variant("recycled logs", true, true, true, 64 * mebibyte, whole, 4, true, 0),
            new Variant("256M memtable", true, true, true, 256 * mebibyte, whole, 0, true, 0),
            new Variant(
                    "huge pages", true, true, true, 64 * mebibyte, whole, 0, true, 2 * mebibyte),
            new Variant("32 x 4 KiB", true, true, true, 64 * mebibyte, 4096, 0, true, 0),
            new Variant("no fsync", false, true, true, 64 * mebibyte, whole, 0, true, 0),
            new Variant("no log", false, false, true, 64 * mebibyte, whole, 0, true, 0),
        };
        System.out.printf("%-16s %10s %12s%n", "variant", "us/put", "CPU us/put");
        for (Variant variant : variants) {
            Path path = Files.createDirectory(Path.of(arguments[0]).resolve("put"));
            measure(variant, path);
            deleteTree(path);
        }
    }

    private static void measure(Variant variant, Path path) throws Exception {
        try (Options options =
                        new Options()
                                .setCreateIfMissing(true)
                                .setWriteBufferSize(variant.memtableBytes())
                                .setMaxWriteBufferNumber(4)
                                .setEnableBlobFiles(variant.blobs())
                                .setRecycleLogFileNum(variant.recycledLogs())
                                .setWalRecoveryMode(WALRecoveryMode.PointInTimeRecovery)
                                .setMemtableHugePageSize(variant.hugePageBytes());
                WriteOptions write =
                        new WriteOptions().setSync(variant.sync()).setDisableWAL(!variant.wal());
                RocksDB db = RocksDB.open(options, path.toString())) {
            Puts puts = new Puts(variant, db, write);
            puts.run(WARM_UP_PUTS);
            long cpu = SYSTEM.getProcessCpuTime();
            long start = CLOCK.nanos();
            puts.run(PUTS);
            System.out.printf(
                    "%-16s %10.0f %12.0f%n",
                    variant.name(),
                    (CLOCK.nanos() - start) / 1e3 / PUTS,
                    (SYSTEM.getProcessCpuTime() - cpu) / 1e3 / PUTS);
        }
    }

    private static final class Puts {
        private final Variant variant;
        private final RocksDB db;
        private final WriteOptions write;
        private final byte[] array = new byte[VALUE_BYTES];
        private final ByteBuffer direct = ByteBuffer.allocateDirect(VALUE_BYTES);
        private final ByteBuffer key = ByteBuffer.allocateDirect(Long.BYTES);
        private long next;

        Puts(Variant variant, RocksDB db, WriteOptions write) {
            this.variant = variant;
            this.db = db;
            this.write = write;
            RandomSource random = RandomSource.seeded(1);
            for (int i = 0; i < array.length; i++) {
                array[i] = (byte) random.nextLong();
            }
        }

        void run(int count) throws Exception {
            try (WriteBatch batch = new WriteBatch(2 * VALUE_BYTES)) {
                for (int i = 0; i < count; i++) {
                    batch.clear();
                    fill(batch);
                    db.write(write, batch);
                }
            }
        }

        private void fill(WriteBatch batch) throws Exception {
            if (!variant.direct()) {
                batch.put(ByteBuffer.allocate(Long.BYTES).putLong(next++).array(), array);
                return;
            }
            direct.clear().put(array); // what arrived lies in the heap
            for (int at = 0; at < VALUE_BYTES; at += variant.blockBytes()) {
                key.clear().putLong(next++).flip();
                batch.put(key, direct.slice(at, variant.blockBytes()));
            }
        }
    }

    private static void deleteTree(Path path) throws IOException {
        try (Stream<Path> paths = Files.walk(path)) {
            for (Path each : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }
}
