package io.ashlar.metadata.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ashlar.metadata.engine.EngineException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Only what cannot have been acknowledged is cut off the log; everything else stops the node. */
class LogTailTest {
    private static final int FILE_BYTES = 16 * 1024;
    @TempDir Path directory;
    private Path segment;
    private byte[] log;
    private int end;

    @BeforeEach
    void write() throws IOException {
        segment = directory.resolve("log_inprogress_17");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes("RaftLog1".getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(record(100));
        out.writeBytes(record(3000));
        end = out.size();
        log = Arrays.copyOf(out.toByteArray(), FILE_BYTES);
    }

    @Test
    void aGoodLogStaysAsItIs() throws IOException {
        assertThat(LogTail.repair(directory)).isFalse();
        assertThat(repair()).isFalse();
        assertThat(Files.readAllBytes(segment)).isEqualTo(log);
    }

    @Test
    void aRecordOfWhichASectorIsMissingIsCutOff() throws IOException {
        byte[] torn = record(2000);
        for (int missing = end / 512 + 1; missing * 512 < end + torn.length; missing++) {
            System.arraycopy(torn, 0, log, end, torn.length);
            Arrays.fill(log, missing * 512, missing * 512 + 512, (byte) 0);
            assertThat(repair()).isTrue();
            assertThat(Files.readAllBytes(segment)).isEqualTo(Arrays.copyOf(log, end));
        }
    }

    @Test
    void aRecordThatTheEndOfTheFileCutsIsCutOff() throws IOException {
        log = Arrays.copyOf(log, end + 700);
        System.arraycopy(record(2000), 0, log, end, 700);
        assertThat(repair()).isTrue();
        assertThat(Files.size(segment)).isEqualTo(end);
    }

    @Test
    void aFlippedBitInTheLastRecordIsDamage() {
        for (int bit = 0; bit < 8; bit++) {
            byte[] good = log.clone();
            log[end - 1000] ^= (byte) (1 << bit);
            assertDamaged();
            log = good;
        }
    }

    @Test
    void aBadRecordBeforeAGoodOneIsDamage() {
        Arrays.fill(log, 1024, 1536, (byte) 0);
        System.arraycopy(record(50), 0, log, end, 55);
        assertDamaged();
    }

    @Test
    void bytesAfterTheZerosAreDamage() {
        log[end + 600] = 1;
        assertDamaged();
    }

    @Test
    void onlyTheLastOpenSegmentIsTouched() throws IOException {
        Path closed = directory.resolve("log_1-16");
        Files.write(closed, new byte[] {1, 2, 3});
        Path older = directory.resolve("log_inprogress_9");
        Files.write(older, new byte[] {1, 2, 3});
        assertThat(repair()).isFalse();
        assertThat(Files.size(closed)).isEqualTo(3);
        assertThat(Files.size(older)).isEqualTo(3);
    }

    private boolean repair() throws IOException {
        Files.write(segment, log);
        return LogTail.repair(directory);
    }

    private void assertDamaged() {
        assertThatThrownBy(this::repair)
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("is damaged at byte")
                .hasMessageContaining("Rejoin");
    }

    private static byte[] record(int length) {
        ByteBuffer record = ByteBuffer.allocate(length + 10);
        for (int rest = length; ; rest >>= 7) {
            if (rest < 128) {
                record.put((byte) rest);
                break;
            }
            record.put((byte) (rest & 0x7F | 0x80));
        }
        for (int i = 0; i < length; i++) {
            record.put((byte) (1 + i % 100));
        }
        CRC32C crc = new CRC32C();
        crc.update(record.array(), 0, record.position());
        record.putInt((int) crc.getValue());
        return Arrays.copyOf(record.array(), record.position());
    }
}
