package io.ashlar.metadata;

import org.jspecify.annotations.Nullable;

/**
 * Work that takes long, as an operator sees it. It survives any change of leader, since what is
 * left follows from the control state; {@code done} and {@code total} are the control loop's last
 * reckoning.
 *
 * @param id never given again
 * @param note why it does not get on, or how it ended; empty if there is nothing to say
 * @param done placement groups of {@code total} that are done; the total may grow
 * @param left of a scrub: the groups that are to be scrubbed yet
 * @param ended when and by whom; null while it runs or is paused
 * @param index log index of the last change
 */
public record JobRecord(
        long id,
        JobKind kind,
        State state,
        String note,
        long done,
        long total,
        GroupSet left,
        JobStamp started,
        @Nullable JobStamp ended,
        long index) {
    /** How a job stands. */
    public enum State {
        RUNNING,
        /** Begins nothing new; what is under way ends. */
        PAUSED,
        CANCELLED,
        DONE,
        FAILED;

        /** Whether it may go on. */
        public boolean isOpen() {
            return this == RUNNING || this == PAUSED;
        }
    }

    static JobRecord begun(
            long id, JobKind kind, long total, GroupSet left, JobStamp started, long index) {
        return new JobRecord(id, kind, State.RUNNING, "", 0, total, left, started, null, index);
    }

    public boolean isOpen() {
        return state.isOpen();
    }

    public boolean isRunning() {
        return state == State.RUNNING;
    }

    /** The same, paused or running again. */
    JobRecord paused(boolean isPaused, long at) {
        State next = isPaused ? State.PAUSED : State.RUNNING;
        return new JobRecord(id, kind, next, note, done, total, left, started, null, at);
    }

    /** The same, further on. */
    JobRecord advanced(long newDone, long newTotal, String newNote, GroupSet newLeft, long at) {
        return new JobRecord(
                id, kind, state, newNote, newDone, newTotal, newLeft, started, null, at);
    }

    /** The same, ended. */
    JobRecord ended(State how, String why, JobStamp stamp, long at) {
        return new JobRecord(id, kind, how, why, done, total, GroupSet.EMPTY, started, stamp, at);
    }
}
