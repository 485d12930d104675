package io.ashlar.simulation.world;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.replication.PeerMessage;
import io.ashlar.replication.PeerTransport.Lane;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The wires between the nodes: delays, stalls, cuts in one direction or both, streams that break.
 * Nothing is lost inside a stream, nothing overtakes; what a broken stream still delivers is a
 * prefix that the seed decides.
 */
public final class SimNetwork {
    /**
     * How slow the wires are.
     *
     * @param delayNanosMin fastest message
     * @param delayNanosMax slowest usual message
     * @param spikeChance how often a message takes up to {@code spikeNanosMax} instead
     * @param spikeNanosMax slowest message
     * @param codecEvery every so manieth message goes through encode and decode
     * @param closeFormerStreams whether a receiver drops what is left of a former stream before it
     *     answers a new one; only a test of the checkers says false
     */
    public record Settings(
            long delayNanosMin,
            long delayNanosMax,
            double spikeChance,
            long spikeNanosMax,
            int codecEvery,
            boolean closeFormerStreams) {}

    /** Sees every message as it leaves. */
    public interface Observer {
        void onSent(ProcessId from, NodeId to, PeerMessage message);
    }

    private record Link(NodeId from, NodeId to) {}

    private final SimWorld world;
    private final SimRandom random;
    private final Settings settings;
    private final Map<NodeId, SimTransport> transports = new TreeMap<>();
    private final Set<Link> cuts = new HashSet<>();
    private final Map<NodeId, Long> deafSinceNanos = new TreeMap<>();
    private final Map<Link, Long> stalledUntilNanos = new HashMap<>();
    private final List<SimStream> streams = new ArrayList<>();
    private Observer observer = (_, _, _) -> {};

    public SimNetwork(SimWorld world, Settings settings) {
        this.world = world;
        this.random = world.random().split();
        this.settings = settings;
    }

    /** From now on this one sees all. */
    public void observe(Observer watching) {
        observer = watching;
    }

    Observer observer() {
        return observer;
    }

    Settings settings() {
        return settings;
    }

    SimWorld world() {
        return world;
    }

    SimRandom random() {
        return random;
    }

    /** The transport of a new process; it takes the place of the node's former one. */
    public SimTransport transport(SimProcess process) {
        SimTransport transport = new SimTransport(this, process);
        transports.put(process.id().node(), transport);
        return transport;
    }

    Iterable<NodeId> nodes() {
        return new ArrayList<>(transports.keySet());
    }

    @Nullable SimTransport at(NodeId node) {
        return transports.get(node);
    }

    long delay() {
        if (random.chance(settings.spikeChance)) {
            return random.skewed(settings.delayNanosMax, settings.spikeNanosMax);
        }
        return random.between(settings.delayNanosMin, settings.delayNanosMax);
    }

    /** Whether a message from one node or host reaches the other. */
    public boolean delivers(NodeId from, NodeId to) {
        return passes(from, to) && (from.equals(to) || !deafSinceNanos.containsKey(to));
    }

    /**
     * Nothing that others send reaches a node any more, and nobody can connect to it; what it has
     * opened itself stands, the control log's connections among it.
     */
    public void deafen(NodeId node) {
        if (deafSinceNanos.putIfAbsent(node, world.nowNanos()) == null) {
            world.trace("net: %s is deaf", node);
        }
    }

    public void endDeafness(NodeId node) {
        if (deafSinceNanos.remove(node) != null) {
            world.trace("net: %s is deaf no more", node);
            for (SimStream stream : streams) {
                if (stream.to().equals(node)) {
                    stream.retransmit();
                }
            }
        }
    }

    /** For how long a node has been deaf; 0 if it is not. */
    long deafForNanos(NodeId node) {
        Long since = deafSinceNanos.get(node);
        return since == null ? 0 : Math.max(1, world.nowNanos() - since);
    }

    /** Whether packets pass from one node to the other. */
    public boolean passes(NodeId from, NodeId to) {
        return from.equals(to) || !cuts.contains(new Link(from, to));
    }

    /** Whether packets pass in both directions. */
    public boolean passesBothWays(NodeId one, NodeId other) {
        return passes(one, other) && passes(other, one);
    }

    long stalledUntil(NodeId from, NodeId to) {
        return stalledUntilNanos.getOrDefault(new Link(from, to), 0L);
    }

    /** Everything from one node to the other waits for so long. */
    public void stall(NodeId from, NodeId to, long nanos) {
        world.trace("net: stall %s -> %s for %d us", from, to, nanos / SimWorld.MICRO);
        stalledUntilNanos.put(new Link(from, to), world.nowNanos() + nanos);
    }

    /**
     * Packets from one node to the other pass no more. Streams between them break after a while.
     */
    public void cut(NodeId from, NodeId to) {
        if (!cuts.add(new Link(from, to))) {
            return;
        }
        world.trace("net: cut %s -> %s", from, to);
        for (SimStream stream : new ArrayList<>(streams)) {
            if (stream.isBetween(from, to)) {
                breakIfStillCut(stream);
            }
        }
    }

    /** A sender finds out by a timeout: with either direction cut, nothing is acknowledged. */
    void breakIfStillCut(SimStream stream) {
        world.after(
                random.skewed(200 * SimWorld.MILLI, 10 * SimWorld.SECOND),
                () -> {
                    if (!stream.isBroken() && !passesBothWays(stream.from(), stream.to())) {
                        breakStream(stream);
                    }
                });
    }

    public void heal(NodeId from, NodeId to) {
        if (cuts.remove(new Link(from, to))) {
            world.trace("net: heal %s -> %s", from, to);
            for (SimStream stream : streams) {
                if (stream.from().equals(from) && stream.to().equals(to)) {
                    stream.retransmit();
                }
            }
        }
    }

    public void healAll() {
        for (Link link : cuts.stream().sorted(SimNetwork::compare).toList()) {
            heal(link.from, link.to);
        }
        List.copyOf(deafSinceNanos.keySet()).forEach(this::endDeafness);
        stalledUntilNanos.clear();
    }

    private static int compare(Link one, Link other) {
        int byFrom = one.from.compareTo(other.from);
        return byFrom != 0 ? byFrom : one.to.compareTo(other.to);
    }

    /** Breaks what stands between two nodes, in both directions and lanes by chance. */
    public void breakStreams(NodeId one, NodeId other) {
        for (SimStream stream : new ArrayList<>(streams)) {
            if (stream.isBetween(one, other) && random.chance(0.7)) {
                breakStream(stream);
            }
        }
    }

    void add(SimStream stream) {
        streams.add(stream);
        if (!passesBothWays(stream.from(), stream.to())) {
            breakIfStillCut(stream);
        }
    }

    void breakStream(SimStream stream) {
        streams.remove(stream);
        stream.breakNow();
    }

    /** The process is gone: its peers' streams to it break; what it had sent may still arrive. */
    public void processDied(SimProcess process) {
        for (SimStream stream : new ArrayList<>(streams)) {
            if (stream.fromProcess() == process || stream.toProcess() == process) {
                breakStream(stream);
            }
        }
    }

    /** The number of lanes; streams are one per lane. */
    static Lane[] lanes() {
        return Lane.values();
    }
}
