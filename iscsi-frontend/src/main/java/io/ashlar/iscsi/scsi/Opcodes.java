package io.ashlar.iscsi.scsi;

import io.ashlar.iscsi.scsi.CommandTable.Command;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * REPORT SUPPORTED OPERATION CODES and REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS, SPC-4 sections
 * 6.35 and 6.36: {@link CommandTable} and the session's task management as hosts see them.
 */
final class Opcodes {
    private static final int TIMEOUTS = 0x80;
    private static final int ALL = 0;
    private static final int ONE_WITHOUT_ACTION = 1;
    private static final int ONE_WITH_ACTION = 2;
    private static final int ONE_EITHER = 3;
    private static final int HAS_ACTION = 0x01;
    private static final int HAS_TIMEOUTS = 0x02;
    private static final int NOT_SUPPORTED = 1;
    private static final int SUPPORTED = 3;
    private static final int EXTENDED_FUNCTIONS = 0x80;
    private static final int FUNCTIONS_BYTES_MIN = 4;

    /**
     * ATS, ATSS, CTSS, LURS, TRS: ABORT TASK, ABORT TASK SET, CLEAR TASK SET, LOGICAL UNIT RESET,
     * and the target resets of RFC 7143.
     */
    private static final int FUNCTIONS = 0x80 | 0x40 | 0x10 | 0x08 | 0x02;

    /** QTS, where the session has the functions of RFC 7144. */
    private static final int QUERY_TASK = 0x04;

    /** QAES, QTSS, ITNRS, likewise. */
    private static final int QUERIES = 0x04 | 0x02 | 0x01;

    private Opcodes() {}

    static void report(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        byte[] cdb = task.cdb();
        boolean timeouts = (cdb[2] & TIMEOUTS) != 0;
        int option = cdb[2] & 7;
        int opcode = Cdb.u8(cdb, 3);
        int action = Cdb.u16(cdb, 4);
        long allocation = Cdb.u32(cdb, 6);
        boolean hasActions =
                offered(unit, opcode)
                        .anyMatch(command -> command.action() != CommandTable.NO_ACTION);
        boolean isKnown = offered(unit, opcode).findAny().isPresent();
        if (option == ALL) {
            Inquiries.respond(task, all(unit, timeouts), allocation);
        } else if (option > ONE_EITHER
                || (option == ONE_WITHOUT_ACTION && hasActions)
                || (option == ONE_WITH_ACTION && isKnown && !hasActions)) {
            task.check(Sense.INVALID_FIELD_IN_CDB);
        } else {
            boolean exactly = option != ONE_WITHOUT_ACTION;
            Inquiries.respond(task, one(unit, opcode, exactly ? action : -1, timeouts), allocation);
        }
    }

    static void reportFunctions(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        byte[] cdb = task.cdb();
        long allocation = Cdb.u32(cdb, 6);
        if (allocation < FUNCTIONS_BYTES_MIN) {
            task.check(Sense.INVALID_FIELD_IN_CDB);
            return;
        }
        boolean extended = (cdb[2] & EXTENDED_FUNCTIONS) != 0;
        byte[] data = new byte[extended ? 16 : 4]; // no time-outs are told: TMFTMOV is 0
        data[0] = (byte) (FUNCTIONS | (task.hasQueries() ? QUERY_TASK : 0));
        data[1] = (byte) (task.hasQueries() ? QUERIES : 0);
        data[3] = (byte) (data.length - 4);
        Inquiries.respond(task, data, allocation);
    }

    private static Stream<Command> offered(LogicalUnit unit, int opcode) {
        return Arrays.stream(CommandTable.withOpcode(opcode))
                .filter(command -> command.isOffered(unit));
    }

    private static byte[] all(LogicalUnit unit, boolean timeouts) {
        ByteArrayOutputStream list = new ByteArrayOutputStream();
        for (Command command : CommandTable.ALL) {
            if (!command.isOffered(unit)) {
                continue;
            }
            byte[] descriptor = new byte[8];
            boolean hasAction = command.action() != CommandTable.NO_ACTION;
            descriptor[0] = (byte) command.opcode();
            Cdb.put16(descriptor, 2, hasAction ? command.action() : 0);
            descriptor[5] = (byte) ((hasAction ? HAS_ACTION : 0) | (timeouts ? HAS_TIMEOUTS : 0));
            Cdb.put16(descriptor, 6, command.cdbBytes());
            list.writeBytes(descriptor);
            if (timeouts) {
                list.writeBytes(CommandTimeouts.of(command).descriptor());
            }
        }
        byte[] data = new byte[4 + list.size()];
        Cdb.put32(data, 0, list.size());
        System.arraycopy(list.toByteArray(), 0, data, 4, list.size());
        return data;
    }

    private static byte[] one(LogicalUnit unit, int opcode, int action, boolean timeouts) {
        for (Command command : offered(unit, opcode).toList()) {
            if (command.action() == action || command.action() == CommandTable.NO_ACTION) {
                if (command.action() == CommandTable.NO_ACTION && action > 0) {
                    break; // it has no such service action
                }
                byte[] usage = command.usage();
                byte[] data =
                        new byte
                                [4
                                        + usage.length
                                        + (timeouts ? CommandTimeouts.DESCRIPTOR_BYTES : 0)];
                data[1] = (byte) (SUPPORTED | (timeouts ? 0x80 : 0));
                Cdb.put16(data, 2, usage.length);
                System.arraycopy(usage, 0, data, 4, usage.length);
                if (timeouts) {
                    byte[] descriptor = CommandTimeouts.of(command).descriptor();
                    System.arraycopy(descriptor, 0, data, 4 + usage.length, descriptor.length);
                }
                return data;
            }
        }
        byte[] data = new byte[4];
        data[1] = NOT_SUPPORTED;
        return data;
    }
}
