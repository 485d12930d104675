package io.ashlar.iscsi.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.Payload;
import io.ashlar.iscsi.RamVolumeService;
import io.ashlar.iscsi.SessionRules;
import io.ashlar.volume.IoError;
import io.ashlar.volume.IoRequest;
import io.ashlar.volume.IoResult;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * EXTENDED COPY from parameter list to reads and writes. LUN 0 has 2048 blocks of 512 bytes, LUN 1
 * has 256 of 4096, LUN 2 is write-protected.
 */
final class ExtendedCopyTest {
    private static final int MIB = 1 << 20;

    private final RamVolumeService volumes =
            new RamVolumeService()
                    .with(0, MIB, 512, false)
                    .with(1, MIB, 4096, false)
                    .with(2, MIB, 512, true)
                    .with(3, 64L * MIB, 512, false);
    private final ScsiNexus nexus =
            new ScsiNexus(
                    volumes,
                    "host",
                    "host,i,0x000000000001",
                    "iqn.2026-11.test:t",
                    SessionRules.ALL);

    @BeforeEach
    void clearAttentions() {
        nexus.start(FakeTask.of("00"));
    }

    private byte[] device(int lun) {
        byte[] device = new byte[CopyList.DEVICE_BYTES];
        device[0] = (byte) CopyList.BY_DESIGNATOR;
        device[4] = VitalProductData.BINARY;
        device[5] = VitalProductData.TYPE_NAA;
        device[7] = 16;
        LogicalUnit unit = nexus.units().get(lun);
        byte[] name = VitalProductData.naa(unit.volume().identity());
        System.arraycopy(name, 0, device, 8, name.length);
        Cdb.put32(device, 28, unit.blockBytes());
        return device;
    }

    private static byte[] segment(int from, int to, int blocks, long fromLba, long toLba) {
        return ByteBuffer.allocate(CopyList.SEGMENT_BYTES)
                .putShort((short) 0x0200)
                .putShort((short) (CopyList.SEGMENT_BYTES - 4))
                .putShort((short) from)
                .putShort((short) to)
                .putShort((short) 0)
                .putShort((short) blocks)
                .putLong(fromLba)
                .putLong(toLba)
                .array();
    }

    private static byte[] list(int listId, List<byte[]> devices, byte[]... segments) {
        int deviceBytes = devices.stream().mapToInt(d -> d.length).sum();
        int segmentBytes = Arrays.stream(segments).mapToInt(s -> s.length).sum();
        ByteBuffer list = ByteBuffer.allocate(16 + deviceBytes + segmentBytes);
        list.put((byte) listId).put((byte) 0).putShort((short) deviceBytes).putInt(0);
        list.putInt(segmentBytes).putInt(0);
        devices.forEach(list::put);
        for (byte[] segment : segments) {
            list.put(segment);
        }
        return list.array();
    }

    private FakeTask copy(byte[] list, IoResult... results) {
        FakeTask task =
                FakeTask.of("83 00 0000000000000000 %08x 00 00".formatted(list.length))
                        .offering(list);
        for (IoResult result : results) {
            task.answering(result);
        }
        nexus.start(task);
        return task;
    }

    private static IoResult.Done read(byte[] data) {
        return new IoResult.Done(Payload.of(data));
    }

    private static IoResult.Done done() {
        return new IoResult.Done(Payload.EMPTY);
    }

    /** Protects what is copied: from where, to where, in the blocks of which unit. */
    @Test
    void blocksGoFromOneUnitToAnother() {
        byte[] data = new byte[8192];
        Arrays.fill(data, (byte) 7);
        FakeTask task =
                copy(
                        list(5, List.of(device(0), device(1)), segment(0, 1, 16, 8, 3)),
                        read(data),
                        done());
        assertThat(task.outcome()).isEqualTo("good");
        var source = nexus.units().get(0).volume().id();
        var destination = nexus.units().get(1).volume().id();
        assertThat(task.submitted.get(0)).isEqualTo(new IoRequest.Read(source, 8 * 512L, 8192));
        IoRequest.Write write = (IoRequest.Write) task.submitted.get(1);
        assertThat(write.volume()).isEqualTo(destination);
        assertThat(write.offset()).isEqualTo(3 * 4096L);
        assertThat(write.data().toByteArray()).isEqualTo(data);

        FakeTask status = FakeTask.of("84 00 05 00000000000000 00000010 00 00");
        nexus.start(status);
        assertThat(status.dataIn()).containsExactly(0, 0, 0, 8, 0x81, 0, 1, 1, 0, 0, 0, 8);
        FakeTask again = FakeTask.of("84 00 05 00000000000000 00000010 00 00");
        nexus.start(again);
        assertThat(again.outcome()).isEqualTo("check 5/2400");
    }

    /** Protects thin volumes: zeros take no space where they are copied to. */
    @Test
    void zerosAreNotWritten() {
        FakeTask task =
                copy(
                        list(0, List.of(device(0)), segment(0, 0, 8, 0, 512)),
                        read(new byte[4096]),
                        done());
        assertThat(task.outcome()).isEqualTo("good");
        assertThat(task.submitted.get(1))
                .isEqualTo(new IoRequest.Zero(nexus.volumeAt(0), 512 * 512L, 4096, true));
    }

    /** Protects long copies: step by step, segment by segment, until one fails. */
    @Test
    void whatFailsEndsTheCopyAndIsRemembered() {
        byte[] data = new byte[MIB];
        data[0] = 1;
        FakeTask task =
                copy(
                        list(9, List.of(device(3)), segment(0, 0, 4096, 0, 8192)),
                        read(data),
                        done(),
                        new IoResult.Failed(IoError.UNRECOVERED_READ));
        assertThat(task.outcome()).isEqualTo("check 3/1100");
        assertThat(task.submitted).hasSize(3);
        FakeTask status = FakeTask.of("84 00 09 00000000000000 00000010 00 00");
        nexus.start(status);
        assertThat(status.dataIn()[4]).isEqualTo((byte) 0x82);
    }

    /** Protects volumes from half of a list: all of it is looked at before anything is copied. */
    @ParameterizedTest
    @CsvSource({
        "0, 0, 16, 0, 8, check 5/2600", // overlaps
        "0, 0, 8, 2048, 0, check a/0000",
        "0, 0, 8, 0, 2041, check a/0000",
        "0, 1, 1, 0, 0, check a/260a",
        "0, 2, 8, 0, 0, check 7/2700",
        "0, 9, 8, 0, 0, check a/0d02"
    })
    void badSegmentsAreRefusedWhole(
            int from, int to, int blocks, long fromLba, long toLba, String outcome) {
        byte[] list =
                list(
                        0,
                        List.of(device(0), device(1), device(2)),
                        segment(0, 1, 8, 0, 0),
                        segment(from, to, blocks, fromLba, toLba));
        FakeTask task = copy(list);
        assertThat(task.outcome()).isEqualTo(outcome);
        assertThat(task.submitted).isEmpty();
    }

    /** Protects what is not mapped to the host: it cannot be named. */
    @Test
    void aUnitThatTheHostDoesNotSeeIsNotThere() {
        byte[] device = device(0);
        device[20] ^= 1;
        FakeTask task = copy(list(0, List.of(device), segment(0, 0, 8, 0, 64)));
        assertThat(task.outcome()).isEqualTo("check a/0d02");
    }

    /** Protects a repetition after a lost answer: no extent may read what another overwrites. */
    @Test
    void aListThatOverwritesWhatItReadsIsRefused() {
        byte[] list =
                list(0, List.of(device(0)), segment(0, 0, 8, 0, 64), segment(0, 0, 8, 128, 0));
        assertThat(copy(list).outcome()).isEqualTo("check 5/2600");
    }

    /** Protects hosts from asking for more than there is: VPD page 8Fh says the same. */
    @Test
    void thePageTellsCommandsAndLimits() {
        FakeTask task = FakeTask.of("12 01 8f 00 ff 00");
        nexus.start(task);
        byte[] page = task.dataIn();
        assertThat(Cdb.u16(page, 2)).isEqualTo(page.length - 4);
        assertThat(Arrays.copyOfRange(page, 4, 16))
                .containsExactly(0, 1, 0, 8, 7, 0x83, 1, 0, 0x84, 2, 0, 3);
        int types = 0;
        for (int at = 4; at < page.length; at += 4 + Cdb.u16(page, at + 2)) {
            types++;
            if (Cdb.u16(page, at) == 0x8001) {
                assertThat(Cdb.u32(page, at + 12)).isEqualTo(CopyList.BYTES_MAX);
            }
        }
        assertThat(types).isEqualTo(5);
    }

    /** Protects memory and time: limits are told, and kept. */
    @Test
    void limitsAreTold() {
        FakeTask task = FakeTask.of("84 03 00 00000000000000 00000100 00 00");
        nexus.start(task);
        assertThat(Cdb.u16(task.dataIn(), 8)).isEqualTo(CopyList.DEVICES_MAX);
        assertThat(Cdb.u16(task.dataIn(), 10)).isEqualTo(CopyList.SEGMENTS_MAX);
        assertThat(Cdb.u32(task.dataIn(), 16)).isEqualTo(CopyList.BYTES_MAX);
        assertThat(Cdb.u32(task.dataIn(), 0)).isEqualTo(task.dataIn().length - 4L);
        byte[] segment = segment(0, 0, 0x7FFF, 0, 65_536);
        byte[] tooMuch = list(0, List.of(device(3)), segment, segment);
        assertThat(copy(tooMuch).outcome()).isEqualTo("check 5/2600");
    }
}
