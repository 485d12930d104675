package io.ashlar.replication.transport;

import io.ashlar.common.Check;
import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.RandomSource;
import io.ashlar.replication.MessageFamily;
import io.ashlar.replication.PeerMessage;
import io.ashlar.replication.PeerTransport;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The transport between nodes over TCP. Each lane has a port, a thread and connections of its own.
 * Families are called on their lane's thread only, and must not block it. Incarnations of one node
 * must rise from process to process.
 *
 * <p>A stream that breaks is set up again after 50 ms to 1 s. A peer that shows no sign of life for
 * 5 s, or lets 64 MiB wait, loses its stream.
 */
public final class TcpTransport implements PeerTransport, AutoCloseable {
    private final TransportSettings settings;
    private final InetSocketAddress dataAddress;
    private final InetSocketAddress livenessAddress;
    private final Map<Lane, List<MessageFamily>> families = new EnumMap<>(Lane.class);
    private Set<NodeId> peers = Set.of();
    private boolean closed;
    private Map<Lane, InetSocketAddress> addresses = Map.of();

    private volatile @Nullable TransportLane data;
    private volatile @Nullable TransportLane liveness;

    /**
     * A transport that stands still until {@link #start}.
     *
     * @param dataAddress where the data lane listens; port 0 takes any
     * @param livenessAddress the same for the liveness lane
     * @param addresses where the other nodes listen
     * @param random for jitter; safe for use by several threads
     * @param onBug gets what a family throws, on the lane's thread; in production {@link
     *     EventLoopShard#haltOnBug}
     * @param isLaden whether so much of what came in waits for the disks that peers are to wait;
     *     the data lane is read slowly then. Asked often, by several threads
     */
    public TcpTransport(
            ProcessId self,
            UUID cluster,
            InetSocketAddress dataAddress,
            InetSocketAddress livenessAddress,
            PeerAddresses addresses,
            RandomSource random,
            Consumer<Throwable> onBug,
            BooleanSupplier isLaden) {
        this(
                new TransportSettings(
                        self, cluster, addresses, random, onBug, SendQueue.BYTES_MAX, isLaden),
                dataAddress,
                livenessAddress);
    }

    TcpTransport(
            TransportSettings settings,
            InetSocketAddress dataAddress,
            InetSocketAddress livenessAddress) {
        this.settings = settings;
        this.dataAddress = dataAddress;
        this.livenessAddress = livenessAddress;
        for (Lane lane : Lane.values()) {
            families.put(lane, new ArrayList<>());
        }
    }

    @Override
    public ProcessId self() {
        return settings.self();
    }

    @Override
    public synchronized void register(Lane lane, MessageFamily family) {
        Check.argument(data == null && !closed, "a family must register before the start");
        Check.argument(
                family.firstType() >= Frame.MESSAGE_TYPE_MIN
                        && family.firstType() <= family.lastType()
                        && family.lastType() <= Frame.MESSAGE_TYPE_MAX,
                "types %s..%s are not in %s..%s",
                family.firstType(),
                family.lastType(),
                Frame.MESSAGE_TYPE_MIN,
                Frame.MESSAGE_TYPE_MAX);
        for (MessageFamily other : familiesOf(lane)) {
            Check.argument(
                    family.lastType() < other.firstType() || family.firstType() > other.lastType(),
                    "types %s..%s are taken by %s",
                    family.firstType(),
                    family.lastType(),
                    other);
        }
        familiesOf(lane).add(family);
    }

    private List<MessageFamily> familiesOf(Lane lane) {
        return families.computeIfAbsent(lane, _ -> new ArrayList<>());
    }

    /**
     * Listens on both lanes, and begins to connect.
     *
     * @throws IllegalStateException if a port is in use or an address not this host's; the message
     *     says which, and what to do. Nothing is left behind then
     */
    public void start() {
        // Both lanes stand before either hears from a peer, whose message may lead to one on the
        // other. Nothing waits for a lane's thread under the lock: a family may call in here.
        TransportLane first;
        TransportLane second;
        synchronized (this) {
            Check.argument(data == null && !closed, "a transport starts once");
            first = new TransportLane(Lane.DATA, settings, familiesOf(Lane.DATA));
            second = new TransportLane(Lane.LIVENESS, settings, familiesOf(Lane.LIVENESS));
            data = first;
            liveness = second;
        }
        try {
            Map<Lane, InetSocketAddress> listening =
                    Map.of(
                            Lane.DATA, first.listen(dataAddress),
                            Lane.LIVENESS, second.listen(livenessAddress));
            synchronized (this) {
                addresses = listening;
            }
        } catch (IllegalStateException e) {
            close();
            throw e;
        }
        tellLanes();
    }

    /** Where a lane listens. */
    public synchronized InetSocketAddress address(Lane lane) {
        InetSocketAddress address = addresses.get(lane);
        if (address == null) {
            throw new IllegalStateException("not started");
        }
        return address;
    }

    /**
     * The nodes to keep streams to, in place of those given before; this one itself does not
     * matter. Streams to others end. Any thread, before or after the start.
     */
    public synchronized void peers(Collection<NodeId> nodes) {
        peers = Set.copyOf(nodes);
        tellLanes();
    }

    private synchronized void tellLanes() {
        TransportLane startedData = data;
        TransportLane startedLiveness = liveness;
        if (startedData != null && startedLiveness != null && !addresses.isEmpty() && !closed) {
            startedData.peers(peers);
            startedLiveness.peers(peers);
        }
    }

    /**
     * {@inheritDoc}
     *
     * <p>The message is encoded before this returns.
     *
     * @throws IllegalArgumentException if its body is over {@link #BODY_BYTES_MAX}
     */
    @Override
    public boolean send(Lane lane, NodeId to, PeerMessage message) {
        TransportLane through =
                switch (lane) {
                    case DATA -> data;
                    case LIVENESS -> liveness;
                };
        return through != null && through.send(to, message);
    }

    /** Ends all streams and both threads. Not to be called on a lane's thread. */
    @Override
    public void close() {
        TransportLane startedData;
        TransportLane startedLiveness;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            startedData = data;
            startedLiveness = liveness;
        }
        if (startedData != null && startedLiveness != null) {
            startedData.close();
            startedLiveness.close();
        }
    }
}
