package io.ashlar.replication.group;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many leads this process gives away at a time: each stops its group for some milliseconds, so
 * that a volume that is striped over all groups would feel many at once. Safe for use by any
 * thread.
 */
public final class HandOvers {
    private final int most;
    private final AtomicInteger open = new AtomicInteger();

    public HandOvers(int most) {
        this.most = most;
    }

    /** Takes a place, if there is one; whoever got it gives it back by {@link #end}. */
    boolean begin() {
        if (open.incrementAndGet() <= most) {
            return true;
        }
        open.decrementAndGet();
        return false;
    }

    void end() {
        open.decrementAndGet();
    }
}
