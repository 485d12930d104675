package io.ashlar.common.reservation;

/** What became of a change. The codes are on disk and between nodes. */
public enum ReservationVerdict {
    DONE(0),
    /** RESERVATION CONFLICT. */
    CONFLICT(1),
    /** A release of another type than what is held. */
    INVALID_RELEASE(2),
    /** What is asked for makes no sense here: INVALID FIELD IN PARAMETER LIST. */
    INVALID(3),
    /** Too many registrations. */
    NO_ROOM(4);

    private final int code;

    ReservationVerdict(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }

    /**
     * @throws IllegalArgumentException if there is none
     */
    public static ReservationVerdict of(long code) {
        for (ReservationVerdict verdict : values()) {
            if (verdict.code == code) {
                return verdict;
            }
        }
        throw new IllegalArgumentException("verdict " + code);
    }
}
