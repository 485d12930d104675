package io.ashlar.volume;

/**
 * What became of a request to move a volume.
 *
 * @param accessEpoch the volume's, as far as whoever answers knows it
 * @param detail for people, may be empty
 */
public record MoveResult(Code code, long accessEpoch, String detail) {
    /** What became of it. The codes travel between nodes. */
    public enum Code {
        /** The node owns the volume, and serves it. */
        MOVED(1),
        /** It did before. */
        ALREADY_OWNER(2),
        /** Another move of the volume is under way. */
        IN_PROGRESS(3),
        /** The owner does not serve the volume yet, or not any more. */
        NOT_SERVING(4),
        /** The volume is gone. */
        NO_SUCH_VOLUME(5),
        /** There is no such node. */
        NO_SUCH_NODE(6),
        /** The node takes no volumes. */
        NOT_ACTIVE(7),
        /** The node is not heard. */
        SILENT(8),
        /** The node did not say in time that it would take the volume, or that it has the state. */
        NOT_READY(9),
        /** What was admitted was not decided in time; the owner went on. */
        NOT_DRAINED(10),
        /** The control plane refused the move. */
        REJECTED(11),
        /** It was given up, and cannot happen any more. */
        GIVEN_UP(12),
        /** Another owner took the volume meanwhile. */
        OVERTAKEN(13),
        /** Nobody answered in time. */
        UNKNOWN(14);

        private final int number;

        Code(int number) {
            this.number = number;
        }

        public int number() {
            return number;
        }
    }
}
