package io.ashlar.iscsi.scsi;

import io.ashlar.iscsi.scsi.CommandTable.Command;
import java.util.Set;

/**
 * How long commands may take, for the command timeouts descriptor of REPORT SUPPORTED OPERATION
 * CODES, SPC-4 section 6.35.4. A host that gives a command up sooner than recommended may do so
 * while the cluster replaces a node; one that waits as long outlives every command that was held
 * back on its way, since an owner takes none that is older than 8 s (DESIGN section 6, rule 6).
 */
enum CommandTimeouts {
    /** Answered by the node that it came by, at most after one look at the control state. */
    LOCAL(1, 10),
    /** Needs the volume's owner and placement groups, which may have to be replaced first. */
    CLUSTER(5, 30),
    /** Reads or writes more than hosts move with one command, before it is answered. */
    LONG(15, 60);

    /** Bytes of the descriptor, its length field included. */
    static final int DESCRIPTOR_BYTES = 12;

    private static final int SERVICE_ACTION_IN_16 = 0x9E;
    private static final int READ_CAPACITY_16 = 0x10;
    private static final int EXTENDED_COPY = 0x83;

    /** TEST UNIT READY to REPORT LUNS, and what tells of the unit and of its commands. */
    private static final Set<Integer> LOCAL_OPCODES =
            Set.of(
                    0x00, 0x03, 0x12, 0x15, 0x1A, 0x1B, 0x1E, 0x25, 0x34, 0x4D, 0x55, 0x5A, 0x84,
                    0x90, 0xA0, 0xA3);

    /** WRITE SAME and UNMAP. */
    private static final Set<Integer> LONG_OPCODES = Set.of(0x41, 0x42, 0x93);

    private final int nominalSeconds;
    private final int recommendedSeconds;

    CommandTimeouts(int nominalSeconds, int recommendedSeconds) {
        this.nominalSeconds = nominalSeconds;
        this.recommendedSeconds = recommendedSeconds;
    }

    static CommandTimeouts of(Command command) {
        int opcode = command.opcode();
        if (opcode == SERVICE_ACTION_IN_16) {
            // GET LBA STATUS reads what it tells of
            return command.action() == READ_CAPACITY_16 ? LOCAL : LONG;
        }
        if (LOCAL_OPCODES.contains(opcode)) {
            return LOCAL;
        }
        return opcode == EXTENDED_COPY || LONG_OPCODES.contains(opcode) ? LONG : CLUSTER;
    }

    /** Nominal processing time-out and recommended time-out, in seconds. */
    byte[] descriptor() {
        byte[] descriptor = new byte[DESCRIPTOR_BYTES];
        Cdb.put16(descriptor, 0, DESCRIPTOR_BYTES - 2);
        Cdb.put32(descriptor, 4, nominalSeconds);
        Cdb.put32(descriptor, 8, recommendedSeconds);
        return descriptor;
    }
}
