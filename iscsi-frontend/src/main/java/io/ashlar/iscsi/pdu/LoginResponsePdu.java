package io.ashlar.iscsi.pdu;

import io.netty.buffer.ByteBuf;

/**
 * Login Response, RFC 7143 section 11.13.
 *
 * @param status class and detail, {@link LoginStatus#code()}
 */
public record LoginResponsePdu(
        boolean transit,
        boolean continued,
        int currentStage,
        int nextStage,
        long isid,
        int tsih,
        int initiatorTaskTag,
        int statSn,
        int expCmdSn,
        int maxCmdSn,
        int status)
        implements TargetPdu {
    static final int OPCODE = 0x23;
    private static final int CONTINUE = 0x40;
    private static final int ISID = 8;
    private static final int TSIH = 14;
    private static final int STATUS = 36;

    static LoginResponsePdu decode(ByteBuf header) {
        int flags = header.getByte(Bhs.FLAGS);
        return new LoginResponsePdu(
                (flags & Bhs.FINAL) != 0,
                (flags & CONTINUE) != 0,
                flags >> 2 & 3,
                flags & 3,
                header.getLong(ISID) >>> 16,
                header.getUnsignedShort(TSIH),
                header.getInt(Bhs.INITIATOR_TASK_TAG),
                header.getInt(Bhs.STAT_SN),
                header.getInt(Bhs.EXP_CMD_SN),
                header.getInt(Bhs.MAX_CMD_SN),
                header.getUnsignedShort(STATUS));
    }

    @Override
    public void encode(ByteBuf out) {
        int start = out.writerIndex();
        out.writeZero(Bhs.BYTES);
        int flags = (transit ? Bhs.FINAL : 0) | (continued ? CONTINUE : 0);
        out.setByte(start + Bhs.OPCODE, OPCODE);
        out.setByte(start + Bhs.FLAGS, flags | currentStage << 2 | nextStage);
        out.setLong(start + ISID, isid << 16 | tsih);
        out.setInt(start + Bhs.INITIATOR_TASK_TAG, initiatorTaskTag);
        out.setInt(start + Bhs.STAT_SN, statSn);
        out.setInt(start + Bhs.EXP_CMD_SN, expCmdSn).setInt(start + Bhs.MAX_CMD_SN, maxCmdSn);
        out.setShort(start + STATUS, status);
    }
}
