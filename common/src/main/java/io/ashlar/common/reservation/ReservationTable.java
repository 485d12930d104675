package io.ashlar.common.reservation;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * All that is known of one volume's reservations. Immutable; the maps are unmodifiable and ordered.
 *
 * @param generation rises with every change of registrations; 32 bits of it are reported
 * @param registrations by registrant
 * @param reservation null if there is none
 * @param legacy the reservation of SPC-2, which excludes the other kind; null if there is none
 * @param noticeCount number of the newest notice
 * @param notices the newest of each nexus that was told something, so that no node that skips
 *     states misses one
 * @param last the last change that changed something: its repetition is no conflict
 */
public record ReservationTable(
        long generation,
        SortedMap<Nexus, Registration> registrations,
        @Nullable Reservation reservation,
        @Nullable LegacyReservation legacy,
        long noticeCount,
        SortedMap<Nexus, Notice> notices,
        @Nullable ReservationChange last) {
    /** Registrations of one volume. */
    public static final int REGISTRATIONS_MAX = 2048;

    /** Notices of one volume that are remembered. */
    public static final int NOTICES_MAX = REGISTRATIONS_MAX;

    /** Nothing was ever registered. */
    public static final ReservationTable EMPTY =
            new ReservationTable(
                    0,
                    Collections.emptySortedMap(),
                    null,
                    null,
                    0,
                    Collections.emptySortedMap(),
                    null);

    public ReservationTable {
        registrations = Collections.unmodifiableSortedMap(new TreeMap<>(registrations));
        notices = Collections.unmodifiableSortedMap(new TreeMap<>(notices));
    }

    /** Applies a change; see {@link ReservationRules}. */
    public Result apply(ReservationChange change, Iterable<Integer> targetPorts) {
        return ReservationRules.apply(this, change, targetPorts);
    }

    /**
     * A table and what became of the change that led to it.
     *
     * @param table the same one if nothing has changed
     */
    public record Result(ReservationTable table, ReservationVerdict verdict) {}

    /** Whether it says nothing about who may do what, so that nobody needs to look closer. */
    public boolean isOpen() {
        return reservation == null && legacy == null;
    }

    public boolean isRegistered(Nexus nexus) {
        return registrations.containsKey(nexus);
    }

    /** Whether it holds the reservation, alone or with all registrants. */
    public boolean isHolder(Nexus nexus) {
        Reservation held = reservation;
        if (held == null) {
            return false;
        }
        return held.type().isAllRegistrants() ? isRegistered(nexus) : nexus.equals(held.holder());
    }

    /**
     * Whether a nexus may do this under the reservation (SPC-4 section 5.13.1, tables 66 and 67).
     * The reservation of SPC-2 is the caller's to look at.
     */
    public boolean permits(Nexus nexus, AccessKind kind) {
        Reservation held = reservation;
        if (held == null
                || kind == AccessKind.OTHER
                || (kind == AccessKind.READ && !held.type().isExclusiveAccess())) {
            return true;
        }
        return held.type().admitsRegistrants() ? isRegistered(nexus) : isHolder(nexus);
    }
}
