package io.ashlar.chunkstore.rocks;

import io.ashlar.chunkstore.ReadResult;
import io.ashlar.chunkstore.WriteResult;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Why a device is closed for good; the first reason stays. */
final class Failure {
    private static final Logger LOG = LoggerFactory.getLogger(Failure.class);

    private final String device;
    private final AtomicReference<@Nullable String> reason = new AtomicReference<>();

    Failure(String device) {
        this.device = device;
    }

    void set(String why, Throwable cause) {
        if (reason.compareAndSet(null, why)) {
            LOG.error("{} failed and takes no more I/O: {}", device, why, cause);
        }
    }

    boolean isSet() {
        return reason.get() != null;
    }

    Optional<String> reason() {
        return Optional.ofNullable(reason.get());
    }

    WriteResult result() {
        return new WriteResult.Failed(reason().orElse("device closed"));
    }

    ReadResult readResult() {
        return new ReadResult.Failed(reason().orElse("device closed"));
    }
}
