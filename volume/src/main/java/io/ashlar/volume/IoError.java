package io.ashlar.volume;

/**
 * Why an I/O did not happen. Each front end maps these in one place to its protocol's status
 * (CODE-STYLE section 6).
 */
public enum IoError {
    /** Offset and length reach past the volume's end. */
    OUT_OF_RANGE,
    /** The volume is not there, or not mapped to this host. */
    NO_SUCH_VOLUME,
    /** No intact copy is left. */
    UNRECOVERED_READ,
    /** Data could not be stored. */
    WRITE_FAULT,
    /** COMPARE AND WRITE found other data. */
    MISCOMPARE,
    /** The pool is full. */
    OUT_OF_SPACE,
    /** The volume is write-protected. */
    READ_ONLY,
    /** A reservation of another host. */
    RESERVATION_CONFLICT,
    /** A reservation is to be released as another type than it has. */
    INVALID_RELEASE,
    /** A change of reservations that makes no sense as they are. */
    INVALID_RESERVATION,
    /** Too many registrations. */
    NO_REGISTRATION_ROOM,
    /**
     * An older access epoch, session epoch, ticket or path. The command has not taken effect
     * through this attempt, or its outcome is unknown; the initiator decides whether to repeat it.
     * Never resubmitted for the host.
     */
    FENCED,
    /** This node has lost touch with the cluster. */
    UNREACHABLE,
    /** The volume is moving and took longer than commands can be held. */
    IN_TRANSITION,
    /** Too much in flight. */
    OVERLOADED,
    /** The command was aborted; its initiator has been, or will be, told so. */
    ABORTED,
    /** A bug, or an error that has no better name. */
    INTERNAL
}
