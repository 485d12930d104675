package io.ashlar.replication.transport;

import io.ashlar.common.ProcessId;
import io.ashlar.common.WireFormatException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The connecting end of one connection: Hello, HelloAck, then messages out and nothing but beats
 * back.
 */
final class OutgoingConnection extends FrameDecoder {
    /** Bytes handed to the socket in one turn of the loop; then others have theirs. */
    private static final int DRAIN_BYTES_MAX = 4 * 1024 * 1024;

    private final OutgoingStream stream;
    private final Hello hello;
    private @Nullable SendQueue queue;
    private ArrayDeque<ByteBuf> batch = new ArrayDeque<>();
    private boolean draining;

    OutgoingConnection(OutgoingStream stream, Hello hello) {
        this.stream = stream;
        this.hello = hello;
    }

    @Override
    int bodyBytesMax() {
        return HANDSHAKE_BODY_BYTES_MAX;
    }

    @Override
    boolean isStanding() {
        return queue != null;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) throws Exception {
        if (!isEnded()) {
            writeFrame(hello.frame(context.alloc()));
            context.flush();
        }
        super.channelActive(context);
    }

    @Override
    void onFrame(int version, int type, ByteBuf body) {
        if (queue == null && type == HelloRefused.TYPE) {
            end("refused: " + HelloRefused.decode(body).reason());
        } else if (version != Frame.VERSION) {
            end("it answers in version " + version + ", this node speaks " + Frame.VERSION);
        } else if (queue == null && type == HelloAck.TYPE) {
            ProcessId accepting = HelloAck.decode(body).accepting();
            if (!accepting.node().equals(hello.to())) {
                throw new WireFormatException("accepted by " + accepting);
            }
            SendQueue opened = stream.newQueue();
            queue = opened;
            stream.onStanding(this, accepting, opened);
            // Tells the peer at once that answers find this stream (InboundConnection#onBeat).
            if (!isEnded()) {
                writeFrame(Frame.beat(channel().alloc()));
                channel().flush();
            }
        } else {
            throw new WireFormatException("type " + type + " is not due here");
        }
    }

    @Override
    void onBeat() {}

    @Override
    void onEnd(String reason) {
        if (queue != null) {
            queue.close();
        }
        for (ByteBuf frame = batch.poll(); frame != null; frame = batch.poll()) {
            frame.release();
        }
        stream.onEnd(this, reason);
    }

    @Override
    void onBug(Throwable bug) {
        stream.onBug(bug);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) throws Exception {
        drain();
        super.channelWritabilityChanged(context);
    }

    /** Moves what waits to the socket, as much as it takes, with one flush per batch. */
    void drain() {
        SendQueue from = queue;
        if (draining || from == null) {
            return; // called from within a flush of our own; that loop goes on by itself
        }
        draining = true;
        try {
            long budget = DRAIN_BYTES_MAX;
            while (!isEnded() && channel().isWritable()) {
                if (batch.isEmpty()) {
                    batch = from.take(batch);
                    if (batch.isEmpty()) {
                        return;
                    }
                }
                if (budget <= 0) {
                    stream.shard().execute(this::drain);
                    return;
                }
                long written = write();
                from.onWritten(written);
                budget -= written;
                channel().flush();
            }
        } finally {
            draining = false;
        }
    }

    private long write() {
        long cost = 0;
        while (channel().isWritable()) {
            ByteBuf frame = batch.poll();
            if (frame == null) {
                break;
            }
            cost += SendQueue.cost(frame);
            writeFrame(frame);
        }
        return cost;
    }
}
