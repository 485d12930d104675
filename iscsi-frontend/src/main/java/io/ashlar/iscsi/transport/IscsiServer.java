package io.ashlar.iscsi.transport;

import io.ashlar.iscsi.session.TargetContext;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The listening socket of a target, and its open connections. Safe for use by any thread. */
public final class IscsiServer {
    private static final Logger LOG = LoggerFactory.getLogger(IscsiServer.class);

    /** One read of a socket, in bytes. */
    private static final int READ_BYTES = 128 * 1024;

    /** Unsent bytes at which a connection is no longer read, and from which it is again. */
    private static final int UNSENT_BYTES_HIGH = 8 * 1024 * 1024;

    private static final int UNSENT_BYTES_LOW = 2 * 1024 * 1024;
    private static final int BACKLOG = 256;
    private static final long CLOSE_MILLIS = 2_000;

    private final Channel channel;
    private final Set<ConnectionHandler> open;

    private IscsiServer(Channel channel, Set<ConnectionHandler> open) {
        this.channel = channel;
        this.open = open;
    }

    /**
     * Binds and serves.
     *
     * @param halfOpenMax connections that may be in login at once; further ones are closed
     * @param halfOpenPerSourceMax the same from one address
     * @throws IllegalStateException if the address cannot be bound; the message says what to do
     */
    public static IscsiServer start(
            TransportLoops loops,
            InetSocketAddress address,
            TargetContext target,
            int connectionsMax,
            int halfOpenMax,
            int halfOpenPerSourceMax) {
        Set<ConnectionHandler> open = ConcurrentHashMap.newKeySet();
        HalfOpen halfOpen = new HalfOpen(halfOpenMax, halfOpenPerSourceMax);
        ChannelFuture bound =
                new ServerBootstrap()
                        .group(loops.group())
                        .channel(loops.channelType())
                        .option(ChannelOption.SO_REUSEADDR, true)
                        .option(ChannelOption.SO_BACKLOG, BACKLOG)
                        .childOption(ChannelOption.TCP_NODELAY, true)
                        .childOption(ChannelOption.SO_KEEPALIVE, true)
                        .childOption(
                                ChannelOption.RECVBUF_ALLOCATOR,
                                new FixedRecvByteBufAllocator(READ_BYTES))
                        .childOption(
                                ChannelOption.WRITE_BUFFER_WATER_MARK,
                                new WriteBufferWaterMark(UNSENT_BYTES_LOW, UNSENT_BYTES_HIGH))
                        .childHandler(
                                new ChannelInitializer<Channel>() {
                                    @Override
                                    protected void initChannel(Channel child) {
                                        accept(child, target, open, halfOpen, connectionsMax);
                                    }
                                })
                        .bind(address)
                        .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IllegalStateException(
                    "cannot listen for iSCSI on "
                            + address.getAddress().getHostAddress()
                            + " port "
                            + address.getPort()
                            + " ("
                            + bound.cause().getMessage()
                            + "): stop the program that uses the port, or configure another"
                            + " address or port for this node's iSCSI target",
                    bound.cause());
        }
        return new IscsiServer(bound.channel(), open);
    }

    private static void accept(
            Channel child,
            TargetContext target,
            Set<ConnectionHandler> open,
            HalfOpen halfOpen,
            int connectionsMax) {
        if (!(child.remoteAddress() instanceof InetSocketAddress peer)) {
            child.close(); // gone already
            return;
        }
        InetAddress source = peer.getAddress();
        if (open.size() >= connectionsMax || !halfOpen.enter(source)) {
            LOG.warn(
                    "iSCSI connection from {} refused: {} are open, {} of them in login",
                    child.remoteAddress(),
                    open.size(),
                    halfOpen.size());
            child.close();
            return;
        }
        ConnectionHandler handler =
                new ConnectionHandler(target, child, () -> halfOpen.leave(source));
        open.add(handler);
        child.closeFuture().addListener(_ -> open.remove(handler));
        child.pipeline().addLast(handler);
    }

    /** The address that is bound, with its port. */
    public InetSocketAddress address() {
        return (InetSocketAddress) channel.localAddress();
    }

    /** Stops listening and ends all connections; waits a while until they are closed. */
    public void close() {
        channel.close().awaitUninterruptibly(CLOSE_MILLIS);
        List<ChannelFuture> closing = open.stream().map(ConnectionHandler::shutdown).toList();
        closing.forEach(future -> future.awaitUninterruptibly(CLOSE_MILLIS));
    }
}
