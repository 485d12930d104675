package io.ashlar.iscsi.pdu;

import io.netty.buffer.ByteBuf;

/**
 * Logout Response, RFC 7143 section 11.15.
 *
 * @param time2Wait seconds before the initiator may try again
 * @param time2Retain seconds for which tasks are kept
 */
public record LogoutResponsePdu(
        int response,
        int initiatorTaskTag,
        int statSn,
        int expCmdSn,
        int maxCmdSn,
        int time2Wait,
        int time2Retain)
        implements TargetPdu {
    public static final int CLOSED = 0;
    public static final int CID_NOT_FOUND = 1;
    public static final int RECOVERY_NOT_SUPPORTED = 2;

    static final int OPCODE = 0x26;
    private static final int RESPONSE = 2;
    private static final int TIME_2_WAIT = 40;
    private static final int TIME_2_RETAIN = 42;

    static LogoutResponsePdu decode(ByteBuf header) {
        return new LogoutResponsePdu(
                header.getUnsignedByte(RESPONSE),
                header.getInt(Bhs.INITIATOR_TASK_TAG),
                header.getInt(Bhs.STAT_SN),
                header.getInt(Bhs.EXP_CMD_SN),
                header.getInt(Bhs.MAX_CMD_SN),
                header.getUnsignedShort(TIME_2_WAIT),
                header.getUnsignedShort(TIME_2_RETAIN));
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
        out.setShort(start + TIME_2_WAIT, time2Wait).setShort(start + TIME_2_RETAIN, time2Retain);
    }
}
