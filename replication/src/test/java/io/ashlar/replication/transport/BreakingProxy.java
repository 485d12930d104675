package io.ashlar.replication.transport;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** A cable between two nodes that can be cut, or go dead without a word. */
final class BreakingProxy implements AutoCloseable {
    private final ServerSocket listener =
            new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile InetSocketAddress target;
    private volatile boolean dead;

    BreakingProxy() throws IOException {
        Thread.ofVirtual().start(this::accept);
    }

    InetSocketAddress address() {
        return (InetSocketAddress) listener.getLocalSocketAddress();
    }

    void target(InetSocketAddress address) {
        target = address;
    }

    /** Connections stay up, but nothing passes any more. */
    void stopReading() {
        dead = true;
    }

    void breakAll() {
        for (Socket socket : sockets) {
            closeQuietly(socket);
        }
        sockets.clear();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket inner = listener.accept();
                Socket outer = new Socket(target.getAddress(), target.getPort());
                sockets.add(inner);
                sockets.add(outer);
                Thread.ofVirtual().start(() -> copy(inner, outer));
                Thread.ofVirtual().start(() -> copy(outer, inner));
            } catch (IOException _) {
                // closed, by a test
            }
        }
    }

    private void copy(Socket from, Socket to) {
        byte[] buffer = new byte[8192];
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                if (dead) {
                    closed.await();
                }
                out.write(buffer, 0, n);
            }
        } catch (IOException | InterruptedException _) {
            // cut, by a test
        }
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException _) {
            // was cut already
        }
    }

    @Override
    public void close() throws IOException {
        closed.countDown();
        listener.close();
        breakAll();
    }
}
