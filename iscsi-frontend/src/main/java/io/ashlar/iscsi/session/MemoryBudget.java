package io.ashlar.iscsi.session;

import java.util.concurrent.atomic.AtomicLong;

/** Data of commands in progress over all sessions of a node, in bytes. Safe for any thread. */
public final class MemoryBudget {
    private final long bytesMax;
    private final AtomicLong used = new AtomicLong();

    public MemoryBudget(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    boolean tryTake(long bytes) {
        if (used.addAndGet(bytes) <= bytesMax) {
            return true;
        }
        used.addAndGet(-bytes);
        return false;
    }

    void giveBack(long bytes) {
        used.addAndGet(-bytes);
    }

    /** Bytes taken now. */
    public long used() {
        return used.get();
    }
}
