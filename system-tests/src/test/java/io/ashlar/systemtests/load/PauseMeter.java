package io.ashlar.systemtests.load;

import java.util.concurrent.locks.ReentrantLock;

/** The longest time in which nothing was completed. Safe for many threads. */
final class PauseMeter {
    private final ReentrantLock lock = new ReentrantLock();
    private final long startNanos;
    private long lastNanos;
    private long longestNanos;
    private long longestBeganNanos;
    private long longestLatelyNanos;

    PauseMeter(long nowNanos) {
        startNanos = nowNanos;
        lastNanos = nowNanos;
    }

    void completed(long nowNanos) {
        lock.lock();
        try {
            if (nowNanos - lastNanos > longestNanos) {
                longestNanos = nowNanos - lastNanos;
                longestBeganNanos = lastNanos - startNanos;
            }
            longestLatelyNanos = Math.max(longestLatelyNanos, nowNanos - lastNanos);
            lastNanos = Math.max(lastNanos, nowNanos);
        } finally {
            lock.unlock();
        }
    }

    /** Nanoseconds since the last completion. */
    long sinceLast(long nowNanos) {
        lock.lock();
        try {
            return nowNanos - lastNanos;
        } finally {
            lock.unlock();
        }
    }

    /** The longest since this was asked last, the one that lasts included. */
    long takeLongest(long nowNanos) {
        lock.lock();
        try {
            long longest = Math.max(longestLatelyNanos, nowNanos - lastNanos);
            longestLatelyNanos = 0;
            return longest;
        } finally {
            lock.unlock();
        }
    }

    long longestNanos() {
        lock.lock();
        try {
            return longestNanos;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String toString() {
        lock.lock();
        try {
            return "%.3f s (from %.3f s on)".formatted(longestNanos / 1e9, longestBeganNanos / 1e9);
        } finally {
            lock.unlock();
        }
    }
}
