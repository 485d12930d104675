package io.ashlar.replication;

import io.netty.buffer.ByteBuf;

/** A message between two nodes. Immutable: the simulation hands over the object itself. */
public interface PeerMessage {
    /** Its number on the wire; each {@link MessageFamily} owns a range. */
    int type();

    /** Appends the body, at most {@link PeerTransport#BODY_BYTES_MAX} bytes. */
    void encode(ByteBuf out);
}
