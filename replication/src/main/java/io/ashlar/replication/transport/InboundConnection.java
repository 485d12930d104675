package io.ashlar.replication.transport;

import io.ashlar.common.ProcessId;
import io.ashlar.common.WireFormatException;
import io.ashlar.replication.PeerTransport;
import io.ashlar.replication.PeerTransport.Lane;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The accepting end of one connection: Hello in, an answer out, then messages to their families.
 *
 * <p>While this process has more to store than it can hold, the data lane is read no more than once
 * a second, so that the peer's queue fills and not this heap; the little keeps the stream alive.
 * What frees memory, the disks, waits for nothing that comes in here.
 */
final class InboundConnection extends FrameDecoder {
    private static final Logger LOG = LoggerFactory.getLogger(InboundConnection.class);

    /** How often is asked whether reading may go on. */
    private static final long HELD_NANOS = 5_000_000L;

    private final TransportLane lane;
    private @Nullable ProcessId peer;
    private boolean confirmed;
    private boolean holdsBack;

    InboundConnection(TransportLane lane) {
        this.lane = lane;
    }

    @Override
    int bodyBytesMax() {
        return peer == null ? HANDSHAKE_BODY_BYTES_MAX : PeerTransport.BODY_BYTES_MAX;
    }

    @Override
    boolean isStanding() {
        return peer != null;
    }

    @Override
    void onFrame(int version, int type, ByteBuf body) {
        ProcessId from = peer;
        if (from != null) {
            if (version != Frame.VERSION) {
                throw new WireFormatException("version " + version + " after the Hello");
            }
            confirm(from);
            lane.deliver(from, type, body);
        } else if (type == Hello.TYPE) {
            onHello(version, Hello.decode(body));
        } else {
            throw new WireFormatException("type " + type + " before a Hello");
        }
    }

    private void onHello(int version, Hello hello) {
        String refusal = lane.accept(this, version, hello);
        if (refusal.isEmpty()) {
            peer = hello.from();
            LOG.info("{} stream {} from {} stands", lane.lane(), hello.stream(), hello.from());
            writeFrame(new HelloAck(lane.settings().self()).frame(channel().alloc()));
            channel().flush();
        } else {
            endAfter(
                    new HelloRefused(refusal).frame(channel().alloc()),
                    "refused " + hello.from() + ": " + refusal);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) throws Exception {
        super.channelReadComplete(context);
        if (!holdsBack && lane.lane() == Lane.DATA && lane.settings().isLaden().getAsBoolean()) {
            holdsBack = true;
            channel().config().setAutoRead(false);
            lane.shard().schedule(HELD_NANOS, this::readOnIfLight);
        }
    }

    private void readOnIfLight() {
        if (isEnded()) {
            return;
        }
        if (lane.settings().isLaden().getAsBoolean()) {
            lane.shard().schedule(HELD_NANOS, this::readOnIfLight);
        } else {
            holdsBack = false;
            channel().config().setAutoRead(true);
        }
    }

    @Override
    void onTick() {
        super.onTick();
        if (holdsBack && !isEnded()) {
            channel().read();
        }
    }

    @Override
    void onBeat() {
        if (peer == null) {
            throw new WireFormatException("a beat before a Hello");
        }
        confirm(peer);
    }

    /**
     * The first frame after the Hello: from now on the peer can send by this stream, and what it
     * wanted to answer before may be lost. Those who wait for an answer must learn of that, though
     * their own stream never broke.
     */
    private void confirm(ProcessId from) {
        if (!confirmed) {
            confirmed = true;
            lane.onAnswersLost(from);
        }
    }

    @Override
    void onEnd(String reason) {
        LOG.info(
                "{} connection from {} ended: {}",
                lane.lane(),
                peer == null ? channel().remoteAddress() : peer,
                reason);
        lane.onEnd(this, peer);
    }

    @Override
    void onBug(Throwable bug) {
        lane.settings().onBug().accept(bug);
    }
}
