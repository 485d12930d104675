package io.ashlar.iscsi.pdu;

import io.netty.buffer.ByteBuf;

/**
 * SCSI Response, RFC 7143 section 11.4. Sense data, if any, is the data segment, after two bytes of
 * its length.
 *
 * @param response 0 if the command completed at the target
 * @param status the SCSI status
 * @param residual bytes that were not transferred, or could not be
 * @param expDataSn how many Data-In and R2T PDUs went before
 */
public record ScsiResponsePdu(
        boolean overflow,
        boolean underflow,
        int response,
        int status,
        int initiatorTaskTag,
        int statSn,
        int expCmdSn,
        int maxCmdSn,
        int expDataSn,
        int residual)
        implements TargetPdu {
    static final int OPCODE = 0x21;
    private static final int OVERFLOW = 0x04;
    private static final int UNDERFLOW = 0x02;
    private static final int RESPONSE = 2;
    private static final int STATUS = 3;
    private static final int EXP_DATA_SN = 36;
    private static final int RESIDUAL_COUNT = 44;

    static ScsiResponsePdu decode(ByteBuf header) {
        int flags = header.getByte(Bhs.FLAGS);
        return new ScsiResponsePdu(
                (flags & OVERFLOW) != 0,
                (flags & UNDERFLOW) != 0,
                header.getUnsignedByte(RESPONSE),
                header.getUnsignedByte(STATUS),
                header.getInt(Bhs.INITIATOR_TASK_TAG),
                header.getInt(Bhs.STAT_SN),
                header.getInt(Bhs.EXP_CMD_SN),
                header.getInt(Bhs.MAX_CMD_SN),
                header.getInt(EXP_DATA_SN),
                header.getInt(RESIDUAL_COUNT));
    }

    @Override
    public void encode(ByteBuf out) {
        int start = out.writerIndex();
        out.writeZero(Bhs.BYTES);
        int flags = (overflow ? OVERFLOW : 0) | (underflow ? UNDERFLOW : 0);
        out.setByte(start + Bhs.OPCODE, OPCODE).setByte(start + Bhs.FLAGS, Bhs.FINAL | flags);
        out.setByte(start + RESPONSE, response).setByte(start + STATUS, status);
        out.setInt(start + Bhs.INITIATOR_TASK_TAG, initiatorTaskTag);
        out.setInt(start + Bhs.STAT_SN, statSn);
        out.setInt(start + Bhs.EXP_CMD_SN, expCmdSn).setInt(start + Bhs.MAX_CMD_SN, maxCmdSn);
        out.setInt(start + EXP_DATA_SN, expDataSn).setInt(start + RESIDUAL_COUNT, residual);
    }
}
