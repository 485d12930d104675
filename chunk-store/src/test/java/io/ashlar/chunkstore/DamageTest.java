package io.ashlar.chunkstore;

import static io.ashlar.chunkstore.TestDevice.CHUNK;
import static io.ashlar.chunkstore.TestDevice.PG;
import static io.ashlar.chunkstore.TestDevice.append;
import static io.ashlar.chunkstore.TestDevice.blocks;
import static io.ashlar.chunkstore.TestDevice.config;
import static io.ashlar.chunkstore.TestDevice.range;
import static io.ashlar.chunkstore.TestDevice.trim;
import static io.ashlar.chunkstore.TestDevice.zeros;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ashlar.common.Payload;
import io.ashlar.common.RandomSource;
import io.ashlar.common.Sizes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Crashes and rot: what was acknowledged is there, or its absence is reported; never wrong data.
 */
class DamageTest {
    @TempDir Path temporary;
    private Path directory;

    @BeforeEach
    void chooseDirectory() {
        directory = temporary.resolve("device");
    }

    private static void copyTree(Path from, Path to) throws IOException {
        try (Stream<Path> paths = Files.walk(from)) {
            for (Path path : paths.toList()) {
                Path target = to.resolve(from.relativize(path).toString());
                if (Files.isDirectory(path)) {
                    Files.createDirectories(target);
                } else if (Files.exists(path)) { // RocksDB removes old logs after it was opened
                    Files.copy(path, target);
                }
            }
        }
    }

    private static List<Path> files(Path directory, String suffix) throws IOException {
        try (Stream<Path> paths = Files.list(directory.resolve("db"))) {
            return paths.filter(path -> path.toString().endsWith(suffix)).sorted().toList();
        }
    }

    private static Path newestWal(Path directory) throws IOException {
        return files(directory, ".log").stream().max(Comparator.naturalOrder()).orElseThrow();
    }

    private static void flip(Path file, long offset) throws IOException {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, offset);
            one.put(0, (byte) (one.get(0) ^ 0x10));
            channel.write(one.flip(), offset);
        }
    }

    /** A process that dies while writing loses nothing that it acknowledged. */
    @Test
    void imagesTakenWhileWritingHoldAllThatWasAcknowledged() throws IOException {
        AtomicLong acknowledged = new AtomicLong();
        try (TestDevice device = TestDevice.formatted(directory)) {
            for (int image = 0; image < 5; image++) {
                long from = acknowledged.get();
                for (long i = from + 1; i <= from + 100; i++) {
                    device.device.write(
                            List.of(NumberedWrites.write(i)),
                            Runnable::run,
                            _ -> acknowledged.incrementAndGet());
                }
                long before = acknowledged.get();
                Path copy = temporary.resolve("image" + image);
                copyTree(directory, copy);
                try (TestDevice crashed = new TestDevice(config(copy))) {
                    assertThat(NumberedWrites.verify(crashed)).isGreaterThanOrEqualTo(before);
                }
                while (acknowledged.get() < from + 100) {
                    Thread.onSpinWait();
                }
            }
        }
    }

    private Path imageWithWrites(int count) throws IOException {
        Path image = temporary.resolve("image");
        try (TestDevice device = TestDevice.formatted(directory)) {
            for (long i = 1; i <= count; i++) {
                assertThat(device.write(NumberedWrites.write(i))).isEqualTo(WriteResult.DURABLE);
            }
            copyTree(directory, image);
        }
        return image;
    }

    /** A power cut in an append leaves part of it: the rest must come up by itself. */
    @Test
    void toleratesALogThatEndsAnywhere() throws IOException {
        Path image = imageWithWrites(20);
        long size = Files.size(newestWal(image));
        RandomSource random = RandomSource.seeded(1);
        for (int i = 0; i < 40; i++) {
            long length = i < 12 ? size - 1 - i : random.nextInt((int) size);
            Path copy = temporary.resolve("torn" + i);
            copyTree(image, copy);
            try (FileChannel wal = FileChannel.open(newestWal(copy), StandardOpenOption.WRITE)) {
                wal.truncate(length);
            }
            try (TestDevice device = new TestDevice(config(copy))) {
                assertThat(NumberedWrites.verify(device)).isLessThan(20);
            }
            try (TestDevice device = new TestDevice(config(copy))) {
                assertThat(NumberedWrites.verify(device)).isLessThan(20);
            }
        }
    }

    /** Space that was allocated for the log and not yet written reads as zeros. */
    @Test
    void toleratesZerosAfterTheLog() throws IOException {
        Path image = imageWithWrites(20);
        Path wal = newestWal(image);
        Files.write(wal, new byte[100_000], StandardOpenOption.APPEND);
        try (TestDevice device = new TestDevice(config(image))) {
            assertThat(NumberedWrites.verify(device)).isEqualTo(20);
        }
    }

    /** A rotten log must not silently lose what was fsynced after the damage, or at it. */
    @Test
    void refusesALogThatIsDamagedInTheMiddle() throws IOException {
        Path image = imageWithWrites(20);
        long size = Files.size(newestWal(image));
        for (long offset = 3; offset < size - 5000; offset += 997) {
            Path copy = temporary.resolve("rotten" + offset);
            copyTree(image, copy);
            flip(newestWal(copy), offset);
            assertThatThrownBy(() -> new TestDevice(config(copy)))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("damaged");
        }
    }

    /** Each byte of a record's header matters: a damaged length must not pass for the end. */
    @Test
    void refusesADamagedRecordHeader() throws IOException {
        Path image = imageWithWrites(20);
        long size = Files.size(newestWal(image));
        long recordBytes = size / 20;
        for (int at = 0; at < recordBytes + 600; at += at < recordBytes - 40 ? 501 : 1) {
            // The last records, which lie in the last block of the log, without the very last.
            long offset = size - 2 * recordBytes - 600 + at;
            if (offset > size - recordBytes - 100) {
                break;
            }
            Path copy = temporary.resolve("header" + offset);
            copyTree(image, copy);
            flip(newestWal(copy), offset);
            assertThatThrownBy(() -> new TestDevice(config(copy)).close())
                    .as("byte %s of %s", offset, size)
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("damaged");
        }
    }

    /** After a power cut any pages of the last append may be missing, the first among them. */
    @Test
    void toleratesALastAppendWithMissingPages() throws IOException {
        Path image;
        try (TestDevice device = TestDevice.formatted(directory)) {
            for (long i = 1; i <= 20; i++) {
                device.write(NumberedWrites.write(i));
            }
            long before = Files.size(newestWal(directory));
            device.write(append(21, range(100, 64), blocks(64, 21)));
            image = temporary.resolve("image");
            copyTree(directory, image);
            long after = Files.size(newestWal(directory));
            for (long page = before / 4096 + 1; page < after / 4096; page += 5) {
                Path copy = temporary.resolve("page" + page);
                copyTree(image, copy);
                try (FileChannel wal =
                        FileChannel.open(newestWal(copy), StandardOpenOption.WRITE)) {
                    wal.write(ByteBuffer.allocate(4096), page * 4096);
                }
                try (TestDevice crashed = new TestDevice(config(copy))) {
                    assertThat(NumberedWrites.verify(crashed)).isEqualTo(20);
                    assertThat(crashed.readOk(range(100, 64)).data()).isEqualTo(zeros(64).data());
                    assertThat(crashed.write(NumberedWrites.write(21)))
                            .isEqualTo(WriteResult.DURABLE);
                }
                try (TestDevice again = new TestDevice(config(copy))) {
                    assertThat(NumberedWrites.verify(again)).isEqualTo(21);
                }
            }
        }
    }

    /** Damage of data at rest is told as such, for the blocks that it hit, and by digests. */
    @Test
    void reportsFlippedBitsInDataFiles() throws IOException {
        try (TestDevice device = TestDevice.formatted(directory)) {
            for (int i = 1; i <= 3000; i++) {
                device.device.write(
                        List.of(append(i, range(i % 1000, 1), blocks(1, i % 1000))),
                        Runnable::run,
                        _ -> {});
            }
        }
        long goodDigest;
        try (TestDevice device = new TestDevice(config(directory))) {
            goodDigest = device.digest(CHUNK);
        }
        List<Path> blobs = files(directory, ".blob");
        assertThat(blobs).isNotEmpty();
        RandomSource random = RandomSource.seeded(5);
        for (Path blob : blobs) {
            long size = Files.size(blob);
            for (int i = 0; i < 5; i++) {
                flip(blob, 64 + random.nextInt((int) size - 128));
            }
        }
        try (TestDevice device = new TestDevice(config(directory))) {
            int corrupt = 0;
            for (int block = 0; block < 1000; block++) {
                switch (device.read(PG, range(block, 1))) {
                    case ReadResult.Ok(Blocks found) ->
                            assertThat(found.data()).isEqualTo(blocks(1, block).data());
                    case ReadResult.Corrupt(int bad, String reason) -> {
                        assertThat(bad).isEqualTo(block);
                        assertThat(reason).isNotEmpty();
                        corrupt++;
                    }
                    case ReadResult.Failed failed -> throw new AssertionError(failed);
                }
            }
            assertThat(corrupt).isPositive().isLessThan(100);
            assertThat(device.read(PG, range(0, 1000))).isInstanceOf(ReadResult.Corrupt.class);
            assertThat(device.digest(CHUNK)).isNotEqualTo(goodDigest);
            assertThat(device.chunks(PG, Optional.empty(), 9)).containsExactly(CHUNK);
            assertThat(device.device.groups()).containsExactly(PG);
            assertThat(device.device.failure()).isEmpty();
            repair(device);
            assertThat(device.digest(CHUNK)).isEqualTo(goodDigest);
        }
    }

    /** A block that is lost everywhere must not turn into zeros, nor into anything else. */
    @Test
    void aLostBlockReadsAsCorruptUntilItIsWritten() {
        try (TestDevice device = TestDevice.formatted(directory)) {
            device.write(append(1, range(0, 4), blocks(4, 1)));
            device.write(new StoreOp.Lose(PG, range(1, 2)));
        }
        try (TestDevice device = new TestDevice(config(directory))) {
            assertThat(device.read(PG, range(1, 1)))
                    .isInstanceOfSatisfying(
                            ReadResult.Corrupt.class,
                            bad -> assertThat(bad.reason()).contains("lost"));
            assertThat(device.read(PG, range(0, 4)))
                    .isInstanceOfSatisfying(
                            ReadResult.Corrupt.class, bad -> assertThat(bad.block()).isOne());
            Inspection found = device.inspect(range(0, 5));
            assertThat(found.damaged().stream()).containsExactly(1, 2);
            assertThat(found.checksums()[0]).isEqualTo(blocks(4, 1).checksums()[0]);
            assertThat(found.checksums()[4]).isEqualTo(zeros(1).checksums()[0]);
            device.write(append(2, range(1, 1), blocks(1, 7)), trim(3, range(2, 1)));
            assertThat(device.readOk(range(1, 1)).data()).isEqualTo(blocks(1, 7).data());
            assertThat(device.readOk(range(2, 1)).data()).isEqualTo(zeros(1).data());
            assertThat(device.inspect(range(0, 5)).damaged().isEmpty()).isTrue();
        }
    }

    private static void repair(TestDevice device) {
        for (int block = 0; block < 1000; block++) {
            if (device.read(PG, range(block, 1)) instanceof ReadResult.Corrupt(int bad, _)) {
                StoreOp good = append(3001 + block, range(bad, 1), blocks(1, block));
                assertThat(device.write(good)).isEqualTo(WriteResult.DURABLE);
            }
        }
    }

    /** With the first block of a group damaged, the group and its chunks must still be found. */
    @Test
    void damagedBlocksDoNotHideChunks() throws IOException {
        try (TestDevice device = TestDevice.formatted(directory)) {
            for (int i = 0; i < 3; i++) {
                device.write(
                        new StoreOp.Copy(
                                PG,
                                new io.ashlar.common.BlockRange(TestDevice.chunk(i), 0, 400),
                                blocks(400, i)));
            }
            device.write(new StoreOp.Copy(TestDevice.NEXT_PG, range(0, 400), blocks(400, 9)));
        }
        try (TestDevice device = new TestDevice(config(directory))) {
            assertThat(device.device.groups()).hasSize(2); // recovery wrote all to blob files
        }
        for (Path blob : files(directory, ".blob")) {
            byte[] bytes = Files.readAllBytes(blob);
            Arrays.fill(bytes, 40, bytes.length - 32, (byte) 7);
            Files.write(blob, bytes);
        }
        try (TestDevice device = new TestDevice(config(directory))) {
            assertThat(device.device.groups()).containsExactlyInAnyOrder(PG, TestDevice.NEXT_PG);
            assertThat(device.chunks(PG, Optional.empty(), 9))
                    .containsExactly(TestDevice.chunk(0), TestDevice.chunk(1), TestDevice.chunk(2));
            assertThat(device.read(PG, range(0, 1))).isInstanceOf(ReadResult.Corrupt.class);
            assertThat(device.digest(CHUNK)).isNotZero();
        }
    }

    /** A flipped bit in the keys must be noticed too: a lost key would read as zeros. */
    @Test
    void neverReadsZerosWhereKeysAreDamaged() throws IOException {
        try (TestDevice device = TestDevice.formatted(directory)) {
            device.write(new StoreOp.Copy(PG, range(0, 1000), blocks(1000, 1)));
        }
        try (TestDevice device = new TestDevice(config(directory))) {
            assertThat(device.device.groups()).hasSize(1);
        }
        List<Path> tables = files(directory, ".sst");
        assertThat(tables).isNotEmpty();
        Payload good = blocks(1000, 1).data();
        RandomSource random = RandomSource.seeded(3);
        for (int i = 0; i < 25; i++) {
            Path copy = temporary.resolve("keys" + i);
            copyTree(directory, copy);
            for (Path table : files(copy, ".sst")) {
                flip(table, random.nextInt((int) Files.size(table)));
            }
            try (TestDevice device = new TestDevice(config(copy))) {
                for (int block = 0; block < 1000; block += 10) {
                    if (device.read(PG, range(block, 1)) instanceof ReadResult.Ok(Blocks found)) {
                        int offset = block * Sizes.BLOCK_BYTES;
                        assertThat(found.data()).isEqualTo(good.slice(offset, 4096));
                    }
                }
            } catch (DeviceException e) {
                assertThat(e).hasMessageContaining(copy.toString());
            }
        }
    }
}
