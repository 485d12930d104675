package io.ashlar.iscsi.pdu;

import io.ashlar.common.Crc32c;
import io.ashlar.common.Payload;
import io.netty.buffer.ByteBuf;

/** Writes whole PDUs: header, header digest, data, padding, data digest, RFC 7143 section 11.1. */
public final class PduEncoder {
    private boolean headerDigest;
    private boolean dataDigest;

    /** What holds from the next PDU on. */
    public void configure(boolean withHeaderDigest, boolean withDataDigest) {
        headerDigest = withHeaderDigest;
        dataDigest = withDataDigest;
    }

    /** Most bytes that a PDU with so much data takes. */
    public static int bytesMax(int dataBytes) {
        return Bhs.BYTES + Bhs.padded(dataBytes) + 2 * PduDecoder.DIGEST_BYTES;
    }

    /** Writes at {@code writerIndex}; copies the data, which is the only copy on the way out. */
    public void encode(TargetPdu pdu, Payload data, ByteBuf out) {
        int start = out.writerIndex();
        pdu.encode(out);
        int length = data.length();
        out.setMedium(start + Bhs.DATA_SEGMENT_LENGTH, length);
        if (headerDigest) {
            out.writeIntLE(Crc32c.of(out.nioBuffer(start, Bhs.BYTES)));
        }
        if (length == 0) {
            return;
        }
        int dataStart = out.writerIndex();
        out.writeBytes(data.array(), data.offset(), length);
        out.writeZero(Bhs.padded(length) - length);
        if (dataDigest) {
            out.writeIntLE(Crc32c.of(out.nioBuffer(dataStart, Bhs.padded(length))));
        }
    }
}
