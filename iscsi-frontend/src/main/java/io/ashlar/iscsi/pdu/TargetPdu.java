package io.ashlar.iscsi.pdu;

import io.ashlar.common.WireFormatException;
import io.netty.buffer.ByteBuf;

/**
 * What targets send. The data segment travels beside the header.
 *
 * <pre>
 * 20h NOP-In                    {@link NopInPdu}                   11.19
 * 21h SCSI Response             {@link ScsiResponsePdu}            11.4
 * 22h Task Management Response  {@link TaskManagementResponsePdu}  11.6
 * 23h Login Response            {@link LoginResponsePdu}           11.13
 * 24h Text Response             {@link TextResponsePdu}            11.11
 * 25h SCSI Data-In              {@link DataInPdu}                  11.7
 * 26h Logout Response           {@link LogoutResponsePdu}          11.15
 * 31h R2T                       {@link R2tPdu}                     11.8
 * 32h Asynchronous Message      {@link AsyncMessagePdu}            11.9
 * 3Fh Reject                    {@link RejectPdu}                  11.17
 * </pre>
 */
public sealed interface TargetPdu
        permits NopInPdu,
                ScsiResponsePdu,
                TaskManagementResponsePdu,
                LoginResponsePdu,
                TextResponsePdu,
                DataInPdu,
                LogoutResponsePdu,
                R2tPdu,
                AsyncMessagePdu,
                RejectPdu {
    /**
     * Writes the header at {@code writerIndex}; reserved bytes are zero, so nothing stale leaks.
     */
    void encode(ByteBuf out);

    /**
     * Decodes a header of {@link Bhs#BYTES} bytes from index 0.
     *
     * @throws WireFormatException if it is none that a target sends
     */
    static TargetPdu decode(ByteBuf header) {
        int opcode = header.getByte(Bhs.OPCODE) & Bhs.OPCODE_MASK;
        return switch (opcode) {
            case NopInPdu.OPCODE -> NopInPdu.decode(header);
            case ScsiResponsePdu.OPCODE -> ScsiResponsePdu.decode(header);
            case TaskManagementResponsePdu.OPCODE -> TaskManagementResponsePdu.decode(header);
            case LoginResponsePdu.OPCODE -> LoginResponsePdu.decode(header);
            case TextResponsePdu.OPCODE -> TextResponsePdu.decode(header);
            case DataInPdu.OPCODE -> DataInPdu.decode(header);
            case LogoutResponsePdu.OPCODE -> LogoutResponsePdu.decode(header);
            case R2tPdu.OPCODE -> R2tPdu.decode(header);
            case AsyncMessagePdu.OPCODE -> AsyncMessagePdu.decode(header);
            case RejectPdu.OPCODE -> RejectPdu.decode(header);
            default -> throw new WireFormatException("no target PDU has opcode " + opcode);
        };
    }
}
