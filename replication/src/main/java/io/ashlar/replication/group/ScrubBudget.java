package io.ashlar.replication.group;

import io.ashlar.replication.ScrubSettings;

/**
 * What all scrubs of a process share: how many run, and at which rate. Used by all shards; every
 * method is one short critical section.
 *
 * <p>It yields to hosts by looking at how long its own steps take: after each it rests for a
 * multiple of that time, so the busier the disks are, the less of their time it takes.
 */
public final class ScrubBudget {
    /** Rests for so many times what a step took, when nobody asked for the scrub. */
    private static final int REST_IN_BACKGROUND = 4;

    private static final long SECOND = 1_000_000_000L;

    private final ScrubSettings settings;
    private int running;
    private long freeNanos = Long.MIN_VALUE;

    public ScrubBudget(ScrubSettings settings) {
        this.settings = settings;
    }

    ScrubSettings settings() {
        return settings;
    }

    /** Whether another pass may begin; it must {@link #end}. */
    synchronized boolean begin() {
        if (running >= settings.passesMax()) {
            return false;
        }
        running++;
        return true;
    }

    synchronized void end() {
        running--;
    }

    /**
     * Accounts for a step that has been done.
     *
     * @param tookNanos how long it took
     * @return how long to wait before the next one
     */
    synchronized long restNanos(long nowNanos, long bytes, long tookNanos, boolean byHand) {
        long rate = byHand ? settings.bytesPerSecondMax() : settings.bytesPerSecond();
        long from = freeNanos == Long.MIN_VALUE ? nowNanos : Math.max(freeNanos, nowNanos);
        freeNanos = from + bytes * SECOND / rate;
        long rest = (byHand ? 1 : REST_IN_BACKGROUND) * tookNanos;
        return Math.max(freeNanos - nowNanos, rest);
    }
}
