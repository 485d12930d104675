package io.ashlar.replication.group;

import io.ashlar.common.BlockRange;
import io.ashlar.common.Payload;
import io.ashlar.common.Wire;
import io.ashlar.common.WireFormatException;
import io.ashlar.replication.wire.Codec;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;

/**
 * What a learner that is not level yet has noted on its device: everything it is to be sent stays
 * here until it is level (DESIGN section 5, "Learner").
 *
 * @param trusted its log is one with the group's only up to this sequence
 * @param allDirty it may lack anything
 * @param dirty what it may lack otherwise
 */
record LearnState(long trusted, boolean allDirty, List<BlockRange> dirty) {
    private static final int VERSION = 1;

    /** On the device: version, whether there is a learn state, the state. */
    static Payload encode(@org.jspecify.annotations.Nullable LearnState state) {
        ByteBuf out = Unpooled.buffer();
        out.writeByte(VERSION).writeBoolean(state != null);
        if (state != null) {
            out.writeLong(state.trusted).writeBoolean(state.allDirty);
            Codec.writeRanges(out, state.dirty);
        }
        byte[] bytes = new byte[out.readableBytes()];
        out.readBytes(bytes);
        return Payload.of(bytes);
    }

    static @org.jspecify.annotations.Nullable LearnState decode(Payload payload) {
        if (payload.length() == 0) {
            return null;
        }
        ByteBuf in = Unpooled.wrappedBuffer(payload.array(), payload.offset(), payload.length());
        int version = Wire.readByte(in);
        if (version != VERSION) {
            throw new WireFormatException(
                    "placement group state of version "
                            + version
                            + ", this node knows "
                            + VERSION
                            + ": it was written by a newer Ashlar, upgrade this node");
        }
        if (!Wire.readBoolean(in)) {
            return null;
        }
        return new LearnState(Wire.readLong(in), Wire.readBoolean(in), Codec.readRanges(in));
    }
}
