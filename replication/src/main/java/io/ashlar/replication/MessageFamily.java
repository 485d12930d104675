package io.ashlar.replication;

import io.ashlar.common.ProcessId;
import io.netty.buffer.ByteBuf;

/** The messages of one protocol: a range of types, their decoder, and where they go. */
public interface MessageFamily {
    /** First type of the range. */
    int firstType();

    /** Last type of the range. */
    int lastType();

    /**
     * Decodes a body. The buffer holds exactly the body.
     *
     * @throws io.ashlar.common.WireFormatException if it is not one; the stream is then closed
     */
    PeerMessage decode(int type, ByteBuf body);

    /**
     * Takes a message. Called on the transport's thread, in the order of the stream; it must not
     * block, and hands the message to the shard that it is for.
     */
    void receive(ProcessId from, PeerMessage message);

    /**
     * A new outgoing stream to a process stands, or the one from it is new. Whatever was sent
     * before and has not been answered may be lost, or its answer. Called on the transport's
     * thread.
     */
    void connected(ProcessId peer);

    /**
     * The outgoing stream to a process broke, or the one from it did, and with it perhaps what was
     * sent by it. Called once for each {@link #connected}, on the transport's thread.
     */
    void disconnected(ProcessId peer);
}
