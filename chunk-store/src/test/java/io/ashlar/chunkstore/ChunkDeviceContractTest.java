package io.ashlar.chunkstore;

import static io.ashlar.chunkstore.TestDevice.CHUNK;
import static io.ashlar.chunkstore.TestDevice.NEXT_PG;
import static io.ashlar.chunkstore.TestDevice.PG;
import static io.ashlar.chunkstore.TestDevice.append;
import static io.ashlar.chunkstore.TestDevice.blocks;
import static io.ashlar.chunkstore.TestDevice.chunk;
import static io.ashlar.chunkstore.TestDevice.entry;
import static io.ashlar.chunkstore.TestDevice.range;
import static io.ashlar.chunkstore.TestDevice.trim;
import static io.ashlar.chunkstore.TestDevice.zeros;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.Payload;
import io.ashlar.common.Sizes;
import io.ashlar.common.VolumeId;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What placement groups rely on, whatever the layout on the disk is. */
class ChunkDeviceContractTest {
    private static final int WHOLE_CHUNK = 1024;

    @TempDir Path directory;
    private TestDevice device;

    @BeforeEach
    void open() {
        device = TestDevice.formatted(directory);
    }

    @AfterEach
    void close() {
        device.close();
    }

    private void reopen() {
        device.close();
        device = new TestDevice(TestDevice.config(directory));
    }

    private void writeDurably(StoreOp... ops) {
        assertThat(device.write(ops)).isEqualTo(WriteResult.DURABLE);
    }

    private void expect(BlockRange range, Blocks expected) {
        Blocks found = device.readOk(range);
        assertThat(found.data()).isEqualTo(expected.data());
        assertThat(found.checksums()).isEqualTo(expected.checksums());
    }

    /** A host must find exactly what it wrote, with the checksums that came with it. */
    @Test
    void readsWhatWasWritten() {
        for (int count : new int[] {1, 2, 32, 256, WHOLE_CHUNK}) {
            writeDurably(append(count, range(0, count), blocks(count, count)));
            expect(range(0, count), blocks(count, count));
        }
        reopen();
        expect(range(0, WHOLE_CHUNK), blocks(WHOLE_CHUNK, WHOLE_CHUNK));
    }

    /** A fresh disk reads as zeros, and so does what lies between written blocks. */
    @Test
    void readsZerosWhereNothingWasWritten() {
        expect(range(5, 3), zeros(3));
        writeDurably(append(1, range(1, 1), blocks(1, 1)));
        expect(range(0, 1), zeros(1));
        expect(range(2, 300), zeros(300));
        assertThat(device.read(NEXT_PG, range(1, 1)))
                .isInstanceOfSatisfying(
                        ReadResult.Ok.class,
                        ok -> assertThat(ok.blocks().data()).isEqualTo(zeros(1).data()));
    }

    /** The newest write of each block counts, across batches, in one batch, and after a restart. */
    @Test
    void laterWritesReplaceEarlierOnes() {
        writeDurably(append(1, range(0, 8), blocks(8, 1)));
        writeDurably(append(2, range(2, 4), blocks(4, 2)), append(3, range(3, 1), blocks(1, 3)));
        for (int i = 0; i < 2; i++) {
            expect(range(3, 1), blocks(1, 3));
            assertThat(device.readOk(range(0, 8)).data().slice(2 * 4096, 4096))
                    .isEqualTo(blocks(4, 2).data().slice(0, 4096));
            assertThat(device.readOk(range(0, 8)).data().slice(6 * 4096, 2 * 4096))
                    .isEqualTo(blocks(8, 1).data().slice(6 * 4096, 2 * 4096));
            reopen();
        }
    }

    /** Discarded blocks read as zeros and leave no chunk behind, few or many at a time. */
    @Test
    void trimmedBlocksReadAsZeros() {
        writeDurably(append(1, range(0, 100), blocks(100, 1)));
        writeDurably(trim(2, range(10, 5)), trim(3, range(20, 64)));
        expect(range(10, 5), zeros(5));
        expect(range(20, 64), zeros(64));
        assertThat(device.readOk(range(15, 5)).data())
                .isEqualTo(blocks(100, 1).data().slice(15 * 4096, 5 * 4096));
        writeDurably(append(4, range(30, 1), blocks(1, 4)));
        expect(range(30, 1), blocks(1, 4));
        writeDurably(trim(5, range(0, WHOLE_CHUNK)));
        expect(range(0, WHOLE_CHUNK), zeros(WHOLE_CHUNK));
        assertThat(device.chunks(PG, Optional.empty(), 10)).isEmpty();
        reopen();
        expect(range(0, WHOLE_CHUNK), zeros(WHOLE_CHUNK));
    }

    /** Zeros take no space, by log or by copy, and replace what was there. */
    @Test
    void zeroBlocksAreStoredAsTrimmedOnes() {
        writeDurably(append(1, range(0, 80), blocks(80, 1)));
        writeDurably(new StoreOp.Copy(PG, range(0, 40), zeros(40)));
        writeDurably(append(2, range(40, 40), zeros(40)));
        expect(range(0, 80), zeros(80));
        assertThat(device.chunks(PG, Optional.empty(), 10)).isEmpty();
        assertThat(device.digest(CHUNK)).isZero();
    }

    /** A learner's copies must not look like log entries. */
    @Test
    void copiesChangeContentsAndNotTheLog() {
        writeDurably(new StoreOp.Copy(PG, range(4, 2), blocks(2, 9)));
        expect(range(4, 2), blocks(2, 9));
        assertThat(device.device.load(PG).log()).isEmpty();
        assertThat(device.device.groups()).containsExactly(PG);
    }

    /** Reconciliation hands over the log in order, exactly as it was appended. */
    @Test
    void logComesBackInOrder() {
        LogEntry first = entry(1, 1, range(0, 1));
        LogEntry second = entry(1, 2, range(1, 2));
        LogEntry third = new LogEntry(3, 3, LogEntry.Kind.TRIM, range(0, 1));
        LogEntry fourth = entry(300, 4, new BlockRange(chunk(5), 7, 1));
        writeDurably(
                new StoreOp.Append(PG, first, blocks(1, 1)),
                new StoreOp.Append(PG, second, blocks(2, 2)));
        writeDurably(new StoreOp.Append(PG, third, Blocks.checksummed(Payload.EMPTY)));
        writeDurably(new StoreOp.Append(PG, fourth, blocks(1, 4)));
        for (int i = 0; i < 2; i++) {
            assertThat(device.device.load(PG).log()).containsExactly(first, second, third, fourth);
            assertThat(device.device.load(NEXT_PG).log()).isEmpty();
            reopen();
        }
    }

    /** A trimmed log stays trimmed however often, and goes on growing at its end. */
    @Test
    void logIsTrimmedFromItsStart() {
        for (int i = 1; i <= 20; i++) {
            writeDurably(append(i, range(0, 1), blocks(1, i)));
        }
        writeDurably(new StoreOp.TrimLog(PG, 5), new StoreOp.TrimLog(PG, 3));
        assertThat(sequences()).startsWith(6L, 7L).hasSize(15);
        writeDurably(new StoreOp.TrimLog(PG, 12), append(21, range(0, 1), blocks(1, 1)));
        assertThat(sequences()).startsWith(13L).endsWith(21L).hasSize(9);
        reopen();
        writeDurably(new StoreOp.TrimLog(PG, 20));
        assertThat(sequences()).containsExactly(21L);
        writeDurably(new StoreOp.TrimLog(PG, Long.MAX_VALUE));
        assertThat(sequences()).isEmpty();
        expect(range(0, 1), blocks(1, 1));
    }

    private List<Long> sequences() {
        return device.device.load(PG).log().stream().map(LogEntry::sequence).toList();
    }

    /** After a replacement nothing of the old log may come back, not even by a trim of it. */
    @Test
    void replacedLogHasOnlyTheNewEntries() {
        writeDurably(append(5, range(0, 1), blocks(1, 1)), append(6, range(0, 1), blocks(1, 2)));
        writeDurably(new StoreOp.TrimLog(PG, 5));
        List<LogEntry> replacement =
                List.of(
                        entry(2, 3, range(0, 1)),
                        entry(2, 4, range(0, 1)),
                        entry(2, 9, range(1, 1)));
        writeDurably(new StoreOp.ReplaceLog(PG, replacement));
        assertThat(device.device.load(PG).log()).isEqualTo(replacement);
        expect(range(0, 1), blocks(1, 2));
        writeDurably(new StoreOp.TrimLog(PG, 4));
        assertThat(sequences()).containsExactly(9L);
        writeDurably(new StoreOp.ReplaceLog(PG, List.of()));
        reopen();
        assertThat(sequences()).isEmpty();
    }

    /** The promise and the committed point must survive a restart. */
    @Test
    void stateAndCommittedPointComeBack() {
        assertThat(device.device.load(PG))
                .isEqualTo(new GroupContents(List.of(), 0, Payload.EMPTY));
        Payload state = Payload.of(new byte[] {1, 2, 3});
        writeDurably(new StoreOp.PutState(PG, state), new StoreOp.Committed(PG, 77));
        reopen();
        assertThat(device.device.load(PG)).isEqualTo(new GroupContents(List.of(), 77, state));
        Payload big = Payload.of(new byte[16 << 20]);
        writeDurably(new StoreOp.PutState(PG, big), new StoreOp.Committed(PG, 78));
        reopen();
        assertThat(device.device.load(PG)).isEqualTo(new GroupContents(List.of(), 78, big));
    }

    /** A dropped group is gone whole, its neighbours are not, and it may come again. */
    @Test
    void droppedGroupLeavesNothingAndHarmsNoOther() {
        writeDurably(
                append(1, range(0, 64), blocks(64, 1)),
                new StoreOp.PutState(PG, Payload.of(new byte[] {1})),
                new StoreOp.Committed(PG, 1));
        writeDurably(new StoreOp.Copy(NEXT_PG, range(0, 1), blocks(1, 2)));
        assertThat(device.device.groups()).containsExactlyInAnyOrder(PG, NEXT_PG);
        writeDurably(new StoreOp.DropGroup(PG), append(2, range(1, 1), blocks(1, 3)));
        expect(range(0, 1), zeros(1));
        expect(range(1, 1), blocks(1, 3));
        assertThat(sequences()).containsExactly(2L);
        writeDurably(new StoreOp.DropGroup(PG));
        assertThat(device.device.groups()).containsExactly(NEXT_PG);
        assertThat(device.device.load(PG))
                .isEqualTo(new GroupContents(List.of(), 0, Payload.EMPTY));
        reopen();
        assertThat(device.device.groups()).containsExactly(NEXT_PG);
        assertThat(device.chunks(NEXT_PG, Optional.empty(), 5)).containsExactly(CHUNK);
    }

    /** A copy of a group walks all its chunks once, in pages. */
    @Test
    void chunksAreNamedInOrderAndInPages() {
        List<ChunkId> chunks = new ArrayList<>();
        for (long volume = 1; volume <= 3; volume++) {
            for (long index : new long[] {0, 1, 255, 256, 70_000}) {
                for (long layer : new long[] {1, 300}) {
                    chunks.add(new ChunkId(new VolumeId(volume), layer, index));
                }
            }
        }
        for (ChunkId chunk : chunks.reversed()) {
            int block = (int) (chunk.index() % 7);
            writeDurably(new StoreOp.Copy(PG, new BlockRange(chunk, block, 2), blocks(2, 5)));
        }
        writeDurably(new StoreOp.Copy(NEXT_PG, range(0, 1), blocks(1, 5)));
        List<ChunkId> found = new ArrayList<>(device.chunks(PG, Optional.empty(), 7));
        while (true) {
            List<ChunkId> page = device.chunks(PG, Optional.of(found.getLast()), 7);
            if (page.isEmpty()) {
                break;
            }
            found.addAll(page);
        }
        assertThat(found).isEqualTo(chunks).isSorted();
    }

    /** Scrub compares digests: they depend on contents only, not on how these came about. */
    @Test
    void digestIsOfContentsOnly() {
        writeDurably(append(1, range(0, 300), blocks(300, 1)));
        writeDurably(trim(2, range(0, 50)), append(3, range(60, 1), zeros(1)));
        Blocks contents = device.readOk(range(0, 300));
        ChunkId other = chunk(8);
        writeDurably(new StoreOp.Copy(PG, new BlockRange(other, 0, 300), contents));
        long digest = device.digest(CHUNK);
        assertThat(digest).isNotZero().isEqualTo(device.digest(other));
        writeDurably(new StoreOp.Copy(PG, new BlockRange(other, 299, 1), blocks(1, 77)));
        assertThat(device.digest(other)).isNotEqualTo(digest);
        assertThat(device.digest(chunk(9))).isZero();
    }

    /** A batch that is wrong anywhere must change nothing. */
    @Test
    void batchesWithAWrongOpAreRefusedWhole() {
        Blocks good = blocks(1, 1);
        Blocks damaged = new Blocks(blocks(1, 2).data(), good.checksums());
        StoreOp first = append(1, range(0, 1), good);
        for (StoreOp wrong :
                List.of(
                        append(2, range(1, 1), damaged),
                        append(2, range(1, 2), good),
                        trim(2, range(Sizes.CHUNK_BYTES_MAX / Sizes.BLOCK_BYTES, 1)),
                        new StoreOp.Committed(NEXT_PG, 1),
                        new StoreOp.PutState(PG, Payload.zeros((16 << 20) + 1)))) {
            assertThatThrownBy(() -> device.write(first, wrong))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        expect(range(0, 2), zeros(2));
        assertThat(sequences()).isEmpty();
    }

    /** A primary counts on completions in the order of its writes; a group commit must keep it. */
    @Test
    void batchesOfAGroupCompleteInOrder() {
        int count = 3000;
        List<Integer> completed = new ArrayList<>();
        CompletableFuture<Void> last = new CompletableFuture<>();
        for (int i = 1; i <= count; i++) {
            int number = i;
            device.device.write(
                    List.of(append(i, range(i % 10, 1), blocks(1, i))),
                    Runnable::run,
                    result -> {
                        assertThat(result).isEqualTo(WriteResult.DURABLE);
                        completed.add(number);
                        if (number == count) {
                            last.complete(null);
                        }
                    });
        }
        TestDevice.await(last);
        assertThat(completed).isSorted().hasSize(count);
        expect(range(0, 1), blocks(1, count));
        assertThat(sequences()).hasSize(count);
    }

    /** A reader must never see half of a batch, nor of one write. */
    @Test
    void readsSeeABatchWholeOrNotAtAll() {
        AtomicBoolean done = new AtomicBoolean();
        Blocks[] versions = {blocks(300, 1), blocks(300, 2)};
        writeDurably(append(1, range(0, 300), versions[0]));
        Thread writer =
                Thread.startVirtualThread(() -> {
                    for (int i = 2; i < 60; i++) {
                        device.write(append(i, range(0, 300), versions[i % 2]));
                    }
                    done.set(true);
                });
        while (!done.get()) {
            for (int count : new int[] {2, 200, 300}) {
                Payload found = device.readOk(range(0, count)).data();
                assertThat(
                                found.equals(versions[0].data().slice(0, count * 4096))
                                        || found.equals(versions[1].data().slice(0, count * 4096)))
                        .isTrue();
            }
        }
        assertThat(writer.isAlive() && !done.get()).isFalse();
    }

    /** What was submitted is completed by a close; what comes later gets an answer too. */
    @Test
    void closeCompletesWhatWasSubmitted() {
        List<WriteResult> results = new ArrayList<>();
        List<ReadResult> reads = java.util.Collections.synchronizedList(new ArrayList<>());
        for (int i = 1; i <= 500; i++) {
            StoreOp op = append(i, range(0, 4), blocks(4, i));
            device.device.write(List.of(op), Runnable::run, results::add);
            device.device.read(PG, range(0, 4), Runnable::run, reads::add);
        }
        device.close();
        assertThat(results).hasSize(500).containsOnly(WriteResult.DURABLE);
        assertThat(reads).hasSize(500).allMatch(ReadResult.Ok.class::isInstance);
        assertThat(device.write(append(1, range(0, 1), blocks(1, 1))))
                .isInstanceOf(WriteResult.Failed.class);
        assertThat(device.read(PG, range(0, 1))).isInstanceOf(ReadResult.Failed.class);
        assertThatThrownBy(() -> device.device.load(PG)).hasMessageContaining("closed");
        device.close();
        reopen();
        expect(range(0, 4), blocks(4, 500));
    }

    /** Room is told in bytes of the file system. */
    @Test
    void tellsItsSpace() {
        Space space = device.device.space();
        assertThat(space.writable()).isTrue();
        assertThat(space.usedBytes()).isPositive().isLessThan(space.capacityBytes());
        assertThat(device.device.failure()).isEmpty();
    }
}
