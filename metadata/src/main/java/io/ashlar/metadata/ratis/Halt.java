package io.ashlar.metadata.ratis;

import io.ashlar.metadata.engine.EngineConfig;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the node once that the engine has stopped, unless it was asked to. Safe for use by any
 * thread.
 */
final class Halt {
    private static final Logger LOG = LoggerFactory.getLogger(Halt.class);

    private final EngineConfig config;
    private final AtomicBoolean isExpected = new AtomicBoolean();
    private final AtomicBoolean isTold = new AtomicBoolean();

    Halt(EngineConfig config) {
        this.config = config;
    }

    /** From now on a stop is no news; returns whether it was none before. */
    boolean expect() {
        return isExpected.getAndSet(true);
    }

    boolean isExpected() {
        return isExpected.get();
    }

    void now(String reason) {
        if (!isExpected.get() && isTold.compareAndSet(false, true)) {
            LOG.error("metadata of {} stops for good: {}", config.node(), reason);
            config.halted().accept(reason);
        }
    }
}
