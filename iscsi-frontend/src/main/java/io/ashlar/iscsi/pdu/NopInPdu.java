package io.ashlar.iscsi.pdu;

import io.netty.buffer.ByteBuf;

/**
 * NOP-In, RFC 7143 section 11.19: the answer to a ping, or a ping of the target.
 *
 * @param targetTransferTag {@link Bhs#RESERVED_TAG} unless the target wants an answer
 * @param statSn not used up by a ping of the target
 */
public record NopInPdu(
        long lun,
        int initiatorTaskTag,
        int targetTransferTag,
        int statSn,
        int expCmdSn,
        int maxCmdSn)
        implements TargetPdu {
    static final int OPCODE = 0x20;

    static NopInPdu decode(ByteBuf header) {
        return new NopInPdu(
                header.getLong(Bhs.LUN),
                header.getInt(Bhs.INITIATOR_TASK_TAG),
                header.getInt(Bhs.TARGET_TRANSFER_TAG),
                header.getInt(Bhs.STAT_SN),
                header.getInt(Bhs.EXP_CMD_SN),
                header.getInt(Bhs.MAX_CMD_SN));
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
    }
}
