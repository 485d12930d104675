package io.ashlar.chunkstore.rocks;

import io.ashlar.common.Check;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What waits for a device's threads. Limited in items and bytes: callers admit I/O by credits, so
 * that a full queue is a broken invariant and not a state to be waited out.
 */
final class BoundedQueue<T> {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition filled = lock.newCondition();
    private final ArrayDeque<T> items = new ArrayDeque<>();
    private final ArrayDeque<Integer> sizes = new ArrayDeque<>();
    private final String name;
    private final int itemsMax;
    private final long bytesMax;
    private long bytes;
    private boolean closed;

    BoundedQueue(String name, int itemsMax, long bytesMax) {
        this.name = name;
        this.itemsMax = itemsMax;
        this.bytesMax = bytesMax;
    }

    /** False if the queue is closed; the item is the caller's then. */
    boolean offer(T item, int itemBytes) {
        lock.lock();
        try {
            if (closed) {
                return false;
            }
            Check.invariant(
                    items.size() < itemsMax && bytes + itemBytes <= bytesMax,
                    "%s: %s waiting with %s bytes, limits are %s and %s: credits do not bound them",
                    name,
                    items.size(),
                    bytes,
                    itemsMax,
                    bytesMax);
            items.add(item);
            sizes.add(itemBytes);
            bytes += itemBytes;
            filled.signal();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for an item, then takes as many as there are up to the limits, in order; always one.
     * Nothing only when the queue is closed and drained.
     */
    void take(List<T> into, int countMax, long takenBytesMax) {
        lock.lock();
        try {
            while (items.isEmpty() && !closed) {
                filled.awaitUninterruptibly();
            }
            long taken = 0;
            for (int i = 0; i < countMax && !items.isEmpty(); i++) {
                if (i > 0 && taken + sizes.element() > takenBytesMax) {
                    break;
                }
                int itemBytes = sizes.remove();
                taken += itemBytes;
                bytes -= itemBytes;
                into.add(items.remove());
            }
        } finally {
            lock.unlock();
        }
    }

    /** Bytes of the items in it. */
    long bytes() {
        lock.lock();
        try {
            return bytes;
        } finally {
            lock.unlock();
        }
    }

    /** No more items are taken in; those in it are still handed out. */
    void close() {
        lock.lock();
        try {
            closed = true;
            filled.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
