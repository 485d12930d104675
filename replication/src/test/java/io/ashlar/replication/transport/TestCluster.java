package io.ashlar.replication.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.RandomSource;
import io.ashlar.replication.PeerTransport.Lane;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;

/** Transports of one JVM that find each other on loopback addresses. */
final class TestCluster implements AutoCloseable {
    static final UUID CLUSTER = new UUID(7, 9);
    private static final InetSocketAddress ANY = new InetSocketAddress("127.0.0.1", 0);

    final List<Throwable> bugs = new ArrayList<>();
    private final Map<NodeId, Map<Lane, InetSocketAddress>> addresses = new ConcurrentHashMap<>();
    private final List<Peer> peers = new ArrayList<>();

    /** One transport and what its families were told. */
    static final class Peer {
        final TcpTransport transport;
        final NoteFamily data = new NoteFamily();
        final NoteFamily liveness = new NoteFamily();

        private Peer(TcpTransport transport) {
            this.transport = transport;
        }

        ProcessId id() {
            return transport.self();
        }

        boolean send(NodeId to, long number) {
            return transport.send(Lane.DATA, to, new Note(number));
        }
    }

    /** Whether all of them have more than they can hold. */
    final AtomicBoolean isLaden = new AtomicBoolean();

    static NodeId node(int id) {
        return new NodeId(id);
    }

    /** Not started. */
    Peer create(int node, long incarnation, UUID cluster, long queueBytesMax) {
        TransportSettings settings =
                new TransportSettings(
                        new ProcessId(node(node), incarnation),
                        cluster,
                        (lane, peer) ->
                                Optional.ofNullable(addresses.get(peer))
                                        .map(lanes -> lanes.get(lane)),
                        RandomSource.system(),
                        bugs::add,
                        queueBytesMax,
                        isLaden::get);
        Peer peer = new Peer(new TcpTransport(settings, ANY, ANY));
        peer.transport.register(Lane.DATA, peer.data);
        peer.transport.register(Lane.LIVENESS, peer.liveness);
        peers.add(peer);
        return peer;
    }

    Peer start(int node, long incarnation) {
        Peer peer = create(node, incarnation, CLUSTER, SendQueue.BYTES_MAX);
        start(peer);
        return peer;
    }

    void start(Peer peer) {
        peer.transport.start();
        publish(peer);
    }

    void publish(Peer peer) {
        addresses.put(
                peer.id().node(),
                Map.of(
                        Lane.DATA, peer.transport.address(Lane.DATA),
                        Lane.LIVENESS, peer.transport.address(Lane.LIVENESS)));
    }

    void publish(NodeId node, InetSocketAddress both) {
        addresses.put(node, Map.of(Lane.DATA, both, Lane.LIVENESS, both));
    }

    static void await(Callable<Boolean> condition) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(5))
                .until(condition);
    }

    @Override
    public void close() {
        peers.forEach(peer -> peer.transport.close());
        assertThat(bugs).as("exceptions out of families").isEmpty();
    }
}
