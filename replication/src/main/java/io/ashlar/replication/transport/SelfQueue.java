package io.ashlar.replication.transport;

import io.ashlar.replication.PeerMessage;
import java.util.ArrayDeque;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Messages of a process to itself: the objects, in order, handed out on the lane's event loop. */
final class SelfQueue {
    private static final Logger LOG = LoggerFactory.getLogger(SelfQueue.class);

    /** Messages that may wait. */
    static final int MESSAGES_MAX = 256 * 1024;

    /** Messages handed out in one turn of the loop; then others have theirs. */
    private static final int MESSAGES_PER_TURN = 256;

    private final EventLoopShard shard;
    private final Consumer<PeerMessage> receiver;
    private ArrayDeque<PeerMessage> batch = new ArrayDeque<>(); // of the loop
    private ArrayDeque<PeerMessage> waiting = new ArrayDeque<>();
    private boolean awake;
    private boolean closed;

    SelfQueue(EventLoopShard shard, Consumer<PeerMessage> receiver) {
        this.shard = shard;
        this.receiver = receiver;
    }

    /** Any thread. Returns false if it is full or closed. */
    boolean submit(PeerMessage message) {
        boolean wake;
        synchronized (this) {
            if (closed) {
                return false;
            }
            if (waiting.size() >= MESSAGES_MAX) {
                LOG.warn("{} messages of this process to itself wait; refused one", MESSAGES_MAX);
                return false;
            }
            waiting.add(message);
            wake = !awake;
            awake = true;
        }
        if (wake) {
            try {
                shard.execute(this::drain);
            } catch (RejectedExecutionException _) {
                return false; // closed a moment ago
            }
        }
        return true;
    }

    private void drain() {
        for (int i = 0; i < MESSAGES_PER_TURN; i++) {
            if (batch.isEmpty() && !swap()) {
                return;
            }
            receiver.accept(batch.remove());
        }
        shard.execute(this::drain);
    }

    private synchronized boolean swap() {
        if (waiting.isEmpty() || closed) {
            awake = false;
            return false;
        }
        ArrayDeque<PeerMessage> taken = waiting;
        waiting = batch;
        batch = taken;
        return true;
    }

    synchronized void close() {
        closed = true;
        waiting.clear();
        batch.clear();
    }
}
