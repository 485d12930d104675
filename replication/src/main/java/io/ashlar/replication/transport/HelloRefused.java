package io.ashlar.replication.transport;

import io.ashlar.common.Wire;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/**
 * No stream; the connection closes behind it. This layout never changes, and the frame's version
 * says what the accepting process speaks.
 *
 * @param reason for a person to read, at most {@link #REASON_BYTES_MAX} bytes in UTF-8
 */
record HelloRefused(String reason) {
    static final int TYPE = 3;
    static final int REASON_BYTES_MAX = 512;

    ByteBuf frame(ByteBufAllocator allocator) {
        ByteBuf frame = allocator.directBuffer(256).writerIndex(Frame.HEADER_BYTES);
        Wire.writeString(frame, reason);
        Frame.seal(frame, TYPE);
        return frame;
    }

    static HelloRefused decode(ByteBuf body) {
        return new HelloRefused(Wire.readString(body, REASON_BYTES_MAX));
    }
}
