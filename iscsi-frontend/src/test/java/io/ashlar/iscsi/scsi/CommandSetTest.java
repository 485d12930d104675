package io.ashlar.iscsi.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.Payload;
import io.ashlar.common.reservation.Notice;
import io.ashlar.iscsi.RamVolumeService;
import io.ashlar.iscsi.SessionRules;
import io.ashlar.volume.IoRequest;
import io.ashlar.volume.IoResult;
import io.ashlar.volume.Reset;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands from CDB to outcome, without transport. LUN 0 has 2048 blocks of 512 bytes. */
final class CommandSetTest {
    private final RamVolumeService volumes =
            new RamVolumeService().with(0, 1 << 20, 512, false).with(300, 1 << 20, 4096, true);
    private final ScsiNexus nexus =
            new ScsiNexus(
                    volumes,
                    "host",
                    "host,i,0x000000000001",
                    "iqn.2026-11.test:t",
                    SessionRules.ALL);

    private FakeTask run(FakeTask task) {
        nexus.start(task);
        return task;
    }

    private FakeTask run(String cdb) {
        return run(FakeTask.of(cdb));
    }

    private void clearAttentions() {
        run("00");
        run(FakeTask.of("00").lun(300));
    }

    /** Protects hosts from acting on what an old session knew: a new one begins with 29/00. */
    @Test
    void firstCommandGetsThePowerOnAttentionOnce() {
        assertThat(run("00").outcome()).isEqualTo("check 6/2900");
        assertThat(run("00").outcome()).isEqualTo("good");
    }

    /** Protects the order of SPC: the one that tells most comes first, none is lost. */
    @Test
    void attentionsComeInOrder() {
        clearAttentions();
        var volume = nexus.volumeAt(0);
        nexus.onPathsChanged(volume);
        nexus.onVolumesChanged();
        nexus.onVolumeReset(volume, Reset.LOGICAL_UNIT);
        assertThat(run("12 00 00 00 24 00").outcome()).isEqualTo("data");
        assertThat(run("00").outcome()).isEqualTo("check 6/2903");
        assertThat(run("00").outcome()).isEqualTo("check 6/3f0e");
        assertThat(run("00").outcome()).isEqualTo("check 6/2a06");
        assertThat(run("00").outcome()).isEqualTo("good");
    }

    /** Protects the precedence of SAM-5: what a reset includes is not told after it. */
    @Test
    void aResetTellsOfLesserOnes() {
        clearAttentions();
        var volume = nexus.volumeAt(0);
        nexus.onCommandsCleared(0);
        nexus.onNexusReset();
        nexus.onCapacityChanged(volume);
        nexus.onVolumeReset(volume, Reset.LOGICAL_UNIT);
        nexus.onVolumeReset(volume, Reset.TARGET);
        nexus.onCommandsCleared(0);
        assertThat(run("00").outcome()).isEqualTo("check 6/2902");
        assertThat(run("00").outcome()).isEqualTo("check 6/2a09");
        assertThat(run("00").outcome()).isEqualTo("good");
        nexus.onVolumeReset(volume, Reset.POWER_ON);
        nexus.onVolumeReset(volume, Reset.LOGICAL_UNIT);
        assertThat(run("00").outcome()).isEqualTo("check 6/2901");
        assertThat(run("00").outcome()).isEqualTo("check 6/2903");
        assertThat(run("00").outcome()).isEqualTo("good");
    }

    /** Protects hosts from queues: each condition is told once, however often it was raised. */
    @Test
    void eachConditionIsPendingOnce() {
        clearAttentions();
        var volume = nexus.volumeAt(0);
        for (int i = 0; i < 1000; i++) {
            nexus.onNexusReset();
            nexus.onCommandsCleared(0);
            nexus.onPathsChanged(volume);
            nexus.onVolumesChanged();
            for (Notice.Kind kind : Notice.Kind.values()) {
                nexus.onReservationsChanged(volume, kind);
            }
        }
        assertThat(Stream.generate(() -> run("00").outcome()).limit(7))
                .containsExactly(
                        "check 6/2907",
                        "check 6/3f0e",
                        "check 6/2a03",
                        "check 6/2a04",
                        "check 6/2a05",
                        "check 6/2a06",
                        "good");
    }

    /** Protects QUERY ASYNCHRONOUS EVENT: it tells of the first condition, and takes none. */
    @Test
    void pendingAttentionsCanBeLookedAt() {
        assertThat(nexus.pendingAttention(0)).isEqualTo(0x16_2900);
        nexus.onPathsChanged(nexus.volumeAt(0));
        assertThat(nexus.pendingAttention(0)).isEqualTo(0x26_2900);
        clearAttentions();
        assertThat(nexus.pendingAttention(0)).isEqualTo(0x16_2A06);
        clearAttentions();
        assertThat(nexus.pendingAttention(0)).isZero();
    }

    /** Protects REQUEST SENSE: it tells of the attention, in the format that is asked for. */
    @Test
    void requestSenseReturnsTheAttention() {
        byte[] descriptor = run("03 01 00 00 ff 00").dataIn();
        assertThat(descriptor).startsWith(0x72, 0x06, 0x29, 0x00).hasSize(8);
        byte[] fixed = run("03 00 00 00 ff 00").dataIn();
        assertThat(fixed).hasSize(18).startsWith(0x70, 0x00, 0x00);
    }

    /** Protects every command's checks: outcome by CDB, on a unit of 2048 blocks. */
    @ParameterizedTest
    @CsvSource({
        "ff, check 5/2000",
        "28 00 00000800 00 0001 00, check 5/2100",
        "28 00 00000800 00 0000 00, good",
        "28 00 00000801 00 0000 00, check 5/2100",
        "28 20 00000000 00 0001 00, check 5/2400",
        "28 00 00000000 00 0001 04, check 5/2400",
        "88 00 8000000000000000 00000001 00 00, check 5/2100",
        "88 00 ffffffffffffffff 00000001 00 00, check 5/2100",
        "a8 00 00000000 ffffffff 00 00, check 5/2100",
        "2a 20 00000000 00 0001 00, check 5/2400",
        "41 10 00000000 00 0001 00, check 5/2400",
        "41 00 00000000 00 0000 00, check 5/2400",
        "42 00 00000000 00 0004 00, check 5/1a00",
        "42 01 00000000 00 0018 00, check 5/2400",
        "42 00 00000000 00 0000 00, good",
        "1a 00 3f 00 ff 00, data",
        "1a 00 c0 00 ff 00, check 5/3900",
        "1a 00 05 00 ff 00, check 5/2400",
        "12 00 01 00 ff 00, check 5/2400",
        "12 01 77 00 ff 00, check 5/2400",
        "9e 1f 0000000000000000 00000000 00 00, check 5/2400",
        "a0 00 00 000000 00000008 00 00, check 5/2400",
        "ff 00, check 5/2000",
        "5f 00, check 5/1a00"
    })
    void cdbLeadsToOutcome(String cdb, String outcome) {
        clearAttentions();
        assertThat(run(cdb).outcome()).isEqualTo(outcome);
    }

    /** Protects snapshots and replicas: a write-protected unit takes no change by any command. */
    @ParameterizedTest
    @CsvSource({
        "0a 00 00 00 01 00",
        "2a 00 00000000 00 0001 00",
        "aa 00 00000000 00000001 00 00",
        "8a 00 0000000000000000 00000001 00 00",
        "2e 00 00000000 00 0001 00",
        "41 00 00000000 00 0001 00",
        "93 01 0000000000000000 00000001 00 00",
        "89 00 0000000000000000 000000 01 00 00",
        "42 00 00000000 00 0018 00"
    })
    void writeProtectedUnitRefuses(String cdb) {
        clearAttentions();
        FakeTask task = run(FakeTask.of(cdb).lun(300).offering(new byte[4096]));
        assertThat(task.outcome()).isEqualTo("check 7/2700");
        assertThat(task.submitted).isEmpty();
    }

    /** Protects a host that offers less than its command would write: GOOD means all of it. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "2a 00 00000001 00 0004 00",
                "8a 00 0000000000000001 00000004 00 00",
                "2e 02 00000001 00 0004 00"
            })
    void writesNoPartOfABlock(String cdb) {
        clearAttentions();
        FakeTask task = run(FakeTask.of(cdb).offering(new byte[1100]));
        assertThat(task.outcome()).isEqualTo("check 5/0e03");
        assertThat(task.submitted).isEmpty();
    }

    /** Protects the same host where it offers blocks. */
    @Test
    void writesTheBlocksThatAreOffered() {
        clearAttentions();
        FakeTask task = run(FakeTask.of("2a 08 00000001 00 0004 00").offering(new byte[1024]));
        assertThat(task.outcome()).isEqualTo("good");
        IoRequest.Write write = (IoRequest.Write) task.submitted.getFirst();
        assertThat(write.offset()).isEqualTo(512);
        assertThat(write.data().length()).isEqualTo(1024);
        assertThat(write.forceUnitAccess()).isTrue();
    }

    /** Protects hosts' locks: a comparison of one block, or a refusal that changes nothing. */
    @Test
    void comparesAndWritesOneBlock() {
        clearAttentions();
        byte[] both = new byte[1024];
        both[0] = 1;
        both[512] = 2;
        FakeTask task = run(FakeTask.of("89 18 0000000000000003 000000 01 00 00").offering(both));
        assertThat(task.outcome()).isEqualTo("good");
        var request = (IoRequest.CompareAndWrite) task.submitted.getFirst();
        assertThat(request.offset()).isEqualTo(1536);
        assertThat(request.compared().toByteArray()[0]).isEqualTo((byte) 1);
        assertThat(request.data().toByteArray()[0]).isEqualTo((byte) 2);
        FakeTask none = run(FakeTask.of("89 00 0000000000000003 000000 00 00 00"));
        assertThat(none.outcome()).isEqualTo("good");
        assertThat(none.submitted).isEmpty();
    }

    /** Protects databases that rely on WRITE ATOMIC: what is taken is one step, as B0h tells. */
    @ParameterizedTest
    @CsvSource({
        "0000000000000000, 0020, 16384, good",
        "0000000000000020, 0020, 16384, good",
        "0000000000000700, 0100, 131072, good",
        "0000000000000000, 0000, 0, good",
        "0000000000000001, 0020, 16384, check 5/2400",
        "0000000000000000, 0001, 512, check 5/2400",
        "0000000000000000, 0020, 8192, check 5/2400",
        "00000000000007e0, 0040, 32768, check 5/2400",
        "ffffffffffffffe0, 0020, 16384, check 5/2100",
        "0000000000000fe0, 0040, 32768, check 5/2100"
    })
    void atomicWritesAreOneStepOrRefused(String lba, String blocks, int bytes, String outcome) {
        ScsiNexus large =
                new ScsiNexus(
                        new RamVolumeService().with(0, 2 << 20, 512, false),
                        "host",
                        "host,i,0x000000000001",
                        "iqn.2026-11.io.ashlar:test",
                        SessionRules.ALL);
        large.start(FakeTask.of("00"));
        FakeTask task =
                FakeTask.of("9c 00 " + lba + " 0000 " + blocks + " 00 00")
                        .offering(new byte[bytes]);
        large.start(task);
        assertThat(task.outcome()).isEqualTo(outcome);
        assertThat(task.submitted).hasSize(outcome.equals("good") && bytes > 0 ? 1 : 0);
    }

    /** Protects bitmaps that hosts share: bits are set in one step, all of them, or not at all. */
    @ParameterizedTest
    @CsvSource({
        "18 0000000000000003, 00000002, 1024, good, 1",
        "00 0000000000000000, 00000800, 1048576, good, 1",
        "00 0000000000000003, 00000000, 0, good, 0",
        "20 0000000000000003, 00000001, 512, check 5/2400, 0",
        "00 0000000000000003, 00000002, 512, check 5/2400, 0",
        "00 00000000000007ff, 00000002, 1024, check 5/2400, 0",
        "00 0000000000001000, 00000001, 512, check 5/2100, 0",
        "00 ffffffffffffffff, 00000001, 512, check 5/2100, 0"
    })
    void bitsAreSetInOneStepOrRefused(
            String place, String blocks, int bytes, String outcome, int submitted) {
        ScsiNexus large =
                new ScsiNexus(
                        new RamVolumeService().with(0, 2 << 20, 512, false),
                        "host",
                        "host,i,0x000000000001",
                        "iqn.2026-11.test:t",
                        SessionRules.ALL);
        large.start(FakeTask.of("00"));
        FakeTask task = FakeTask.of("8b " + place + blocks + " 00 00").offering(new byte[bytes]);
        large.start(task);
        assertThat(task.outcome()).isEqualTo(outcome);
        assertThat(task.submitted).hasSize(submitted);
        if (submitted > 0) {
            IoRequest.OrWrite request = (IoRequest.OrWrite) task.submitted.getFirst();
            assertThat(request.offset()).isEqualTo(512 * Cdb.i64(task.cdb(), 2));
            assertThat(request.data().length()).isEqualTo(bytes);
        }
    }

    /** Protects volumes that an administrator has made read-only. */
    @Test
    void bitsOfAReadOnlyVolumeAreNotSet() {
        clearAttentions();
        FakeTask task =
                FakeTask.of("8b 00 0000000000000000 00000001 00 00")
                        .lun(300)
                        .offering(new byte[4096]);
        assertThat(run(task).outcome()).isEqualTo("check 7/2700");
    }

    /** ... and no host can send what is refused by merging commands that are not. */
    @Test
    void atomicWritesHaveOneLength() {
        byte[] limits = run("12 01 b0 00 ff 00").dataIn();
        assertThat(HexFormat.of().formatHex(limits, 44, 64))
                .isEqualTo("00000020" + "00000020" + "00000020" + "00000000" + "00000000");
    }

    /** Protects hosts' locks likewise: what cannot be a comparison of one block is refused. */
    @ParameterizedTest
    @CsvSource({
        "89 00 0000000000000003 000000 02 00 00, 2048",
        "89 20 0000000000000003 000000 01 00 00, 1024",
        "89 00 0000000000000003 000000 00 00 00, 262144",
        "89 00 0000000000000003 000000 01 00 00, 512",
        "89 00 0000000000000003 000000 01 00 00, 2048"
    })
    void refusesOtherComparisons(String cdb, int bytes) {
        clearAttentions();
        FakeTask task = run(FakeTask.of(cdb).offering(new byte[bytes]));
        assertThat(task.outcome()).isEqualTo("check 5/2400");
        assertThat(task.submitted).isEmpty();
    }

    /** Protects hosts' locks likewise: a miscompare tells where. */
    @Test
    void miscompareIsTold() {
        clearAttentions();
        FakeTask task =
                run(
                        FakeTask.of("89 00 0000000000000003 000000 01 00 00")
                                .offering(new byte[1024])
                                .answering(new IoResult.Miscompared(7)));
        assertThat(task.outcome()).isEqualTo("check e/1d00");
    }

    /** Protects UNMAP: one range after the other, all checked before the first takes effect. */
    @Test
    void unmapChecksAllBeforeItBegins() {
        clearAttentions();
        String good = "0026 0024 00000000" + "0000000000000008 00000008 00000000";
        String beyond = "0000000000000800 00000001 00000000";
        byte[] list = HexFormat.of().parseHex((good + beyond).replace(" ", ""));
        list[3] = 32;
        FakeTask task = run(FakeTask.of("42 00 00000000 00 0028 00").offering(list));
        assertThat(task.outcome()).isEqualTo("check 5/2100");
        assertThat(task.submitted).isEmpty();
        byte[] one = Arrays.copyOf(list, 24);
        one[3] = 16;
        FakeTask fine = run(FakeTask.of("42 00 00000000 00 0018 00").offering(one));
        assertThat(fine.outcome()).isEqualTo("good");
        assertThat(fine.submitted)
                .containsExactly(new IoRequest.Zero(nexus.volumeAt(0), 4096, 4096, true));
    }

    /** Protects the speed of UNMAP, and that merging descriptors loses no block and adds none. */
    @Test
    void descriptorsThatTouchAreUnmappedAtOnce() {
        clearAttentions();
        String[] descriptors = {
            "0000000000000010 00000008 00000000", // 16 to 23
            "0000000000000008 00000008 00000000", // 8 to 15, right before
            "0000000000000012 00000010 00000000", // 18 to 33, overlapping
            "0000000000000100 00000000 00000000", // nothing
            "0000000000000023 00000001 00000000", // 35, apart
        };
        String text = "0056 0050 00000000" + String.join("", descriptors);
        byte[] list = HexFormat.of().parseHex(text.replace(" ", ""));
        FakeTask task = run(FakeTask.of("42 00 00000000 00 0058 00").offering(list));
        assertThat(task.outcome()).isEqualTo("good");
        assertThat(task.submitted)
                .containsExactly(
                        new IoRequest.Zero(nexus.volumeAt(0), 8 * 512, 26 * 512, true),
                        new IoRequest.Zero(nexus.volumeAt(0), 35 * 512, 512, true));
    }

    /** Protects VERIFY: a difference in any byte is a miscompare. */
    @Test
    void verifyComparesEveryByte() {
        clearAttentions();
        byte[] stored = new byte[1024];
        byte[] sent = stored.clone();
        sent[1023] = 1;
        String cdb = "2f 02 00000000 00 0002 00";
        assertThat(
                        run(FakeTask.of(cdb)
                                        .offering(sent)
                                        .answering(new IoResult.Done(Payload.of(stored))))
                                .outcome())
                .isEqualTo("check e/1d00");
        assertThat(
                        run(FakeTask.of(cdb)
                                        .offering(stored.clone())
                                        .answering(new IoResult.Done(Payload.of(stored))))
                                .outcome())
                .isEqualTo("good");
    }

    /** Protects large configurations: LUNs above 255 are found and listed in flat addressing. */
    @Test
    void lunsAbove255UseFlatAddressing() {
        byte[] list = run("a0 00 00 000000 00000100 00 00").dataIn();
        assertThat(HexFormat.of().formatHex(list))
                .isEqualTo("0000001000000000" + "0000000000000000" + "412c000000000000");
        assertThat(run(FakeTask.of("00").lun(300)).outcome()).isEqualTo("check 6/2900");
        assertThat(Lun.decode(0x412c_0000_0000_0000L)).isEqualTo(300);
        assertThat(Lun.decode(0x0100_0000_0000_0000L)).isEqualTo(-1);
        assertThat(Lun.decode(0x0000_0000_0000_0001L)).isEqualTo(-1);
    }

    /** Protects discovery: an empty LUN says so, and everything else fails there. */
    @Test
    void lunWithoutUnit() {
        assertThat(run(FakeTask.of("12 00 00 00 24 00").lun(7)).dataIn()[0]).isEqualTo((byte) 0x7F);
        assertThat(run(FakeTask.of("00").lun(7)).outcome()).isEqualTo("check 5/2500");
        assertThat(run(FakeTask.of("a0 00 00 000000 00000100 00 00").lun(7)).outcome())
                .isEqualTo("data");
    }

    /** Protects multipath: one identity by every node, another for every volume. */
    @Test
    void identityIsTheVolumesOwn() {
        byte[] page = run("12 01 83 00 ff 00").dataIn();
        byte[] other = run(FakeTask.of("12 01 83 00 ff 00").lun(300)).dataIn();
        assertThat(Arrays.copyOfRange(page, 4, 8)).containsExactly(1, 3, 0, 16);
        assertThat(page[8] >> 4).isEqualTo(6);
        assertThat(Arrays.copyOfRange(page, 8, 24)).isNotEqualTo(Arrays.copyOfRange(other, 8, 24));
    }

    /** Protects path choice: each node's group, with its true state, in both formats. */
    @Test
    void reportsTargetPortGroups() {
        clearAttentions();
        byte[] plain = run("a3 0a 00000000 00000100 00 00").dataIn();
        assertThat(HexFormat.of().formatHex(plain))
                .isEqualTo(
                        "00000018"
                                + "008b0001"
                                + "00020001"
                                + "00000001"
                                + "018b0002"
                                + "00020001"
                                + "00000002");
        byte[] extended = run("a3 2a 00000000 00000100 00 00").dataIn();
        assertThat(extended).hasSize(8 + 24).startsWith(0, 0, 0, 28, 0x10);
    }

    /** Protects REPORT SUPPORTED OPERATION CODES: it is the table, but for explicit ALUA. */
    @Test
    void everyCommandIsReported() {
        clearAttentions();
        byte[] all = run("a3 0c 00 00 0000 00001000 00 00").dataIn();
        assertThat(all).hasSize(4 + 8 * (CommandTable.ALL.size() - 1));
        for (CommandTable.Command command : CommandTable.ALL) {
            assertThat(command.usage()[0] & 0xFF).isEqualTo(command.opcode());
            assertThat(command.cdbBytes()).isIn(6, 10, 12, 16);
        }
        byte[] timed = run("a3 0c 80 00 0000 00001000 00 00").dataIn();
        int each = 8 + CommandTimeouts.DESCRIPTOR_BYTES;
        assertThat(timed).hasSize(4 + each * (CommandTable.ALL.size() - 1));
        for (int at = 4; at < timed.length; at += each) {
            assertThat(timed[at + 5] & 2).as("CTDP").isEqualTo(2);
            assertThat(Cdb.u16(timed, at + 8)).isEqualTo(CommandTimeouts.DESCRIPTOR_BYTES - 2);
            assertThat(Cdb.u32(timed, at + 12)).as("nominal, s").isBetween(1L, 15L);
            assertThat(Cdb.u32(timed, at + 16)).as("longer than owners take it").isBetween(9L, 60L);
        }
    }
}
