package io.ashlar.iscsi.pdu;

import io.netty.buffer.ByteBuf;

/**
 * SCSI Data-In, RFC 7143 section 11.7.
 *
 * @param last the F bit: the sequence ends with this PDU
 * @param withStatus the S bit: status, StatSN and residual hold
 * @param bufferOffset where in the command's data it belongs, bytes
 */
public record DataInPdu(
        boolean last,
        boolean withStatus,
        boolean overflow,
        boolean underflow,
        int status,
        long lun,
        int initiatorTaskTag,
        int statSn,
        int expCmdSn,
        int maxCmdSn,
        int dataSn,
        int bufferOffset,
        int residual)
        implements TargetPdu {
    static final int OPCODE = 0x25;
    private static final int STATUS_BIT = 0x01;
    private static final int OVERFLOW = 0x04;
    private static final int UNDERFLOW = 0x02;
    private static final int STATUS = 3;
    private static final int DATA_SN = 36;
    private static final int BUFFER_OFFSET = 40;
    private static final int RESIDUAL_COUNT = 44;

    static DataInPdu decode(ByteBuf header) {
        int flags = header.getByte(Bhs.FLAGS);
        return new DataInPdu(
                (flags & Bhs.FINAL) != 0,
                (flags & STATUS_BIT) != 0,
                (flags & OVERFLOW) != 0,
                (flags & UNDERFLOW) != 0,
                header.getUnsignedByte(STATUS),
                header.getLong(Bhs.LUN),
                header.getInt(Bhs.INITIATOR_TASK_TAG),
                header.getInt(Bhs.STAT_SN),
                header.getInt(Bhs.EXP_CMD_SN),
                header.getInt(Bhs.MAX_CMD_SN),
                header.getInt(DATA_SN),
                header.getInt(BUFFER_OFFSET),
                header.getInt(RESIDUAL_COUNT));
    }

    @Override
    public void encode(ByteBuf out) {
        int start = out.writerIndex();
        out.writeZero(Bhs.BYTES);
        int flags =
                (last ? Bhs.FINAL : 0)
                        | (withStatus ? STATUS_BIT : 0)
                        | (overflow ? OVERFLOW : 0)
                        | (underflow ? UNDERFLOW : 0);
        out.setByte(start + Bhs.OPCODE, OPCODE).setByte(start + Bhs.FLAGS, flags);
        out.setByte(start + STATUS, status).setLong(start + Bhs.LUN, lun);
        out.setInt(start + Bhs.INITIATOR_TASK_TAG, initiatorTaskTag);
        out.setInt(start + Bhs.TARGET_TRANSFER_TAG, Bhs.RESERVED_TAG);
        out.setInt(start + Bhs.STAT_SN, statSn);
        out.setInt(start + Bhs.EXP_CMD_SN, expCmdSn).setInt(start + Bhs.MAX_CMD_SN, maxCmdSn);
        out.setInt(start + DATA_SN, dataSn).setInt(start + BUFFER_OFFSET, bufferOffset);
        out.setInt(start + RESIDUAL_COUNT, residual);
    }
}
