package io.ashlar.common;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Checks of arguments, and of invariants whose violation must stop the process. */
public final class Check {
    private static final Logger LOG = LoggerFactory.getLogger(Check.class);

    /**
     * What happens when an invariant is broken: the process halts, unless a test or the simulation
     * asks otherwise.
     */
    private static volatile boolean haltOnViolation = Boolean.getBoolean("ashlar.haltOnViolation");

    private Check() {}

    /** Thrown for a broken invariant. Nothing in this product catches it to go on. */
    public static final class InvariantViolation extends AssertionError {
        InvariantViolation(String message) {
            super(message);
        }
    }

    /**
     * A broken invariant halts the node: a crash costs availability, running on after corruption
     * costs data. Simulation and tests leave the property {@code ashlar.haltOnViolation} off and
     * see the exception.
     */
    public static void invariant(boolean holds, String format, @Nullable Object... arguments) {
        if (!holds) {
            String message = String.format(format, arguments);
            InvariantViolation violation = new InvariantViolation(message);
            if (haltOnViolation) {
                LOG.error("invariant broken, halting: {}", message, violation);
                Runtime.getRuntime().halt(70);
            }
            throw violation;
        }
    }

    /** A caller's mistake. */
    public static void argument(boolean holds, String format, @Nullable Object... arguments) {
        if (!holds) {
            throw new IllegalArgumentException(String.format(format, arguments));
        }
    }

    /** Called by {@code main}: from here on a broken invariant halts the process. */
    public static void haltOnViolation() {
        haltOnViolation = true;
    }
}
