package io.ashlar.iscsi.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.iscsi.RamVolumeService;
import io.ashlar.iscsi.pdu.Bhs;
import io.ashlar.iscsi.pdu.DataInPdu;
import io.ashlar.iscsi.pdu.DataOutPdu;
import io.ashlar.iscsi.pdu.LogoutRequestPdu;
import io.ashlar.iscsi.pdu.LogoutResponsePdu;
import io.ashlar.iscsi.pdu.NopInPdu;
import io.ashlar.iscsi.pdu.NopOutPdu;
import io.ashlar.iscsi.pdu.R2tPdu;
import io.ashlar.iscsi.pdu.RejectPdu;
import io.ashlar.iscsi.pdu.ScsiResponsePdu;
import io.ashlar.iscsi.pdu.SnackPdu;
import io.ashlar.iscsi.pdu.TaskManagementResponsePdu;
import io.ashlar.iscsi.session.ConnectionMachine.Event;
import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Commands, data and task management of a session, from bytes to answers. */
final class FullFeatureTest {
    private static final long MILLISECOND = 1_000_000;
    private static final byte[] NONE = new byte[0];
    private static final String TEST_UNIT_READY = "00";
    private static final String READ_8 = "28 00 00000000 00 0008 00";
    private static final String WRITE_8 = "2a 00 00000000 00 0008 00";
    private static final String WRITE_64 = "2a 00 00000000 00 0040 00";
    private static final String READ_64 = "28 00 00000000 00 0040 00";

    private final ManualShard shard = new ManualShard();
    private final RamVolumeService volumes = Initiator.volumes();
    private final TargetContext target = Initiator.target(volumes);

    private Initiator session(String... keys) {
        return Initiator.loggedIn(target, shard, keys);
    }

    private static byte[] filled(int bytes, int value) {
        byte[] data = new byte[bytes];
        Arrays.fill(data, (byte) value);
        return data;
    }

    /** Protects the way of data: what was written comes back, in segments that fit. */
    @Test
    void readsWhatWasWritten() {
        Initiator initiator = session("MaxRecvDataSegmentLength", "1024");
        initiator.command(WRITE_8, 4096, false, true, filled(4096, 7));
        assertThat(initiator.next(ScsiResponsePdu.class).status()).isZero();
        initiator.command(READ_8, 4096, true, false, NONE);
        for (int i = 0; i < 4; i++) {
            assertThat(initiator.answers.peek().data()).isEqualTo(filled(1024, 7));
            DataInPdu part = initiator.next(DataInPdu.class);
            assertThat(part.dataSn()).isEqualTo(i);
            assertThat(part.bufferOffset()).isEqualTo(i * 1024);
            assertThat(part.last()).isEqualTo(i == 3);
            assertThat(part.withStatus()).isEqualTo(i == 3);
        }
        assertThat(initiator.answers).isEmpty();
    }

    /** Protects MaxBurstLength: each sequence of Data-In ends with the F bit. */
    @Test
    void endsSequencesAtMaxBurstLength() {
        Initiator initiator = session("MaxBurstLength", "1024", "MaxRecvDataSegmentLength", "512");
        initiator.command(READ_8, 4096, true, false, NONE);
        for (int i = 0; i < 8; i++) {
            assertThat(initiator.next(DataInPdu.class).last()).isEqualTo(i % 2 == 1);
        }
    }

    /** Protects large writes: data is asked for in bursts, at most so many at once. */
    @Test
    void asksForDataByR2t() {
        Initiator initiator =
                session("MaxBurstLength", "8192", "MaxOutstandingR2T", "2", "InitialR2T", "Yes");
        int task = initiator.command(WRITE_64, 32_768, false, true, NONE);
        R2tPdu first = initiator.next(R2tPdu.class);
        R2tPdu second = initiator.next(R2tPdu.class);
        assertThat(initiator.answers).isEmpty();
        assertThat(first.bufferOffset()).isZero();
        assertThat(second.bufferOffset()).isEqualTo(8192);
        assertThat(second.r2tSn()).isEqualTo(1);
        initiator.dataOut(task, first.targetTransferTag(), 0, 0, false, filled(4096, 1));
        initiator.dataOut(task, first.targetTransferTag(), 1, 4096, true, filled(4096, 1));
        R2tPdu third = initiator.next(R2tPdu.class);
        initiator.dataOut(task, second.targetTransferTag(), 0, 8192, true, filled(8192, 1));
        R2tPdu fourth = initiator.next(R2tPdu.class);
        initiator.dataOut(task, third.targetTransferTag(), 0, 16_384, true, filled(8192, 1));
        initiator.dataOut(task, fourth.targetTransferTag(), 0, 24_576, true, filled(8192, 1));
        ScsiResponsePdu response = initiator.next(ScsiResponsePdu.class);
        assertThat(response.status()).isZero();
        assertThat(response.expDataSn()).isEqualTo(4);
        assertThat(target.budget().used()).isZero();
    }

    /** Protects unsolicited data: immediate and unasked parts, then the rest by R2T. */
    @Test
    void takesUnsolicitedDataThenAsksForTheRest() {
        Initiator initiator = session("InitialR2T", "No", "FirstBurstLength", "8192");
        int task = initiator.command(WRITE_64, 32_768, false, true, false, filled(4096, 1));
        assertThat(initiator.answers).isEmpty();
        initiator.dataOut(task, Bhs.RESERVED_TAG, 0, 4096, true, filled(4096, 2));
        R2tPdu rest = initiator.next(R2tPdu.class);
        assertThat(rest.bufferOffset()).isEqualTo(8192);
        assertThat(rest.length()).isEqualTo(24_576);
        initiator.dataOut(task, rest.targetTransferTag(), 0, 8192, true, filled(24_576, 3));
        assertThat(initiator.next(ScsiResponsePdu.class).status()).isZero();
        initiator.command(READ_64, 32_768, true, false, NONE);
        byte[] back = initiator.answers.peek().data();
        assertThat(back[0]).isEqualTo((byte) 1);
        assertThat(back[4096]).isEqualTo((byte) 2);
    }

    /** Protects data: a PDU out of order means that one was lost; nothing may be written. */
    @Test
    void refusesDataWithAWrongDataSn() {
        Initiator initiator = session("InitialR2T", "Yes");
        int task = initiator.command(WRITE_8, 4096, false, true, NONE);
        R2tPdu r2t = initiator.next(R2tPdu.class);
        initiator.dataOut(task, r2t.targetTransferTag(), 27, 0, true, filled(4096, 9));
        ScsiResponsePdu response = initiator.next(ScsiResponsePdu.class);
        assertThat(response.status()).isEqualTo(2);
        initiator.command(READ_8, 4096, true, false, NONE);
        assertThat(initiator.answers.peek().data()).isEqualTo(new byte[4096]);
    }

    /** Protects from overruns: more data than the R2T asked for is an error of the command. */
    @Test
    void refusesDataOutBeyondDesiredLength() {
        Initiator initiator = session("InitialR2T", "Yes");
        int task = initiator.command(WRITE_8, 4096, false, true, NONE);
        R2tPdu r2t = initiator.next(R2tPdu.class);
        initiator.dataOut(task, r2t.targetTransferTag(), 0, 0, true, filled(8192, 9));
        assertThat(initiator.next(ScsiResponsePdu.class).status()).isEqualTo(2);
    }

    /** Protects the order of commands: early ones wait, numbers wrap. */
    @Test
    void deliversCommandsInOrderOfCmdSn() {
        Initiator initiator = session();
        int base = initiator.cmdSn;
        initiator.commandWith(base + 1, TEST_UNIT_READY, 0, false, false, true, NONE);
        assertThat(initiator.answers).isEmpty();
        initiator.commandWith(base, TEST_UNIT_READY, 0, false, false, true, NONE);
        assertThat(initiator.next(ScsiResponsePdu.class).initiatorTaskTag()).isEqualTo(3);
        ScsiResponsePdu second = initiator.next(ScsiResponsePdu.class);
        assertThat(second.initiatorTaskTag()).isEqualTo(2);
        assertThat(second.expCmdSn()).isEqualTo(base + 2);
    }

    /** Protects barriers: ORDERED begins after all before it, and nothing after it before it. */
    @Test
    void orderedCommandIsABarrier() {
        Initiator initiator = session();
        volumes.delayNanos(MILLISECOND);
        int first = initiator.command(READ_8, 4096, true, false, NONE);
        int barrier = initiator.ordered(WRITE_8, 4096, filled(4096, 6));
        int last = initiator.command(READ_8, 4096, true, false, NONE);
        shard.advance(MILLISECOND);
        assertThat(initiator.answers.peek().data()).isEqualTo(new byte[4096]);
        assertThat(initiator.next(DataInPdu.class).initiatorTaskTag()).isEqualTo(first);
        assertThat(initiator.answers).isEmpty();
        shard.advance(MILLISECOND);
        assertThat(initiator.next(ScsiResponsePdu.class).initiatorTaskTag()).isEqualTo(barrier);
        shard.advance(MILLISECOND);
        assertThat(initiator.answers.peek().data()).isEqualTo(filled(4096, 6));
        assertThat(initiator.next(DataInPdu.class).initiatorTaskTag()).isEqualTo(last);
    }

    /** Protects the commands behind a barrier that is aborted before it began. */
    @Test
    void abortedBarrierHoldsNothingBack() {
        Initiator initiator = session();
        volumes.delayNanos(MILLISECOND);
        initiator.command(READ_8, 4096, true, false, NONE);
        int barrier = initiator.ordered(WRITE_8, 4096, filled(4096, 6));
        initiator.command(READ_8, 4096, true, false, NONE);
        initiator.abort(barrier, initiator.cmdSn - 2);
        assertThat(initiator.next(TaskManagementResponsePdu.class).response()).isZero();
        shard.advance(MILLISECOND);
        shard.advance(MILLISECOND);
        initiator.next(DataInPdu.class);
        assertThat(initiator.answers.peek().data()).isEqualTo(new byte[4096]);
        assertThat(target.budget().used()).isZero();
    }

    /** Protects from repeats and runaways: outside of the window is ignored, silently. */
    @Test
    void ignoresCommandsOutsideOfTheWindow() {
        Initiator initiator = session();
        int base = initiator.cmdSn;
        initiator.commandWith(base - 1, TEST_UNIT_READY, 0, false, false, true, NONE);
        initiator.commandWith(base + 8, TEST_UNIT_READY, 0, false, false, true, NONE);
        assertThat(initiator.answers).isEmpty();
        initiator.commandWith(base, TEST_UNIT_READY, 0, false, false, true, NONE);
        assertThat(initiator.next(ScsiResponsePdu.class).status()).isZero();
    }

    /** Protects memory: the window closes with what is in progress, and opens again. */
    @Test
    void theWindowHoldsWhatIsInProgress() {
        Initiator initiator = session();
        volumes.delayNanos(MILLISECOND);
        int base = initiator.cmdSn;
        for (int i = 0; i < 8; i++) {
            initiator.command(READ_8, 4096, true, false, NONE);
        }
        initiator.command(READ_8, 4096, true, false, NONE); // a ninth, ignored
        shard.advance(MILLISECOND);
        for (int i = 1; i <= 8; i++) {
            DataInPdu done = initiator.next(DataInPdu.class);
            assertThat(done.expCmdSn()).isEqualTo(base + 8);
            assertThat(done.maxCmdSn()).isEqualTo(base + 7 + i);
        }
        assertThat(initiator.answers).isEmpty();
    }

    /** Protects memory: data beyond the session's credit waits its turn and is not lost. */
    @Test
    void commandsBeyondTheCreditWait() {
        Initiator initiator = session();
        volumes.delayNanos(MILLISECOND);
        String read512k = "28 00 00000000 00 0400 00";
        for (int i = 0; i < 4; i++) {
            initiator.command(read512k, 1 << 19, true, false, NONE);
        }
        assertThat(target.budget().used()).isEqualTo(1 << 20);
        shard.advance(MILLISECOND);
        assertThat(target.budget().used()).isEqualTo(1 << 20);
        shard.advance(MILLISECOND);
        assertThat(target.budget().used()).isZero();
        assertThat(
                        initiator.answers.stream()
                                .map(Initiator.Answer::pdu)
                                .filter(pdu -> pdu instanceof DataInPdu in && in.withStatus()))
                .hasSize(4);
    }

    /** Protects contents: credit that comes in the middle of a Data-Out loses none of its bytes. */
    @Test
    void creditThatComesAmidUnaskedDataLosesNothing() {
        Initiator initiator = session("InitialR2T", "No", "FirstBurstLength", "8192");
        volumes.delayNanos(MILLISECOND);
        initiator.command("28 00 00000000 00 0800 00", 1 << 20, true, false, NONE);
        int task = initiator.command(WRITE_64, 32_768, false, true, false, NONE);
        ByteBuf bytes =
                Initiator.bytes(
                        new DataOutPdu(true, 0, task, Bhs.RESERVED_TAG, 0, 0, 0), filled(8192, 2));
        initiator.sendBytes(bytes.readSlice(4096), false);
        initiator.answers.clear();
        shard.advance(MILLISECOND); // the read ends, and the write gets its memory
        initiator.answers.clear();
        initiator.sendBytes(bytes, true);
        shard.run();
        R2tPdu rest = initiator.next(R2tPdu.class);
        initiator.dataOut(task, rest.targetTransferTag(), 0, 8192, true, filled(24_576, 3));
        shard.advance(MILLISECOND);
        assertThat(initiator.next(ScsiResponsePdu.class).status()).isZero();
        initiator.command(READ_64, 32_768, true, false, NONE);
        shard.advance(MILLISECOND);
        assertThat(initiator.answers.poll().data()).startsWith(filled(8192, 2));
    }

    /** Protects from slow readers: nothing new is begun for who does not take answers. */
    @Test
    void nothingIsBegunWhileAnswersPileUp() {
        Initiator initiator = session();
        initiator.writable = false;
        initiator.command(READ_8, 4096, true, false, NONE);
        assertThat(initiator.answers).isEmpty();
        initiator.writable = true;
        initiator.machine.step(new Event.Writable());
        shard.run();
        assertThat(initiator.next(DataInPdu.class).withStatus()).isTrue();
    }

    /** Protects F1: an abort is answered when the write can take no effect, which it did not. */
    @Test
    void abortedWriteTakesNoEffect() {
        Initiator initiator = session();
        volumes.delayNanos(MILLISECOND);
        int task = initiator.command(WRITE_8, 4096, false, true, filled(4096, 5));
        initiator.abort(task, initiator.cmdSn - 1);
        assertThat(initiator.next(TaskManagementResponsePdu.class).response()).isZero();
        shard.advance(10 * MILLISECOND);
        assertThat(initiator.answers).isEmpty();
        volumes.delayNanos(0);
        initiator.command(READ_8, 4096, true, false, NONE);
        assertThat(initiator.answers.peek().data()).isEqualTo(new byte[4096]);
    }

    /** Protects an abort amid the data: what still comes for the task is thrown away. */
    @Test
    void abortsATaskThatWaitsForData() {
        Initiator initiator = session("InitialR2T", "Yes");
        int task = initiator.command(WRITE_8, 4096, false, true, NONE);
        R2tPdu r2t = initiator.next(R2tPdu.class);
        initiator.abort(task, initiator.cmdSn - 1);
        assertThat(initiator.next(TaskManagementResponsePdu.class).response()).isZero();
        initiator.dataOut(task, r2t.targetTransferTag(), 0, 0, true, filled(4096, 9));
        assertThat(initiator.answers).isEmpty();
        assertThat(target.budget().used()).isZero();
    }

    /** Protects the truth of answers: a task that has ended does not exist. */
    @Test
    void abortOfAnEndedTaskSaysThatItDoesNotExist() {
        Initiator initiator = session();
        int task = initiator.command(TEST_UNIT_READY, 0, false, false, NONE);
        initiator.answers.clear();
        initiator.abort(task, initiator.cmdSn - 1);
        assertThat(initiator.next(TaskManagementResponsePdu.class).response()).isEqualTo(1);
    }

    /** Protects the CmdSN order: an abort that overtakes its command makes it void. */
    @Test
    void abortOfACommandThatIsUnderWayTakesItsPlace() {
        Initiator initiator = session();
        int missing = initiator.cmdSn++;
        initiator.abort(99, missing);
        TaskManagementResponsePdu response = initiator.next(TaskManagementResponsePdu.class);
        assertThat(response.response()).isZero();
        assertThat(response.expCmdSn()).isEqualTo(missing + 1);
        initiator.commandWith(missing, TEST_UNIT_READY, 0, false, false, true, NONE);
        assertThat(initiator.answers).isEmpty();
        initiator.command(TEST_UNIT_READY, 0, false, false, NONE);
        assertThat(initiator.next(ScsiResponsePdu.class).status()).isZero();
    }

    /** Protects other hosts: they hear of a reset, and this one's commands are gone. */
    @Test
    void resetEndsCommandsAndTellsOthers() {
        Initiator initiator = session();
        Initiator other = new Initiator(target, shard);
        other.isid++;
        other.login();
        other.command(TEST_UNIT_READY, 0, false, false, NONE);
        other.answers.clear();
        volumes.delayNanos(MILLISECOND);
        initiator.command(WRITE_8, 4096, false, true, filled(4096, 5));
        initiator.resetUnit();
        assertThat(initiator.next(TaskManagementResponsePdu.class).response()).isZero();
        shard.advance(MILLISECOND);
        assertThat(initiator.answers).isEmpty();
        other.command(TEST_UNIT_READY, 0, false, false, NONE);
        byte[] sense = other.answers.peek().data();
        assertThat(sense[2 + 2] & 0xF).isEqualTo(6);
        assertThat(sense[2 + 12]).isEqualTo((byte) 0x29);
        assertThat(sense[2 + 13]).isEqualTo((byte) 0x03);
    }

    /** Protects fencing: a stamp is taken with the read that brought the command's first byte. */
    @Test
    void commandIsStampedWithTheReadOfItsFirstByte() {
        StampRecorder recorder = new StampRecorder(volumes);
        Initiator initiator = Initiator.loggedIn(Initiator.target(recorder), shard);
        var bytes =
                Initiator.bytes(
                        new io.ashlar.iscsi.pdu.ScsiCommandPdu(
                                false,
                                true,
                                true,
                                false,
                                1,
                                0,
                                50,
                                4096,
                                initiator.cmdSn++,
                                0,
                                java.util.HexFormat.of()
                                        .parseHex("28000000000000000800000000000000")),
                        NONE);
        recorder.ticket = 100;
        initiator.sendBytes(bytes.readSlice(1), true);
        recorder.ticket = 200;
        initiator.sendBytes(bytes.readSlice(20), false);
        recorder.ticket = 300;
        initiator.sendBytes(bytes.readSlice(27), true);
        shard.run();
        assertThat(initiator.next(DataInPdu.class).withStatus()).isTrue();
        assertThat(recorder.submitted).containsExactly(100L);
        assertThat(recorder.reads).endsWith("1 true", "20 false", "27 true");
    }

    /** Protects liveness: silence is asked about, and an answer counts. */
    @Test
    void asksForASignOfLifeAndGivesUpWithoutOne() {
        Initiator initiator = session();
        for (int i = 0; i < 5; i++) {
            initiator.machine.step(new Event.Tick());
        }
        NopInPdu ping = initiator.next(NopInPdu.class);
        assertThat(ping.initiatorTaskTag()).isEqualTo(Bhs.RESERVED_TAG);
        initiator.answerPing(ping.targetTransferTag());
        for (int i = 0; i < 10; i++) {
            initiator.machine.step(new Event.Tick());
        }
        assertThat(initiator.closed).isFalse();
        initiator.machine.step(new Event.Tick());
        assertThat(initiator.closed).isTrue();
    }

    /** Protects the initiator's own pings: their data comes back. */
    @Test
    void answersPingsWithTheirData() {
        Initiator initiator = session();
        initiator.send(
                new NopOutPdu(false, 0, 60, Bhs.RESERVED_TAG, initiator.cmdSn++, 0), filled(10, 3));
        assertThat(initiator.answers.peek().data()).isEqualTo(filled(10, 3));
        assertThat(initiator.next(NopInPdu.class).initiatorTaskTag()).isEqualTo(60);
    }

    /** Protects from what was not negotiated: it is rejected with the header that was meant. */
    @Test
    void rejectsWhatItDoesNotKnow() {
        Initiator initiator = session();
        initiator.send(new SnackPdu(0, 0, 1, -1, 0, 0, 0), NONE);
        assertThat(initiator.answers.peek().data()).hasSize(48).startsWith(0x10);
        assertThat(initiator.next(RejectPdu.class).reason()).isEqualTo(RejectPdu.SNACK_REJECT);
        initiator.send(new io.ashlar.iscsi.pdu.UnknownPdu(0x1C, 5), NONE);
        assertThat(initiator.next(RejectPdu.class).reason())
                .isEqualTo(RejectPdu.COMMAND_NOT_SUPPORTED);
        assertThat(initiator.closed).isFalse();
    }

    /** Protects the end: a logout is answered, then the connection is closed. */
    @Test
    void logsOut() {
        Initiator initiator = session();
        initiator.send(new LogoutRequestPdu(true, 0, 70, 0, initiator.cmdSn, 0), NONE);
        assertThat(initiator.next(LogoutResponsePdu.class).response()).isZero();
        assertThat(initiator.closed).isTrue();
        assertThat(target.sessions().size()).isZero();
    }

    /** Protects memory over a session's end: all that was taken is given back. */
    @Test
    void aLostConnectionGivesBackItsMemory() {
        Initiator initiator = session();
        volumes.delayNanos(MILLISECOND);
        initiator.command(READ_8, 4096, true, false, NONE);
        assertThat(target.budget().used()).isEqualTo(4096);
        initiator.machine.step(new Event.TransportLost("test"));
        shard.advance(MILLISECOND);
        assertThat(target.budget().used()).isZero();
        assertThat(target.sessions().size()).isZero();
    }
}
