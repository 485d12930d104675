package io.ashlar.volume.wire;

import io.ashlar.common.VolumeId;
import io.ashlar.common.Wire;
import io.ashlar.common.WireFormatException;
import io.ashlar.replication.PeerMessage;
import io.netty.buffer.ByteBuf;

/**
 * What two owners say to each other about a planned move. Each names the move, by a number of the
 * former owner's process, and the access epoch that it begins from.
 *
 * <pre>
 * former owner                 new owner
 *    | ---- Offer ------------&gt;  |   notes the time: no later message can be older
 *    | &lt;--- Ready -------------  |
 *  holds, drains                 |
 *    | ---- State ------------&gt;  |
 *    | &lt;--- Taken -------------  |
 *  Raft: MoveOwnership           |
 * </pre>
 */
public sealed interface Transfer extends PeerMessage {
    VolumeId volume();

    long accessEpoch();

    long move();

    /** Why an owner moves a volume. */
    enum Cause {
        /** Somebody asked for it. */
        REQUESTED(1),
        /** Hosts' I/O came by the other node. */
        IMPLICIT(2);

        private final int code;

        Cause(int code) {
            this.code = code;
        }

        static Cause of(int code) {
            for (Cause cause : values()) {
                if (cause.code == code) {
                    return cause;
                }
            }
            throw new WireFormatException("cause " + code);
        }
    }

    /** Would the receiver take the volume? Nothing has changed so far. */
    record Offer(VolumeId volume, long accessEpoch, long move) implements Transfer {
        public static final int TYPE = 0x0420;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            encodeHead(out, this);
        }

        static Offer decode(ByteBuf in) {
            return new Offer(VolumeMessages.readVolume(in), Wire.readLong(in), Wire.readLong(in));
        }
    }

    /** The sender would take the volume. */
    record Ready(VolumeId volume, long accessEpoch, long move) implements Transfer {
        public static final int TYPE = 0x0421;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            encodeHead(out, this);
        }

        static Ready decode(ByteBuf in) {
            return new Ready(VolumeMessages.readVolume(in), Wire.readLong(in), Wire.readLong(in));
        }
    }

    /**
     * The sender has drained and admits nothing before it knows what became of the move.
     *
     * @param requestedNanos how long ago the move began, when this is sent
     * @param heldNanos how long ago the sender began to hold
     * @param drained parts that were admitted then, and are decided now
     * @param held parts that wait now
     */
    record State(
            VolumeId volume,
            long accessEpoch,
            long move,
            Cause cause,
            long requestedNanos,
            long heldNanos,
            int drained,
            int held,
            HandOver handOver)
            implements Transfer {
        public static final int TYPE = 0x0422;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            encodeHead(out, this);
            out.writeByte(cause.code).writeLong(requestedNanos).writeLong(heldNanos);
            out.writeInt(drained).writeInt(held);
            handOver.encode(out);
        }

        static State decode(ByteBuf in) {
            return new State(
                    VolumeMessages.readVolume(in),
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Cause.of(Wire.readByte(in)),
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Wire.readInt(in),
                    Wire.readInt(in),
                    HandOver.decode(in));
        }
    }

    /** The sender keeps the {@link State} until it owns the volume, or somebody else does. */
    record Taken(VolumeId volume, long accessEpoch, long move) implements Transfer {
        public static final int TYPE = 0x0423;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            encodeHead(out, this);
        }

        static Taken decode(ByteBuf in) {
            return new Taken(VolumeMessages.readVolume(in), Wire.readLong(in), Wire.readLong(in));
        }
    }

    private static void encodeHead(ByteBuf out, Transfer message) {
        out.writeByte(VolumeMessages.CURRENT).writeLong(message.volume().value());
        out.writeLong(message.accessEpoch()).writeLong(message.move());
    }
}
