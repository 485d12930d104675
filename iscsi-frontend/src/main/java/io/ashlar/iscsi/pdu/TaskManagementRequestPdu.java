package io.ashlar.iscsi.pdu;

import io.netty.buffer.ByteBuf;

/**
 * Task Management Function Request, RFC 7143 section 11.5.
 *
 * @param function see the constants
 * @param referencedTaskTag the task that is meant by ABORT TASK
 * @param refCmdSn the CmdSN of that task
 */
public record TaskManagementRequestPdu(
        boolean immediate,
        int function,
        long lun,
        int initiatorTaskTag,
        int referencedTaskTag,
        int cmdSn,
        int expStatSn,
        int refCmdSn)
        implements InitiatorPdu {
    public static final int ABORT_TASK = 1;
    public static final int ABORT_TASK_SET = 2;
    public static final int CLEAR_ACA = 3;
    public static final int CLEAR_TASK_SET = 4;
    public static final int LOGICAL_UNIT_RESET = 5;
    public static final int TARGET_WARM_RESET = 6;
    public static final int TARGET_COLD_RESET = 7;
    public static final int TASK_REASSIGN = 8;

    /** From here on RFC 7144 section 4.1: only where iSCSIProtocolLevel is 2 or more. */
    public static final int QUERY_TASK = 9;

    public static final int QUERY_TASK_SET = 10;
    public static final int I_T_NEXUS_RESET = 11;
    public static final int QUERY_ASYNCHRONOUS_EVENT = 12;

    static final int OPCODE = 0x02;
    private static final int FUNCTION_MASK = 0x7F;
    private static final int REFERENCED_TASK_TAG = 20;
    private static final int REF_CMD_SN = 32;

    static TaskManagementRequestPdu decode(ByteBuf header) {
        return new TaskManagementRequestPdu(
                (header.getByte(Bhs.OPCODE) & Bhs.IMMEDIATE) != 0,
                header.getByte(Bhs.FLAGS) & FUNCTION_MASK,
                header.getLong(Bhs.LUN),
                header.getInt(Bhs.INITIATOR_TASK_TAG),
                header.getInt(REFERENCED_TASK_TAG),
                header.getInt(Bhs.CMD_SN),
                header.getInt(Bhs.EXP_STAT_SN),
                header.getInt(REF_CMD_SN));
    }

    @Override
    public void encode(ByteBuf out) {
        int start = out.writerIndex();
        out.writeZero(Bhs.BYTES);
        out.setByte(start + Bhs.OPCODE, OPCODE | (immediate ? Bhs.IMMEDIATE : 0));
        out.setByte(start + Bhs.FLAGS, Bhs.FINAL | function).setLong(start + Bhs.LUN, lun);
        out.setInt(start + Bhs.INITIATOR_TASK_TAG, initiatorTaskTag);
        out.setInt(start + REFERENCED_TASK_TAG, referencedTaskTag);
        out.setInt(start + Bhs.CMD_SN, cmdSn).setInt(start + Bhs.EXP_STAT_SN, expStatSn);
        out.setInt(start + REF_CMD_SN, refCmdSn);
    }
}
