package io.ashlar.volume.wire;

import io.ashlar.common.NodeId;
import io.ashlar.common.VolumeId;
import io.ashlar.common.Wire;
import io.ashlar.common.WireFormatException;
import io.ashlar.common.reservation.ReservationCodec;
import io.ashlar.replication.PeerMessage;
import io.ashlar.volume.Reset;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** What an ingress sends to the owner of a volume. */
public sealed interface ToOwner extends PeerMessage {
    /** Longest host name, in bytes of UTF-8: iSCSI and NVMe both end at 223. */
    int HOST_BYTES_MAX = 256;

    /**
     * A part of a host's command. Numbers are the ingress process's own and never reused by it.
     *
     * @param part the part
     * @param association the association
     * @param connection the connection by which it came
     * @param command the command that it is a part of
     * @param host the host's name
     * @param initiatorPort the initiator port of its association
     * @param volume the volume
     * @param stamp how new it is, for the owner that it is sent to
     * @param former how new it is for the owner before, if that one handed the volume over
     * @param action what to do
     */
    record Part(
            long part,
            long association,
            long connection,
            long command,
            String host,
            String initiatorPort,
            VolumeId volume,
            Stamp stamp,
            @Nullable Stamp former,
            Action action)
            implements ToOwner {
        public static final int TYPE = 0x0400;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            out.writeByte(VolumeMessages.CURRENT);
            out.writeLong(part).writeLong(association).writeLong(connection).writeLong(command);
            Wire.writeString(out, host);
            Wire.writeString(out, initiatorPort);
            out.writeLong(volume.value());
            stamp.encode(out);
            Stamp other = former;
            out.writeBoolean(other != null);
            if (other != null) {
                other.encode(out);
            }
            action.encode(out);
        }

        static Part decode(ByteBuf in) {
            return new Part(
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Wire.readString(in, HOST_BYTES_MAX),
                    Wire.readString(in, ReservationCodec.PORT_BYTES_MAX),
                    VolumeMessages.readVolume(in),
                    Stamp.decode(in),
                    Wire.readBoolean(in) ? Stamp.decode(in) : null,
                    Action.decode(in));
        }
    }

    /** Which parts a {@link Control} is about. */
    enum Scope {
        /** Parts of the ingress up to a number: their answers may have been lost. */
        SETTLE(1),
        /** One command; the host is told that it is aborted. */
        ABORT(2),
        /** All of a connection that is gone. */
        CONNECTION(3),
        /** All of an association that ends. */
        ASSOCIATION(4),
        /** All of everybody; the volume is reset. */
        RESET(5),
        /** The same, as a hard reset. */
        TARGET_RESET(6),
        /** The same, as a loss of power. */
        POWER_ON_RESET(7),
        /** All of everybody; nothing else is reset. */
        CLEAR(8),
        /** All of an association, which goes on without its session reservation. */
        NEXUS(9);

        private final int code;

        Scope(int code) {
            this.code = code;
        }

        /** The one that asks for a reset. */
        public static Scope of(Reset reset) {
            return switch (reset) {
                case LOGICAL_UNIT -> RESET;
                case TARGET -> TARGET_RESET;
                case POWER_ON -> POWER_ON_RESET;
            };
        }

        /** What is reset; null if nothing is. */
        public @Nullable Reset reset() {
            return switch (this) {
                case RESET -> Reset.LOGICAL_UNIT;
                case TARGET_RESET -> Reset.TARGET;
                case POWER_ON_RESET -> Reset.POWER_ON;
                case SETTLE, ABORT, CONNECTION, ASSOCIATION, CLEAR, NEXUS -> null;
            };
        }

        /** Whether it ends the commands of all associations. */
        public boolean isOfAll() {
            return this == CLEAR || reset() != null;
        }

        /** Whether a host is told that something will not take effect, by any path. */
        public boolean isPromise() {
            return this == ABORT || this == NEXUS || isOfAll();
        }

        static Scope of(int code) {
            for (Scope scope : values()) {
                if (scope.code == code) {
                    return scope;
                }
            }
            throw new WireFormatException("scope " + code);
        }
    }

    /**
     * Drops parts that are not issued, and asks to be told when those that are issued are decided.
     *
     * @param id of this request; asked again until answered
     * @param subject a part's number for SETTLE, a command's for ABORT, a connection's for
     *     CONNECTION, else 0
     */
    record Control(
            long id, VolumeId volume, Scope scope, String host, long association, long subject)
            implements ToOwner {
        public static final int TYPE = 0x0401;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            out.writeByte(VolumeMessages.CURRENT);
            out.writeLong(id).writeLong(volume.value()).writeByte(scope.code);
            Wire.writeString(out, host);
            out.writeLong(association).writeLong(subject);
        }

        static Control decode(ByteBuf in) {
            return new Control(
                    Wire.readLong(in),
                    VolumeMessages.readVolume(in),
                    Scope.of(Wire.readByte(in)),
                    Wire.readString(in, HOST_BYTES_MAX),
                    Wire.readLong(in),
                    Wire.readLong(in));
        }
    }

    /**
     * A host has answered a ping on a connection.
     *
     * @param ownerIncarnation which process of the owner's node the tick is of
     * @param tick the newest tick that the ingress held when it sent the ping
     */
    record Pong(VolumeId volume, String host, long connection, long ownerIncarnation, long tick)
            implements ToOwner {
        public static final int TYPE = 0x0402;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            out.writeByte(VolumeMessages.CURRENT).writeLong(volume.value());
            Wire.writeString(out, host);
            out.writeLong(connection).writeLong(ownerIncarnation).writeLong(tick);
        }

        static Pong decode(ByteBuf in) {
            return new Pong(
                    VolumeMessages.readVolume(in),
                    Wire.readString(in, HOST_BYTES_MAX),
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Wire.readLong(in));
        }
    }

    /**
     * Asks the owner to move the volume.
     *
     * @param id of this request; answered by {@link ToIngress.MoveAnswer}
     */
    record Move(long id, VolumeId volume, NodeId target) implements ToOwner {
        public static final int TYPE = 0x0403;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            out.writeByte(VolumeMessages.CURRENT).writeLong(id).writeLong(volume.value());
            out.writeShort(target.value());
        }

        static Move decode(ByteBuf in) {
            return new Move(
                    Wire.readLong(in), VolumeMessages.readVolume(in), VolumeMessages.readNode(in));
        }
    }
}
