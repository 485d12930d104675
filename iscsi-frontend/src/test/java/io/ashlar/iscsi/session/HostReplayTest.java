package io.ashlar.iscsi.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.NodeId;
import io.ashlar.iscsi.RamVolumeService;
import io.ashlar.iscsi.pdu.DataInPdu;
import io.ashlar.iscsi.pdu.LogoutRequestPdu;
import io.ashlar.iscsi.pdu.LogoutResponsePdu;
import io.ashlar.iscsi.pdu.ScsiResponsePdu;
import io.ashlar.iscsi.pdu.TaskManagementRequestPdu;
import io.ashlar.iscsi.pdu.TaskManagementResponsePdu;
import io.ashlar.volume.VolumeService;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What ESXi and Windows are known to send, in the order in which they send it. Neither can run
 * here: this is a replay to the sessions that ship, of two hosts by two nodes.
 */
final class HostReplayTest {
    private static final long SECOND = 1_000_000_000L;
    private static final byte[] NONE = {};
    private static final int BLOCK = 512;
    private static final String GOOD = "good";
    private static final String CONFLICT = "status 18";
    private static final String TEST_UNIT_READY = "00";

    private static final int REGISTER = 0;
    private static final int RESERVE = 1;
    private static final int RELEASE = 2;
    private static final int CLEAR = 3;
    private static final int PREEMPT = 4;
    private static final int REGISTER_AND_IGNORE = 6;
    private static final int WRITE_EXCLUSIVE_REGISTRANTS_ONLY = 5;

    private final ManualShard shard = new ManualShard();
    private final RamVolumeService volumes = Initiator.volumes();
    private final Host first = new Host("iqn.1998-01.com.vmware:first", volumes);
    private final Host second =
            new Host("iqn.1998-01.com.vmware:second", volumes.by(new NodeId(2)));

    /** One path of a host. */
    private final class Host {
        private final Initiator session;
        private byte[] read = NONE;

        Host(String name, VolumeService service) {
            session = new Initiator(Initiator.target(service), shard);
            session.host = name;
            session.login();
        }

        /** Status, or sense data as key/code. */
        String run(String cdb, int in, byte[] out) {
            session.command(cdb, Math.max(in, out.length), in > 0, out.length > 0, out);
            return answer();
        }

        String ask(String cdb, int in) {
            return run(cdb, in, NONE);
        }

        String answer() {
            read = NONE;
            Initiator.Answer answer = session.answers.poll();
            while (answer != null && answer.pdu() instanceof DataInPdu data) {
                read = answer.data();
                if (data.withStatus()) {
                    return GOOD;
                }
                answer = session.answers.poll();
            }
            if (answer == null) {
                return "none";
            }
            int status = ((ScsiResponsePdu) answer.pdu()).status();
            if (status == 0) {
                return GOOD;
            }
            return status == 2
                    ? "%x/%s"
                            .formatted(
                                    answer.data()[4] & 0xF,
                                    HexFormat.of().formatHex(answer.data(), 14, 16))
                    : "status %x".formatted(status);
        }

        /** Until no unit attention is left, as hosts do before they use a device. */
        Host ready() {
            for (int i = 0; i < 5 && !ask(TEST_UNIT_READY, 0).equals(GOOD); i++) {}
            return this;
        }

        String write(int lba, byte[] block) {
            return run("2a 00 %08x 00 0001 00".formatted(lba), 0, block);
        }

        byte[] read(int lba) {
            assertThat(ask("28 00 %08x 00 0001 00".formatted(lba), BLOCK)).isEqualTo(GOOD);
            return read;
        }

        /** ATS: COMPARE AND WRITE of one block. */
        String ats(int lba, byte[] expected, byte[] wanted) {
            byte[] both = Arrays.copyOf(expected, 2 * BLOCK);
            System.arraycopy(wanted, 0, both, BLOCK, BLOCK);
            return run("89 00 %016x 000000 01 00 00".formatted((long) lba), 0, both);
        }

        String reserveOut(int action, int type, long key, long newKey) {
            byte[] list = new byte[24];
            ByteBuffer.wrap(list).putLong(key).putLong(newKey);
            return run("5f %02x %02x 0000 00000018 00".formatted(action, type), 0, list);
        }

        List<Long> keys() {
            assertThat(ask("5e 00 0000000000 0100 00", 256)).isEqualTo(GOOD);
            List<Long> keys = new ArrayList<>();
            ByteBuffer in = ByteBuffer.wrap(read, 8, ByteBuffer.wrap(read).getInt(4));
            while (in.remaining() >= Long.BYTES) {
                keys.add(in.getLong());
            }
            return keys;
        }
    }

    private static byte[] block(int value) {
        byte[] block = new byte[BLOCK];
        Arrays.fill(block, (byte) value);
        return block;
    }

    // ---- ESXi

    /** Protects "hardware acceleration: supported": what ESXi looks at before it says so. */
    @Test
    void esxiFindsADeviceWithAllAcceleration() {
        assertThat(first.ask(TEST_UNIT_READY, 0)).isEqualTo("6/2900");
        assertThat(first.ask("12 00 00 00 24 00", 36)).isEqualTo(GOOD);
        assertThat(first.read[5] & 0x30).as("TPGS: implicit").isEqualTo(0x10);
        assertThat(first.read[5] & 0x08).as("3PC").isNotZero();
        assertThat(first.ask("12 01 00 00 ff 00", 255)).isEqualTo(GOOD);
        assertThat(Arrays.copyOfRange(first.read, 4, first.read.length))
                .contains((byte) 0x80, (byte) 0x83, (byte) 0x8F, (byte) 0xB0, (byte) 0xB2);
        assertThat(first.ask("12 01 b0 00 40 00", 64)).isEqualTo(GOOD);
        assertThat(first.read[5]).as("blocks of COMPARE AND WRITE").isEqualTo((byte) 1);
        assertThat(ByteBuffer.wrap(first.read).getInt(20)).as("blocks of UNMAP").isNotZero();
        assertThat(first.ask("12 01 b2 00 40 00", 64)).isEqualTo(GOOD);
        assertThat(first.read[5] & 0xE0).as("LBPU, LBPWS, LBPWS10").isEqualTo(0xE0);
        assertThat(first.ask("9e 10 00000000 00000000 00000020 00 00", 32)).isEqualTo(GOOD);
        assertThat(first.read[14] & 0xC0).as("thin, zeros").isEqualTo(0xC0);
        assertThat(first.ask("84 03 0000 0000 0000 0000 00000200 00 00", 512)).isEqualTo(GOOD);
        assertThat(first.ask("a3 0a 00000000 00000100 00 00", 256)).isEqualTo(GOOD);
        assertThat(first.ask("1a 08 08 00 ff 00", 255)).isEqualTo(GOOD);
        assertThat(first.ask("5e 00 0000000000 0100 00", 256)).isEqualTo(GOOD);
    }

    /** Protects VMFS: locks and heartbeats by ATS; who loses is told so, and never wrongly. */
    @Test
    void esxiLocksAndHeartbeatsByCompareAndWrite() {
        first.ready();
        second.ready();
        byte[] free = block(0);
        byte[] mine = block(1);
        byte[] theirs = block(2);
        assertThat(first.ats(8, free, mine)).isEqualTo(GOOD);
        assertThat(second.ats(8, free, theirs)).as("taken").isEqualTo("e/1d00");
        assertThat(second.read(8)).isEqualTo(mine);
        for (int beat = 3; beat < 20; beat++) {
            assertThat(first.ats(16, block(beat == 3 ? 0 : beat - 1), block(beat)))
                    .as("heartbeat %s", beat)
                    .isEqualTo(GOOD);
            assertThat(second.read(16)).isEqualTo(block(beat));
        }
        assertThat(first.ats(8, mine, free)).isEqualTo(GOOD);
        assertThat(second.ats(8, free, theirs)).isEqualTo(GOOD);
        assertThat(first.read(8)).isEqualTo(theirs);
    }

    /** Protects datastores that are made without ATS: RESERVE (6), and its end with its host. */
    @Test
    void esxiReservesWhereItFormats() {
        first.ready();
        second.ready();
        assertThat(first.ask("16 00 00 00 00 00", 0)).isEqualTo(GOOD);
        assertThat(first.write(0, block(1))).isEqualTo(GOOD);
        assertThat(second.write(0, block(2))).isEqualTo(CONFLICT);
        assertThat(second.ask(TEST_UNIT_READY, 0)).isEqualTo(CONFLICT);
        assertThat(second.ask("17 00 00 00 00 00", 0)).as("not its own").isEqualTo(GOOD);
        assertThat(second.write(0, block(2))).isEqualTo(CONFLICT);
        assertThat(first.ask("17 00 00 00 00 00", 0)).isEqualTo(GOOD);
        assertThat(second.write(0, block(2))).isEqualTo(GOOD);
        assertThat(second.ask("16 00 00 00 00 00", 0)).isEqualTo(GOOD);
        // a host that is stuck holding it is reset by another: vmkfstools --lock lunreset
        first.session.resetUnit();
        assertThat(first.session.next(TaskManagementResponsePdu.class).response()).isZero();
        assertThat(first.ask(TEST_UNIT_READY, 0)).isEqualTo("6/2903");
        assertThat(second.ask(TEST_UNIT_READY, 0)).isEqualTo("6/2903");
        assertThat(first.write(0, block(3))).isEqualTo(GOOD);
    }

    /** Protects sessions and data when storage is slow: an abort of each command, and again. */
    @Test
    void esxiAbortsAllThatIsLateAndRepeatsIt() {
        first.ready();
        int commands = Initiator.LIMITS.commandWindow();
        volumes.delayNanos(8 * SECOND);
        int[] tags = new int[commands];
        int[] numbers = new int[commands];
        for (int i = 0; i < commands; i++) {
            numbers[i] = first.session.cmdSn;
            tags[i] =
                    first.session.command(
                            "2a 00 %08x 00 0001 00".formatted(i), BLOCK, false, true, block(9));
        }
        shard.advance(5 * SECOND);
        assertThat(first.session.answers).isEmpty();
        for (int i = 0; i < commands; i++) {
            first.session.abort(tags[i], numbers[i]);
            assertThat(first.session.next(TaskManagementResponsePdu.class).response())
                    .isEqualTo(TaskManagementResponsePdu.FUNCTION_COMPLETE);
            first.session.abort(tags[i], numbers[i]);
            assertThat(first.session.next(TaskManagementResponsePdu.class).response())
                    .isEqualTo(TaskManagementResponsePdu.TASK_DOES_NOT_EXIST);
        }
        volumes.delayNanos(0);
        for (int i = 0; i < commands; i++) {
            assertThat(first.write(i, block(10 + i))).isEqualTo(GOOD);
        }
        shard.advance(4 * SECOND);
        assertThat(first.session.answers).as("nothing of the aborted ones").isEmpty();
        assertThat(first.session.closed).isFalse();
        for (int i = 0; i < commands; i++) {
            assertThat(first.read(i)).isEqualTo(block(10 + i));
        }
    }

    // ---- Windows

    /** Protects a Windows cluster: what "Validate a Configuration" does to a disk by two nodes. */
    @Test
    void windowsValidatesThatDisksArbitrate() {
        first.ready();
        second.ready();
        int type = WRITE_EXCLUSIVE_REGISTRANTS_ONLY;
        assertThat(first.keys()).isEmpty();
        assertThat(first.reserveOut(REGISTER_AND_IGNORE, 0, 0, 0xA1)).isEqualTo(GOOD);
        assertThat(first.reserveOut(RESERVE, type, 0xA1, 0)).isEqualTo(GOOD);
        assertThat(first.reserveOut(RESERVE, type, 0xA1, 0)).as("defends it").isEqualTo(GOOD);
        assertThat(second.write(0, block(1))).as("not registered").isEqualTo(CONFLICT);
        assertThat(second.read(0)).as("may read").isEqualTo(block(0));
        assertThat(second.reserveOut(RESERVE, type, 0xB1, 0)).isEqualTo(CONFLICT);
        assertThat(second.reserveOut(REGISTER, 0, 0, 0xB1)).isEqualTo(GOOD);
        assertThat(second.write(0, block(1))).as("registered").isEqualTo(GOOD);
        assertThat(second.reserveOut(RESERVE, type, 0xB1, 0)).as("held").isEqualTo(CONFLICT);
        assertThat(second.reserveOut(RELEASE, type, 0xB1, 0)).as("not its own").isEqualTo(GOOD);
        assertThat(first.keys()).containsExactlyInAnyOrder(0xA1L, 0xB1L);
        // the second takes the disk over, as after a failure of the first
        assertThat(second.reserveOut(PREEMPT, type, 0xB1, 0xA1)).isEqualTo(GOOD);
        assertThat(first.ask(TEST_UNIT_READY, 0)).isEqualTo("6/2a05");
        assertThat(first.write(0, block(2))).isEqualTo(CONFLICT);
        assertThat(first.reserveOut(RESERVE, type, 0xA1, 0)).isEqualTo(CONFLICT);
        assertThat(second.read(0)).isEqualTo(block(1));
        assertThat(second.keys()).containsExactly(0xB1L);
        // the first comes back as a member, and then the test cleans up
        assertThat(first.reserveOut(REGISTER_AND_IGNORE, 0, 0, 0xA2)).isEqualTo(GOOD);
        assertThat(first.write(0, block(3))).isEqualTo(GOOD);
        assertThat(second.reserveOut(CLEAR, 0, 0xB1, 0)).isEqualTo(GOOD);
        assertThat(first.ask(TEST_UNIT_READY, 0)).isEqualTo("6/2a03");
        assertThat(second.keys()).isEmpty();
    }

    /** Protects a cluster's disk while a node restarts: keys outlive sessions (APTPL or not). */
    @Test
    void windowsKeepsItsKeysOverALogout() {
        first.ready();
        second.ready();
        int type = WRITE_EXCLUSIVE_REGISTRANTS_ONLY;
        assertThat(first.reserveOut(REGISTER_AND_IGNORE, 0, 0, 0xA1)).isEqualTo(GOOD);
        assertThat(first.reserveOut(RESERVE, type, 0xA1, 0)).isEqualTo(GOOD);
        first.session.send(new LogoutRequestPdu(true, 0, 99, 0, first.session.cmdSn, 0), NONE);
        assertThat(first.session.next(LogoutResponsePdu.class)).isNotNull();
        assertThat(second.write(0, block(1))).isEqualTo(CONFLICT);
        Host again = new Host(first.session.host, volumes).ready();
        assertThat(again.keys()).containsExactly(0xA1L);
        assertThat(again.write(0, block(2))).isEqualTo(GOOD);
    }

    /**
     * Protects copies by Explorer and Hyper-V: without tokens they fall back to reads and writes.
     */
    @Test
    void windowsIsToldThatThereAreNoTokens() {
        first.ready();
        assertThat(first.ask("12 01 8f 00 ff 00", 255)).isEqualTo(GOOD);
        assertThat(first.run("83 10 00000000 00000000 00000020 00 00", 0, new byte[32]))
                .as("POPULATE TOKEN")
                .startsWith("5/2");
        assertThat(first.run("83 11 00000000 00000000 00000220 00 00", 0, new byte[544]))
                .as("WRITE USING TOKEN")
                .startsWith("5/2");
        assertThat(first.ask("84 07 00000000 00000000 00000200 00 00", 512))
                .as("RECEIVE ROD TOKEN INFORMATION")
                .startsWith("5/2");
        assertThat(first.ask(TEST_UNIT_READY, 0)).isEqualTo(GOOD);
    }

    /** Protects the first minutes of a disk: what disk.sys, MSDSM and the iSCSI service ask. */
    @Test
    void windowsFindsADisk() {
        assertThat(first.ask("a0 00 00 00000000 00001000 00 00", 4096)).isEqualTo(GOOD);
        assertThat(first.ask("12 00 00 00 ff 00", 255)).isEqualTo(GOOD);
        assertThat(first.read[3] & 0x0F).as("response data format").isEqualTo(2);
        assertThat(first.ask("12 01 80 00 ff 00", 255)).isEqualTo(GOOD);
        assertThat(first.ask("12 01 83 00 ff 00", 255)).isEqualTo(GOOD);
        assertThat(first.ask("25 00 00000000 0000 00 00", 8)).as("29/00").isEqualTo("6/2900");
        first.ready();
        assertThat(first.ask("25 00 00000000 0000 00 00", 8)).isEqualTo(GOOD);
        assertThat(first.ask("1a 00 3f 00 c0 00", 192)).isEqualTo(GOOD);
        assertThat(first.ask("1a 00 08 00 c0 00", 192)).isEqualTo(GOOD);
        assertThat(first.ask("12 01 b1 00 ff 00", 255)).isEqualTo(GOOD);
        assertThat(first.ask("12 01 b2 00 ff 00", 255)).isEqualTo(GOOD);
        assertThat(first.ask("a3 0a 00000000 00000100 00 00", 256)).isEqualTo(GOOD);
        assertThat(first.ask("a3 0c 00 00 0000 00000400 00 00", 1024)).isEqualTo(GOOD);
        assertThat(first.ask("1b 00 00 00 01 00", 0)).as("START STOP UNIT").isEqualTo(GOOD);
        first.session.manage(TaskManagementRequestPdu.LOGICAL_UNIT_RESET, 0, -1);
        assertThat(first.session.next(TaskManagementResponsePdu.class).response()).isZero();
        assertThat(first.ask(TEST_UNIT_READY, 0)).isEqualTo("6/2903");
        assertThat(first.ask(TEST_UNIT_READY, 0)).isEqualTo(GOOD);
    }
}
