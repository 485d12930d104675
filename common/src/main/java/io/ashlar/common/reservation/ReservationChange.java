package io.ashlar.common.reservation;

import java.util.List;

/**
 * A change of a volume's reservations, as a host or an operator asks for it. {@code key} is the key
 * that who asks claims to be registered with.
 */
public sealed interface ReservationChange {
    /**
     * Registers, changes the key, or with {@code newKey} 0 unregisters.
     *
     * @param ignoreKey whether {@code key} does not matter
     * @param allPorts for all target ports
     * @param others further initiator ports that are registered with the same key
     */
    record Register(
            Nexus nexus,
            boolean ignoreKey,
            long key,
            long newKey,
            boolean allPorts,
            List<String> others)
            implements ReservationChange {
        /** Further initiator ports of one command. */
        public static final int OTHERS_MAX = 64;

        public Register {
            others = List.copyOf(others);
        }
    }

    /** Becomes the holder. */
    record Reserve(Nexus nexus, long key, ReservationType type) implements ReservationChange {}

    /** Gives the reservation up. */
    record Release(Nexus nexus, long key, ReservationType type) implements ReservationChange {}

    /** Removes the reservation and all registrations. */
    record Clear(Nexus nexus, long key) implements ReservationChange {}

    /**
     * Removes the registrations with a key, and takes the reservation over if one of them held it.
     *
     * @param abort whether the commands of those who are removed are aborted
     */
    record Preempt(Nexus nexus, long key, long victimKey, ReservationType type, boolean abort)
            implements ReservationChange {}

    /** Registers another with {@code newKey} and makes it the holder. */
    record Move(Nexus nexus, long key, long newKey, Nexus destination, boolean unregister)
            implements ReservationChange {}

    /** RESERVE of SPC-2. */
    record LegacyReserve(Nexus nexus, LegacyReservation wanted) implements ReservationChange {}

    /** RELEASE of SPC-2. */
    record LegacyRelease(Nexus nexus, LegacyReservation held) implements ReservationChange {}

    /**
     * Ends a reservation of SPC-2 whose session has ended, or whose volume is reset.
     *
     * @param held only this one
     */
    record LegacyEnd(LegacyReservation held) implements ReservationChange {}

    /** An operator removes everything. */
    record Erase() implements ReservationChange {}
}
