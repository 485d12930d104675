package io.ashlar.volume.wire;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.VolumeId;
import io.ashlar.common.Wire;
import io.ashlar.common.WireFormatException;
import io.ashlar.replication.PeerMessage;
import io.netty.buffer.ByteBuf;

/** Decodes this module's messages; the one table of their types. */
public final class VolumeMessages {
    /** First type of the messages of the data lane. */
    public static final int DATA_FIRST = 0x0400;

    public static final int DATA_LAST = 0x04FF;

    /** First type of the messages of the liveness lane. */
    public static final int LIVENESS_FIRST = 0x0500;

    public static final int LIVENESS_LAST = 0x05FF;

    static final int CURRENT = 3;

    private VolumeMessages() {}

    /**
     * @throws WireFormatException if the body is not one message of that type, whole
     */
    public static PeerMessage decode(int type, ByteBuf body) {
        int version = Wire.readByte(body);
        if (version != CURRENT) {
            throw new WireFormatException(
                    "volume message 0x%04x has version %d, this node knows %d: run the same release on all nodes"
                            .formatted(type, version, CURRENT));
        }
        PeerMessage message =
                switch (type) {
                    case ToOwner.Part.TYPE -> ToOwner.Part.decode(body);
                    case ToOwner.Control.TYPE -> ToOwner.Control.decode(body);
                    case ToOwner.Pong.TYPE -> ToOwner.Pong.decode(body);
                    case ToOwner.Move.TYPE -> ToOwner.Move.decode(body);
                    case ToIngress.PartDone.TYPE -> ToIngress.PartDone.decode(body);
                    case ToIngress.PartFailed.TYPE -> ToIngress.PartFailed.decode(body);
                    case ToIngress.PartRefused.TYPE -> ToIngress.PartRefused.decode(body);
                    case ToIngress.ControlDone.TYPE -> ToIngress.ControlDone.decode(body);
                    case ToIngress.Ping.TYPE -> ToIngress.Ping.decode(body);
                    case ToIngress.Serving.TYPE -> ToIngress.Serving.decode(body);
                    case ToIngress.VolumeReset.TYPE -> ToIngress.VolumeReset.decode(body);
                    case ToIngress.RepliesLost.TYPE -> new ToIngress.RepliesLost();
                    case ToIngress.PartMoved.TYPE -> ToIngress.PartMoved.decode(body);
                    case ToIngress.MoveAnswer.TYPE -> ToIngress.MoveAnswer.decode(body);
                    case Transfer.Offer.TYPE -> Transfer.Offer.decode(body);
                    case Transfer.Ready.TYPE -> Transfer.Ready.decode(body);
                    case Transfer.State.TYPE -> Transfer.State.decode(body);
                    case Transfer.Taken.TYPE -> Transfer.Taken.decode(body);
                    case Ticket.TYPE -> Ticket.decode(body);
                    default ->
                            throw new WireFormatException(
                                    "volume message of unknown type 0x%04x".formatted(type));
                };
        if (body.isReadable()) {
            throw new WireFormatException(
                    "volume message 0x%04x has %d bytes too many"
                            .formatted(type, body.readableBytes()));
        }
        return message;
    }

    static VolumeId readVolume(ByteBuf in) {
        long value = Wire.readLong(in);
        if (value <= 0) {
            throw new WireFormatException("volume id " + value);
        }
        return new VolumeId(value);
    }

    static NodeId readNode(ByteBuf in) {
        int node = Wire.readShort(in);
        if (node == 0) {
            throw new WireFormatException("node 0");
        }
        return new NodeId(node);
    }

    static void writeProcess(ByteBuf out, ProcessId process) {
        out.writeShort(process.node().value()).writeLong(process.incarnation());
    }

    static ProcessId readProcess(ByteBuf in) {
        return new ProcessId(readNode(in), Wire.readLong(in));
    }
}
