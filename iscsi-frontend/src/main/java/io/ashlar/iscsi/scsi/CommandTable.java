package io.ashlar.iscsi.scsi;

import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Every command that this target knows: name, operation code, service action, CDB length and usage
 * bits (what REPORT SUPPORTED OPERATION CODES tells), and what carries it out. A command that is
 * not here is answered with INVALID COMMAND OPERATION CODE.
 */
final class CommandTable {
    /** Service action of a command that has none. */
    static final int NO_ACTION = -1;

    private static final int MAINTENANCE_OUT = 0xA4;

    /** Carries a command out; the CDB's reserved and unsupported bits were checked. */
    @FunctionalInterface
    interface Handler {
        void run(ScsiNexus nexus, LogicalUnit unit, ScsiTask task);
    }

    /** When unit attentions and missing logical units do not stop a command, SAM-5 5.14. */
    enum Access {
        /** Needs a logical unit without a pending unit attention. */
        NORMAL,
        /** Needs a logical unit, leaves unit attentions pending. */
        PAST_ATTENTION
    }

    /**
     * @param usage the CDB usage data: a bit is 1 where the command evaluates it
     */
    record Command(
            String name, int opcode, int action, Access access, byte[] usage, Handler handler) {
        /** Bytes of the CDB. */
        int cdbBytes() {
            return usage.length;
        }

        /** Whether the unit has it: only explicit ALUA has SET TARGET PORT GROUPS. */
        boolean isOffered(LogicalUnit unit) {
            return opcode != MAINTENANCE_OUT || unit.volume().explicitAlua();
        }

        /** Whether only bits are set that the command evaluates. */
        boolean accepts(byte[] cdb) {
            for (int i = 1; i < usage.length; i++) {
                if ((cdb[i] & ~usage[i]) != 0) {
                    return false;
                }
            }
            return true;
        }
    }

    private static final HexFormat HEX = HexFormat.of();

    /** In the order of operation codes; usage data as SPC-4 and SBC-3 lay out the CDBs. */
    static final List<Command> ALL =
            List.of(
                    of("TEST UNIT READY", "00 00 00 00 00 00", Inquiries::testUnitReady),
                    past("REQUEST SENSE", "03 01 00 00 ff 00", Inquiries::requestSense),
                    of("READ (6)", "08 1f ff ff ff 00", Transfers::read6),
                    of("WRITE (6)", "0a 1f ff ff ff 00", Transfers::write6),
                    past("INQUIRY", "12 01 ff ff ff 00", Inquiries::inquiry),
                    of("MODE SELECT (6)", "15 10 00 00 ff 00", ModeSelects::select6),
                    of("MODE SENSE (6)", "1a 08 ff ff ff 00", ModePages::modeSense6),
                    of("START STOP UNIT", "1b 01 00 0f f7 00", Inquiries::startStopUnit),
                    of("PREVENT ALLOW MEDIUM REMOVAL", "1e 00 00 00 03 00", Inquiries::prevent),
                    of("RESERVE (6)", "16 00 00 00 00 00", LegacyReserves::reserve),
                    of("RELEASE (6)", "17 00 00 00 00 00", LegacyReserves::release),
                    of("READ CAPACITY (10)", "25 00 00 00 00 00 00 00 00 00", Capacity::read10),
                    of("READ (10)", "28 f8 ff ff ff ff 3f ff ff 00", Transfers::read10),
                    of("WRITE (10)", "2a f8 ff ff ff ff 3f ff ff 00", Transfers::write10),
                    of("WRITE AND VERIFY (10)", "2e f6 ff ff ff ff 3f ff ff 00", Verifies::write10),
                    of("VERIFY (10)", "2f f6 ff ff ff ff 3f ff ff 00", Verifies::verify10),
                    of("PRE-FETCH (10)", "34 02 ff ff ff ff 3f ff ff 00", Inquiries::prefetch10),
                    of("SYNCHRONIZE CACHE (10)", "35 06 ff ff ff ff 3f ff ff 00", Flushes::sync10),
                    of("WRITE SAME (10)", "41 f8 ff ff ff ff 3f ff ff 00", WriteSames::same10),
                    of("UNMAP", "42 01 00 00 00 00 3f ff ff 00", Unmaps::unmap),
                    of("LOG SENSE", "4d 00 ff ff 00 ff ff ff ff 00", LogPages::sense),
                    of("MODE SELECT (10)", "55 10 00 00 00 00 00 ff ff 00", ModeSelects::select10),
                    of("RESERVE (10)", "56 00 00 00 00 00 00 00 00 00", LegacyReserves::reserve),
                    of("RELEASE (10)", "57 00 00 00 00 00 00 00 00 00", LegacyReserves::release),
                    of("MODE SENSE (10)", "5a 18 ff ff 00 00 00 ff ff 00", ModePages::modeSense10),
                    reserveIn("READ KEYS", 0x00, ReserveIn::readKeys),
                    reserveIn("READ RESERVATION", 0x01, ReserveIn::readReservation),
                    reserveIn("REPORT CAPABILITIES", 0x02, ReserveIn::reportCapabilities),
                    reserveIn("READ FULL STATUS", 0x03, ReserveIn::readFullStatus),
                    reserveOut("REGISTER", 0x00, false, ReserveOut::register),
                    reserveOut("RESERVE", 0x01, true, ReserveOut::reserve),
                    reserveOut("RELEASE", 0x02, true, ReserveOut::release),
                    reserveOut("CLEAR", 0x03, false, ReserveOut::clear),
                    reserveOut("PREEMPT", 0x04, true, ReserveOut::preempt),
                    reserveOut("PREEMPT AND ABORT", 0x05, true, ReserveOut::preemptAndAbort),
                    reserveOut(
                            "REGISTER AND IGNORE EXISTING KEY",
                            0x06,
                            false,
                            ReserveOut::registerAndIgnore),
                    reserveOut("REGISTER AND MOVE", 0x07, false, ReserveOut::registerAndMove),
                    action(
                            "EXTENDED COPY (LID1)",
                            0x00,
                            Access.NORMAL,
                            "83 00 00 00 00 00 00 00 00 00 ff ff ff ff 00 00",
                            ExtendedCopies::copy),
                    action(
                            "RECEIVE COPY STATUS (LID1)",
                            0x00,
                            Access.NORMAL,
                            "84 00 ff 00 00 00 00 00 00 00 ff ff ff ff 00 00",
                            ExtendedCopies::status),
                    action(
                            "RECEIVE COPY OPERATING PARAMETERS",
                            0x03,
                            Access.NORMAL,
                            "84 03 00 00 00 00 00 00 00 00 ff ff ff ff 00 00",
                            ExtendedCopies::parameters),
                    of(
                            "READ (16)",
                            "88 f8 ff ff ff ff ff ff ff ff ff ff ff ff 3f 00",
                            Transfers::read16),
                    of(
                            "COMPARE AND WRITE",
                            "89 f8 ff ff ff ff ff ff ff ff 00 00 00 ff 3f 00",
                            CompareAndWrites::run),
                    of(
                            "WRITE (16)",
                            "8a f8 ff ff ff ff ff ff ff ff ff ff ff ff 3f 00",
                            Transfers::write16),
                    of(
                            "ORWRITE (16)",
                            "8b f8 ff ff ff ff ff ff ff ff ff ff ff ff 3f 00",
                            OrWrites::orWrite16),
                    of(
                            "WRITE AND VERIFY (16)",
                            "8e f6 ff ff ff ff ff ff ff ff ff ff ff ff 3f 00",
                            Verifies::write16),
                    of(
                            "VERIFY (16)",
                            "8f f6 ff ff ff ff ff ff ff ff ff ff ff ff 3f 00",
                            Verifies::verify16),
                    of(
                            "PRE-FETCH (16)",
                            "90 02 ff ff ff ff ff ff ff ff ff ff ff ff 3f 00",
                            Inquiries::prefetch16),
                    of(
                            "SYNCHRONIZE CACHE (16)",
                            "91 06 ff ff ff ff ff ff ff ff ff ff ff ff 3f 00",
                            Flushes::sync16),
                    of(
                            "WRITE SAME (16)",
                            "93 f9 ff ff ff ff ff ff ff ff ff ff ff ff 3f 00",
                            WriteSames::same16),
                    of(
                            "WRITE ATOMIC (16)",
                            "9c f8 ff ff ff ff ff ff ff ff 00 00 ff ff 3f 00",
                            Transfers::writeAtomic16),
                    action(
                            "READ CAPACITY (16)",
                            0x10,
                            Access.NORMAL,
                            "9e 10 00 00 00 00 00 00 00 00 ff ff ff ff 00 00",
                            Capacity::read16),
                    action(
                            "GET LBA STATUS",
                            0x12,
                            Access.NORMAL,
                            "9e 12 ff ff ff ff ff ff ff ff ff ff ff ff 00 00",
                            LbaStatus::report),
                    past(
                            "REPORT LUNS",
                            "a0 00 ff 00 00 00 ff ff ff ff 00 00",
                            Inquiries::reportLuns),
                    action(
                            "REPORT TARGET PORT GROUPS",
                            0x0A,
                            Access.PAST_ATTENTION,
                            "a3 ea 00 00 00 00 ff ff ff ff 00 00",
                            PortGroups::report),
                    action(
                            "REPORT SUPPORTED OPERATION CODES",
                            0x0C,
                            Access.NORMAL,
                            "a3 0c 87 ff ff ff ff ff ff ff 00 00",
                            Opcodes::report),
                    action(
                            "REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS",
                            0x0D,
                            Access.NORMAL,
                            "a3 0d 80 00 00 00 ff ff ff ff 00 00",
                            Opcodes::reportFunctions),
                    action(
                            "SET TARGET PORT GROUPS",
                            0x0A,
                            Access.NORMAL,
                            "a4 0a 00 00 00 00 ff ff ff ff 00 00",
                            PortGroupChanges::set),
                    of("READ (12)", "a8 f8 ff ff ff ff ff ff ff ff 3f 00", Transfers::read12),
                    of("WRITE (12)", "aa f8 ff ff ff ff ff ff ff ff 3f 00", Transfers::write12),
                    of(
                            "WRITE AND VERIFY (12)",
                            "ae f6 ff ff ff ff ff ff ff ff 3f 00",
                            Verifies::write12),
                    of("VERIFY (12)", "af f6 ff ff ff ff ff ff ff ff 3f 00", Verifies::verify12));

    /** By operation code; commands that share one are apart by service action. */
    private static final Command[][] BY_OPCODE = new Command[256][];

    static {
        for (int opcode = 0; opcode < BY_OPCODE.length; opcode++) {
            int wanted = opcode;
            BY_OPCODE[opcode] =
                    ALL.stream()
                            .filter(command -> command.opcode() == wanted)
                            .toArray(Command[]::new);
        }
    }

    private CommandTable() {}

    /** All commands of one operation code. */
    static Command[] withOpcode(int opcode) {
        return BY_OPCODE[opcode];
    }

    /** The command that a CDB asks for; null if there is none. */
    static @Nullable Command find(byte[] cdb) {
        int action = cdb[1] & 0x1F;
        for (Command command : BY_OPCODE[cdb[0] & 0xFF]) {
            if (command.action() == NO_ACTION || command.action() == action) {
                return command;
            }
        }
        return null;
    }

    private static Command of(String name, String usage, Handler handler) {
        return action(name, NO_ACTION, Access.NORMAL, usage, handler);
    }

    private static Command reserveIn(String name, int action, Handler handler) {
        return action(
                "PERSISTENT RESERVE IN, " + name,
                action,
                Access.NORMAL,
                "5e %02x 00 00 00 00 00 ff ff 00".formatted(action),
                handler);
    }

    /**
     * @param typed whether it evaluates scope and type
     */
    private static Command reserveOut(String name, int action, boolean typed, Handler handler) {
        return action(
                "PERSISTENT RESERVE OUT, " + name,
                action,
                Access.NORMAL,
                "5f %02x ff 00 00 ff ff ff ff 00".formatted(action),
                typed
                        ? (nexus, unit, task) -> ReserveOut.typed(nexus, unit, task, handler)
                        : handler);
    }

    private static Command past(String name, String usage, Handler handler) {
        return action(name, NO_ACTION, Access.PAST_ATTENTION, usage, handler);
    }

    private static Command action(
            String name, int action, Access access, String usage, Handler handler) {
        byte[] bytes = HEX.parseHex(usage.replace(" ", ""));
        return new Command(name, bytes[0] & 0xFF, action, access, bytes, handler);
    }
}
