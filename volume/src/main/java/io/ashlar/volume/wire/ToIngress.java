package io.ashlar.volume.wire;

import io.ashlar.common.NodeId;
import io.ashlar.common.Payload;
import io.ashlar.common.Sizes;
import io.ashlar.common.VolumeId;
import io.ashlar.common.Wire;
import io.ashlar.common.WireFormatException;
import io.ashlar.replication.PeerMessage;
import io.ashlar.volume.IoError;
import io.ashlar.volume.MoveResult;
import io.ashlar.volume.Reset;
import io.netty.buffer.ByteBuf;

/**
 * What an owner sends to an ingress. Answers name the incarnation that they are for, since numbers
 * begin anew with every process.
 */
public sealed interface ToIngress extends PeerMessage {
    /** A part is done; data and checksums are of a read, else empty. */
    record PartDone(long incarnation, long part, Payload data, int[] checksums)
            implements ToIngress {
        public static final int TYPE = 0x0410;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            out.writeByte(VolumeMessages.CURRENT).writeLong(incarnation).writeLong(part);
            Wire.writePayload(out, data);
            Action.encodeChecksums(out, checksums);
        }

        static PartDone decode(ByteBuf in) {
            return new PartDone(
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Wire.readPayload(in, Sizes.PAYLOAD_BYTES_MAX),
                    Action.decodeChecksums(in));
        }
    }

    /** A part is decided, and not done. */
    record PartFailed(long incarnation, long part, IoError error) implements ToIngress {
        public static final int TYPE = 0x0411;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            out.writeByte(VolumeMessages.CURRENT).writeLong(incarnation).writeLong(part);
            out.writeByte(ErrorCodes.of(error));
        }

        static PartFailed decode(ByteBuf in) {
            return new PartFailed(
                    Wire.readLong(in), Wire.readLong(in), ErrorCodes.error(Wire.readByte(in)));
        }
    }

    /**
     * A part was refused, or given up by an owner that is deposed: {@link IoError#FENCED}.
     *
     * @param accessEpoch repeating it makes sense when an owner of at least this epoch serves
     * @param serving whether the sender serves the volume at that epoch
     * @param tick a fresh ticket of the sender
     */
    record PartRefused(
            long incarnation,
            long part,
            VolumeId volume,
            long accessEpoch,
            boolean serving,
            long tick)
            implements ToIngress {
        public static final int TYPE = 0x0412;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            out.writeByte(VolumeMessages.CURRENT).writeLong(incarnation).writeLong(part);
            out.writeLong(volume.value()).writeLong(accessEpoch);
            out.writeBoolean(serving).writeLong(tick);
        }

        static PartRefused decode(ByteBuf in) {
            return new PartRefused(
                    Wire.readLong(in),
                    Wire.readLong(in),
                    VolumeMessages.readVolume(in),
                    Wire.readLong(in),
                    Wire.readBoolean(in),
                    Wire.readLong(in));
        }
    }

    /** Answers a {@link ToOwner.Control}; not {@code done} means: ask the owner that serves. */
    record ControlDone(long incarnation, long id, boolean done) implements ToIngress {
        public static final int TYPE = 0x0413;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            out.writeByte(VolumeMessages.CURRENT).writeLong(incarnation).writeLong(id);
            out.writeBoolean(done);
        }

        static ControlDone decode(ByteBuf in) {
            return new ControlDone(Wire.readLong(in), Wire.readLong(in), Wire.readBoolean(in));
        }
    }

    /** Asks for a host's sign of life on a connection, and brings a fresh ticket. */
    record Ping(long incarnation, VolumeId volume, long connection, long tick)
            implements ToIngress {
        public static final int TYPE = 0x0414;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            out.writeByte(VolumeMessages.CURRENT).writeLong(incarnation).writeLong(volume.value());
            out.writeLong(connection).writeLong(tick);
        }

        static Ping decode(ByteBuf in) {
            return new Ping(
                    Wire.readLong(in),
                    VolumeMessages.readVolume(in),
                    Wire.readLong(in),
                    Wire.readLong(in));
        }
    }

    /** The sender serves a volume; {@code tick} is a ticket that it will take. */
    record Serving(VolumeId volume, long accessEpoch, long tick) implements ToIngress {
        public static final int TYPE = 0x0415;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            out.writeByte(VolumeMessages.CURRENT).writeLong(volume.value());
            out.writeLong(accessEpoch).writeLong(tick);
        }

        static Serving decode(ByteBuf in) {
            return new Serving(VolumeMessages.readVolume(in), Wire.readLong(in), Wire.readLong(in));
        }
    }

    /**
     * A volume was reset, by the association of that number at that ingress. Sent again when a
     * stream begins, since the former may have lost it.
     *
     * @param accessEpoch the owner's
     * @param number of this reset among those of the owner at that epoch
     */
    record VolumeReset(
            VolumeId volume,
            NodeId ingress,
            long association,
            Reset reset,
            long accessEpoch,
            long number)
            implements ToIngress {
        public static final int TYPE = 0x0416;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            out.writeByte(VolumeMessages.CURRENT).writeLong(volume.value());
            out.writeShort(ingress.value()).writeLong(association);
            out.writeByte(
                    switch (reset) {
                        case LOGICAL_UNIT -> 1;
                        case TARGET -> 2;
                        case POWER_ON -> 3;
                    });
            out.writeLong(accessEpoch).writeLong(number);
        }

        static VolumeReset decode(ByteBuf in) {
            VolumeId volume = VolumeMessages.readVolume(in);
            NodeId ingress = VolumeMessages.readNode(in);
            long association = Wire.readLong(in);
            int code = Wire.readByte(in);
            Reset reset =
                    switch (code) {
                        case 1 -> Reset.LOGICAL_UNIT;
                        case 2 -> Reset.TARGET;
                        case 3 -> Reset.POWER_ON;
                        default -> throw new WireFormatException("reset " + code);
                    };
            return new VolumeReset(
                    volume, ingress, association, reset, Wire.readLong(in), Wire.readLong(in));
        }
    }

    /** The stream by which answers go broke; some may be lost. */
    record RepliesLost() implements ToIngress {
        public static final int TYPE = 0x0417;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            out.writeByte(VolumeMessages.CURRENT);
        }
    }

    /**
     * A part was not admitted by the sender, and never will be: an owner of at least this access
     * epoch is the one to decide about it, by the stamp that it has.
     */
    record PartMoved(long incarnation, long part, long accessEpoch) implements ToIngress {
        public static final int TYPE = 0x0418;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            out.writeByte(VolumeMessages.CURRENT).writeLong(incarnation);
            out.writeLong(part).writeLong(accessEpoch);
        }

        static PartMoved decode(ByteBuf in) {
            return new PartMoved(Wire.readLong(in), Wire.readLong(in), Wire.readLong(in));
        }
    }

    /** Answers a {@link ToOwner.Move}. */
    record MoveAnswer(long incarnation, long id, MoveResult result) implements ToIngress {
        public static final int TYPE = 0x0419;

        private static final int DETAIL_BYTES_MAX = 2_000;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            out.writeByte(VolumeMessages.CURRENT).writeLong(incarnation).writeLong(id);
            out.writeByte(result.code().number()).writeLong(result.accessEpoch());
            Wire.writeString(out, result.detail());
        }

        static MoveAnswer decode(ByteBuf in) {
            return new MoveAnswer(
                    Wire.readLong(in),
                    Wire.readLong(in),
                    new MoveResult(
                            code(Wire.readByte(in)),
                            Wire.readLong(in),
                            Wire.readString(in, DETAIL_BYTES_MAX)));
        }

        private static MoveResult.Code code(int number) {
            for (MoveResult.Code code : MoveResult.Code.values()) {
                if (code.number() == number) {
                    return code;
                }
            }
            throw new WireFormatException("result of a move " + number);
        }
    }
}
