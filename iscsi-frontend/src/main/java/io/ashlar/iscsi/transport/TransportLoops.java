package io.ashlar.iscsi.transport;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.util.concurrent.TimeUnit;

/**
 * The event loops that serve connections; each connection stays on one of them. May be shared by
 * several front ends.
 */
public final class TransportLoops implements AutoCloseable {
    private static final long QUIET_MILLIS = 0;
    private static final long STOP_MILLIS = 2_000;

    private final EventLoopGroup group;
    private final Class<? extends ServerChannel> channelType;

    private TransportLoops(EventLoopGroup group, Class<? extends ServerChannel> channelType) {
        this.group = group;
        this.channelType = channelType;
    }

    /** Loops that exist; {@code channelType} is the server channel that fits them. */
    public static TransportLoops of(
            EventLoopGroup group, Class<? extends ServerChannel> channelType) {
        return new TransportLoops(group, channelType);
    }

    /** New loops: epoll where its native library is on the class path, else NIO. */
    public static TransportLoops create(int threads) {
        return Epoll.isAvailable()
                ? new TransportLoops(
                        new MultiThreadIoEventLoopGroup(threads, EpollIoHandler.newFactory()),
                        EpollServerSocketChannel.class)
                : new TransportLoops(
                        new MultiThreadIoEventLoopGroup(threads, NioIoHandler.newFactory()),
                        NioServerSocketChannel.class);
    }

    EventLoopGroup group() {
        return group;
    }

    Class<? extends ServerChannel> channelType() {
        return channelType;
    }

    /** Stops the loops; what is still open on them is closed. */
    @Override
    public void close() {
        group.shutdownGracefully(QUIET_MILLIS, STOP_MILLIS, TimeUnit.MILLISECONDS)
                .awaitUninterruptibly(STOP_MILLIS + 1_000);
    }
}
