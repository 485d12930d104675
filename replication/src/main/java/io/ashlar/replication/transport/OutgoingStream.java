package io.ashlar.replication.transport;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Shard;
import io.ashlar.replication.PeerMessage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This process's stream to one node by one lane: connects, and connects again, until it is closed.
 * Its state belongs to the lane's event loop; only {@link #send} is for any thread.
 *
 * <pre>
 *   waiting --(back-off over)--> connecting --(HelloAck)--> standing
 *      ^                              |                         |
 *      +-------(end, any reason)------+-------------------------+
 * </pre>
 */
final class OutgoingStream {
    private static final Logger LOG = LoggerFactory.getLogger(OutgoingStream.class);

    private static final long BACK_OFF_NANOS_MIN = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long BACK_OFF_NANOS_MAX = TimeUnit.SECONDS.toNanos(1);
    private static final int BACK_OFF_DOUBLINGS_MAX = 5;

    /** How large bodies of a type were lately; by type modulo its length, a guess and no more. */
    private static final int HINTS = 256;

    private static final int HINT_BYTES_MIN = 96;

    private final TransportLane lane;
    private final NodeId to;
    private final int[] bodyBytesHint = new int[HINTS]; // racy on purpose: only ever a guess

    /** Where messages go while a stream stands. Written by the loop. */
    private volatile @Nullable Standing standing;

    private @Nullable OutgoingConnection connection;
    private Shard.@Nullable Cancellable retry;
    private boolean closed;
    private int failures;
    private String lastComplaint = "";

    /** A stream that stands. */
    private record Standing(ProcessId peer, SendQueue queue, OutgoingConnection connection) {}

    OutgoingStream(TransportLane lane, NodeId to) {
        this.lane = lane;
        this.to = to;
    }

    /** Any thread. The message is encoded here, so that the lane's one thread has less to do. */
    boolean send(PeerMessage message) {
        Standing now = standing;
        if (now == null) {
            return false;
        }
        int hintAt = message.type() & (HINTS - 1);
        ByteBuf frame =
                Frame.ofMessage(
                        ByteBufAllocator.DEFAULT,
                        message,
                        Math.max(bodyBytesHint[hintAt], HINT_BYTES_MIN));
        bodyBytesHint[hintAt] = frame.readableBytes() - Frame.HEADER_BYTES;
        return switch (now.queue.submit(frame)) {
            case QUEUED -> true;
            case WAKE -> tellLoop(now.connection::drain);
            case CLOSED -> false;
            case OVERFLOW -> {
                tellLoop(() ->
                        now.connection.end(
                                "too slow: " + lane.settings().queueBytesMax() + " bytes wait"));
                yield false;
            }
        };
    }

    private boolean tellLoop(Runnable task) {
        try {
            shard().execute(task);
        } catch (RejectedExecutionException _) {
            // The transport was closed a moment ago; the queue is or will be released by that.
            return false;
        }
        return true;
    }

    EventLoopShard shard() {
        return lane.shard();
    }

    void onBug(Throwable bug) {
        lane.settings().onBug().accept(bug);
    }

    SendQueue newQueue() {
        return new SendQueue(lane.settings().queueBytesMax());
    }

    void connect() {
        retry = null;
        if (closed || connection != null) {
            return;
        }
        Optional<InetSocketAddress> address;
        try {
            address = lane.settings().addresses().address(lane.lane(), to);
        } catch (IllegalArgumentException e) {
            onFailure("its address: " + e.getMessage());
            return;
        }
        if (address.isEmpty()) {
            onFailure("its address is not known yet");
        } else if (!address.get().isUnresolved()) {
            connectTo(address.get());
        } else {
            String host = address.get().getHostString();
            int port = address.get().getPort();
            InetAddress literal = NetUtil.createInetAddressFromIpAddressString(host);
            if (literal != null) {
                connectTo(new InetSocketAddress(literal, port));
            } else {
                resolve(host, port);
            }
        }
    }

    /** Name services block, and the lane's thread must not. */
    private void resolve(String host, int port) {
        Thread.ofVirtual()
                .name("ashlar-resolve-" + host)
                .start(() -> {
                    InetSocketAddress resolved = new InetSocketAddress(host, port);
                    tellLoop(() -> {
                        if (resolved.isUnresolved()) {
                            onFailure("no address for the name " + host);
                        } else {
                            connectTo(resolved);
                        }
                    });
                });
    }

    private void connectTo(InetSocketAddress address) {
        if (closed || connection != null) {
            return;
        }
        OutgoingConnection opened =
                new OutgoingConnection(
                        this,
                        new Hello(
                                lane.settings().cluster(),
                                lane.settings().self(),
                                to,
                                lane.lane(),
                                lane.nextStream()));
        connection = opened;
        lane.connect(address, opened)
                .addListener(future -> {
                    if (!future.isSuccess()) {
                        opened.end(FrameDecoder.describe(future.cause()));
                    }
                });
    }

    void onStanding(OutgoingConnection by, ProcessId peer, SendQueue queue) {
        lastComplaint = "";
        LOG.info("{} stream to {} stands", lane.lane(), peer);
        // First the queue, then the news: a family may send from within connected(). Nothing goes
        // out before the last family knows, since that takes another turn of the loop.
        standing = new Standing(peer, queue, by);
        lane.connected(peer);
    }

    boolean isStandingTo(ProcessId peer) {
        Standing now = standing;
        return now != null && now.peer.equals(peer);
    }

    void onEnd(OutgoingConnection by, String reason) {
        if (connection != by) {
            return;
        }
        connection = null;
        Standing former = standing;
        standing = null;
        if (former != null) {
            LOG.info("{} stream to {} ended: {}", lane.lane(), former.peer, reason);
            lane.disconnected(former.peer);
            retryLater();
        } else {
            onFailure(reason);
        }
    }

    private void onFailure(String reason) {
        if (!closed && !reason.equals(lastComplaint)) {
            lastComplaint = reason; // said once, not with every attempt
            LOG.info("{} stream to {} is not up: {}", lane.lane(), to, reason);
        }
        retryLater();
    }

    private void retryLater() {
        if (closed || retry != null) {
            return;
        }
        long ceiling =
                Math.min(
                        BACK_OFF_NANOS_MAX,
                        BACK_OFF_NANOS_MIN << Math.min(failures, BACK_OFF_DOUBLINGS_MAX));
        failures++;
        int half = (int) (ceiling / 2);
        retry = shard().schedule(half + lane.settings().random().nextInt(half), this::connect);
    }

    void onTick() {
        OutgoingConnection present = connection;
        if (present != null) {
            if (present.isStanding()) {
                failures = 0; // it stood for a while: the next attempt may come soon
            }
            present.onTick();
        }
    }

    /** For good. */
    void close(String reason) {
        closed = true;
        if (retry != null) {
            retry.cancel();
        }
        if (connection != null) {
            connection.end(reason);
        }
    }
}
