package io.ashlar.systemtests.cluster;

import java.time.Duration;

/** Waits for what must come about, with a limit so generous that only a fault reaches it. */
public final class Waiting {
    private static final Duration PAUSE = Duration.ofMillis(200);

    private Waiting() {}

    /** A question that may fail while the cluster is in disorder; a failure counts as no. */
    @FunctionalInterface
    public interface Condition {
        boolean holds() throws Exception;
    }

    /** A text about how things stand, for the report of a failure. */
    @FunctionalInterface
    public interface Diagnosis {
        String text() throws Exception;
    }

    public static void until(String what, Duration timeout, Condition condition)
            throws InterruptedException {
        until(what, timeout, condition, () -> "");
    }

    /**
     * @param diagnosis asked once, if the time is over
     */
    public static void until(
            String what, Duration timeout, Condition condition, Diagnosis diagnosis)
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
                throw new AssertionError(
                        "not within %s: %s%s".formatted(timeout, what, ask(diagnosis)), last);
            }
            Thread.sleep(PAUSE);
        }
    }

    private static String ask(Diagnosis diagnosis) throws InterruptedException {
        try {
            String text = diagnosis.text();
            return text.isEmpty() ? "" : "; " + text;
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            return "; how things stand cannot be told: " + e;
        }
    }
}
