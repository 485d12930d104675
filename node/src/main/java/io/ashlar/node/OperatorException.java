package io.ashlar.node;

import org.jspecify.annotations.Nullable;

/**
 * Something that only an operator can put right. The message is one line for people: what is wrong,
 * where, and what to do. It is printed without a stack trace; nothing was damaged by trying.
 */
public final class OperatorException extends RuntimeException {
    /** Exit code of a process that could not start because of its surroundings. */
    public static final int EXIT_START = 1;

    /** Exit code of a process whose configuration is wrong. */
    public static final int EXIT_CONFIGURATION = 2;

    private final int exitCode;

    private OperatorException(int exitCode, String message, @Nullable Throwable cause) {
        super(message.replace('\n', ' '), cause);
        this.exitCode = exitCode;
    }

    /** The configuration is wrong. */
    public static OperatorException configuration(String message) {
        return new OperatorException(EXIT_CONFIGURATION, message, null);
    }

    /** The surroundings do not let the node start: port, disk, data of another cluster. */
    public static OperatorException start(String message) {
        return new OperatorException(EXIT_START, message, null);
    }

    /** As {@link #start(String)}, with the cause for the log at debug level. */
    public static OperatorException start(String message, Throwable cause) {
        return new OperatorException(EXIT_START, message, cause);
    }

    public int exitCode() {
        return exitCode;
    }
}
