package io.ashlar.iscsi.pdu;

import io.netty.buffer.ByteBuf;

/** Logout Request, RFC 7143 section 11.14. */
public record LogoutRequestPdu(
        boolean immediate, int reason, int initiatorTaskTag, int cid, int cmdSn, int expStatSn)
        implements InitiatorPdu {
    public static final int CLOSE_SESSION = 0;
    public static final int CLOSE_CONNECTION = 1;
    public static final int REMOVE_FOR_RECOVERY = 2;

    static final int OPCODE = 0x06;
    private static final int REASON_MASK = 0x7F;
    private static final int CID = 20;

    static LogoutRequestPdu decode(ByteBuf header) {
        return new LogoutRequestPdu(
                (header.getByte(Bhs.OPCODE) & Bhs.IMMEDIATE) != 0,
                header.getByte(Bhs.FLAGS) & REASON_MASK,
                header.getInt(Bhs.INITIATOR_TASK_TAG),
                header.getUnsignedShort(CID),
                header.getInt(Bhs.CMD_SN),
                header.getInt(Bhs.EXP_STAT_SN));
    }

    @Override
    public void encode(ByteBuf out) {
        int start = out.writerIndex();
        out.writeZero(Bhs.BYTES);
        out.setByte(start + Bhs.OPCODE, OPCODE | (immediate ? Bhs.IMMEDIATE : 0));
        out.setByte(start + Bhs.FLAGS, Bhs.FINAL | reason);
        out.setInt(start + Bhs.INITIATOR_TASK_TAG, initiatorTaskTag).setShort(start + CID, cid);
        out.setInt(start + Bhs.CMD_SN, cmdSn).setInt(start + Bhs.EXP_STAT_SN, expStatSn);
    }
}
