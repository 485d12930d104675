package io.ashlar.metadata;

/** What became of a command. */
public sealed interface Outcome {
    /**
     * It is durable on a majority and applied here.
     *
     * @param index its log index
     * @param value what the command says that it gives, else 0
     */
    record Applied(long index, long value) implements Outcome {}

    /**
     * Its condition did not hold; nothing has changed.
     *
     * @param index its log index
     * @param reason for programs
     * @param message for people: names the thing and the remedy
     */
    record Rejected(long index, Reason reason, String message) implements Outcome {}

    /** Nobody knows whether it was, or will be, applied: no leader answered in time. */
    record Unknown(String message) implements Outcome {}

    /** Why a command was rejected. The codes are on disk. */
    enum Reason {
        /** The thing is not there. */
        NOT_FOUND(1),
        /** It is there already, with other contents. */
        EXISTS(2),
        /** An epoch, incarnation or state is no longer what the command expected. */
        STALE(3),
        /** The command can never apply. */
        INVALID(4),
        /** Something still uses it. */
        IN_USE(5);

        private final int code;

        Reason(int code) {
            this.code = code;
        }

        public int code() {
            return code;
        }
    }
}
