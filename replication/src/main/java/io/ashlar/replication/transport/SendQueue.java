package io.ashlar.replication.transport;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;

/**
 * What was sent by one stream and is not in its socket yet: filled by any thread, emptied by the
 * event loop a batch at a time. It says when the loop must be woken: once per batch. The lock is
 * held for a few instructions, never around I/O.
 */
final class SendQueue {
    /** Memory, in bytes, that may wait; a peer that is further behind is cut off. */
    static final long BYTES_MAX = 64L * 1024 * 1024;

    /** What a waiting frame costs besides its buffer, in bytes: so that small ones count too. */
    private static final int FRAME_OVERHEAD_BYTES = 256;

    enum Offer {
        /** The loop must be told. */
        WAKE,
        /** The loop knows already. */
        QUEUED,
        /** The stream is gone; the frame was released. */
        CLOSED,
        /** This frame was one too many: it was released, and the queue takes no more. */
        OVERFLOW
    }

    private final long bytesMax;
    private ArrayDeque<ByteBuf> waiting = new ArrayDeque<>();
    private long bytes;
    private boolean awake;
    private boolean closed;

    SendQueue(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    /** Takes over a sealed frame. */
    Offer submit(ByteBuf frame) {
        int cost = cost(frame);
        Offer offer;
        synchronized (this) {
            if (closed) {
                offer = Offer.CLOSED;
            } else if (bytes + cost > bytesMax) {
                closed = true;
                offer = Offer.OVERFLOW;
            } else {
                bytes += cost;
                waiting.add(frame);
                offer = awake ? Offer.QUEUED : Offer.WAKE;
                awake = true;
            }
        }
        if (offer == Offer.CLOSED || offer == Offer.OVERFLOW) {
            frame.release();
        }
        return offer;
    }

    /**
     * Swaps all that waits for an empty queue. If nothing waits, the next {@link #submit} asks for
     * the loop again.
     */
    synchronized ArrayDeque<ByteBuf> take(ArrayDeque<ByteBuf> empty) {
        if (waiting.isEmpty()) {
            awake = false;
            return empty;
        }
        ArrayDeque<ByteBuf> taken = waiting;
        waiting = empty;
        return taken;
    }

    /** Frames of this cost, in sum, are with the socket now. */
    synchronized void onWritten(long cost) {
        bytes -= cost;
    }

    /** Takes no more, and drops what waits. */
    void close() {
        ArrayDeque<ByteBuf> dropped;
        synchronized (this) {
            closed = true;
            dropped = waiting;
            waiting = new ArrayDeque<>();
        }
        dropped.forEach(ByteBuf::release);
    }

    static int cost(ByteBuf frame) {
        return frame.capacity() + FRAME_OVERHEAD_BYTES;
    }
}
