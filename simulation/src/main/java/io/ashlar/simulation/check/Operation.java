package io.ashlar.simulation.check;

import org.jspecify.annotations.Nullable;

/**
 * One read or write of one register. Times are places in the order of all invocations and
 * responses, so no two are equal.
 */
public final class Operation {
    /** What happened, as its client knows it. */
    public enum Outcome {
        /** It was answered: it took effect between invocation and response. */
        DONE,
        /** Nobody knows; if it takes effect at all, then before its {@link #end}. */
        UNKNOWN,
        /** It was refused, and must never take effect. */
        REFUSED
    }

    private final String register;
    private final boolean write;
    private final long begin;
    private final String note;
    private long value;
    private long end = Long.MAX_VALUE;
    private Outcome outcome = Outcome.UNKNOWN;

    Operation(String register, boolean write, long value, long begin, String note) {
        this.register = register;
        this.write = write;
        this.value = value;
        this.begin = begin;
        this.note = note;
    }

    public String register() {
        return register;
    }

    public boolean isWrite() {
        return write;
    }

    /** What was written, or read. Zero is what a register holds at first. */
    public long value() {
        return value;
    }

    public long begin() {
        return begin;
    }

    /**
     * Response, or the deadline of a write of unknown outcome; the largest long if there is none.
     */
    public long end() {
        return end;
    }

    public Outcome outcome() {
        return outcome;
    }

    void finish(Outcome result, long at, @Nullable Long valueRead) {
        outcome = result;
        end = Math.min(end, at);
        if (valueRead != null) {
            value = valueRead;
        }
    }

    void mustBeDecidedBy(long at) {
        end = Math.min(end, at);
    }

    @Override
    public String toString() {
        return (write ? "write " : "read ")
                + value
                + " ["
                + begin
                + ", "
                + (end == Long.MAX_VALUE ? "-" : Long.toString(end))
                + "] "
                + outcome
                + " "
                + note;
    }
}
