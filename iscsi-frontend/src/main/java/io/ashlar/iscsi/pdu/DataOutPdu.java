package io.ashlar.iscsi.pdu;

import io.netty.buffer.ByteBuf;

/**
 * SCSI Data-Out, RFC 7143 section 11.7.
 *
 * @param last the F bit: the sequence ends with this PDU
 * @param targetTransferTag of the R2T that asked for it; {@link Bhs#RESERVED_TAG} if none did
 * @param dataSn number in its sequence
 * @param bufferOffset where in the command's data it belongs, bytes, unsigned
 */
public record DataOutPdu(
        boolean last,
        long lun,
        int initiatorTaskTag,
        int targetTransferTag,
        int expStatSn,
        int dataSn,
        int bufferOffset)
        implements InitiatorPdu {
    static final int OPCODE = 0x05;
    private static final int DATA_SN = 36;
    private static final int BUFFER_OFFSET = 40;

    /** Data carries no CmdSN. */
    @Override
    public boolean immediate() {
        return true;
    }

    static DataOutPdu decode(ByteBuf header) {
        return new DataOutPdu(
                (header.getByte(Bhs.FLAGS) & Bhs.FINAL) != 0,
                header.getLong(Bhs.LUN),
                header.getInt(Bhs.INITIATOR_TASK_TAG),
                header.getInt(Bhs.TARGET_TRANSFER_TAG),
                header.getInt(Bhs.EXP_STAT_SN),
                header.getInt(DATA_SN),
                header.getInt(BUFFER_OFFSET));
    }

    @Override
    public void encode(ByteBuf out) {
        int start = out.writerIndex();
        out.writeZero(Bhs.BYTES);
        out.setByte(start + Bhs.OPCODE, OPCODE);
        out.setByte(start + Bhs.FLAGS, last ? Bhs.FINAL : 0).setLong(start + Bhs.LUN, lun);
        out.setInt(start + Bhs.INITIATOR_TASK_TAG, initiatorTaskTag);
        out.setInt(start + Bhs.TARGET_TRANSFER_TAG, targetTransferTag);
        out.setInt(start + Bhs.EXP_STAT_SN, expStatSn);
        out.setInt(start + DATA_SN, dataSn).setInt(start + BUFFER_OFFSET, bufferOffset);
    }
}
