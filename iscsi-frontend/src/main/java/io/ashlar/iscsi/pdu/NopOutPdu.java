package io.ashlar.iscsi.pdu;

import io.netty.buffer.ByteBuf;

/**
 * NOP-Out, RFC 7143 section 11.18: a ping, or the answer to a target's ping.
 *
 * @param initiatorTaskTag {@link Bhs#RESERVED_TAG} if no answer is wanted
 * @param targetTransferTag the tag of the NOP-In that this answers, or {@link Bhs#RESERVED_TAG}
 */
public record NopOutPdu(
        boolean immediate,
        long lun,
        int initiatorTaskTag,
        int targetTransferTag,
        int cmdSn,
        int expStatSn)
        implements InitiatorPdu {
    static final int OPCODE = 0x00;

    static NopOutPdu decode(ByteBuf header) {
        return new NopOutPdu(
                (header.getByte(Bhs.OPCODE) & Bhs.IMMEDIATE) != 0,
                header.getLong(Bhs.LUN),
                header.getInt(Bhs.INITIATOR_TASK_TAG),
                header.getInt(Bhs.TARGET_TRANSFER_TAG),
                header.getInt(Bhs.CMD_SN),
                header.getInt(Bhs.EXP_STAT_SN));
    }

    @Override
    public void encode(ByteBuf out) {
        int start = out.writerIndex();
        out.writeZero(Bhs.BYTES);
        out.setByte(start + Bhs.OPCODE, OPCODE | (immediate ? Bhs.IMMEDIATE : 0));
        out.setByte(start + Bhs.FLAGS, Bhs.FINAL).setLong(start + Bhs.LUN, lun);
        out.setInt(start + Bhs.INITIATOR_TASK_TAG, initiatorTaskTag);
        out.setInt(start + Bhs.TARGET_TRANSFER_TAG, targetTransferTag);
        out.setInt(start + Bhs.CMD_SN, cmdSn).setInt(start + Bhs.EXP_STAT_SN, expStatSn);
    }
}
