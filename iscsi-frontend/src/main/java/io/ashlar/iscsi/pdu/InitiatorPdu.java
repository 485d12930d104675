package io.ashlar.iscsi.pdu;

import io.ashlar.common.WireFormatException;
import io.netty.buffer.ByteBuf;

/**
 * What initiators send. The data segment travels beside the header.
 *
 * <pre>
 * 00h NOP-Out           {@link NopOutPdu}                  11.18
 * 01h SCSI Command      {@link ScsiCommandPdu}             11.3
 * 02h Task Management   {@link TaskManagementRequestPdu}   11.5
 * 03h Login Request     {@link LoginRequestPdu}            11.12
 * 04h Text Request      {@link TextRequestPdu}             11.10
 * 05h SCSI Data-Out     {@link DataOutPdu}                 11.7
 * 06h Logout Request    {@link LogoutRequestPdu}           11.14
 * 10h SNACK             {@link SnackPdu}                   11.16
 * </pre>
 */
public sealed interface InitiatorPdu
        permits NopOutPdu,
                ScsiCommandPdu,
                TaskManagementRequestPdu,
                LoginRequestPdu,
                TextRequestPdu,
                DataOutPdu,
                LogoutRequestPdu,
                SnackPdu,
                UnknownPdu {
    /** Writes the header at {@code writerIndex}; reserved bytes are zero. */
    void encode(ByteBuf out);

    int initiatorTaskTag();

    /** The immediate bit: the PDU is acted on at once and uses up no CmdSN, section 4.2.2.1. */
    boolean immediate();

    /**
     * Decodes a header.
     *
     * @param header {@link Bhs#BYTES} bytes from index 0
     * @param additional the additional header segments, all of them, perhaps empty
     * @throws WireFormatException if the header contradicts itself
     */
    static InitiatorPdu decode(ByteBuf header, byte[] additional) {
        int opcode = header.getByte(Bhs.OPCODE) & Bhs.OPCODE_MASK;
        return switch (opcode) {
            case NopOutPdu.OPCODE -> NopOutPdu.decode(header);
            case ScsiCommandPdu.OPCODE -> ScsiCommandPdu.decode(header, additional);
            case TaskManagementRequestPdu.OPCODE -> TaskManagementRequestPdu.decode(header);
            case LoginRequestPdu.OPCODE -> LoginRequestPdu.decode(header);
            case TextRequestPdu.OPCODE -> TextRequestPdu.decode(header);
            case DataOutPdu.OPCODE -> DataOutPdu.decode(header);
            case LogoutRequestPdu.OPCODE -> LogoutRequestPdu.decode(header);
            case SnackPdu.OPCODE -> SnackPdu.decode(header);
            default -> UnknownPdu.decode(header);
        };
    }
}
