package io.ashlar.iscsi.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.Payload;
import io.ashlar.iscsi.RamVolumeService;
import io.ashlar.iscsi.SessionRules;
import io.ashlar.volume.IoError;
import io.ashlar.volume.IoRequest;
import io.ashlar.volume.IoResult;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** GET LBA STATUS of a unit of 64 MiB with blocks of 512 bytes: eight in a physical one. */
final class LbaStatusTest {
    private static final int MIB = 1024 * 1024;
    private final ScsiNexus nexus =
            new ScsiNexus(
                    new RamVolumeService().with(0, 64 * MIB, 512, false),
                    "host",
                    "host,i,0x000000000001",
                    "iqn.2026-11.test:t",
                    SessionRules.ALL);

    LbaStatusTest() {
        nexus.start(FakeTask.of("00"));
    }

    private FakeTask ask(long lba, int allocation, byte[]... contents) {
        FakeTask task =
                FakeTask.of(
                        "9e 12"
                                + HexFormat.of().toHexDigits(lba)
                                + HexFormat.of().toHexDigits(allocation)
                                + "0000");
        for (byte[] each : contents) {
            task.answering(new IoResult.Done(Payload.of(each)));
        }
        nexus.start(task);
        return task;
    }

    private static byte[] mibWith(int... offsets) {
        byte[] data = new byte[MIB];
        for (int offset : offsets) {
            data[offset] = 1;
        }
        return data;
    }

    private static String hex(FakeTask task) {
        return HexFormat.of().formatHex(task.dataIn());
    }

    /** Protects hosts that skip what is not mapped: one byte maps its whole physical block. */
    @Test
    void physicalBlockIsMappedIfAnyByteIsThere() {
        FakeTask task = ask(3, 40, mibWith(8191), new byte[MIB]);
        assertThat(hex(task))
                .isEqualTo(
                        "00000024 00000000".replace(" ", "")
                                + "0000000000000003"
                                + "00000005"
                                + "01000000"
                                + "0000000000000008"
                                + "00000008"
                                + "00000000");
        assertThat(task.submitted).hasSize(1);
    }

    /** Protects the end of a command: a unit with nothing on it is not read in one go. */
    @Test
    void emptyUnitIsToldPieceByPiece() {
        byte[][] zeros = new byte[32][MIB];
        FakeTask task = ask(8, 24, zeros);
        assertThat(task.submitted).hasSize(32);
        assertThat(hex(task))
                .isEqualTo("0000001400000000" + "0000000000000008" + "00010000" + "01000000");
    }

    /** Protects the last blocks: nothing is read or told beyond the end. */
    @Test
    void scanEndsAtTheEndOfTheUnit() {
        FakeTask task = ask(131071, 255, new byte[4096]);
        assertThat(task.submitted)
                .containsExactly(new IoRequest.Read(nexus.volumeAt(0), 64L * MIB - 4096, 4096));
        assertThat(hex(task))
                .isEqualTo("0000001400000000" + "000000000001ffff" + "00000001" + "01000000");
        assertThat(ask(131072, 255).outcome()).isEqualTo("check 5/2100");
        assertThat(ask(-1, 255).outcome()).isEqualTo("check 5/2100");
    }

    /** Protects from unbounded answers: a host with much room gets so many extents. */
    @Test
    void extentsAreBounded() {
        byte[] alternating = new byte[MIB];
        for (int at = 0; at < MIB; at += 8192) {
            alternating[at] = 1;
        }
        byte[][] contents = new byte[32][];
        java.util.Arrays.fill(contents, alternating);
        FakeTask task = ask(0, -1, contents);
        assertThat(task.dataIn()).hasSize(8 + 16 * 1024);
        assertThat(ask(0, 8, alternating).dataIn()).hasSize(8);
        assertThat(ask(0, 0, alternating).dataIn()).isEmpty();
    }

    /** Protects the truth: what cannot be read is not told as anything. */
    @Test
    void whatCannotBeReadEndsTheCommand() {
        FakeTask task = FakeTask.of("9e 12 0000000000000000 00000018 0000");
        task.answering(new IoResult.Failed(IoError.UNRECOVERED_READ));
        nexus.start(task);
        assertThat(task.outcome()).isEqualTo("check 3/1100");
    }
}
