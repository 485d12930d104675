package io.ashlar.iscsi.scsi;

import io.ashlar.common.reservation.AccessKind;
import io.ashlar.iscsi.scsi.CommandTable.Command;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which commands conflict with reservations of others: SPC-4 tables 66 and 67, SBC-3 section 4.17,
 * and SPC-2 table 10 for RESERVE and RELEASE.
 */
final class ReservationConflicts {
    /** How a command stands to reservations. */
    enum Rule {
        /** Never conflicts. */
        FREE,
        /** The volume's owner checks it with the data that it moves, and what it changes. */
        AT_OWNER,
        /** Conflicts with what SPC-2 reserved. */
        SPC2,
        /** Conflicts as a read does. */
        READ,
        /** Conflicts as a write does. */
        WRITE
    }

    private static final int TEST_UNIT_READY = 0x00;
    private static final int START_STOP_UNIT = 0x1B;
    private static final int PREVENT_ALLOW = 0x1E;
    private static final int PERSISTENT_RESERVE_IN = 0x5E;
    private static final int MAINTENANCE_IN = 0xA3;
    private static final int REPORT_TARGET_PORT_GROUPS = 0x0A;

    private static final int START = 0x01;
    private static final int POWER_CONDITION_MASK = 0xF0;
    private static final int PREVENT_MASK = 0x03;

    /** By operation code; what is not here is AT_OWNER. */
    private static final Map<Integer, Rule> RULES =
            Map.ofEntries(
                    Map.entry(TEST_UNIT_READY, Rule.SPC2),
                    Map.entry(0x03, Rule.FREE), // REQUEST SENSE
                    Map.entry(0x12, Rule.FREE), // INQUIRY
                    Map.entry(0x15, Rule.WRITE), // MODE SELECT (6)
                    Map.entry(0x1A, Rule.READ), // MODE SENSE (6)
                    Map.entry(START_STOP_UNIT, Rule.WRITE),
                    Map.entry(PREVENT_ALLOW, Rule.WRITE),
                    Map.entry(0x25, Rule.FREE), // READ CAPACITY (10)
                    Map.entry(0x34, Rule.READ), // PRE-FETCH (10)
                    Map.entry(0x4D, Rule.FREE), // LOG SENSE
                    Map.entry(0x55, Rule.WRITE), // MODE SELECT (10)
                    Map.entry(0x5A, Rule.READ), // MODE SENSE (10)
                    Map.entry(PERSISTENT_RESERVE_IN, Rule.SPC2),
                    Map.entry(
                            0x83,
                            Rule.WRITE), // EXTENDED COPY; owners check the units that are named
                    Map.entry(0x84, Rule.WRITE), // RECEIVE COPY STATUS, PARAMETERS
                    Map.entry(0x90, Rule.READ), // PRE-FETCH (16)
                    Map.entry(0xA0, Rule.FREE), // REPORT LUNS
                    Map.entry(MAINTENANCE_IN, Rule.READ), // what is supported
                    Map.entry(0xA4, Rule.WRITE)); // SET TARGET PORT GROUPS

    private static final int SERVICE_ACTION_IN_16 = 0x9E;
    private static final int READ_CAPACITY_16 = 0x10;

    private ReservationConflicts() {}

    /** How one command stands, with what its CDB asks for. */
    static Rule rule(Command command, byte[] cdb) {
        boolean isFree =
                switch (command.opcode()) {
                    case SERVICE_ACTION_IN_16 -> command.action() == READ_CAPACITY_16;
                    case MAINTENANCE_IN -> command.action() == REPORT_TARGET_PORT_GROUPS;
                    case START_STOP_UNIT ->
                            (cdb[4] & START) != 0 && (cdb[4] & POWER_CONDITION_MASK) == 0;
                    case PREVENT_ALLOW -> (cdb[4] & PREVENT_MASK) == 0;
                    default -> false;
                };
        return isFree ? Rule.FREE : RULES.getOrDefault(command.opcode(), Rule.AT_OWNER);
    }

    /**
     * Goes on unless a reservation is in the way. A conflict by this node's view is asked about
     * again: the reservation may have been released already.
     */
    static void ifFree(Command command, LogicalUnit unit, ScsiTask task, Runnable then) {
        AccessKind kind = kind(rule(command, task.cdb()));
        if (kind == null || task.isPermitted(unit.volume().id(), kind)) {
            then.run();
            return;
        }
        task.reservations(
                unit.volume().id(),
                _ -> {
                    if (task.isPermitted(unit.volume().id(), kind)) {
                        then.run();
                    } else {
                        task.status(ScsiStatus.RESERVATION_CONFLICT);
                    }
                });
    }

    private static @Nullable AccessKind kind(Rule rule) {
        return switch (rule) {
            case FREE, AT_OWNER -> null;
            case SPC2 -> AccessKind.OTHER;
            case READ -> AccessKind.READ;
            case WRITE -> AccessKind.WRITE;
        };
    }
}
