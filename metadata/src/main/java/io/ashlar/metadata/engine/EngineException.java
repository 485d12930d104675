package io.ashlar.metadata.engine;

/** The engine could not start, or could not do in time what it was asked. */
public final class EngineException extends RuntimeException {
    public EngineException(String message) {
        super(message);
    }

    public EngineException(String message, Throwable cause) {
        super(message, cause);
    }
}
