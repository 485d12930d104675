package io.ashlar.iscsi.pdu;

import io.netty.buffer.ByteBuf;

/**
 * Text Request, RFC 7143 section 11.10.
 *
 * @param last the F bit: the initiator has nothing more to say
 * @param continued the C bit: the text goes on in the next PDU
 * @param targetTransferTag {@link Bhs#RESERVED_TAG} begins an exchange, else it goes on
 */
public record TextRequestPdu(
        boolean immediate,
        boolean last,
        boolean continued,
        long lun,
        int initiatorTaskTag,
        int targetTransferTag,
        int cmdSn,
        int expStatSn)
        implements InitiatorPdu {
    static final int OPCODE = 0x04;
    private static final int CONTINUE = 0x40;

    static TextRequestPdu decode(ByteBuf header) {
        int flags = header.getByte(Bhs.FLAGS);
        return new TextRequestPdu(
                (header.getByte(Bhs.OPCODE) & Bhs.IMMEDIATE) != 0,
                (flags & Bhs.FINAL) != 0,
                (flags & CONTINUE) != 0,
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
        out.setByte(start + Bhs.FLAGS, (last ? Bhs.FINAL : 0) | (continued ? CONTINUE : 0));
        out.setLong(start + Bhs.LUN, lun).setInt(start + Bhs.INITIATOR_TASK_TAG, initiatorTaskTag);
        out.setInt(start + Bhs.TARGET_TRANSFER_TAG, targetTransferTag);
        out.setInt(start + Bhs.CMD_SN, cmdSn).setInt(start + Bhs.EXP_STAT_SN, expStatSn);
    }
}
