package io.ashlar.replication.transport;

import io.ashlar.common.Check;
import io.ashlar.common.Crc32c;
import io.ashlar.common.WireFormatException;
import io.ashlar.replication.PeerMessage;
import io.ashlar.replication.PeerTransport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/**
 * A header of 32 bytes and a body, as the package's description draws it. Static accessors over the
 * buffer: one of these goes by for every message. A frame is sealed where it is made, and stamped
 * with its sequence number on the event loop, where the order is known.
 */
final class Frame {
    static final int MAGIC = 0x4153484C;
    static final int VERSION = 1;
    static final int HEADER_BYTES = 32;

    /** Types below are the transport's own. */
    static final int MESSAGE_TYPE_MIN = 16;

    static final int MESSAGE_TYPE_MAX = 0xFFFF;
    static final int BEAT = 4;

    private static final int VERSION_AT = 4;
    private static final int TYPE_AT = 6;
    private static final int FLAGS_AT = 8;
    private static final int BODY_BYTES_AT = 12;
    private static final int SEQUENCE_AT = 16;
    private static final int BODY_CRC_AT = 24;
    private static final int HEADER_CRC_AT = 28;

    private Frame() {}

    /**
     * Makes a frame of a message, but for its sequence number. The caller owns it.
     *
     * @param bodyBytesHint as large as the body probably is
     */
    static ByteBuf ofMessage(ByteBufAllocator allocator, PeerMessage message, int bodyBytesHint) {
        ByteBuf frame =
                allocator.directBuffer(
                        HEADER_BYTES + bodyBytesHint, HEADER_BYTES + PeerTransport.BODY_BYTES_MAX);
        try {
            frame.writerIndex(HEADER_BYTES);
            message.encode(frame);
            seal(frame, message.type());
            return frame.retain();
        } finally {
            frame.release();
        }
    }

    /** A sign of life. The caller owns it. */
    static ByteBuf beat(ByteBufAllocator allocator) {
        ByteBuf frame = allocator.directBuffer(HEADER_BYTES).writerIndex(HEADER_BYTES);
        seal(frame, BEAT);
        return frame;
    }

    /** Fills the header of a frame whose body stands behind it, except for the sequence number. */
    static void seal(ByteBuf frame, int type) {
        int bodyBytes = frame.writerIndex() - HEADER_BYTES;
        Check.argument(
                bodyBytes <= PeerTransport.BODY_BYTES_MAX,
                "message of type %s with a body of %s bytes",
                type,
                bodyBytes);
        frame.setInt(0, MAGIC).setShort(VERSION_AT, VERSION).setShort(TYPE_AT, type);
        frame.setInt(FLAGS_AT, 0).setInt(BODY_BYTES_AT, bodyBytes);
        frame.setInt(BODY_CRC_AT, crc(frame, HEADER_BYTES, bodyBytes));
    }

    /** Gives a sealed frame its place in the stream. */
    static void stamp(ByteBuf frame, long sequence) {
        frame.setLong(SEQUENCE_AT, sequence);
        frame.setInt(HEADER_CRC_AT, crc(frame, 0, HEADER_CRC_AT));
    }

    /**
     * Checks the header at the reader index, which does not move.
     *
     * @throws WireFormatException saying what is wrong
     */
    static void checkHeader(ByteBuf in, long sequence, int bodyBytesMax) {
        int at = in.readerIndex();
        if (in.getInt(at) != MAGIC) {
            throw new WireFormatException("no magic: not a node of this product");
        }
        if (in.getInt(at + HEADER_CRC_AT) != crc(in, at, HEADER_CRC_AT)) {
            throw new WireFormatException("header checksum differs");
        }
        long found = in.getLong(at + SEQUENCE_AT);
        if (found != sequence) {
            throw new WireFormatException("frame " + found + " where " + sequence + " was due");
        }
        int bodyBytes = in.getInt(at + BODY_BYTES_AT);
        if (bodyBytes < 0 || bodyBytes > bodyBytesMax) {
            throw new WireFormatException(
                    "body of " + bodyBytes + " bytes, limit " + bodyBytesMax + " here");
        }
    }

    static int version(ByteBuf in) {
        return in.getUnsignedShort(in.readerIndex() + VERSION_AT);
    }

    static int type(ByteBuf in) {
        return in.getUnsignedShort(in.readerIndex() + TYPE_AT);
    }

    static int flags(ByteBuf in) {
        return in.getInt(in.readerIndex() + FLAGS_AT);
    }

    static int bodyBytes(ByteBuf in) {
        return in.getInt(in.readerIndex() + BODY_BYTES_AT);
    }

    static int bodyCrc(ByteBuf in) {
        return in.getInt(in.readerIndex() + BODY_CRC_AT);
    }

    /** CRC-32C of a part of a buffer of one piece. */
    static int crc(ByteBuf buffer, int index, int bytes) {
        return Crc32c.of(buffer.internalNioBuffer(index, bytes));
    }
}
