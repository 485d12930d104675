package io.ashlar.replication.transport;

import io.ashlar.replication.PeerMessage;
import io.netty.buffer.ByteBuf;

/** A numbered message with some bytes behind its number. */
record Note(long number, byte[] bytes) implements PeerMessage {
    static final int TYPE = 100;

    Note(long number) {
        this(number, new byte[0]);
    }

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        out.writeLong(number).writeBytes(bytes);
    }
}
