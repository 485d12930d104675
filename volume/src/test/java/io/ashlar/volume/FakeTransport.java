package io.ashlar.volume;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.replication.MessageFamily;
import io.ashlar.replication.PeerMessage;
import io.ashlar.replication.PeerTransport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Streams that delay, stall and break, and that encode and decode every message. */
final class FakeTransport implements PeerTransport {
    private final class Stream {
        final NodeId to;
        boolean isUp;
        long generation;
        long tailNanos;

        Stream(NodeId to) {
            this.to = to;
        }
    }

    private final FakeWorld world;
    private final FakeWorld.FakeNode node;
    private final SortedMap<Lane, List<MessageFamily>> families = new TreeMap<>();
    private final SortedMap<Lane, SortedMap<NodeId, Stream>> streams = new TreeMap<>();

    /** Messages that are lost on their way to tests that look. */
    final List<PeerMessage> sent = new ArrayList<>();

    FakeTransport(FakeWorld world, FakeWorld.FakeNode node) {
        this.world = world;
        this.node = node;
    }

    @Override
    public ProcessId self() {
        return node.self;
    }

    @Override
    public void register(Lane lane, MessageFamily family) {
        families.computeIfAbsent(lane, _ -> new ArrayList<>()).add(family);
    }

    void connectAll() {
        for (Lane lane : Lane.values()) {
            for (NodeId to : world.nodes.keySet()) {
                if (!to.equals(node.self.node())) {
                    connect(lane, to);
                }
            }
        }
    }

    void connect(Lane lane, NodeId to) {
        Stream stream =
                streams.computeIfAbsent(lane, _ -> new TreeMap<>())
                        .computeIfAbsent(to, Stream::new);
        if (stream.isUp) {
            return;
        }
        stream.isUp = true;
        stream.generation++;
        ProcessId peer = world.nodes.get(to).self;
        families.getOrDefault(lane, List.of()).forEach(family -> family.connected(peer));
    }

    /** What was not delivered by now is lost. */
    void disconnect(Lane lane, NodeId to) {
        Stream stream = streams.get(lane).get(to);
        if (!stream.isUp) {
            return;
        }
        stream.isUp = false;
        stream.generation++;
        ProcessId peer = world.nodes.get(to).self;
        families.getOrDefault(lane, List.of()).forEach(family -> family.disconnected(peer));
    }

    /** Holds back what goes to a node, without breaking the stream. */
    void stall(Lane lane, NodeId to, long nanos) {
        Stream stream = streams.get(lane).get(to);
        stream.tailNanos = Math.max(stream.tailNanos, world.nanos() + nanos);
    }

    @Override
    public boolean send(Lane lane, NodeId to, PeerMessage message) {
        Stream stream = streams.getOrDefault(lane, new TreeMap<>()).get(to);
        if (stream == null || !stream.isUp) {
            return false;
        }
        sent.add(message);
        ByteBuf body = Unpooled.buffer();
        message.encode(body);
        if (body.readableBytes() > BODY_BYTES_MAX) {
            throw new AssertionError("body of " + body.readableBytes());
        }
        long generation = stream.generation;
        stream.tailNanos =
                Math.max(stream.tailNanos, world.nanos() + 1 + world.upTo(world.messageDelayNanos));
        FakeWorld.FakeNode target = world.nodes.get(to);
        int type = message.type();
        world.at(
                stream.tailNanos - world.nanos(),
                () -> {
                    if (stream.generation == generation) {
                        world.post(
                                world.nanos(),
                                target,
                                () -> target.transport.receive(lane, node.self, type, body));
                    }
                });
        return true;
    }

    private void receive(Lane lane, ProcessId from, int type, ByteBuf body) {
        for (MessageFamily family : families.get(lane)) {
            if (family.firstType() <= type && type <= family.lastType()) {
                family.receive(from, family.decode(type, body));
            }
        }
    }
}
