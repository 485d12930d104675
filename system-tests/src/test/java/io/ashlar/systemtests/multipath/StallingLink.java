package io.ashlar.systemtests.multipath;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A cable between a host and one portal that can stall: bytes that enter it are kept, and come out
 * late, when the host has long given up. Both ends still see an open connection meanwhile. This is
 * how a write of the past comes back (DESIGN section 6).
 */
public final class StallingLink implements AutoCloseable {
    private static final int CHUNK_BYTES = 64 << 10;

    /** Entries of {@link #CHUNK_BYTES} at most; a stalled connection holds no more. */
    private static final int QUEUE_MAX = 1024;

    private static final Duration OLD_BYTES_FIRST = Duration.ofMillis(500);
    private static final Duration LINGER = Duration.ofMillis(1000);

    private final InetSocketAddress portal;
    private final ServerSocket server;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition flowing = lock.newCondition();
    private boolean stalled;
    private boolean closed;

    /** Listens on a free port of loopback. */
    public StallingLink(InetSocketAddress portal) throws IOException {
        this.portal = portal;
        this.server = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().name("link to " + portal).start(this::accept);
    }

    /** Where the host should connect to. */
    public InetSocketAddress address() {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    /** From now on nothing comes out at either end. */
    public void stall() {
        lock.lock();
        try {
            stalled = true;
        } finally {
            lock.unlock();
        }
    }

    /** Everything that was held comes out, in order, even if its sender has left. */
    public void resume() {
        lock.lock();
        try {
            stalled = false;
            flowing.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            closed = true;
            stalled = false;
            flowing.signalAll();
        } finally {
            lock.unlock();
        }
        server.close();
    }

    private void accept() {
        try {
            while (true) {
                Socket host = server.accept();
                Thread.ofVirtual().start(() -> join(host));
            }
        } catch (IOException e) {
            // Closed: the only way out.
        }
    }

    private void join(Socket host) {
        Socket target = new Socket();
        try {
            if (awaitFlow()) {
                Thread.sleep(OLD_BYTES_FIRST);
            }
            target.connect(portal, 5_000);
            host.setTcpNoDelay(true);
            target.setTcpNoDelay(true);
        } catch (IOException | InterruptedException e) {
            closeQuietly(host);
            closeQuietly(target);
            return;
        }
        carry(host, target);
        carry(target, host);
    }

    /** Two threads each way: one takes in whatever comes, the other lets it out when it may. */
    private void carry(Socket from, Socket to) {
        BlockingQueue<Optional<byte[]>> held = new LinkedBlockingQueue<>(QUEUE_MAX);
        Thread.ofVirtual().start(() -> takeIn(from, held));
        Thread.ofVirtual().start(() -> letOut(held, to));
    }

    private static void takeIn(Socket from, BlockingQueue<Optional<byte[]>> held) {
        try {
            try {
                InputStream in = from.getInputStream();
                byte[] buffer = new byte[CHUNK_BYTES];
                for (int bytes = in.read(buffer); bytes >= 0; bytes = in.read(buffer)) {
                    held.put(Optional.of(Arrays.copyOf(buffer, bytes)));
                }
            } catch (IOException e) {
                // Reset by its sender: what came before still goes out.
            }
            held.put(Optional.empty());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void letOut(BlockingQueue<Optional<byte[]>> held, Socket to) {
        try {
            boolean late = false;
            boolean isBroken = false;
            for (Optional<byte[]> bytes = held.take(); bytes.isPresent(); bytes = held.take()) {
                late |= awaitFlow();
                if (!isBroken) {
                    isBroken = !send(to, bytes.get());
                }
            }
            late |= awaitFlow();
            if (late) {
                // The end of the stream must not overtake the work on what came late.
                Thread.sleep(LINGER);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        closeQuietly(to);
    }

    /** False when the receiver has left; what follows is then only drained. */
    private static boolean send(Socket to, byte[] bytes) {
        try {
            to.getOutputStream().write(bytes);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Returns whether it had to wait. */
    private boolean awaitFlow() throws InterruptedException {
        lock.lock();
        try {
            boolean waited = stalled;
            while (stalled && !closed) {
                flowing.await();
            }
            return waited;
        } finally {
            lock.unlock();
        }
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is gone either way.
        }
    }
}
