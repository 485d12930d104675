package io.ashlar.iscsi.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.iscsi.RamVolumeService;
import io.ashlar.iscsi.pdu.AsyncMessagePdu;
import io.ashlar.iscsi.pdu.Bhs;
import io.ashlar.iscsi.pdu.ScsiResponsePdu;
import io.ashlar.iscsi.pdu.TaskManagementRequestPdu;
import io.ashlar.iscsi.pdu.TaskManagementResponsePdu;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Task management between sessions, and the functions of RFC 7144; aborts of one task are in {@link
 * FullFeatureTest}.
 */
final class TaskManagementTest {
    private static final long MILLISECOND = 1_000_000;
    private static final byte[] NONE = new byte[0];
    private static final String TEST_UNIT_READY = "00";
    private static final String READ_8 = "28 00 00000000 00 0008 00";
    private static final String WRITE_8 = "2a 00 00000000 00 0008 00";
    private static final int COMPLETE = TaskManagementResponsePdu.FUNCTION_COMPLETE;
    private static final int SUCCEEDED = TaskManagementResponsePdu.FUNCTION_SUCCEEDED;

    private final ManualShard shard = new ManualShard();
    private final RamVolumeService volumes = Initiator.volumes();
    private final TargetContext target = Initiator.target(volumes);

    private Initiator session(String... keys) {
        return Initiator.loggedIn(target, shard, keys);
    }

    private Initiator other() {
        Initiator other = new Initiator(target, shard);
        other.isid++;
        other.login("iSCSIProtocolLevel", "2");
        other.command(TEST_UNIT_READY, 0, false, false, NONE);
        other.answers.clear();
        return other;
    }

    private static int write(Initiator initiator) {
        byte[] data = new byte[4096];
        Arrays.fill(data, (byte) 5);
        return initiator.command(WRITE_8, 4096, false, true, data);
    }

    private int response(Initiator initiator) {
        return initiator.next(TaskManagementResponsePdu.class).response();
    }

    /** ASC and ASCQ of a CHECK CONDITION, in hexadecimal, or the status. */
    private static String outcome(Initiator initiator, String cdb) {
        initiator.command(cdb, 0, false, false, NONE);
        byte[] sense = initiator.answers.peek().data();
        int status = initiator.next(ScsiResponsePdu.class).status();
        return status == 2 ? HexFormat.of().formatHex(sense, 14, 16) : "status " + status;
    }

    private static void setTas(Initiator initiator, boolean isSet) {
        byte[] list = new byte[4 + 12];
        list[4] = 0x0A;
        list[5] = 0x0A;
        list[7] = 0x10;
        list[9] = (byte) (isSet ? 0x40 : 0);
        initiator.command("15 10 00 00 10 00", list.length, false, true, list);
        assertThat(initiator.next(ScsiResponsePdu.class).status()).isZero();
    }

    /**
     * Protects other hosts: whoever's commands are aborted hears of it, as its own TAS has it, be
     * it by a status or by a unit attention.
     */
    @ParameterizedTest
    @CsvSource({
        "CLEAR_TASK_SET, 4, false, 2f00",
        "CLEAR_TASK_SET, 4, true, status 0",
        "LOGICAL_UNIT_RESET, 5, false, 2903",
        "LOGICAL_UNIT_RESET, 5, true, 2903",
        "TARGET_WARM_RESET, 6, false, 2902",
        "TARGET_WARM_RESET, 6, true, 2902",
        "TARGET_COLD_RESET, 7, false, 2901",
        "TARGET_COLD_RESET, 7, true, 2901"
    })
    void othersHearOfTheirCommandsAsTasHasIt(
            String name, int function, boolean isTasSet, String attention) {
        Initiator initiator = session();
        Initiator other = new Initiator(target, shard);
        other.host = "iqn.2026-11.test:other";
        other.login();
        other.command(TEST_UNIT_READY, 0, false, false, NONE);
        other.answers.clear();
        setTas(other, isTasSet);
        volumes.delayNanos(MILLISECOND);
        write(other);
        initiator.manage(function, 0, Bhs.RESERVED_TAG);
        assertThat(response(initiator)).as(name).isZero();
        shard.advance(10 * MILLISECOND);
        if (isTasSet) {
            assertThat(other.next(ScsiResponsePdu.class).status()).isEqualTo(0x40);
        }
        assertThat(other.answers).isEmpty();
        assertThat(other.closed).isFalse();
        assertThat(outcome(other, TEST_UNIT_READY)).isEqualTo(attention);
        volumes.delayNanos(0);
        assertThat(outcome(other, TEST_UNIT_READY)).isEqualTo("status 0");
        other.command(READ_8, 4096, true, false, NONE);
        assertThat(other.answers.peek().data()).isEqualTo(new byte[4096]);
    }

    /** Protects the node's memory from a host that never waits for an answer. */
    @Test
    void requestsThatAreNotAnsweredYetAreLimited() {
        Initiator initiator = session();
        for (int i = 0; i <= TaskManagement.OPEN_MAX; i++) {
            initiator.sendBytes(Initiator.bytes(unitReset(100 + i), NONE), true);
        }
        TaskManagementResponsePdu refused = initiator.next(TaskManagementResponsePdu.class);
        assertThat(refused.response()).isEqualTo(TaskManagementResponsePdu.FUNCTION_REJECTED);
        assertThat(refused.initiatorTaskTag()).isEqualTo(100 + TaskManagement.OPEN_MAX);
        shard.run();
        for (int i = 0; i < TaskManagement.OPEN_MAX; i++) {
            assertThat(response(initiator)).isEqualTo(COMPLETE);
        }
        initiator.manage(TaskManagementRequestPdu.LOGICAL_UNIT_RESET, 0, Bhs.RESERVED_TAG);
        assertThat(response(initiator)).isEqualTo(COMPLETE);
    }

    private static TaskManagementRequestPdu unitReset(int tag) {
        return new TaskManagementRequestPdu(
                true,
                TaskManagementRequestPdu.LOGICAL_UNIT_RESET,
                0,
                tag,
                Bhs.RESERVED_TAG,
                1,
                0,
                0);
    }

    /** Protects SAM-5: TASK ABORTED is for what others abort, never for what one aborts oneself. */
    @ParameterizedTest
    @ValueSource(ints = {2, 4, 5, 6, 11})
    void ownCommandsEndWithoutAStatus(int function) {
        Initiator initiator = session("iSCSIProtocolLevel", "2");
        setTas(initiator, true);
        volumes.delayNanos(MILLISECOND);
        write(initiator);
        initiator.manage(function, 0, Bhs.RESERVED_TAG);
        assertThat(response(initiator)).isEqualTo(COMPLETE);
        shard.advance(10 * MILLISECOND);
        assertThat(initiator.answers).isEmpty();
        assertThat(target.budget().used()).isZero();
    }

    /** Protects who resets: it is told of it, too, by all units that were reset. */
    @ParameterizedTest
    @CsvSource({
        "5, 2903, status 0",
        "6, 2902, 2902",
        "11, 2907, 2907",
        "4, status 0, status 0",
        "2, status 0, status 0"
    })
    void theOneThatResetsIsToldByWhatWasReset(int function, String first, String second) {
        Initiator initiator = session("iSCSIProtocolLevel", "2");
        initiator.unit = 1;
        assertThat(outcome(initiator, TEST_UNIT_READY)).isEqualTo("2900");
        initiator.manage(function, 0, Bhs.RESERVED_TAG);
        assertThat(response(initiator)).isEqualTo(COMPLETE);
        assertThat(outcome(initiator, TEST_UNIT_READY)).isEqualTo(second);
        initiator.unit = 0;
        assertThat(outcome(initiator, TEST_UNIT_READY)).isEqualTo(first);
    }

    /** Protects the rack: a cold reset ends the sessions of the host that asked, and no others. */
    @Test
    void aColdResetEndsTheSessionsOfItsHost() {
        Initiator initiator = session();
        Initiator sibling = other();
        Initiator stranger = new Initiator(target, shard);
        stranger.host = "iqn.2026-11.test:other";
        stranger.login();
        stranger.answers.clear();
        initiator.manage(TaskManagementRequestPdu.TARGET_COLD_RESET, 0, Bhs.RESERVED_TAG);
        shard.run();
        assertThat(response(initiator)).isEqualTo(COMPLETE);
        assertThat(initiator.next(AsyncMessagePdu.class).event())
                .isEqualTo(AsyncMessagePdu.WILL_DROP_ALL_CONNECTIONS);
        assertThat(initiator.closed).isTrue();
        assertThat(sibling.closed).isTrue();
        assertThat(stranger.closed).isFalse();
    }

    /** Protects RFC 7144: its functions are there only where both sides have agreed on level 2. */
    @ParameterizedTest
    @CsvSource({"0, 0", "1, 1", "2, 2", "31, 2", "32, Reject"})
    void laterFunctionsNeedTheirProtocolLevel(String offered, String agreed) {
        Initiator initiator = new Initiator(target, shard);
        assertThat(initiator.login("iSCSIProtocolLevel", offered).text())
                .contains("iSCSIProtocolLevel=" + agreed);
        int expected = agreed.equals("2") ? COMPLETE : TaskManagementResponsePdu.FUNCTION_REJECTED;
        IntStream.of(9, 10, 11)
                .forEach(function -> {
                    initiator.manage(function, 0, Bhs.RESERVED_TAG);
                    assertThat(response(initiator)).isEqualTo(expected);
                });
    }

    /** Protects queries: they tell what is there, of this unit, and change nothing. */
    @Test
    void queriesTellWhatIsThere() {
        Initiator initiator = session("iSCSIProtocolLevel", "2");
        volumes.delayNanos(MILLISECOND);
        int task = write(initiator);
        initiator.manage(TaskManagementRequestPdu.QUERY_TASK, 0, task);
        assertThat(response(initiator)).isEqualTo(SUCCEEDED);
        initiator.manage(TaskManagementRequestPdu.QUERY_TASK, 0, task + 100);
        assertThat(response(initiator)).isEqualTo(COMPLETE);
        initiator.manage(TaskManagementRequestPdu.QUERY_TASK, 1, task);
        assertThat(response(initiator)).isEqualTo(COMPLETE);
        initiator.manage(TaskManagementRequestPdu.QUERY_TASK_SET, 0, Bhs.RESERVED_TAG);
        assertThat(response(initiator)).isEqualTo(SUCCEEDED);
        initiator.manage(TaskManagementRequestPdu.QUERY_TASK_SET, 1, Bhs.RESERVED_TAG);
        assertThat(response(initiator)).isEqualTo(COMPLETE);
        initiator.manage(TaskManagementRequestPdu.QUERY_TASK_SET, 7, Bhs.RESERVED_TAG);
        assertThat(response(initiator)).isEqualTo(TaskManagementResponsePdu.LUN_DOES_NOT_EXIST);
        shard.advance(10 * MILLISECOND);
        assertThat(initiator.next(ScsiResponsePdu.class).status()).isZero();
        initiator.manage(TaskManagementRequestPdu.QUERY_ASYNCHRONOUS_EVENT, 0, Bhs.RESERVED_TAG);
        assertThat(response(initiator)).isEqualTo(COMPLETE);
        initiator.manage(TaskManagementRequestPdu.QUERY_ASYNCHRONOUS_EVENT, 1, Bhs.RESERVED_TAG);
        TaskManagementResponsePdu event = initiator.next(TaskManagementResponsePdu.class);
        assertThat(event.response()).isEqualTo(SUCCEEDED);
        assertThat(event.additional()).isEqualTo(0x16_2900);
    }
}
