package io.ashlar.iscsi.transport;

import io.ashlar.common.Payload;
import io.ashlar.common.Shard;
import io.ashlar.iscsi.pdu.PduEncoder;
import io.ashlar.iscsi.pdu.TargetPdu;
import io.ashlar.iscsi.session.ConnectionMachine;
import io.ashlar.iscsi.session.ConnectionMachine.Event;
import io.ashlar.iscsi.session.Effects;
import io.ashlar.iscsi.session.TargetContext;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection's socket: hands what is read to its machine, and carries out the effects. PDUs
 * that are sent in one turn of the event loop share buffers and one flush.
 */
final class ConnectionHandler extends ChannelInboundHandlerAdapter implements Effects {
    private static final Logger LOG = LoggerFactory.getLogger(ConnectionHandler.class);
    private static final long TICK_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** For how long a closing connection may still send. */
    private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** Small PDUs share a buffer of this size. */
    private static final int BATCH_BYTES = 16 * 1024;

    private final Channel channel;
    private final Shard shard;
    private final PduEncoder encoder = new PduEncoder();
    private final ConnectionMachine machine;
    private final Runnable onPastLogin;
    private final Runnable flush = this::flush;
    private @Nullable ByteBuf batch;
    private Shard.@Nullable Cancellable tick;
    private boolean flushScheduled;
    private boolean closing;
    private boolean pastLogin;

    /**
     * @param onPastLogin called once, when the connection is no longer half-open
     */
    ConnectionHandler(TargetContext target, Channel channel, Runnable onPastLogin) {
        this.channel = channel;
        this.shard = new EventLoopShard(channel.eventLoop());
        this.onPastLogin = onPastLogin;
        this.machine =
                new ConnectionMachine(target, String.valueOf(channel.remoteAddress()), shard, this);
    }

    /** Ends the connection from outside; any thread. The result is done when it is closed. */
    ChannelFuture shutdown() {
        shard.execute(() -> machine.step(new Event.Shutdown()));
        return channel.closeFuture();
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        scheduleTick();
    }

    private void scheduleTick() {
        tick = shard.schedule(TICK_NANOS, this::onTick);
    }

    private void onTick() {
        if (channel.isOpen()) {
            machine.step(new Event.Tick());
            notePastLogin();
            scheduleTick();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf in = (ByteBuf) message;
        try {
            if (!closing) {
                // a read that did not fill its buffer has emptied the receive queue
                machine.onRead(in, in.isWritable());
                notePastLogin();
            }
        } finally {
            in.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        flush();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        boolean writable = channel.isWritable();
        // who does not take answers gets no further questions in
        channel.config().setAutoRead(writable);
        if (writable) {
            machine.step(new Event.Writable());
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        onGone("connection was closed by the initiator");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof IOException) {
            onGone(String.valueOf(cause.getMessage()));
        } else {
            LOG.error("bug in the handling of {}", channel.remoteAddress(), cause);
            onGone("internal error");
        }
        channel.close();
    }

    private void onGone(String reason) {
        if (tick != null) {
            tick.cancel();
        }
        machine.step(new Event.TransportLost(reason));
        closing = true;
        if (batch != null) {
            batch.release();
            batch = null;
        }
        if (!pastLogin) {
            pastLogin = true;
            onPastLogin.run();
        }
    }

    private void notePastLogin() {
        if (!pastLogin && machine.isPastLogin()) {
            pastLogin = true;
            onPastLogin.run();
        }
    }

    // ---- effects

    @Override
    public void send(TargetPdu pdu, Payload data) {
        if (closing) {
            return;
        }
        int bytes = PduEncoder.bytesMax(data.length());
        ByteBuf out = batch;
        if (out != null && out.writableBytes() < bytes) {
            batch = null; // first, as writing may lead back here
            channel.write(out);
            out = null;
        }
        if (out == null) {
            out = channel.alloc().directBuffer(Math.max(bytes, BATCH_BYTES));
            batch = out;
        }
        encoder.encode(pdu, data, out);
        if (!flushScheduled) {
            flushScheduled = true;
            channel.eventLoop().execute(flush);
        }
    }

    private void flush() {
        flushScheduled = false;
        ByteBuf out = batch;
        if (out != null) {
            batch = null;
            channel.writeAndFlush(out);
        } else {
            channel.flush();
        }
    }

    @Override
    public void configure(boolean headerDigest, boolean dataDigest, int receiveBytesMax) {
        encoder.configure(headerDigest, dataDigest);
        machine.configureDecoder(headerDigest, dataDigest, receiveBytesMax);
    }

    @Override
    public void close() {
        if (!closing) {
            flush();
            closing = true;
            channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
            // who does not take what is left is not waited for
            shard.schedule(LINGER_NANOS, channel::close);
        }
    }

    @Override
    public boolean isWritable() {
        return channel.isWritable();
    }
}
