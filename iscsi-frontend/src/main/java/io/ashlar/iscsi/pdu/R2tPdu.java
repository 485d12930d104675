package io.ashlar.iscsi.pdu;

import io.netty.buffer.ByteBuf;

/**
 * Ready To Transfer, RFC 7143 section 11.8. No data segment.
 *
 * @param statSn the next StatSN, which it does not use up
 * @param bufferOffset where in the command's data the wanted part begins, bytes
 * @param length how much is wanted, bytes, at most MaxBurstLength
 */
public record R2tPdu(
        long lun,
        int initiatorTaskTag,
        int targetTransferTag,
        int statSn,
        int expCmdSn,
        int maxCmdSn,
        int r2tSn,
        int bufferOffset,
        int length)
        implements TargetPdu {
    static final int OPCODE = 0x31;
    private static final int R2T_SN = 36;
    private static final int BUFFER_OFFSET = 40;
    private static final int DESIRED_LENGTH = 44;

    static R2tPdu decode(ByteBuf header) {
        return new R2tPdu(
                header.getLong(Bhs.LUN),
                header.getInt(Bhs.INITIATOR_TASK_TAG),
                header.getInt(Bhs.TARGET_TRANSFER_TAG),
                header.getInt(Bhs.STAT_SN),
                header.getInt(Bhs.EXP_CMD_SN),
                header.getInt(Bhs.MAX_CMD_SN),
                header.getInt(R2T_SN),
                header.getInt(BUFFER_OFFSET),
                header.getInt(DESIRED_LENGTH));
    }

    @Override
    public void encode(ByteBuf out) {
        int start = out.writerIndex();
        out.writeZero(Bhs.BYTES);
        out.setByte(start + Bhs.OPCODE, OPCODE).setByte(start + Bhs.FLAGS, Bhs.FINAL);
        out.setLong(start + Bhs.LUN, lun).setInt(start + Bhs.INITIATOR_TASK_TAG, initiatorTaskTag);
        out.setInt(start + Bhs.TARGET_TRANSFER_TAG, targetTransferTag);
        out.setInt(start + Bhs.STAT_SN, statSn);
        out.setInt(start + Bhs.EXP_CMD_SN, expCmdSn).setInt(start + Bhs.MAX_CMD_SN, maxCmdSn);
        out.setInt(start + R2T_SN, r2tSn).setInt(start + BUFFER_OFFSET, bufferOffset);
        out.setInt(start + DESIRED_LENGTH, length);
    }
}
