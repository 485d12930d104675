package io.ashlar.iscsi.pdu;

import io.netty.buffer.ByteBuf;

/**
 * Asynchronous Message, RFC 7143 section 11.9.
 *
 * @param parameter1 meaning depends on the event
 */
public record AsyncMessagePdu(
        long lun,
        int statSn,
        int expCmdSn,
        int maxCmdSn,
        int event,
        int parameter1,
        int parameter2,
        int parameter3)
        implements TargetPdu {
    public static final int REQUESTS_LOGOUT = 1;
    public static final int WILL_DROP_CONNECTION = 2;
    public static final int WILL_DROP_ALL_CONNECTIONS = 3;

    static final int OPCODE = 0x32;
    private static final int ASYNC_EVENT = 36;
    private static final int PARAMETER_1 = 38;
    private static final int PARAMETER_2 = 40;
    private static final int PARAMETER_3 = 42;

    static AsyncMessagePdu decode(ByteBuf header) {
        return new AsyncMessagePdu(
                header.getLong(Bhs.LUN),
                header.getInt(Bhs.STAT_SN),
                header.getInt(Bhs.EXP_CMD_SN),
                header.getInt(Bhs.MAX_CMD_SN),
                header.getUnsignedByte(ASYNC_EVENT),
                header.getUnsignedShort(PARAMETER_1),
                header.getUnsignedShort(PARAMETER_2),
                header.getUnsignedShort(PARAMETER_3));
    }

    @Override
    public void encode(ByteBuf out) {
        int start = out.writerIndex();
        out.writeZero(Bhs.BYTES);
        out.setByte(start + Bhs.OPCODE, OPCODE).setByte(start + Bhs.FLAGS, Bhs.FINAL);
        out.setLong(start + Bhs.LUN, lun).setInt(start + Bhs.INITIATOR_TASK_TAG, Bhs.RESERVED_TAG);
        out.setInt(start + Bhs.STAT_SN, statSn);
        out.setInt(start + Bhs.EXP_CMD_SN, expCmdSn).setInt(start + Bhs.MAX_CMD_SN, maxCmdSn);
        out.setByte(start + ASYNC_EVENT, event).setShort(start + PARAMETER_1, parameter1);
        out.setShort(start + PARAMETER_2, parameter2).setShort(start + PARAMETER_3, parameter3);
    }
}
