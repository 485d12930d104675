package io.ashlar.replication.transport;

import io.netty.channel.EventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.util.concurrent.TimeUnit;

/** Event loops of one thread each: epoll where Linux offers it, the JDK's selector elsewhere. */
final class EventLoops {
    static final boolean EPOLL = Epoll.isAvailable();

    /** Longest wait for a loop's last tasks at shutdown. */
    private static final int SHUTDOWN_SECONDS_MAX = 5;

    private EventLoops() {}

    static EventLoop create(String threadName) {
        IoHandlerFactory io = EPOLL ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
        return new MultiThreadIoEventLoopGroup(
                        1,
                        task -> {
                            Thread thread = new FastThreadLocalThread(task, threadName);
                            thread.setDaemon(true);
                            return thread;
                        },
                        io)
                .next();
    }

    static Class<? extends SocketChannel> socketType() {
        return EPOLL ? EpollSocketChannel.class : NioSocketChannel.class;
    }

    static Class<? extends ServerChannel> listenerType() {
        return EPOLL ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
    }

    /** Lets the loop run what it was given, then ends its thread. Not to be called on the loop. */
    static void shutdown(EventLoop loop) {
        loop.shutdownGracefully(0, SHUTDOWN_SECONDS_MAX, TimeUnit.SECONDS)
                .awaitUninterruptibly(SHUTDOWN_SECONDS_MAX, TimeUnit.SECONDS);
    }
}
