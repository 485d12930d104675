package io.ashlar.iscsi.pdu;

import io.netty.buffer.ByteBuf;

/**
 * Login Request, RFC 7143 section 11.12.
 *
 * @param transit the T bit: the initiator wants to go on to {@code nextStage}
 * @param continued the C bit: the text goes on in the next PDU
 * @param currentStage 0 security, 1 operational, 3 full feature phase
 * @param isid the initiator's part of the session id, six bytes
 * @param tsih the target's part, 0 for a new session
 */
public record LoginRequestPdu(
        boolean transit,
        boolean continued,
        int currentStage,
        int nextStage,
        int versionMax,
        int versionMin,
        long isid,
        int tsih,
        int initiatorTaskTag,
        int cid,
        int cmdSn,
        int expStatSn)
        implements InitiatorPdu {
    public static final int SECURITY = 0;
    public static final int OPERATIONAL = 1;
    public static final int FULL_FEATURE = 3;

    static final int OPCODE = 0x03;
    private static final int CONTINUE = 0x40;
    private static final int VERSION_MAX = 2;
    private static final int VERSION_MIN = 3;
    private static final int ISID = 8;
    private static final int TSIH = 14;
    private static final int CID = 20;

    /** Logins are always immediate. */
    @Override
    public boolean immediate() {
        return true;
    }

    static LoginRequestPdu decode(ByteBuf header) {
        int flags = header.getByte(Bhs.FLAGS);
        return new LoginRequestPdu(
                (flags & Bhs.FINAL) != 0,
                (flags & CONTINUE) != 0,
                flags >> 2 & 3,
                flags & 3,
                header.getUnsignedByte(VERSION_MAX),
                header.getUnsignedByte(VERSION_MIN),
                header.getLong(ISID) >>> 16,
                header.getUnsignedShort(TSIH),
                header.getInt(Bhs.INITIATOR_TASK_TAG),
                header.getUnsignedShort(CID),
                header.getInt(Bhs.CMD_SN),
                header.getInt(Bhs.EXP_STAT_SN));
    }

    @Override
    public void encode(ByteBuf out) {
        int start = out.writerIndex();
        out.writeZero(Bhs.BYTES);
        int flags = (transit ? Bhs.FINAL : 0) | (continued ? CONTINUE : 0);
        out.setByte(start + Bhs.OPCODE, OPCODE | Bhs.IMMEDIATE);
        out.setByte(start + Bhs.FLAGS, flags | currentStage << 2 | nextStage);
        out.setByte(start + VERSION_MAX, versionMax).setByte(start + VERSION_MIN, versionMin);
        out.setLong(start + ISID, isid << 16 | tsih);
        out.setInt(start + Bhs.INITIATOR_TASK_TAG, initiatorTaskTag).setShort(start + CID, cid);
        out.setInt(start + Bhs.CMD_SN, cmdSn).setInt(start + Bhs.EXP_STAT_SN, expStatSn);
    }
}
