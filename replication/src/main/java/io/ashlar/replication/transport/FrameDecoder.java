package io.ashlar.replication.transport;

import io.ashlar.common.WireFormatException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * One connection as its event loop sees it: cuts what comes into checked frames, counts how long
 * the peer is silent, and ends once, for one reason. Nothing is handed on after the end, whatever
 * is still in the buffer. Frames are read where the socket put them; only one that a read cut in
 * two is copied together, into a buffer of the size that its checked header tells.
 */
abstract class FrameDecoder extends ChannelInboundHandlerAdapter {
    /** Bodies before a stream stands, and all that come back by one, are small. */
    static final int HANDSHAKE_BODY_BYTES_MAX = 1024;

    /**
     * Ticks, of a second, without a byte from the peer, or without a complete handshake, after
     * which it counts as gone. Ticks and not time: a process that was itself stopped finds what
     * came in meanwhile before it counts on.
     */
    static final int SILENT_TICKS_MAX = 5;

    private @Nullable Channel channel;
    private @Nullable ByteBuf partial;
    private int partialDue;
    private boolean ended;
    private int silentTicks;
    private long nextIn;
    private long nextOut;

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        channel = context.channel();
    }

    /** The channel, once this handler is part of it. */
    final Channel channel() {
        Channel present = channel;
        if (present == null) {
            throw new IllegalStateException("not part of a channel yet");
        }
        return present;
    }

    /** Largest body that the peer may send now. */
    abstract int bodyBytesMax();

    /** Whether both sides have agreed on a stream. */
    abstract boolean isStanding();

    /**
     * A frame whose checksums and place are right.
     *
     * @throws WireFormatException if the peer may not send it; the connection ends
     */
    abstract void onFrame(int version, int type, ByteBuf body);

    /** The peer's event loop turns. */
    abstract void onBeat();

    /** Called once. */
    abstract void onEnd(String reason);

    /** Something failed that no peer can bring about. */
    abstract void onBug(Throwable bug);

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf in = (ByteBuf) message;
        try {
            while (!ended && in.isReadable()) {
                ByteBuf held = partial;
                if (held != null) {
                    complete(held, in);
                } else if (isWhole(in)) {
                    take(in);
                } else {
                    partialDue = due(in);
                    partial = context.alloc().directBuffer(partialDue).writeBytes(in);
                }
            }
        } catch (WireFormatException e) {
            end("bad frame: " + e.getMessage());
        } finally {
            in.release();
            if (ended) {
                releasePartial();
            }
        }
        if (isStanding()) {
            silentTicks = 0;
        }
    }

    /** Adds what comes to the frame that was cut short, no more than belongs to it. */
    private void complete(ByteBuf held, ByteBuf in) {
        int missing = partialDue - held.readableBytes();
        held.writeBytes(in, Math.min(missing, in.readableBytes()));
        if (held.readableBytes() == Frame.HEADER_BYTES) {
            partialDue = due(held);
        }
        if (held.readableBytes() == partialDue) {
            take(held);
            releasePartial();
        }
    }

    private boolean isWhole(ByteBuf in) {
        return in.readableBytes() >= Frame.HEADER_BYTES && in.readableBytes() >= due(in);
    }

    /** Bytes of the frame at the reader index, or of its header while that is not complete. */
    private int due(ByteBuf in) {
        if (in.readableBytes() < Frame.HEADER_BYTES) {
            return Frame.HEADER_BYTES;
        }
        Frame.checkHeader(in, nextIn, bodyBytesMax());
        return Frame.HEADER_BYTES + Frame.bodyBytes(in);
    }

    /** Hands on a whole frame whose header is right. */
    private void take(ByteBuf in) {
        int bodyBytes = Frame.bodyBytes(in);
        int at = in.readerIndex() + Frame.HEADER_BYTES;
        if (Frame.bodyCrc(in) != Frame.crc(in, at, bodyBytes)) {
            throw new WireFormatException("body checksum differs");
        }
        int version = Frame.version(in);
        int type = Frame.type(in);
        if (version == Frame.VERSION && Frame.flags(in) != 0) {
            throw new WireFormatException("flags " + Frame.flags(in));
        }
        nextIn++;
        in.skipBytes(Frame.HEADER_BYTES);
        ByteBuf body = in.readSlice(bodyBytes);
        if (type == Frame.BEAT) {
            onBeat();
        } else {
            onFrame(version, type, body);
        }
    }

    private void releasePartial() {
        if (partial != null) {
            partial.release();
            partial = null;
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        releasePartial();
    }

    /** Writes a sealed frame, which this takes over, in order but without a flush. */
    final void writeFrame(ByteBuf frame) {
        Frame.stamp(frame, nextOut++);
        channel().write(frame, channel().voidPromise());
    }

    /** Once a second. */
    void onTick() {
        if (ended) {
            return;
        }
        if (++silentTicks > SILENT_TICKS_MAX) {
            end(isStanding() ? "silent for " + SILENT_TICKS_MAX + " s" : "handshake timed out");
        } else if (isStanding() && channel().isWritable()) {
            writeFrame(Frame.beat(channel().alloc()));
            channel().flush();
        }
    }

    final boolean isEnded() {
        return ended;
    }

    /** Ends the connection, unless it has ended already. */
    final void end(String reason) {
        if (!ended) {
            ended = true;
            Channel present = channel;
            if (present != null) {
                present.close();
            }
            onEnd(reason);
        }
    }

    /** As {@link #end}, with a last frame for the peer to read. */
    final void endAfter(ByteBuf lastFrame, String reason) {
        if (ended) {
            lastFrame.release();
            return;
        }
        ended = true;
        Frame.stamp(lastFrame, nextOut++);
        channel().writeAndFlush(lastFrame).addListener(ChannelFutureListener.CLOSE);
        onEnd(reason);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) throws Exception {
        end("closed by the peer");
        super.channelInactive(context);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        end(describe(cause));
        if (!(cause instanceof IOException) && !(cause instanceof ChannelException)) {
            onBug(cause);
        }
    }

    static String describe(Throwable error) {
        return error instanceof WireFormatException || error instanceof IOException
                ? String.valueOf(error.getMessage())
                : error.toString();
    }
}
