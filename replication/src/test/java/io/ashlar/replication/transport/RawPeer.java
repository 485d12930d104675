package io.ashlar.replication.transport;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.replication.PeerTransport.Lane;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.UUID;
import java.util.function.Consumer;

/** The other end of a connection, byte by byte: it can do all that a transport never would. */
final class RawPeer implements AutoCloseable {
    static final ProcessId SELF = new ProcessId(new NodeId(2), 1);

    private final Socket socket;
    private long nextOut;

    RawPeer(InetSocketAddress address) throws IOException {
        socket = new Socket(address.getAddress(), address.getPort());
        socket.setSoTimeout(10_000);
        socket.setTcpNoDelay(true);
    }

    RawPeer(Socket accepted) throws IOException {
        socket = accepted;
        socket.setSoTimeout(10_000);
    }

    /** What came, beats left out. */
    record Answer(int version, int type, byte[] body) {}

    static Hello hello(ProcessId from, long stream) {
        return new Hello(TestCluster.CLUSTER, from, new NodeId(1), Lane.DATA, stream);
    }

    static Hello hello(UUID cluster, ProcessId from, int to, Lane lane) {
        return new Hello(cluster, from, new NodeId(to), lane, 1);
    }

    void send(Hello hello) throws IOException {
        write(hello.frame(UnpooledByteBufAllocator.DEFAULT), _ -> {});
    }

    void send(long number) throws IOException {
        send(number, _ -> {});
    }

    /** Sends a note after someone has spoilt its frame. */
    void send(long number, Consumer<ByteBuf> spoil) throws IOException {
        write(note(number), spoil);
    }

    static ByteBuf note(long number) {
        return Frame.ofMessage(UnpooledByteBufAllocator.DEFAULT, new Note(number), 16);
    }

    void write(ByteBuf frame, Consumer<ByteBuf> spoil) throws IOException {
        Frame.stamp(frame, nextOut++);
        spoil.accept(frame);
        byte[] bytes = ByteBufUtil.getBytes(frame);
        frame.release();
        write(bytes);
    }

    void write(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    /** The next frame that is not a beat. */
    Answer read() throws IOException {
        while (true) {
            byte[] headerBytes = socket.getInputStream().readNBytes(Frame.HEADER_BYTES);
            if (headerBytes.length < Frame.HEADER_BYTES) {
                throw new EOFException();
            }
            ByteBuf header = Unpooled.wrappedBuffer(headerBytes);
            byte[] body = socket.getInputStream().readNBytes(Frame.bodyBytes(header));
            if (Frame.type(header) != Frame.BEAT) {
                return new Answer(Frame.version(header), Frame.type(header), body);
            }
        }
    }

    /** Whether the other side closes, having sent nothing but beats. */
    boolean isClosedByPeer() throws IOException {
        try {
            read();
            return false;
        } catch (EOFException _) {
            return true;
        } catch (IOException e) {
            return String.valueOf(e.getMessage()).contains("reset");
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
