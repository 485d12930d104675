package io.ashlar.iscsi.pdu;

import io.netty.buffer.ByteBuf;

/** Text Response, RFC 7143 section 11.11. */
public record TextResponsePdu(
        boolean last,
        boolean continued,
        long lun,
        int initiatorTaskTag,
        int targetTransferTag,
        int statSn,
        int expCmdSn,
        int maxCmdSn)
        implements TargetPdu {
    static final int OPCODE = 0x24;
    private static final int CONTINUE = 0x40;

    static TextResponsePdu decode(ByteBuf header) {
        int flags = header.getByte(Bhs.FLAGS);
        return new TextResponsePdu(
                (flags & Bhs.FINAL) != 0,
                (flags & CONTINUE) != 0,
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
        out.setByte(start + Bhs.OPCODE, OPCODE);
        out.setByte(start + Bhs.FLAGS, (last ? Bhs.FINAL : 0) | (continued ? CONTINUE : 0));
        out.setLong(start + Bhs.LUN, lun).setInt(start + Bhs.INITIATOR_TASK_TAG, initiatorTaskTag);
        out.setInt(start + Bhs.TARGET_TRANSFER_TAG, targetTransferTag);
        out.setInt(start + Bhs.STAT_SN, statSn);
        out.setInt(start + Bhs.EXP_CMD_SN, expCmdSn).setInt(start + Bhs.MAX_CMD_SN, maxCmdSn);
    }
}
