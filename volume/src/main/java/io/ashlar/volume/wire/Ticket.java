package io.ashlar.volume.wire;

import io.ashlar.common.Wire;
import io.ashlar.replication.PeerMessage;
import io.netty.buffer.ByteBuf;

/**
 * A node's newest ticket as owner (DESIGN section 6, rule 6), and its sign of life. It is of the
 * process that sent it.
 *
 * @param tick rises by one or more about every second, from 1
 */
public record Ticket(long tick) implements PeerMessage {
    public static final int TYPE = 0x0500;

    @Override
    public int type() {
        return TYPE;
    }

    @Override
    public void encode(ByteBuf out) {
        out.writeByte(VolumeMessages.CURRENT).writeLong(tick);
    }

    static Ticket decode(ByteBuf in) {
        return new Ticket(Wire.readLong(in));
    }
}
