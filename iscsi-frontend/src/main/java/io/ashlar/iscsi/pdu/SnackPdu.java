package io.ashlar.iscsi.pdu;

import io.netty.buffer.ByteBuf;

/** SNACK Request, RFC 7143 section 11.16; only with an ErrorRecoveryLevel above 0. */
public record SnackPdu(
        int type,
        long lun,
        int initiatorTaskTag,
        int targetTransferTag,
        int expStatSn,
        int begRun,
        int runLength)
        implements InitiatorPdu {
    static final int OPCODE = 0x10;
    private static final int TYPE_MASK = 0x0F;
    private static final int BEG_RUN = 40;
    private static final int RUN_LENGTH = 44;

    /** It carries no CmdSN. */
    @Override
    public boolean immediate() {
        return true;
    }

    static SnackPdu decode(ByteBuf header) {
        return new SnackPdu(
                header.getByte(Bhs.FLAGS) & TYPE_MASK,
                header.getLong(Bhs.LUN),
                header.getInt(Bhs.INITIATOR_TASK_TAG),
                header.getInt(Bhs.TARGET_TRANSFER_TAG),
                header.getInt(Bhs.EXP_STAT_SN),
                header.getInt(BEG_RUN),
                header.getInt(RUN_LENGTH));
    }

    @Override
    public void encode(ByteBuf out) {
        int start = out.writerIndex();
        out.writeZero(Bhs.BYTES);
        out.setByte(start + Bhs.OPCODE, OPCODE).setByte(start + Bhs.FLAGS, Bhs.FINAL | type);
        out.setLong(start + Bhs.LUN, lun).setInt(start + Bhs.INITIATOR_TASK_TAG, initiatorTaskTag);
        out.setInt(start + Bhs.TARGET_TRANSFER_TAG, targetTransferTag);
        out.setInt(start + Bhs.EXP_STAT_SN, expStatSn);
        out.setInt(start + BEG_RUN, begRun).setInt(start + RUN_LENGTH, runLength);
    }
}
