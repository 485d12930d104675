package io.ashlar.iscsi.pdu;

import io.netty.buffer.ByteBuf;

/** Task Management Function Response, RFC 7143 section 11.6. */
public record TaskManagementResponsePdu(
        int response, int initiatorTaskTag, int statSn, int expCmdSn, int maxCmdSn)
        implements TargetPdu {
    public static final int FUNCTION_COMPLETE = 0;
    public static final int TASK_DOES_NOT_EXIST = 1;
    public static final int LUN_DOES_NOT_EXIST = 2;
    public static final int REASSIGNMENT_NOT_SUPPORTED = 4;
    public static final int NOT_SUPPORTED = 5;
    public static final int FUNCTION_REJECTED = 255;

    static final int OPCODE = 0x22;
    private static final int RESPONSE = 2;

    static TaskManagementResponsePdu decode(ByteBuf header) {
        return new TaskManagementResponsePdu(
                header.getUnsignedByte(RESPONSE),
                header.getInt(Bhs.INITIATOR_TASK_TAG),
                header.getInt(Bhs.STAT_SN),
                header.getInt(Bhs.EXP_CMD_SN),
                header.getInt(Bhs.MAX_CMD_SN));
    }

    @Override
    public void encode(ByteBuf out) {
        int start = out.writerIndex();
        out.writeZero(Bhs.BYTES);
        out.setByte(start + Bhs.OPCODE, OPCODE).setByte(start + Bhs.FLAGS, Bhs.FINAL);
        out.setByte(start + RESPONSE, response);
        out.setInt(start + Bhs.INITIATOR_TASK_TAG, initiatorTaskTag);
        out.setInt(start + Bhs.STAT_SN, statSn);
        out.setInt(start + Bhs.EXP_CMD_SN, expCmdSn).setInt(start + Bhs.MAX_CMD_SN, maxCmdSn);
    }
}
