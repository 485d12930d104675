package io.ashlar.iscsi.pdu;

import io.netty.buffer.ByteBuf;

/**
 * Task Management Function Response, RFC 7143 section 11.6 and RFC 7144 section 4.2.
 *
 * @param additional Additional Response Information of SAM-5, 24 bits; 0 if there is none
 */
public record TaskManagementResponsePdu(
        int response, int additional, int initiatorTaskTag, int statSn, int expCmdSn, int maxCmdSn)
        implements TargetPdu {
    public static final int FUNCTION_COMPLETE = 0;
    public static final int TASK_DOES_NOT_EXIST = 1;
    public static final int LUN_DOES_NOT_EXIST = 2;
    public static final int REASSIGNMENT_NOT_SUPPORTED = 4;
    public static final int NOT_SUPPORTED = 5;

    /** What a query asks for is there, RFC 7144. */
    public static final int FUNCTION_SUCCEEDED = 7;

    public static final int FUNCTION_REJECTED = 255;

    static final int OPCODE = 0x22;
    private static final int RESPONSE = 2;
    private static final int ADDITIONAL = 8;

    static TaskManagementResponsePdu decode(ByteBuf header) {
        return new TaskManagementResponsePdu(
                header.getUnsignedByte(RESPONSE),
                header.getUnsignedMedium(ADDITIONAL),
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
        out.setByte(start + RESPONSE, response).setMedium(start + ADDITIONAL, additional);
        out.setInt(start + Bhs.INITIATOR_TASK_TAG, initiatorTaskTag);
        out.setInt(start + Bhs.STAT_SN, statSn);
        out.setInt(start + Bhs.EXP_CMD_SN, expCmdSn).setInt(start + Bhs.MAX_CMD_SN, maxCmdSn);
    }
}
