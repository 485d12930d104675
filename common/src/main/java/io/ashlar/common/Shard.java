package io.ashlar.common;

import java.util.concurrent.Executor;

/**
 * The one thread, or one queue of a simulation, that owns some state for life. Its tasks never
 * overlap and run in the order of {@link #execute}.
 */
public interface Shard extends Executor {
    /**
     * Whether the caller runs on this shard. Methods of owned objects begin with {@code assert
     * shard.isCurrent()}.
     */
    boolean isCurrent();

    /**
     * Runs {@code task} on this shard once {@code delayNanos} have passed. The result cancels it;
     * cancelling twice, or after it ran, does nothing.
     */
    Cancellable schedule(long delayNanos, Runnable task);

    /** Takes back what was scheduled. */
    interface Cancellable {
        void cancel();
    }
}
