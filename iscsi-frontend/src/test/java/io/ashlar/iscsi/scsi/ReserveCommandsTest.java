package io.ashlar.iscsi.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.reservation.Nexus;
import io.ashlar.common.reservation.ReservationChange;
import io.ashlar.common.reservation.ReservationTable;
import io.ashlar.common.reservation.ReservationType;
import io.ashlar.iscsi.RamVolumeService;
import io.ashlar.iscsi.SessionRules;
import io.ashlar.iscsi.scsi.ReservationConflicts.Rule;
import io.ashlar.volume.IoError;
import io.ashlar.volume.IoRequest;
import io.ashlar.volume.IoResult;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** PERSISTENT RESERVE IN and OUT as bytes, and which commands conflict with reservations. */
final class ReserveCommandsTest {
    private static final String PORT = "iqn.a,i,0x000000000001";
    private static final Nexus A = new Nexus(PORT, 1);
    private static final Nexus B = new Nexus("iqn.b,i,0x000000000002", 2);

    private final ScsiNexus nexus =
            new ScsiNexus(
                    new RamVolumeService().with(0, 1 << 20, 512, false),
                    "iqn.a",
                    PORT,
                    "iqn.2026-11.test:t",
                    SessionRules.ALL);

    ReserveCommandsTest() {
        nexus.start(FakeTask.of("00"));
    }

    private static ReservationTable table(ReservationType type) {
        ReservationTable table = ReservationTable.EMPTY;
        for (ReservationChange change :
                List.of(
                        new ReservationChange.Register(A, false, 0, 0x11, false, List.of()),
                        new ReservationChange.Register(B, false, 0, 0x22, false, List.of()),
                        new ReservationChange.Reserve(B, 0x22, type))) {
            table = table.apply(change, List.of(1, 2)).table();
        }
        return table;
    }

    private FakeTask in(int action, ReservationTable table) {
        FakeTask task = FakeTask.of("5e%02x0000000000100000".formatted(action)).under(table, A);
        nexus.start(task);
        return task;
    }

    private static String hex(FakeTask task) {
        return HexFormat.of().formatHex(task.dataIn());
    }

    private FakeTask out(int action, int type, String list) {
        byte[] bytes = HexFormat.of().parseHex(list.replace(" ", ""));
        FakeTask task =
                FakeTask.of("5f%02x%02x0000%08x00".formatted(action, type, bytes.length))
                        .offering(bytes);
        nexus.start(task);
        return task;
    }

    private static ReservationChange change(FakeTask task) {
        assertThat(task.outcome()).isEqualTo("good");
        return ((IoRequest.ChangeReservations) task.submitted.getFirst()).change();
    }

    /** Protects what hosts read: layouts of SPC-4 tables 169 to 176. */
    @Test
    void reportsAreLaidOutAsHostsExpect() {
        ReservationTable table = table(ReservationType.EXCLUSIVE_ACCESS_REGISTRANTS_ONLY);
        assertThat(hex(in(0, table)))
                .isEqualTo("00000002" + "00000010" + "0000000000000011" + "0000000000000022");
        assertThat(hex(in(1, table)))
                .isEqualTo("00000002" + "00000010" + "0000000000000022" + "00000000" + "00060000");
        assertThat(hex(in(1, ReservationTable.EMPTY))).isEqualTo("0000000000000000");
        assertThat(hex(in(2, table))).isEqualTo("00081d81ea010000");
        String full = hex(in(3, table));
        String second = full.substring(2 * (8 + 24 + 28));
        assertThat(second)
                .startsWith("0000000000000022" + "00000000" + "0106" + "00000000" + "0002")
                .contains("0000001c" + "45000018" + HexFormat.of().formatHex("iqn.b".getBytes()));
        assertThat(in(4, table).outcome()).isEqualTo("check 5/2400");
    }

    /** Protects what is asked for: keys, types, flags and other ports come out as sent. */
    @Test
    void parameterListsBecomeChanges() {
        String keys = "0000000000000011 0000000000000022 00000000";
        assertThat(change(out(0, 0, keys + "05000000")))
                .isEqualTo(new ReservationChange.Register(A, false, 0x11, 0x22, true, List.of()));
        assertThat(change(out(6, 0, keys + "01000000")))
                .isEqualTo(new ReservationChange.Register(A, true, 0x11, 0x22, false, List.of()));
        assertThat(change(out(5, 7, keys + "00000000")))
                .isEqualTo(
                        new ReservationChange.Preempt(
                                A,
                                0x11,
                                0x22,
                                ReservationType.WRITE_EXCLUSIVE_ALL_REGISTRANTS,
                                true));
        String id = HexFormat.of().formatHex(TransportIds.encode(B.initiatorPort()));
        assertThat(change(out(0, 0, keys + "08000000" + "0000001c" + id)))
                .isEqualTo(
                        new ReservationChange.Register(
                                A, false, 0x11, 0x22, false, List.of(B.initiatorPort())));
        assertThat(change(out(7, 0, "0000000000000011 0000000000000022 00 03 0002 0000001c" + id)))
                .isEqualTo(new ReservationChange.Move(A, 0x11, 0x22, B, true));
    }

    /** Protects from bad input: each is told by its own sense, and nothing is changed. */
    @Test
    void badListsAreRefused() {
        String keys = "0000000000000011 0000000000000022 00000000";
        assertThat(out(1, 2, keys + "00000000").outcome()).isEqualTo("check 5/2400");
        assertThat(out(1, 0x11, keys + "00000000").outcome()).isEqualTo("check 5/2400");
        assertThat(out(1, 1, keys).outcome()).isEqualTo("check 5/1a00");
        assertThat(out(1, 1, keys + "08000000").outcome()).isEqualTo("check 5/2600");
        assertThat(out(0, 0, keys + "08000000" + "00000044").outcome()).isEqualTo("check 5/1a00");
        assertThat(out(0, 0, keys + "08000000" + "00000004" + "45000000").outcome())
                .isEqualTo("check 5/2600");
        assertThat(out(8, 0, keys + "00000000").outcome()).isEqualTo("check 5/2400");
        FakeTask refused =
                FakeTask.of("5f02010000000000180000")
                        .answering(new IoResult.Failed(IoError.INVALID_RELEASE));
        nexus.start(refused.offering(new byte[24]));
        assertThat(refused.outcome()).isEqualTo("check 5/2604");
    }

    /** Protects the table of SPC-4: each command that is known stands in it as it should. */
    @Test
    void everyCommandConflictsAsTheTableSays() {
        Map<String, Rule> expected = new TreeMap<>();
        for (String line :
                """
                FREE REQUEST SENSE|INQUIRY|READ CAPACITY (10)|READ CAPACITY (16)|LOG SENSE
                FREE REPORT LUNS|REPORT TARGET PORT GROUPS
                SPC2 TEST UNIT READY
                READ MODE SENSE (6)|MODE SENSE (10)|PRE-FETCH (10)|PRE-FETCH (16)
                READ REPORT SUPPORTED OPERATION CODES|REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS
                WRITE MODE SELECT (6)|MODE SELECT (10)|START STOP UNIT|EXTENDED COPY (LID1)
                WRITE RECEIVE COPY STATUS (LID1)|RECEIVE COPY OPERATING PARAMETERS
                WRITE SET TARGET PORT GROUPS
                FREE PREVENT ALLOW MEDIUM REMOVAL
                """
                        .lines()
                        .toList()) {
            int space = line.indexOf(' ');
            for (String name : line.substring(space + 1).split("\\|")) {
                expected.put(name, Rule.valueOf(line.substring(0, space)));
            }
        }
        for (CommandTable.Command command : CommandTable.ALL) {
            Rule usual =
                    command.name().startsWith("PERSISTENT RESERVE IN") ? Rule.SPC2 : Rule.AT_OWNER;
            assertThat(ReservationConflicts.rule(command, new byte[16]))
                    .as(command.name())
                    .isEqualTo(expected.getOrDefault(command.name(), usual));
        }
    }

    /** Protects who holds: others conflict, by type, registrants and holder do not. */
    @Test
    void whatDoesNotReachTheOwnerConflictsHere() {
        Nexus stranger = new Nexus("iqn.c,i,0x000000000003", 1);
        ReservationTable exclusive = table(ReservationType.EXCLUSIVE_ACCESS);
        ReservationTable writes = table(ReservationType.WRITE_EXCLUSIVE_REGISTRANTS_ONLY);
        String modeSense = "1a003f00ff00";
        String stop = "1b0000000000";
        String start = "1b0000000100";
        assertThat(outcome(modeSense, exclusive, A)).isEqualTo("status 18");
        assertThat(outcome(modeSense, exclusive, B)).isEqualTo("data");
        assertThat(outcome(modeSense, writes, stranger)).isEqualTo("data");
        assertThat(outcome(stop, writes, stranger)).isEqualTo("status 18");
        assertThat(outcome(start, exclusive, stranger)).isEqualTo("good");
        assertThat(outcome("000000000000", exclusive, stranger)).isEqualTo("good");
    }

    private String outcome(String cdb, ReservationTable table, Nexus asking) {
        FakeTask task = FakeTask.of(cdb).under(table, asking);
        nexus.start(task);
        return task.outcome();
    }
}
