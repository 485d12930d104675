package io.ashlar.simulation.world;

import io.ashlar.common.NodeId;
import io.ashlar.replication.PeerMessage;
import io.ashlar.replication.PeerTransport.Lane;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** One numbered stream from a process to another: in order, nothing twice, and its end unknown. */
final class SimStream {
    private static final class Envelope {
        /** Null for the first one, which only says that the stream stands. */
        final @Nullable PeerMessage message;

        long arrivesAtNanos;

        Envelope(@Nullable PeerMessage message, long arrivesAtNanos) {
            this.message = message;
            this.arrivesAtNanos = arrivesAtNanos;
        }
    }

    private final SimNetwork network;
    private final SimTransport sender;
    private final SimTransport receiver;
    private final Lane lane;
    private final long number;
    private final ArrayDeque<Envelope> inFlight = new ArrayDeque<>();
    private long lastArrivalNanos;
    private boolean broken;
    private boolean closed;

    SimStream(
            SimNetwork network,
            SimTransport sender,
            SimTransport receiver,
            Lane lane,
            long number) {
        this.network = network;
        this.sender = sender;
        this.receiver = receiver;
        this.lane = lane;
        this.number = number;
    }

    NodeId from() {
        return sender.self().node();
    }

    NodeId to() {
        return receiver.self().node();
    }

    SimTransport receiver() {
        return receiver;
    }

    SimProcess fromProcess() {
        return sender.process();
    }

    SimProcess toProcess() {
        return receiver.process();
    }

    Lane lane() {
        return lane;
    }

    long number() {
        return number;
    }

    boolean isBroken() {
        return broken;
    }

    boolean isBetween(NodeId one, NodeId other) {
        return (from().equals(one) && to().equals(other))
                || (from().equals(other) && to().equals(one));
    }

    /** The receiver takes nothing more of it, not even what has arrived and was not handed over. */
    void close() {
        closed = true;
        inFlight.clear();
    }

    /** Tells the receiver that the stream stands: answers to it may have been lost before. */
    void confirm() {
        post(null);
    }

    void send(PeerMessage message) {
        post(message);
    }

    private void post(@Nullable PeerMessage message) {
        if (broken) {
            return; // into the socket's buffer, and lost with it
        }
        long now = network.world().nowNanos();
        long arrival = now + network.delay();
        arrival = Math.max(arrival, network.stalledUntil(from(), to()));
        lastArrivalNanos = Math.max(arrival, lastArrivalNanos);
        inFlight.add(new Envelope(message, lastArrivalNanos));
        network.world().after(lastArrivalNanos - now, this::arrive);
    }

    /** After a cut has healed, everything that is on its way starts again. */
    void retransmit() {
        long now = network.world().nowNanos();
        for (Envelope envelope : inFlight) {
            if (envelope.arrivesAtNanos <= now) {
                lastArrivalNanos = Math.max(lastArrivalNanos, now + network.delay());
                envelope.arrivesAtNanos = lastArrivalNanos;
                network.world().after(lastArrivalNanos - now, this::arrive);
            } else {
                envelope.arrivesAtNanos = Math.max(envelope.arrivesAtNanos, lastArrivalNanos);
                network.world().after(envelope.arrivesAtNanos - now, this::arrive);
            }
        }
    }

    private void arrive() {
        Envelope head = inFlight.peek();
        if (head == null
                || head.arrivesAtNanos > network.world().nowNanos()
                || !network.delivers(from(), to())) {
            return;
        }
        inFlight.poll();
        receiver.shard().execute(() -> handOver(head.message));
    }

    private void handOver(@Nullable PeerMessage message) {
        if (closed) {
            return;
        }
        if (message == null) {
            receiver.answersLost(lane, sender.self());
        } else {
            receiver.handOver(lane, sender.self(), message);
        }
    }

    /** A prefix of what is on its way still arrives; the sender learns of the break later. */
    void breakNow() {
        broken = true;
        int surviving =
                network.delivers(from(), to()) ? network.random().nextInt(inFlight.size() + 1) : 0;
        network.world()
                .trace(
                        "net: stream %s -> %s %s #%d breaks, %d of %d survive",
                        sender.self(), receiver.self(), lane, number, surviving, inFlight.size());
        while (inFlight.size() > surviving) {
            inFlight.removeLast();
        }
        long notice = network.random().skewed(50 * SimWorld.MICRO, 300 * SimWorld.MILLI);
        network.world().after(notice, () -> sender.broken(this));
    }
}
