package io.ashlar.iscsi.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.NodeId;
import io.ashlar.iscsi.RamVolumeService;
import io.ashlar.iscsi.SessionRules;
import io.ashlar.volume.MoveResult.Code;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** ALUA, implicit and explicit. Group 1 is active/optimized, group 2 is not, there is no third. */
final class PortGroupsTest {
    private static final String SET = "a4 0a 00 00 00 00 %08x 00 00";
    private static final String REPORT_SET = "a3 0c 03 a4 000a 000000ff 00 00";

    private static ScsiNexus nexus(boolean isExplicit) {
        ScsiNexus nexus =
                new ScsiNexus(
                        new RamVolumeService()
                                .explicitAlua(isExplicit)
                                .with(0, 1 << 20, 512, false),
                        "host",
                        "host,i,0x000000000001",
                        "iqn.2026-11.test:t",
                        SessionRules.ALL);
        nexus.start(FakeTask.of("00"));
        return nexus;
    }

    private static FakeTask run(ScsiNexus nexus, String cdb) {
        FakeTask task = FakeTask.of(cdb);
        nexus.start(task);
        return task;
    }

    private static FakeTask setting(String list) {
        byte[] bytes = HexFormat.of().parseHex(list.replace(" ", ""));
        return FakeTask.of(SET.formatted(bytes.length)).offering(bytes);
    }

    /** Protects hosts of a cluster that moves volumes by itself only: nothing offers more. */
    @Test
    void implicitAluaHasNoCommandThatSets() {
        ScsiNexus nexus = nexus(false);
        assertThat(run(nexus, "12 00 00 00 60 00").dataIn()[5] & 0x30).isEqualTo(0x10);
        FakeTask task = setting("00000000 00000002");
        nexus.start(task);
        assertThat(task.outcome()).isEqualTo("check 5/2000");
        assertThat(task.moves).isEmpty();
        assertThat(run(nexus, REPORT_SET).dataIn()[1]).isEqualTo((byte) 1);
    }

    /** Protects hosts that look before they set: INQUIRY, what is supported, and the states. */
    @Test
    void explicitAluaIsTold() {
        ScsiNexus nexus = nexus(true);
        assertThat(run(nexus, "12 00 00 00 60 00").dataIn()[5] & 0x30).isEqualTo(0x30);
        byte[] usage = run(nexus, REPORT_SET).dataIn();
        assertThat(HexFormat.of().formatHex(usage))
                .isEqualTo("0003000c" + "a40a00000000ffffffff0000");
        int all = run(nexus, "a3 0c 00 00 0000 0000ffff 00 00").dataIn().length;
        assertThat(run(nexus(false), "a3 0c 00 00 0000 0000ffff 00 00").dataIn()).hasSize(all - 8);
        byte[] extended = run(nexus, "a3 2a 00 00 00 00 000000ff 00 00").dataIn();
        assertThat(extended[4]).as("extended format").isEqualTo((byte) 0x10);
        assertThat(extended[5]).as("implicit transition time").isEqualTo((byte) 30);
        assertThat(extended[8 + 5]).as("no status is known").isZero();
    }

    /** Protects the owner from lists that ask for what cannot be; what can be moves it. */
    @ParameterizedTest
    @CsvSource({
        "00000000 00000002, good, 2", // group 2 is to be optimized
        "00000000 00000002 01000001, good, 2", // the same, and what follows from it
        "00000000 00000001, good, 0", // it is already
        "00000000 01000002, good, 0", // so it is, and group 1 stays
        "00000000, good, 0", // nothing is asked for
        "00000000 01000001, check 5/2600, 0", // then none were optimized
        "00000000 00000001 00000002, check 5/2600, 0", // two owners
        "00000000 00000002 01000002, check 5/2600, 0", // twice the same group
        "00000000 00000003, check 5/2600, 0", // there is no such group
        "00000000 00000000, check 5/2600, 0",
        "00000000 02000002, check 5/2600, 0", // standby
        "00000000 03000002, check 5/2600, 0", // unavailable
        "00000000 0e000002, check 5/2600, 0", // offline
        "00000000 0f000002, check 5/2600, 0", // in transition
        "00000000 80000002, check 5/2600, 0", // reserved bits
        "00000000 00000002 00, check 5/1a00, 0",
        "000000, check 5/1a00, 0"
    })
    void listLeadsToOutcome(String list, String outcome, int movedTo) {
        ScsiNexus nexus = nexus(true);
        FakeTask task = setting(list);
        nexus.start(task);
        assertThat(task.outcome()).isEqualTo(outcome);
        if (movedTo > 0) {
            assertThat(task.moves).containsExactly(new NodeId(movedTo));
        } else {
            assertThat(task.moves).isEmpty();
        }
    }

    /** Protects a host that sends less than it announces, or nothing. */
    @Test
    void lengthsAreChecked() {
        ScsiNexus nexus = nexus(true);
        assertThat(run(nexus, SET.formatted(0)).outcome()).isEqualTo("good");
        FakeTask cut = FakeTask.of(SET.formatted(8)).offering(new byte[4]);
        nexus.start(cut);
        assertThat(cut.outcome()).isEqualTo("check 5/1a00");
        assertThat(run(nexus, SET.formatted(-1)).outcome()).isEqualTo("check 5/1a00");
    }

    /** Protects hosts from a false GOOD: what became of the move is what is told. */
    @ParameterizedTest
    @EnumSource(Code.class)
    void outcomeIsTrue(Code code) {
        ScsiNexus nexus = nexus(true);
        FakeTask task = setting("00000000 00000002").moving(code);
        nexus.start(task);
        assertThat(task.outcome())
                .isEqualTo(
                        switch (code) {
                            case MOVED, ALREADY_OWNER -> "good";
                            case IN_PROGRESS, NOT_SERVING, UNKNOWN -> "check 2/040a";
                            case NO_SUCH_VOLUME -> "check 5/2500";
                            case NO_SUCH_NODE -> "check 5/2600";
                            default -> "check 4/670a";
                        });
    }

    /** Protects hosts that keep what INQUIRY told them: they hear that it has changed. */
    @Test
    void aChangeOfTheModeIsTold() {
        ScsiNexus nexus = nexus(true);
        nexus.onInquiryChanged(nexus.volumeAt(0));
        assertThat(run(nexus, "00").outcome()).isEqualTo("check 6/3f03");
        assertThat(run(nexus, "00").outcome()).isEqualTo("good");
    }
}
