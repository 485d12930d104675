package io.ashlar.simulation.world;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.chunkstore.Blocks;
import io.ashlar.chunkstore.LogEntry;
import io.ashlar.chunkstore.StoreOp;
import io.ashlar.chunkstore.WriteResult;
import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.DeviceId;
import io.ashlar.common.NodeId;
import io.ashlar.common.Payload;
import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.VolumeId;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The simulated disk: what a kill and a power cut leave of it. */
final class SimDiskTest {
    private static final PgId PG = new PgId(1, 0);
    private static final BlockRange RANGE =
            new BlockRange(new ChunkId(new VolumeId(1), 1, 0), 0, 1);

    private final SimWorld world;
    private final SimDisk disk;

    SimDiskTest() {
        this.world = new SimWorld(1, false);
        this.disk = disk(world);
    }

    private static SimDisk disk(SimWorld world) {
        return new SimDisk(
                world,
                new SimDisk.Settings(
                        10 * SimWorld.MICRO,
                        SimWorld.MILLI,
                        10 * SimWorld.MICRO,
                        5 * SimWorld.MILLI,
                        0.1,
                        50 * SimWorld.MILLI,
                        SimDisk.Flaw.NONE),
                new NodeId(1),
                new DeviceId(new UUID(0, 1)),
                (_, _) -> {});
    }

    private static SimProcess process(SimWorld world) {
        return new SimProcess(world, new ProcessId(new NodeId(1), 1), new UUID(0, 1), 0);
    }

    private static List<StoreOp> write(long sequence) {
        byte[] data = new byte[4096];
        Arrays.fill(data, (byte) sequence);
        Blocks blocks = Blocks.checksummed(Payload.of(data));
        LogEntry entry = new LogEntry(1, sequence, LogEntry.Kind.WRITE, RANGE);
        return List.of(new StoreOp.Append(PG, entry, blocks), new StoreOp.Committed(PG, sequence));
    }

    @Test
    void aPowerCutLosesOnlyWhatWasNotAnswered() {
        // Durable means durable, and the log is a prefix that goes with its contents.
        boolean lost = false;
        for (long seed = 1; seed <= 200; seed++) {
            SimWorld other = new SimWorld(seed, false);
            SimDisk victim = disk(other);
            SimProcess process = process(other);
            SimShard shard = process.shard("test");
            SimDevice device = victim.open(process);
            long[] durable = new long[1];
            for (long i = 1; i <= 30; i++) {
                long sequence = i;
                device.write(
                        write(sequence),
                        shard,
                        result -> {
                            assertThat(result).isEqualTo(WriteResult.DURABLE);
                            assertThat(durable[0]).isEqualTo(sequence - 1);
                            durable[0] = sequence;
                        });
            }
            other.runFor(other.random().between(0, 20 * SimWorld.MILLI));
            process.kill();
            victim.losePower();
            SimDevice again = victim.open(process(other));
            List<LogEntry> log = again.load(PG).log();
            assertThat((long) log.size()).isGreaterThanOrEqualTo(durable[0]);
            assertThat(again.load(PG).committed()).isEqualTo(log.size());
            assertThat(victim.onPlatter(PG, RANGE).data().byteAt(0)).isEqualTo((byte) log.size());
            lost |= log.size() < 30;
        }
        assertThat(lost).isTrue();
    }

    @Test
    void aKilledProcessLosesNothingThatWasApplied() {
        // The operating system keeps what it was given.
        SimProcess process = process(world);
        SimDevice device = disk.open(process);
        device.write(write(1), process.shard("test"), _ -> {});
        world.runUntil(() -> disk.open(process).load(PG).log().size() == 1, SimWorld.SECOND);
        process.kill();
        assertThat(disk.open(process(world)).load(PG).log()).hasSize(1);
    }

    @Test
    void equalContentsHaveEqualDigests() {
        // However they came about: zeros count as never written.
        SimDisk other = disk(world);
        disk.apply(write(1));
        disk.apply(write(2));
        other.apply(write(2));
        assertThat(other.digests(PG)).isEqualTo(disk.digests(PG)).isNotEmpty();
        disk.apply(List.of(new StoreOp.Copy(PG, RANGE, Blocks.checksummed(Payload.zeros(4096)))));
        assertThat(disk.digests(PG)).isEmpty();
    }
}
