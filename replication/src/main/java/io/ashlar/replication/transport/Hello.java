package io.ashlar.replication.transport;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Wire;
import io.ashlar.common.WireFormatException;
import io.ashlar.replication.PeerTransport.Lane;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.UUID;

/**
 * First frame of a connection: asks for a stream. 37 bytes; this layout never changes, though later
 * versions may append to it.
 *
 * @param cluster of the sender
 * @param from the sender
 * @param to the node that it means to talk to
 * @param lane 0 liveness, 1 data
 * @param stream higher than any that this process asked for before
 */
record Hello(UUID cluster, ProcessId from, NodeId to, Lane lane, long stream) {
    static final int TYPE = 1;

    ByteBuf frame(ByteBufAllocator allocator) {
        ByteBuf frame = allocator.directBuffer(128).writerIndex(Frame.HEADER_BYTES);
        Wire.writeUuid(frame, cluster);
        frame.writeShort(from.node().value()).writeLong(from.incarnation());
        frame.writeShort(to.value());
        frame.writeByte(
                switch (lane) {
                    case LIVENESS -> 0;
                    case DATA -> 1;
                });
        frame.writeLong(stream);
        Frame.seal(frame, TYPE);
        return frame;
    }

    static Hello decode(ByteBuf body) {
        UUID cluster = Wire.readUuid(body);
        ProcessId from = readProcess(body);
        NodeId to = readNode(body);
        int laneCode = Wire.readByte(body);
        Lane lane =
                switch (laneCode) {
                    case 0 -> Lane.LIVENESS;
                    case 1 -> Lane.DATA;
                    default -> throw new WireFormatException("lane " + laneCode);
                };
        return new Hello(cluster, from, to, lane, Wire.readLong(body));
    }

    static ProcessId readProcess(ByteBuf body) {
        return new ProcessId(readNode(body), Wire.readLong(body));
    }

    private static NodeId readNode(ByteBuf body) {
        int value = Wire.readShort(body);
        if (value == 0) {
            throw new WireFormatException("node id 0");
        }
        return new NodeId(value);
    }
}
