package io.ashlar.chunkstore;

import static io.ashlar.chunkstore.TestDevice.PG;
import static io.ashlar.chunkstore.TestDevice.append;
import static io.ashlar.chunkstore.TestDevice.blocks;
import static io.ashlar.chunkstore.TestDevice.config;
import static io.ashlar.chunkstore.TestDevice.range;
import static io.ashlar.chunkstore.TestDevice.trim;
import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.BlockRange;
import io.ashlar.common.BootTimeClock;
import io.ashlar.common.Clock;
import io.ashlar.common.Payload;
import io.ashlar.common.RandomSource;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A device that fills up refuses writes; it does not fail, and it can be emptied again. */
class SpaceTest {
    private static final long CAPACITY = 64L << 20;
    private static final Clock CLOCK = new BootTimeClock();

    @TempDir Path directory;

    /** Refused writes change nothing; what runs the group, and what makes room, still works. */
    @Test
    void refusesWritesBeforeTheDeviceIsFull() {
        DeviceConfig config = config(directory).withCapacityBytes(CAPACITY);
        RocksChunkDevice.format(config, RandomSource.system());
        try (TestDevice device = new TestDevice(config)) {
            int chunks = fill(device);
            assertThat(chunks).isGreaterThan(5).isLessThan(64);
            assertThat(device.device.space().writable()).isFalse();
            assertThat(device.device.failure()).isEmpty();
            assertThat(device.write(append(1, range(0, 200), blocks(200, 5))))
                    .isEqualTo(WriteResult.OUT_OF_SPACE);
            assertThat(device.device.load(PG).log()).isEmpty();

            assertThat(
                            device.write(
                                    trim(1, range(0, 256)),
                                    new StoreOp.Committed(PG, 1),
                                    new StoreOp.PutState(PG, Payload.of(new byte[100]))))
                    .isEqualTo(WriteResult.DURABLE);
            assertThat(device.write(new StoreOp.DropGroup(PG))).isEqualTo(WriteResult.DURABLE);
            assertThat(device.device.groups()).isEmpty();
            Space space = device.device.space();
            assertThat(space.capacityBytes()).isEqualTo(CAPACITY);
            assertThat(space.usedBytes()).isPositive().isLessThanOrEqualTo(CAPACITY);
            awaitRoom(device);
            assertThat(device.write(append(2, range(0, 256), blocks(256, 6))))
                    .isEqualTo(WriteResult.DURABLE);
        }
    }

    /** Also a device that is not full gives back what was trimmed, without being written to. */
    @Test
    void trimmedChunksGiveTheirSpaceBack() {
        DeviceConfig config = config(directory).withCapacityBytes(4 * CAPACITY);
        RocksChunkDevice.format(config, RandomSource.system());
        try (TestDevice device = new TestDevice(config)) {
            for (int chunk = 0; chunk < 60; chunk++) {
                BlockRange range = new BlockRange(TestDevice.chunk(chunk), 0, 256);
                device.write(new StoreOp.Copy(PG, range, blocks(256, chunk)));
            }
            for (int chunk = 0; chunk < 60; chunk++) {
                device.write(trim(chunk + 1, new BlockRange(TestDevice.chunk(chunk), 0, 1024)));
            }
            assertThat(device.device.space().writable()).isTrue();
            awaitRoom(device);
        }
    }

    /** Until writes are refused although nothing waits to be flushed any more. */
    private static int fill(TestDevice device) {
        int chunks = 0;
        long refusedSince = CLOCK.nanos();
        while (CLOCK.nanos() - refusedSince < 2_500_000_000L) {
            BlockRange range = new BlockRange(TestDevice.chunk(chunks), 0, 200);
            WriteResult result = device.write(new StoreOp.Copy(PG, range, blocks(200, chunks)));
            if (result.equals(WriteResult.DURABLE)) {
                chunks++;
                refusedSince = CLOCK.nanos();
            } else {
                assertThat(result).isEqualTo(WriteResult.OUT_OF_SPACE);
            }
        }
        return chunks;
    }

    /** What was dropped becomes room by itself, without a write that would make RocksDB compact. */
    private static void awaitRoom(TestDevice device) {
        long end = CLOCK.nanos() + 30_000_000_000L;
        while (device.device.space().usedBytes() > CAPACITY / 2) {
            assertThat(CLOCK.nanos()).isLessThan(end);
            Thread.onSpinWait();
        }
    }
}
