package io.ashlar.replication.transport;

import io.ashlar.common.ProcessId;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/**
 * The stream stands, and nothing of a former one will be delivered any more. 10 bytes.
 *
 * @param accepting the process that took it
 */
record HelloAck(ProcessId accepting) {
    static final int TYPE = 2;

    ByteBuf frame(ByteBufAllocator allocator) {
        ByteBuf frame = allocator.directBuffer(64).writerIndex(Frame.HEADER_BYTES);
        frame.writeShort(accepting.node().value()).writeLong(accepting.incarnation());
        Frame.seal(frame, TYPE);
        return frame;
    }

    static HelloAck decode(ByteBuf body) {
        return new HelloAck(Hello.readProcess(body));
    }
}
