package io.ashlar.systemtests.cluster;

import java.time.Duration;

/** Waits for what must come about, with a limit so generous that only a fault reaches it. */
public final class Waiting {
    private static final Duration PAUSE = Duration.ofMillis(200);

    /** A question that may fail while the cluster is in disorder; a failure counts as no. */
    @FunctionalInterface
    public interface Condition {
        boolean holds() throws Exception;
    }

    private Waiting() {}

    public static void until(String what, Duration timeout, Condition condition)
            throws InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        Exception last = null;
        while (true) {
            try {
                if (condition.holds()) {
                    return;
                }
                last = null;
            } catch (InterruptedException e) {
                throw e;
            } catch (Exception e) {
                last = e;
            }
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("not within %s: %s".formatted(timeout, what), last);
            }
            Thread.sleep(PAUSE);
        }
    }
}
