package io.ashlar.common.reservation;

/**
 * What a nexus is to be told of a change by another.
 *
 * @param number rises with every change of the volume's table that tells somebody something
 */
public record Notice(long number, Kind kind) {
    /** The codes are on disk and between nodes. */
    public enum Kind {
        /** All is cleared: unit attention 2Ah/03h. */
        CLEARED(1),
        /** The reservation is released: 2Ah/04h. */
        RELEASED(2),
        /** Its registration is removed: 2Ah/05h. */
        PREEMPTED(3);

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        public int code() {
            return code;
        }
    }
}
