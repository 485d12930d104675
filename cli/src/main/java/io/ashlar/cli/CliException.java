package io.ashlar.cli;

/** The command is not done. The message is for people: what is wrong, and what to do. */
public final class CliException extends RuntimeException {
    /** Done. */
    public static final int EXIT_OK = 0;

    /** Asked, and not done. */
    public static final int EXIT_FAILED = 1;

    /** The command line is wrong. */
    public static final int EXIT_USAGE = 2;

    /** No node answered. */
    public static final int EXIT_UNREACHABLE = 3;

    private final int exitCode;

    private CliException(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    public static CliException failed(String message) {
        return new CliException(EXIT_FAILED, message);
    }

    public static CliException usage(String message) {
        return new CliException(EXIT_USAGE, message);
    }

    public static CliException unreachable(String message) {
        return new CliException(EXIT_UNREACHABLE, message);
    }

    public int exitCode() {
        return exitCode;
    }
}
