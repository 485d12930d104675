package io.ashlar.common.reservation;

/** What a command is to a reservation. */
public enum AccessKind {
    /** Held back by exclusive access only. */
    READ,
    /** Held back by every reservation of others. */
    WRITE,
    /** Held back by no reservation but that of SPC-2. */
    OTHER
}
