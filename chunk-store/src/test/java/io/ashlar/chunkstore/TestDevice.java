package io.ashlar.chunkstore;

import io.ashlar.common.BlockRange;
import io.ashlar.common.BootTimeClock;
import io.ashlar.common.ChunkId;
import io.ashlar.common.NodeId;
import io.ashlar.common.Payload;
import io.ashlar.common.PgId;
import io.ashlar.common.RandomSource;
import io.ashlar.common.Sizes;
import io.ashlar.common.VolumeId;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A device with calls that wait, and the values that the tests use. */
final class TestDevice implements AutoCloseable {
    static final UUID CLUSTER = new UUID(1, 2);
    static final NodeId NODE = new NodeId(3);
    static final PgId PG = new PgId(1, 0);
    static final PgId NEXT_PG = new PgId(1, 1);
    static final ChunkId CHUNK = chunk(0);

    final ChunkDevice device;

    TestDevice(DeviceConfig config) {
        device = RocksChunkDevice.open(config);
    }

    static ChunkId chunk(long index) {
        return new ChunkId(new VolumeId(7), 1, index);
    }

    static DeviceConfig config(Path directory) {
        return DeviceConfig.of(directory, CLUSTER, NODE, new BootTimeClock())
                .withNativeDirectory(Path.of("target", "native"))
                .withReserveBytes(DeviceConfig.RESERVE_BYTES_MIN)
                .withMemory(4 << 20, 4 << 20);
    }

    static TestDevice formatted(Path directory) {
        RocksChunkDevice.format(config(directory), RandomSource.system());
        return new TestDevice(config(directory));
    }

    static Blocks blocks(int count, long seed) {
        RandomSource random = RandomSource.seeded(seed);
        byte[] bytes = new byte[count * Sizes.BLOCK_BYTES];
        for (int i = 0; i < bytes.length; i += 8) {
            bytes[i] = (byte) random.nextLong();
        }
        return Blocks.checksummed(Payload.of(bytes));
    }

    static Blocks zeros(int count) {
        return Blocks.checksummed(Payload.zeros(count * Sizes.BLOCK_BYTES));
    }

    static BlockRange range(int first, int count) {
        return new BlockRange(CHUNK, first, count);
    }

    static LogEntry entry(long epoch, long sequence, BlockRange range) {
        return new LogEntry(epoch, sequence, LogEntry.Kind.WRITE, range);
    }

    static StoreOp append(long sequence, BlockRange range, Blocks blocks) {
        return new StoreOp.Append(PG, entry(1, sequence, range), blocks);
    }

    static StoreOp trim(long sequence, BlockRange range) {
        LogEntry entry = new LogEntry(1, sequence, LogEntry.Kind.TRIM, range);
        return new StoreOp.Append(PG, entry, Blocks.checksummed(Payload.EMPTY));
    }

    WriteResult write(StoreOp... ops) {
        CompletableFuture<WriteResult> result = new CompletableFuture<>();
        device.write(List.of(ops), Runnable::run, result::complete);
        return await(result);
    }

    ReadResult read(PgId pg, BlockRange range) {
        CompletableFuture<ReadResult> result = new CompletableFuture<>();
        device.read(pg, range, Runnable::run, result::complete);
        return await(result);
    }

    Blocks readOk(BlockRange range) {
        return switch (read(PG, range)) {
            case ReadResult.Ok(Blocks blocks) -> blocks;
            case ReadResult.Corrupt bad -> throw new AssertionError(bad);
            case ReadResult.Failed failed -> throw new AssertionError(failed);
        };
    }

    List<ChunkId> chunks(PgId pg, Optional<ChunkId> after, int max) {
        CompletableFuture<List<ChunkId>> result = new CompletableFuture<>();
        device.chunks(pg, after, max, Runnable::run, result::complete);
        return await(result);
    }

    long digest(ChunkId chunk) {
        CompletableFuture<Long> result = new CompletableFuture<>();
        device.digest(PG, chunk, Runnable::run, result::complete);
        return await(result);
    }

    Inspection inspect(BlockRange range) {
        CompletableFuture<Inspection> result = new CompletableFuture<>();
        device.inspect(PG, range, Runnable::run, result::complete);
        return await(result);
    }

    static <T> T await(CompletableFuture<T> result) {
        return result.orTimeout(30, TimeUnit.SECONDS).join();
    }

    @Override
    public void close() {
        device.close();
    }
}
