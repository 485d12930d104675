package io.ashlar.simulation.world;

import io.ashlar.common.Check;
import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.replication.MessageFamily;
import io.ashlar.replication.PeerMessage;
import io.ashlar.replication.PeerTransport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The {@link PeerTransport} of one simulated process. */
public final class SimTransport implements PeerTransport {
    private static final long RETRY_NANOS_MIN = 5 * SimWorld.MILLI;
    private static final long RETRY_NANOS_MAX = 300 * SimWorld.MILLI;
    private static final long ATTEMPT_NANOS_MAX = 2 * SimWorld.SECOND;

    private record PeerLane(Lane lane, ProcessId peer) {}

    private final SimNetwork network;
    private final SimProcess process;
    private final SimShard shard;
    private final Map<Lane, List<MessageFamily>> families = new EnumMap<>(Lane.class);
    private final Map<Lane, Map<NodeId, SimStream>> outgoing = new EnumMap<>(Lane.class);
    private final Map<PeerLane, SimStream> incoming = new java.util.HashMap<>();
    private final Map<Lane, Map<NodeId, Long>> attempts = new EnumMap<>(Lane.class);
    private long lastNumber;
    private long sentCount;
    private boolean started;

    SimTransport(SimNetwork network, SimProcess process) {
        this.network = network;
        this.process = process;
        this.shard = process.shard("transport");
        for (Lane lane : SimNetwork.lanes()) {
            families.put(lane, new ArrayList<>());
            outgoing.put(lane, new TreeMap<>());
            attempts.put(lane, new TreeMap<>());
        }
    }

    SimProcess process() {
        return process;
    }

    SimShard shard() {
        return shard;
    }

    @Override
    public ProcessId self() {
        return process.id();
    }

    @Override
    public void register(Lane lane, MessageFamily family) {
        Check.argument(!started, "families are registered before the transport starts");
        families(lane).add(family);
    }

    private List<MessageFamily> families(Lane lane) {
        return java.util.Objects.requireNonNull(families.get(lane));
    }

    private Map<NodeId, SimStream> outgoing(Lane lane) {
        return java.util.Objects.requireNonNull(outgoing.get(lane));
    }

    private Map<NodeId, Long> attempts(Lane lane) {
        return java.util.Objects.requireNonNull(attempts.get(lane));
    }

    /** Begins to connect to the given nodes, and goes on for as long as the process lives. */
    public void start(Iterable<NodeId> peers) {
        started = true;
        for (Lane lane : SimNetwork.lanes()) {
            for (NodeId peer : peers) {
                if (!peer.equals(self().node())) {
                    connectLater(lane, peer);
                }
            }
        }
    }

    private void connectLater(Lane lane, NodeId peer) {
        process.after(
                network.random().skewed(RETRY_NANOS_MIN, RETRY_NANOS_MAX),
                () -> connect(lane, peer));
    }

    private void connect(Lane lane, NodeId peer) {
        SimTransport target = network.at(peer);
        if (outgoing(lane).containsKey(peer)) {
            return;
        }
        if (target == null
                || !target.started
                || !target.process.isAlive()
                || !network.passesBothWays(self().node(), peer)
                || !network.delivers(self().node(), peer)) {
            connectLater(lane, peer);
            return;
        }
        long number = ++lastNumber;
        attempts(lane).put(peer, number);
        SimStream stream = new SimStream(network, this, target, lane, number);
        network.world().after(network.delay(), () -> target.shard.execute(() -> accept(stream)));
        process.after(
                ATTEMPT_NANOS_MAX,
                () -> {
                    if (Long.valueOf(number).equals(attempts(lane).get(peer))) {
                        attempts(lane).remove(peer);
                        connectLater(lane, peer);
                    }
                });
    }

    /**
     * On the target's shard: the former stream's rest is dropped before the new one is answered.
     */
    private void accept(SimStream stream) {
        SimTransport target = stream.receiver();
        PeerLane key = new PeerLane(stream.lane(), self());
        SimStream former = target.incoming.get(key);
        if (former != null) {
            if (former.number() > stream.number()) {
                return;
            }
            if (network.settings().closeFormerStreams()) {
                former.close();
            }
        }
        target.incoming.put(key, stream);
        network.world().after(network.delay(), () -> shard.execute(() -> established(stream)));
    }

    private void established(SimStream stream) {
        Lane lane = stream.lane();
        NodeId peer = stream.to();
        boolean wanted = Long.valueOf(stream.number()).equals(attempts(lane).get(peer));
        if (!wanted || !network.passes(peer, self().node())) {
            return; // the attempt's timeout tries again
        }
        attempts(lane).remove(peer);
        if (!stream.toProcess().isAlive()) {
            connectLater(lane, peer);
            return;
        }
        outgoing(lane).put(peer, stream);
        network.add(stream);
        network.world()
                .trace(
                        "net: stream %s -> %s %s #%d stands",
                        self(), stream.toProcess(), lane, stream.number());
        stream.confirm();
        for (MessageFamily family : families(lane)) {
            family.connected(stream.toProcess().id());
        }
    }

    /** The peer's stream to this process is new: what it answered by the former may be lost. */
    void answersLost(Lane lane, ProcessId peer) {
        SimStream stream = outgoing(lane).get(peer.node());
        if (stream != null && stream.toProcess().id().equals(peer)) {
            for (MessageFamily family : families(lane)) {
                family.disconnected(peer);
            }
            for (MessageFamily family : families(lane)) {
                family.connected(peer);
            }
        }
    }

    /** The number of the stream that stands to a node, or 0. */
    long streamNumber(Lane lane, NodeId peer) {
        SimStream stream = outgoing(lane).get(peer);
        return stream == null ? 0 : stream.number();
    }

    /** The sender's side has noticed that its stream broke. */
    void broken(SimStream stream) {
        shard.execute(() -> {
            outgoing(stream.lane()).remove(stream.to(), stream);
            for (MessageFamily family : families(stream.lane())) {
                family.disconnected(stream.toProcess().id());
            }
            connectLater(stream.lane(), stream.to());
        });
    }

    @Override
    public boolean send(Lane lane, NodeId to, PeerMessage message) {
        Check.argument(started, "nothing is sent before the transport starts");
        network.observer().onSent(self(), to, message);
        if (to.equals(self().node())) {
            PeerMessage sent = checked(lane, message);
            shard.execute(() -> handOver(lane, self(), sent));
            return true;
        }
        SimStream stream = outgoing(lane).get(to);
        if (stream == null) {
            return false;
        }
        PeerMessage sent = checked(lane, message);
        process.emit(() -> stream.send(sent));
        return true;
    }

    void handOver(Lane lane, ProcessId from, PeerMessage message) {
        if (network.world().isTracing()) {
            String text = message.toString();
            network.world()
                    .trace(
                            "%s <- %s %s",
                            self(), from, text.length() > 300 ? text.substring(0, 300) : text);
        }
        family(lane, message).receive(from, message);
    }

    private MessageFamily family(Lane lane, PeerMessage message) {
        for (MessageFamily family : families(lane)) {
            if (family.firstType() <= message.type() && message.type() <= family.lastType()) {
                return family;
            }
        }
        throw new IllegalArgumentException(
                "no family of lane " + lane + " takes type " + message.type());
    }

    /** Every n-th message must survive its codec; the decoded one is what travels on. */
    private PeerMessage checked(Lane lane, PeerMessage message) {
        if (++sentCount % network.settings().codecEvery() != 0) {
            return message;
        }
        MessageFamily family = family(lane, message);
        ByteBuf body = Unpooled.buffer();
        message.encode(body);
        Check.invariant(
                body.readableBytes() <= BODY_BYTES_MAX, "%s is too long: %s", message, body);
        byte[] bytes = ByteBufUtil.getBytes(body);
        PeerMessage decoded = family.decode(message.type(), body);
        Check.invariant(
                !body.isReadable(), "%s bytes are left after %s", body.readableBytes(), decoded);
        ByteBuf again = Unpooled.buffer();
        decoded.encode(again);
        Check.invariant(
                decoded.type() == message.type()
                        && Arrays.equals(bytes, ByteBufUtil.getBytes(again)),
                "%s came back from its codec as %s",
                message,
                decoded);
        return decoded;
    }
}
