package io.ashlar.iscsi.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.iscsi.RamVolumeService;
import io.ashlar.iscsi.SessionRules;
import io.ashlar.volume.Reset;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Mode pages, log pages and what tells of commands, without transport. */
final class ModeAndLogPagesTest {
    private static final String CONTROL = "0a0a 00 10 00 40 0000 0000 0000";
    private static final String CONTROL_WITHOUT_TAS = "0a0a 00 10 00 00 0000 0000 0000";
    private static final String CONTROL_D_SENSE = "0a0a 04 10 00 40 0000 0000 0000";

    private final RamVolumeService volumes = new RamVolumeService().with(0, 1 << 20, 512, false);
    private final ScsiNexus nexus = nexus();

    private ScsiNexus nexus() {
        return new ScsiNexus(
                volumes, "host", "host,i,0x000000000001", "iqn.2026-11.test:t", SessionRules.ALL);
    }

    @BeforeEach
    void clearAttention() {
        run("00");
    }

    private FakeTask run(String cdb, String... dataOut) {
        FakeTask task = FakeTask.of(cdb).offering(bytes(String.join("", dataOut)));
        nexus.start(task);
        return task;
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    /** MODE SELECT (6) without block descriptor. */
    private String select(String pages) {
        int length = 4 + bytes(pages).length;
        return run(
                        "15 10 00 00 " + HexFormat.of().toHexDigits((byte) length) + " 00",
                        "00000000",
                        pages)
                .outcome();
    }

    /** Protects hosts from guessing: what is told as changeable is what can be changed. */
    @Test
    void changeableValuesAreThoseThatCanBeChanged() {
        byte[] current = run("1a 08 3f ff ff 00").dataIn();
        byte[] changeable = run("1a 08 7f ff ff 00").dataIn();
        assertThat(changeable).hasSameSizeAs(current);
        int bitsChanged = 0;
        for (int at = 4; at < current.length; ) {
            boolean hasSubpage = (current[at] & 0x40) != 0;
            int header = hasSubpage ? 4 : 2;
            int bytes = header + (hasSubpage ? Cdb.u16(current, at + 2) : current[at + 1]);
            for (int i = header; i < bytes; i++) {
                for (int bit = 1; bit < 0x100; bit <<= 1) {
                    byte[] page = Arrays.copyOfRange(current, at, at + bytes);
                    page[i] ^= (byte) bit;
                    boolean isChangeable = (changeable[at + i] & bit) != 0;
                    assertThat(select(hex(page))).isEqualTo(isChangeable ? "good" : "check 5/2600");
                    bitsChanged += isChangeable ? 1 : 0;
                }
            }
            at += bytes;
        }
        assertThat(bitsChanged).as("D_SENSE, TAS").isEqualTo(2);
    }

    /** Protects what hosts read of caching, reordering, exceptions and access states. */
    @Test
    void pagesHaveTheirTrueValues() {
        assertThat(hex(run("1a 08 01 00 ff 00").dataIn()))
                .isEqualTo("0f001000" + "010ac000000000000000" + "0000");
        assertThat(hex(run("1a 08 08 00 ff 00").dataIn()))
                .isEqualTo("17001000" + "0812" + "00".repeat(18));
        assertThat(hex(run("1a 08 0a 00 ff 00").dataIn()))
                .isEqualTo("0f001000" + CONTROL.replace(" ", ""));
        assertThat(hex(run("1a 08 0a 01 ff 00").dataIn()))
                .isEqualTo("23001000" + "4a01001c" + "01001400" + "00".repeat(24));
        assertThat(hex(run("1a 08 1c 00 ff 00").dataIn()))
                .isEqualTo("0f001000" + "1c0a0800" + "00".repeat(8));
    }

    /** Protects hosts that ask for more than the plain pages. */
    @Test
    void subpagesAreToldWhenAskedFor() {
        int plain = run("5a 08 3f 00 00 00 00 10 00 00").dataIn().length;
        int all = run("5a 08 3f ff 00 00 00 10 00 00").dataIn().length;
        int control = run("5a 08 0a ff 00 00 00 10 00 00").dataIn().length;
        assertThat(all).isEqualTo(plain + 32);
        assertThat(control).isEqualTo(8 + 12 + 32);
        assertThat(run("1a 08 3f 01 ff 00").outcome()).isEqualTo("check 5/2400");
        assertThat(run("1a 08 0a 02 ff 00").outcome()).isEqualTo("check 5/2400");
    }

    /** Protects D_SENSE: it is the nexus's own, lasts until changed, and a reset ends it. */
    @Test
    void descriptorSenseIsSetForOneNexus() {
        ScsiNexus other = nexus();
        assertThat(select(CONTROL_D_SENSE)).isEqualTo("good");
        assertThat(nexus.hasDescriptorSense(0)).isTrue();
        assertThat(other.hasDescriptorSense(0)).isFalse();
        assertThat(run("1a 08 0a 00 ff 00").dataIn()[6]).isEqualTo((byte) 4);
        assertThat(run("1a 08 8a 00 ff 00").dataIn()[6]).as("default").isZero();
        nexus.onVolumeReset(nexus.volumeAt(0), Reset.LOGICAL_UNIT);
        assertThat(nexus.hasDescriptorSense(0)).isFalse();
        run("00");
        assertThat(select(CONTROL_D_SENSE)).isEqualTo("good");
        assertThat(select(CONTROL)).isEqualTo("good");
        assertThat(nexus.hasDescriptorSense(0)).isFalse();
    }

    /** Protects TAS: likewise, but set by default, and it comes and goes by itself. */
    @Test
    void taskAbortedStatusIsClearedForOneNexus() {
        ScsiNexus other = nexus();
        assertThat(nexus.hasTaskAborted(0)).isTrue();
        assertThat(select(CONTROL_WITHOUT_TAS)).isEqualTo("good");
        assertThat(nexus.hasTaskAborted(0)).isFalse();
        assertThat(nexus.hasDescriptorSense(0)).isFalse();
        assertThat(other.hasTaskAborted(0)).isTrue();
        assertThat(run("1a 08 0a 00 ff 00").dataIn()[4 + 5]).isZero();
        assertThat(run("1a 08 4a 00 ff 00").dataIn()[4 + 5]).as("changeable").isEqualTo((byte) 64);
        assertThat(run("1a 08 8a 00 ff 00").dataIn()[4 + 5]).as("default").isEqualTo((byte) 64);
        nexus.onNexusReset();
        assertThat(nexus.hasTaskAborted(0)).isFalse();
        nexus.onVolumeReset(nexus.volumeAt(0), Reset.TARGET);
        assertThat(nexus.hasTaskAborted(0)).isTrue();
    }

    /** Protects from half a change: a list with one bad page changes nothing. */
    @Test
    void nothingOfABadListTakesEffect() {
        assertThat(select(CONTROL_D_SENSE + "0812 04" + "00".repeat(17))).isEqualTo("check 5/2600");
        assertThat(nexus.hasDescriptorSense(0)).isFalse();
    }

    /** Protects the target from lists that lie about their lengths. */
    @ParameterizedTest
    @CsvSource({
        "15 10 00 00 00 00, '', good",
        "15 10 00 00 04 00, 00000000, good",
        "15 00 00 00 04 00, 00000000, check 5/2400",
        "15 11 00 00 04 00, 00000000, check 5/2400",
        "15 10 00 00 03 00, 000000, check 5/1a00",
        "15 10 00 00 08 00, 00000000, check 5/1a00",
        "15 10 00 00 04 00, 00010000, check 5/2600",
        "15 10 00 00 04 00, 00000008, check 5/1a00",
        "15 10 00 00 04 00, 00000007, check 5/2600",
        "15 10 00 00 0c 00, 00000008 0000080000000200, good",
        "15 10 00 00 0c 00, 00000008 0000000000000200, good",
        "15 10 00 00 0c 00, 00000008 0000080000001000, check 5/2600",
        "15 10 00 00 0c 00, 00000008 0000070000000200, check 5/2600",
        "15 10 00 00 05 00, 00000000 0a, check 5/1a00",
        "15 10 00 00 06 00, 00000000 0a0a, check 5/1a00",
        "15 10 00 00 06 00, 00000000 0a0b, check 5/2600",
        "15 10 00 00 06 00, 00000000 3f00, check 5/2600",
        "15 10 00 00 08 00, 00000000 4a01001c, check 5/1a00",
        "15 10 00 00 08 00, 00000000 4a01ffff, check 5/2600",
        "15 10 00 00 06 00, 00000000 4a01, check 5/1a00",
        "55 10 00 00 00 00 00 00 08 00, 0000000000000000, good",
        "55 10 00 00 00 00 00 00 18 00, 0000000001000010 000000000000080000000000 00000200, good",
        "55 10 00 00 00 00 00 00 08 00, 000000000000ffff, check 5/2600"
    })
    void listLeadsToOutcome(String cdb, String list, String outcome) {
        assertThat(run(cdb, list).outcome()).isEqualTo(outcome);
    }

    /** Protects monitoring: only pages that tell the truth are offered, and they are. */
    @ParameterizedTest
    @CsvSource({
        "4d 00 40 00 00 00 00 00 ff 00, 00000002 00 2f",
        "4d 00 40 ff 00 00 00 00 ff 00, 40ff0006 0000 00ff 2f00",
        "4d 00 6f 00 00 00 00 00 ff 00, af000008 0000 03 04 0000ffff",
        "4d 00 6f 00 00 00 00 00 04 00, af000008"
    })
    void logPagesThatAreOffered(String cdb, String page) {
        assertThat(hex(run(cdb).dataIn())).isEqualTo(page.replace(" ", ""));
    }

    /** Protects from made-up figures: there is no temperature, and there are no statistics. */
    @ParameterizedTest
    @CsvSource({
        "4d 00 4d 00 00 00 00 00 ff 00",
        "4d 00 4c 00 00 00 00 00 ff 00",
        "4d 00 59 00 00 00 00 00 ff 00",
        "4d 00 6f 01 00 00 00 00 ff 00",
        "4d 00 6f 00 00 00 01 00 ff 00",
        "4d 01 40 00 00 00 00 00 ff 00"
    })
    void logPagesThatAreNotOffered(String cdb) {
        assertThat(run(cdb).outcome()).isEqualTo("check 5/2400");
    }

    /** Protects hosts that choose commands by what is reported, in every form of the question. */
    @ParameterizedTest
    @CsvSource({
        "a3 0c 01 28 0000 000000ff 00 00, 0003000a 28f8ffffffff3fffff00",
        "a3 0c 81 28 0000 000000ff 00 00, 0083000a 28f8ffffffff3fffff00 000a0000000000050000001e",
        "a3 0c 81 12 0000 000000ff 00 00, 00830006 1201ffffff00 000a0000000000010000000a",
        "a3 0c 83 9e 0012 0000000f 00 00, 00830010 9e12ffffffffffffffffff",
        "a3 0c 82 9e 0010 000000ff 00 00, 00830010 9e100000000000000000ffffffff0000 000a0000000000010000000a",
        "a3 0c 81 ff 0000 000000ff 00 00, 00010000",
        "a3 0c 01 ff 0000 000000ff 00 00, 00010000",
        "a3 0c 02 9e 0010 000000ff 00 00, 00030010 9e100000000000000000ffffffff0000",
        "a3 0c 02 9e 001f 000000ff 00 00, 00010000",
        "a3 0c 02 ff 0000 000000ff 00 00, 00010000",
        "a3 0c 03 28 0000 000000ff 00 00, 0003000a 28f8ffffffff3fffff00",
        "a3 0c 03 28 0001 000000ff 00 00, 00010000",
        "a3 0c 03 a3 000a 000000ff 00 00, 0003000c a3ea00000000ffffffff0000",
        "a3 0c 03 a3 001e 000000ff 00 00, 00010000"
    })
    void oneCommandIsReported(String cdb, String report) {
        assertThat(hex(run(cdb).dataIn())).isEqualTo(report.replace(" ", ""));
    }

    /** Protects from questions that make no sense: they are errors, not "not supported". */
    @ParameterizedTest
    @CsvSource({
        "a3 0c 01 9e 0000 000000ff 00 00",
        "a3 0c 02 28 0000 000000ff 00 00",
        "a3 0c 04 28 0000 000000ff 00 00"
    })
    void questionsThatMakeNoSense(String cdb) {
        assertThat(run(cdb).outcome()).isEqualTo("check 5/2400");
    }

    /** Protects clusters that rely on resets: exactly what works is told. */
    @Test
    void taskManagementFunctionsAreReported() {
        assertThat(hex(run("a3 0d 00 00 0000 00000010 00 00").dataIn())).isEqualTo("da000000");
        assertThat(hex(run("a3 0d 80 00 0000 00000010 00 00").dataIn()))
                .isEqualTo("da00000c" + "00".repeat(12));
        assertThat(run("a3 0d 00 00 0000 00000003 00 00").outcome()).isEqualTo("check 5/2400");
        FakeTask task = FakeTask.of("a3 0d 00 00 0000 00000010 00 00").withQueries();
        nexus.start(task);
        assertThat(hex(task.dataIn())).as("RFC 7144").isEqualTo("de070000");
    }

    /** Protects hosts that read VPD pages 86h and 87h before they use attributes and modes. */
    @Test
    void extendedInquiryAndModePagePolicy() {
        assertThat(hex(run("12 01 86 00 ff 00").dataIn()))
                .isEqualTo("0086003c" + "0007" + "00".repeat(7) + "14" + "00".repeat(50));
        assertThat(hex(run("12 01 87 00 ff 00").dataIn()))
                .isEqualTo("00870008" + "0a000300" + "3fff0000");
        assertThat(hex(run("12 01 00 00 ff 00").dataIn()))
                .isEqualTo("00000009" + "00808386878fb0b1b2");
    }

    /** Protects information: in both formats, and only where it fits. */
    @Test
    void senseCarriesInformation() {
        Sense sense = Sense.MISCOMPARE.with(0x0102);
        assertThat(hex(sense.encode(false))).isEqualTo("f0000e000001020a000000001d0000000000");
        assertThat(hex(sense.encode(true)))
                .isEqualTo("720e1d000000000c" + "000a8000" + "0000000000000102");
        Sense far = Sense.MISCOMPARE.with(0x1_0000_0000L);
        assertThat(hex(far.encode(false))).isEqualTo("70000e000000000a000000001d0000000000");
        assertThat(hex(far.encode(true))).endsWith("0000000100000000");
        assertThat(sense.encode(true)).hasSize(Sense.BYTES_MAX);
    }
}
