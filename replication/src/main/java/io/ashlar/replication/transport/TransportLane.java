package io.ashlar.replication.transport;

import io.ashlar.common.Check;
import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.WireFormatException;
import io.ashlar.replication.MessageFamily;
import io.ashlar.replication.PeerMessage;
import io.ashlar.replication.PeerTransport.Lane;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.socket.SocketChannel;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One lane: a listener, an event loop that does everything for it, its connections both ways. The
 * one loop is what makes the order of an old and a new stream total, and what lets families count
 * on one calling thread. State belongs to the loop, except where a field says otherwise.
 */
final class TransportLane {
    private static final Logger LOG = LoggerFactory.getLogger(TransportLane.class);

    /** Connections accepted at one time; nodes need one each. */
    private static final int INBOUND_CONNECTIONS_MAX = 1024;

    private static final long TICK_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int CONNECT_MILLIS_MAX = 2_000;
    private static final int USER_TIMEOUT_MILLIS = 5_000;
    private static final int LISTEN_BACKLOG = 256;
    private static final int READ_BYTES_MIN = 512;
    private static final int READ_BYTES_INITIAL = 16 * 1024;
    private static final int READ_BYTES_MAX = 256 * 1024;
    private static final WriteBufferWaterMark WATERMARKS =
            new WriteBufferWaterMark(256 * 1024, 1024 * 1024);

    private final Lane lane;
    private final TransportSettings settings;
    private final List<MessageFamily> families;
    private final EventLoop loop;
    private final EventLoopShard shard;
    private final SelfQueue selfQueue;

    /** Read by any thread, changed by the loop. */
    private final Map<NodeId, OutgoingStream> outgoing = new ConcurrentHashMap<>();

    private final InboundStreams inbound = new InboundStreams();
    private final Set<InboundConnection> inboundConnections = new LinkedHashSet<>();
    private @Nullable Channel listener; // of the thread that starts and closes the transport
    private long lastStream;
    private boolean closed;

    TransportLane(Lane lane, TransportSettings settings, List<MessageFamily> families) {
        this.lane = lane;
        this.settings = settings;
        this.families = List.copyOf(families);
        this.loop =
                EventLoops.create(
                        switch (lane) {
                            case DATA -> "ashlar-data";
                            case LIVENESS -> "ashlar-liveness";
                        });
        this.shard = new EventLoopShard(loop, settings.onBug());
        this.selfQueue = new SelfQueue(shard, this::deliverToSelf);
    }

    TransportSettings settings() {
        return settings;
    }

    Lane lane() {
        return lane;
    }

    /** The loop, where what a task throws is not lost. */
    EventLoopShard shard() {
        return shard;
    }

    /**
     * Any thread, once.
     *
     * @throws IllegalStateException if the address cannot be had, with what to do
     */
    InetSocketAddress listen(InetSocketAddress address) {
        ChannelFuture bound =
                new ServerBootstrap()
                        .group(loop, loop)
                        .channel(EventLoops.listenerType())
                        .option(ChannelOption.SO_BACKLOG, LISTEN_BACKLOG)
                        .option(ChannelOption.SO_REUSEADDR, true)
                        .childHandler(
                                new ChannelInitializer<SocketChannel>() {
                                    @Override
                                    protected void initChannel(SocketChannel channel) {
                                        onAccepted(channel);
                                    }
                                })
                        .bind(address)
                        .awaitUninterruptibly();
        Throwable failure = bound.cause();
        if (failure != null) {
            throw new IllegalStateException(cannotListen(address, failure), failure);
        }
        listener = bound.channel();
        shard.schedule(TICK_NANOS, this::tick);
        InetSocketAddress actual = (InetSocketAddress) bound.channel().localAddress();
        LOG.info("{} lane of {} listens on {}", lane, settings.self(), actual);
        return actual;
    }

    private String cannotListen(InetSocketAddress address, Throwable failure) {
        String what =
                String.format(
                        "the %s lane cannot listen on address %s, port %s: %s. ",
                        lane,
                        address.getHostString(),
                        address.getPort(),
                        FrameDecoder.describe(failure));
        String text = String.valueOf(failure.getMessage());
        return text.contains("in use")
                ? what
                        + "Another process has the port: stop it (ss -ltnp 'sport = :"
                        + address.getPort()
                        + "' names it), or configure another port for this lane"
                : what + "Configure an address of this host and a port that is free";
    }

    private void onAccepted(SocketChannel channel) {
        if (closed || inboundConnections.size() >= INBOUND_CONNECTIONS_MAX) {
            LOG.warn("{} connection from {} refused: too many", lane, channel.remoteAddress());
            channel.close();
            return;
        }
        configure(channel);
        InboundConnection connection = new InboundConnection(this);
        inboundConnections.add(connection);
        channel.pipeline().addLast(connection);
    }

    /** Starts to connect a handler; it ends if that fails. */
    ChannelFuture connect(InetSocketAddress address, OutgoingConnection connection) {
        return new Bootstrap()
                .group(loop)
                .channel(EventLoops.socketType())
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS_MAX)
                .handler(
                        new ChannelInitializer<SocketChannel>() {
                            @Override
                            protected void initChannel(SocketChannel channel) {
                                configure(channel);
                                channel.pipeline().addLast(connection);
                            }
                        })
                .connect(address);
    }

    private static void configure(SocketChannel channel) {
        channel.config()
                .setTcpNoDelay(true)
                .setKeepAlive(true)
                .setWriteBufferWaterMark(WATERMARKS)
                .setRecvByteBufAllocator(
                        new AdaptiveRecvByteBufAllocator(
                                READ_BYTES_MIN, READ_BYTES_INITIAL, READ_BYTES_MAX));
        if (EventLoops.EPOLL) {
            // What was sent to a host that lost its power is not acknowledged any more; without
            // this the kernel tries for a quarter of an hour. Beats find it too, but later.
            channel.config().setOption(EpollChannelOption.TCP_USER_TIMEOUT, USER_TIMEOUT_MILLIS);
        }
    }

    /** Any thread: the nodes to keep streams to, instead of the former ones. */
    void peers(Collection<NodeId> nodes) {
        Set<NodeId> wanted = Set.copyOf(nodes);
        shard.execute(() -> {
            if (closed) {
                return;
            }
            for (NodeId node : List.copyOf(outgoing.keySet())) {
                if (!wanted.contains(node)) {
                    close(node, "no longer a peer");
                }
            }
            for (NodeId node : wanted) {
                if (!node.equals(settings.self().node()) && !outgoing.containsKey(node)) {
                    OutgoingStream stream = new OutgoingStream(this, node);
                    outgoing.put(node, stream);
                    stream.connect();
                }
            }
        });
    }

    private void close(NodeId node, String reason) {
        OutgoingStream stream = outgoing.remove(node);
        if (stream != null) {
            stream.close(reason);
        }
    }

    /** Any thread. */
    boolean send(NodeId to, PeerMessage message) {
        if (to.equals(settings.self().node())) {
            return selfQueue.submit(message);
        }
        OutgoingStream stream = outgoing.get(to);
        return stream != null && stream.send(message);
    }

    long nextStream() {
        return ++lastStream;
    }

    /** Whether a Hello leads to a stream: "", or why not, for the person who reads it there. */
    String accept(InboundConnection connection, int version, Hello hello) {
        ProcessId self = settings.self();
        if (version != Frame.VERSION) {
            return String.format(
                    "peer %s speaks version %s of this protocol, %s version %s: upgrade %s",
                    hello.from().node(),
                    version,
                    self.node(),
                    Frame.VERSION,
                    version < Frame.VERSION ? hello.from().node() : self.node());
        }
        if (!hello.cluster().equals(settings.cluster())) {
            return String.format(
                    "%s belongs to cluster %s, %s to cluster %s: one of them has the other's"
                            + " address or an old data directory",
                    hello.from().node(), hello.cluster(), self.node(), settings.cluster());
        }
        if (!hello.to().equals(self.node())) {
            return "this is " + self.node() + ", not " + hello.to() + ": check its addresses";
        }
        if (hello.lane() != lane) {
            return "this port is for " + lane + ", not " + hello.lane() + ": check the ports";
        }
        if (hello.from().node().equals(self.node())) {
            return "this is " + self.node() + " too: two daemons must not use one node id";
        }
        return inbound.accept(connection, hello.from(), hello.stream());
    }

    void onEnd(InboundConnection connection, @Nullable ProcessId from) {
        inboundConnections.remove(connection);
        if (from != null) {
            inbound.onEnd(from.node(), connection);
        }
    }

    /**
     * Hands a message to its family.
     *
     * @throws WireFormatException if it is none; whoever sent it is not to be listened to any more
     */
    void deliver(ProcessId from, int type, ByteBuf body) {
        MessageFamily family = family(type);
        if (family == null) {
            throw new WireFormatException("no message has type " + type);
        }
        PeerMessage message;
        try {
            message = family.decode(type, body);
        } catch (RuntimeException e) {
            // Whatever a decoder stumbles over, the bytes are the peer's.
            throw new WireFormatException(FrameDecoder.describe(e));
        }
        receive(family, from, message);
    }

    /** What this process sends to itself. */
    private void deliverToSelf(PeerMessage message) {
        MessageFamily family = family(message.type());
        Check.invariant(family != null, "no family has type %s", message.type());
        if (family != null) {
            receive(family, settings.self(), message);
        }
    }

    private void receive(MessageFamily family, ProcessId from, PeerMessage message) {
        try {
            family.receive(from, message);
        } catch (Throwable bug) {
            settings.onBug().accept(bug);
        }
    }

    private @Nullable MessageFamily family(int type) {
        for (MessageFamily family : families) {
            if (type >= family.firstType() && type <= family.lastType()) {
                return family;
            }
        }
        return null;
    }

    /** The other direction is new: what was asked of the peer may remain without an answer. */
    void onAnswersLost(ProcessId peer) {
        OutgoingStream stream = outgoing.get(peer.node());
        if (stream != null && stream.isStandingTo(peer)) {
            disconnected(peer);
            connected(peer);
        }
    }

    void connected(ProcessId peer) {
        tell(family -> family.connected(peer));
    }

    void disconnected(ProcessId peer) {
        tell(family -> family.disconnected(peer));
    }

    private void tell(Consumer<MessageFamily> news) {
        for (MessageFamily family : families) {
            try {
                news.accept(family);
            } catch (Throwable bug) {
                settings.onBug().accept(bug);
            }
        }
    }

    private void tick() {
        if (closed) {
            return;
        }
        shard.schedule(TICK_NANOS, this::tick); // from now: a late tick is not made up for
        for (OutgoingStream stream : outgoing.values()) {
            stream.onTick();
        }
        for (InboundConnection connection : List.copyOf(inboundConnections)) {
            connection.onTick();
        }
    }

    /** Ends every stream, tells the families, and ends the thread. Not to be called on the loop. */
    void close() {
        loop.submit(
                        () -> {
                            closed = true;
                            for (NodeId node : List.copyOf(outgoing.keySet())) {
                                close(node, "this process stops");
                            }
                            for (InboundConnection connection : List.copyOf(inboundConnections)) {
                                connection.end("this process stops");
                            }
                            selfQueue.close();
                        })
                .awaitUninterruptibly();
        if (listener != null) {
            listener.close().awaitUninterruptibly();
        }
        EventLoops.shutdown(loop);
    }
}
