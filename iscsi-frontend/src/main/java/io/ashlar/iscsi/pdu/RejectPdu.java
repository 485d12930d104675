package io.ashlar.iscsi.pdu;

import io.netty.buffer.ByteBuf;

/**
 * Reject, RFC 7143 section 11.17. The data segment is the header that is rejected.
 *
 * @param dataSn number of the next R2T or Data-In of the task, for rejected data
 */
public record RejectPdu(int reason, int statSn, int expCmdSn, int maxCmdSn, int dataSn)
        implements TargetPdu {
    public static final int DATA_DIGEST_ERROR = 0x02;
    public static final int SNACK_REJECT = 0x03;
    public static final int PROTOCOL_ERROR = 0x04;
    public static final int COMMAND_NOT_SUPPORTED = 0x05;
    public static final int TOO_MANY_IMMEDIATE = 0x06;
    public static final int INVALID_PDU_FIELD = 0x09;
    public static final int OUT_OF_RESOURCES = 0x0A;

    static final int OPCODE = 0x3F;
    private static final int REASON = 2;
    private static final int DATA_SN = 36;

    static RejectPdu decode(ByteBuf header) {
        return new RejectPdu(
                header.getUnsignedByte(REASON),
                header.getInt(Bhs.STAT_SN),
                header.getInt(Bhs.EXP_CMD_SN),
                header.getInt(Bhs.MAX_CMD_SN),
                header.getInt(DATA_SN));
    }

    @Override
    public void encode(ByteBuf out) {
        int start = out.writerIndex();
        out.writeZero(Bhs.BYTES);
        out.setByte(start + Bhs.OPCODE, OPCODE).setByte(start + Bhs.FLAGS, Bhs.FINAL);
        out.setByte(start + REASON, reason);
        out.setInt(start + Bhs.INITIATOR_TASK_TAG, Bhs.RESERVED_TAG);
        out.setInt(start + Bhs.STAT_SN, statSn);
        out.setInt(start + Bhs.EXP_CMD_SN, expCmdSn).setInt(start + Bhs.MAX_CMD_SN, maxCmdSn);
        out.setInt(start + DATA_SN, dataSn);
    }
}
