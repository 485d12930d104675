package io.ashlar.iscsi.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.iscsi.RamVolumeService;
import io.ashlar.iscsi.pdu.DataInPdu;
import io.ashlar.iscsi.pdu.R2tPdu;
import io.ashlar.iscsi.pdu.ScsiCommandPdu;
import io.ashlar.iscsi.pdu.ScsiResponsePdu;
import io.ashlar.iscsi.pdu.TaskManagementResponsePdu;
import io.ashlar.iscsi.session.ConnectionMachine.Event;
import io.netty.buffer.ByteBuf;
import org.junit.jupiter.api.Test;

/** Commands that wait for memory or for their turn, and initiators that make use of that. */
final class WaitingTasksTest {
    private static final int MIB = 1 << 20;
    private static final int ROUNDS = 1000;
    private static final byte[] BLOCK = new byte[512];
    private static final String WRITE_MIB = "2a 00 00000000 00 0800 00";
    private static final String WRITE_1 = "2a 00 00000000 00 0001 00";
    private static final String READ_8 = "28 00 00000000 00 0008 00";

    private final ManualShard shard = new ManualShard();
    private final RamVolumeService volumes = Initiator.volumes();
    private final TargetContext target = Initiator.target(volumes);
    private final Initiator initiator = Initiator.loggedIn(target, shard);

    private void abort(int task) {
        initiator.abort(task, 0);
        assertThat(initiator.next(TaskManagementResponsePdu.class).response()).isZero();
    }

    /** Protects memory: what waits for it and is aborted goes, though the first goes on waiting. */
    @Test
    void abortedCommandsDoNotPileUpBehindOneThatWaitsForMemory() {
        initiator.command(WRITE_MIB, MIB, false, true, new byte[0]);
        initiator.next(R2tPdu.class); // is never answered
        initiator.command(WRITE_MIB, MIB, false, true, BLOCK);
        for (int i = 0; i < ROUNDS; i++) {
            abort(initiator.command(WRITE_MIB, MIB, false, true, BLOCK));
        }
        assertThat(initiator.machine.waitingCount()).isEqualTo(1);
    }

    /** Protects memory: the same where an ORDERED command waits for those before it. */
    @Test
    void abortedCommandsDoNotPileUpBehindOneThatWaitsForItsTurn() {
        initiator.command(WRITE_MIB, MIB, false, true, new byte[0]);
        initiator.next(R2tPdu.class);
        int ordered = initiator.ordered(WRITE_1, 512, BLOCK);
        for (int i = 0; i < ROUNDS; i++) {
            abort(initiator.command(WRITE_1, 512, false, true, BLOCK));
        }
        assertThat(initiator.machine.waitingCount()).isEqualTo(1);
        initiator.command(WRITE_1, 512, false, true, BLOCK);
        assertThat(initiator.answers).isEmpty();
        initiator.abort(ordered, 0);
        // it stood behind that one only
        assertThat(initiator.next(ScsiResponsePdu.class).status()).isZero();
        assertThat(initiator.next(TaskManagementResponsePdu.class).response()).isZero();
        assertThat(initiator.machine.waitingCount()).isZero();
    }

    /** Protects from a hang: a command waits for no memory that it holds itself. */
    @Test
    void aCommandThatOffersDataAndReadsDoesNotWaitForItself() {
        initiator.command(READ_8, MIB, true, true, BLOCK);
        assertThat(initiator.next(ScsiResponsePdu.class).status()).isZero();
        assertThat(target.budget().used()).isZero();
        initiator.command(READ_8, 4096, true, false, new byte[0]);
        assertThat(initiator.next(DataInPdu.class).withStatus()).isTrue();
    }

    /** Protects from a hang: nor for memory that another one holds, which waits for this one's. */
    @Test
    void commandsThatOfferDataAndReadDoNotWaitForEachOther() {
        volumes.delayNanos(1);
        for (int i = 0; i < 4; i++) {
            initiator.command(READ_8, MIB / 2, true, true, BLOCK);
        }
        shard.advance(1);
        for (int i = 0; i < 4; i++) {
            assertThat(initiator.next(ScsiResponsePdu.class).status()).isZero();
        }
        assertThat(target.budget().used()).isZero();
    }

    /** Protects memory: a connection that ends in the middle of a command gives it back, too. */
    @Test
    void aCommandThatComesInHalfGivesBackItsMemory() {
        ByteBuf whole =
                Initiator.bytes(
                        new ScsiCommandPdu(
                                false,
                                true,
                                false,
                                true,
                                1,
                                0,
                                99,
                                MIB,
                                initiator.cmdSn,
                                0,
                                new byte[16]),
                        BLOCK);
        initiator.sendBytes(whole.readSlice(whole.readableBytes() - 1), true);
        assertThat(target.budget().used()).isEqualTo(MIB);
        initiator.machine.step(new Event.TransportLost("cut"));
        shard.advance(1);
        assertThat(target.budget().used()).isZero();
    }
}
