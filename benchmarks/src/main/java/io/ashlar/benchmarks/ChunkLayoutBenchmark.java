package io.ashlar.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import io.ashlar.chunkstore.Blocks;
import io.ashlar.chunkstore.ChunkDevice;
import io.ashlar.chunkstore.DeviceConfig;
import io.ashlar.chunkstore.LogEntry;
import io.ashlar.chunkstore.ReadResult;
import io.ashlar.chunkstore.RocksChunkDevice;
import io.ashlar.chunkstore.StoreOp;
import io.ashlar.chunkstore.WriteResult;
import io.ashlar.chunkstore.rocks.BlockLayout;
import io.ashlar.chunkstore.rocks.PerBlockLayout;
import io.ashlar.chunkstore.rocks.RocksDevice;
import io.ashlar.chunkstore.rocks.RocksStore;
import io.ashlar.common.BlockRange;
import io.ashlar.common.BootTimeClock;
import io.ashlar.common.Check;
import io.ashlar.common.ChunkId;
import io.ashlar.common.Clock;
import io.ashlar.common.NodeId;
import io.ashlar.common.Payload;
import io.ashlar.common.PgId;
import io.ashlar.common.RandomSource;
import io.ashlar.common.Sizes;
import io.ashlar.common.VolumeId;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Compares layouts of blocks in RocksDB (ADR 0002): writes and reads of 4 KiB and 256 KiB, random
 * and sequential, against a whole device with its threads, log entries, checksums and fsyncs.
 *
 * <p>Arguments: an empty directory on the disk to measure, MiB of data, seconds per cell, requests
 * in flight, names of layouts.
 */
public final class ChunkLayoutBenchmark {
    private static final int GROUPS = 8;
    private static final int CHUNK_BLOCKS = Sizes.CHUNK_BYTES_DEFAULT / Sizes.BLOCK_BYTES;
    private static final int LOG_KEPT = 1000;

    private final Clock clock = new BootTimeClock();
    private final OperatingSystemMXBean system =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final Path directory;
    private final int dataBlocks;
    private final long cellNanos;
    private final int depth;
    private final long[] sequences = new long[GROUPS];

    private ChunkLayoutBenchmark(Path directory, int dataMebibytes, int cellSeconds, int depth) {
        this.directory = directory;
        this.dataBlocks = dataMebibytes * 256;
        this.cellNanos = cellSeconds * 1_000_000_000L;
        this.depth = depth;
    }

    public static void main(String[] arguments) throws Exception {
        var benchmark =
                new ChunkLayoutBenchmark(
                        Path.of(arguments[0]),
                        Integer.parseInt(arguments[1]),
                        Integer.parseInt(arguments[2]),
                        Integer.parseInt(arguments[3]));
        System.out.printf(
                "%-8s %-18s %9s %9s %10s %8s %10s %10s%n",
                "layout", "cell", "ops/s", "MB/s", "CPU us/op", "mean us", "disk/data", "stored");
        for (String layout : List.of(arguments).subList(4, arguments.length)) {
            switch (layout) {
                case "block" ->
                        benchmark.run(
                                layout,
                                store ->
                                        new PerBlockLayout(
                                                store.db(),
                                                store.dataFamily(),
                                                store.readOptions()));
                case "extent" -> benchmark.run(layout, ExtentLayout::new);
                default -> throw new IllegalArgumentException("layout " + layout);
            }
        }
    }

    private <S extends AutoCloseable> void run(
            String name, Function<RocksStore, BlockLayout<S>> layout) throws Exception {
        for (int requestBlocks : new int[] {1, 64}) {
            Path path = directory.resolve(name + requestBlocks);
            DeviceConfig config =
                    DeviceConfig.of(path, new UUID(1, 1), new NodeId(1), clock)
                            .withNativeDirectory(directory.resolve("native"));
            RocksChunkDevice.format(config, RandomSource.system());
            try (ChunkDevice device = RocksDevice.open(config, layout)) {
                // The first pass fills the device; random writes then replace what is there.
                cell(name, "write seq", device, path, requestBlocks, true, true);
                fill(device);
                cell(name, "write random", device, path, requestBlocks, true, false);
                cell(name, "read seq", device, path, requestBlocks, false, true);
                cell(name, "read random", device, path, requestBlocks, false, false);
                if (requestBlocks > 1) {
                    cell(name, "read of larger", device, path, 1, false, false);
                }
            }
            deleteTree(path);
        }
    }

    private void fill(ChunkDevice device) throws InterruptedException {
        Load load = new Load(device, 64, true, true);
        load.run(dataBlocks / 64, Long.MAX_VALUE);
    }

    private void cell(
            String layout,
            String name,
            ChunkDevice device,
            Path path,
            int requestBlocks,
            boolean isWrite,
            boolean isSequential)
            throws Exception {
        Load load = new Load(device, requestBlocks, isWrite, isSequential);
        load.run(isWrite ? 100 : 2000, Long.MAX_VALUE); // warm-up
        long written = bytesWrittenToDisk();
        long cpu = system.getProcessCpuTime();
        long start = clock.nanos();
        long operations = load.run(Long.MAX_VALUE, start + cellNanos);
        double seconds = (clock.nanos() - start) / 1e9;
        double cpuMicros = (system.getProcessCpuTime() - cpu) / 1e3 / operations;
        double bytes = (double) operations * requestBlocks * Sizes.BLOCK_BYTES;
        System.out.printf(
                "%-8s %-18s %9.0f %9.1f %10.1f %8.0f %10s %10s%n",
                layout,
                name + " " + requestBlocks * 4 + "K",
                operations / seconds,
                bytes / seconds / 1e6,
                cpuMicros,
                depth * seconds * 1e6 / operations,
                isWrite ? "%.2f".formatted((bytesWrittenToDisk() - written) / bytes) : "-",
                "%.2f".formatted(treeBytes(path) / (dataBlocks * 4096.0)));
    }

    /** One kind of request, always {@code depth} of them in flight. */
    private final class Load {
        private final ChunkDevice device;
        private final int requestBlocks;
        private final boolean isWrite;
        private final boolean isSequential;
        private final Semaphore credits = new Semaphore(depth);
        private final List<Blocks> contents = new ArrayList<>();
        private final RandomSource random = RandomSource.seeded(42);

        Load(ChunkDevice device, int requestBlocks, boolean isWrite, boolean isSequential) {
            this.device = device;
            this.requestBlocks = requestBlocks;
            this.isWrite = isWrite;
            this.isSequential = isSequential;
            for (int i = 0; i < 64; i++) {
                byte[] bytes = new byte[requestBlocks * Sizes.BLOCK_BYTES];
                for (int at = 0; at < bytes.length; at++) {
                    bytes[at] = (byte) random.nextLong();
                }
                contents.add(Blocks.checksummed(Payload.of(bytes)));
            }
        }

        long run(long operationsMax, long endNanos) throws InterruptedException {
            long operations = 0;
            int slots = dataBlocks / requestBlocks;
            while (operations < operationsMax && clock.nanos() < endNanos) {
                credits.acquire();
                long slot = isSequential ? operations % slots : random.nextInt(slots);
                submit(slot * requestBlocks, (int) operations % contents.size());
                operations++;
            }
            credits.acquire(depth);
            credits.release(depth);
            return operations;
        }

        private void submit(long block, int content) {
            long index = block / CHUNK_BLOCKS;
            ChunkId chunk = new ChunkId(new VolumeId(1), 1, index);
            int group = (int) (index % GROUPS);
            PgId pg = new PgId(1, group);
            BlockRange range = new BlockRange(chunk, (int) (block % CHUNK_BLOCKS), requestBlocks);
            if (!isWrite) {
                device.read(pg, range, Runnable::run, this::onRead);
                return;
            }
            long sequence = ++sequences[group];
            List<StoreOp> ops = new ArrayList<>(3);
            LogEntry entry = new LogEntry(1, sequence, LogEntry.Kind.WRITE, range);
            ops.add(new StoreOp.Append(pg, entry, contents.get(content)));
            ops.add(new StoreOp.Committed(pg, sequence - 1));
            if (sequence % LOG_KEPT == 0) {
                ops.add(new StoreOp.TrimLog(pg, sequence - LOG_KEPT));
            }
            device.write(ops, Runnable::run, this::onWritten);
        }

        private void onWritten(WriteResult result) {
            Check.invariant(result.equals(WriteResult.DURABLE), "write: %s", result);
            credits.release();
        }

        private void onRead(ReadResult result) {
            Check.invariant(result instanceof ReadResult.Ok, "read: %s", result);
            credits.release();
        }
    }

    private static long bytesWrittenToDisk() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/io"))) {
            if (line.startsWith("write_bytes: ")) {
                return Long.parseLong(line.substring("write_bytes: ".length()));
            }
        }
        throw new IOException("/proc/self/io has no write_bytes");
    }

    private static long treeBytes(Path path) throws IOException {
        long bytes = 0;
        try (Stream<Path> paths = Files.walk(path)) {
            for (Path file : paths.filter(Files::isRegularFile).toList()) {
                bytes += Files.exists(file) ? Files.size(file) : 0;
            }
        }
        return bytes;
    }

    private static void deleteTree(Path path) throws IOException {
        try (Stream<Path> paths = Files.walk(path)) {
            for (Path each : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }
}
