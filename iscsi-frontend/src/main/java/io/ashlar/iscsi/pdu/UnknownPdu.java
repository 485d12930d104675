package io.ashlar.iscsi.pdu;

import io.netty.buffer.ByteBuf;

/** A header with an opcode that no initiator may send; it is answered with a Reject. */
public record UnknownPdu(int opcode, int initiatorTaskTag) implements InitiatorPdu {

    /** Nothing is known of a CmdSN. */
    @Override
    public boolean immediate() {
        return true;
    }

    static UnknownPdu decode(ByteBuf header) {
        return new UnknownPdu(
                header.getByte(Bhs.OPCODE) & Bhs.OPCODE_MASK,
                header.getInt(Bhs.INITIATOR_TASK_TAG));
    }

    @Override
    public void encode(ByteBuf out) {
        int start = out.writerIndex();
        out.writeZero(Bhs.BYTES);
        out.setByte(start + Bhs.OPCODE, opcode);
        out.setInt(start + Bhs.INITIATOR_TASK_TAG, initiatorTaskTag);
    }
}
