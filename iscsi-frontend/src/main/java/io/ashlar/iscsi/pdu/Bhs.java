package io.ashlar.iscsi.pdu;

/** What all basic header segments share, RFC 7143 section 11.2.1. */
public final class Bhs {
    /** A basic header segment, in bytes. */
    public static final int BYTES = 48;

    /** A tag that names nothing: no task, no transfer. */
    public static final int RESERVED_TAG = 0xFFFF_FFFF;

    static final int OPCODE = 0;
    static final int FLAGS = 1;
    static final int TOTAL_AHS_LENGTH = 4;
    static final int DATA_SEGMENT_LENGTH = 5;
    static final int LUN = 8;
    static final int INITIATOR_TASK_TAG = 16;
    static final int TARGET_TRANSFER_TAG = 20;
    static final int CMD_SN = 24;
    static final int STAT_SN = 24;
    static final int EXP_STAT_SN = 28;
    static final int EXP_CMD_SN = 28;
    static final int MAX_CMD_SN = 32;

    static final int OPCODE_MASK = 0x3F;
    static final int IMMEDIATE = 0x40;
    static final int FINAL = 0x80;

    private Bhs() {}

    /** Segments are padded to words of four bytes, section 11.2.3. */
    static int padded(int bytes) {
        return (bytes + 3) & ~3;
    }
}
