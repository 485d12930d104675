package io.ashlar.common.reservation;

import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A table while a change is applied to it. */
final class TableDraft {
    final TreeMap<Nexus, Registration> registrations;
    private final TreeMap<Nexus, Notice> notices;
    private long generation;
    @Nullable Reservation reservation;
    @Nullable LegacyReservation legacy;
    private long noticeCount;
    private boolean isChanged;

    TableDraft(ReservationTable table) {
        this.registrations = new TreeMap<>(table.registrations());
        this.notices = new TreeMap<>(table.notices());
        this.generation = table.generation();
        this.reservation = table.reservation();
        this.legacy = table.legacy();
        this.noticeCount = table.noticeCount();
    }

    boolean isChanged() {
        return isChanged;
    }

    ReservationTable table(ReservationChange last) {
        return new ReservationTable(
                generation, registrations, reservation, legacy, noticeCount, notices, last);
    }

    boolean isLegacy() {
        return legacy != null;
    }

    boolean isRegistered(Nexus nexus, long key) {
        Registration present = registrations.get(nexus);
        return present != null && present.key() == key;
    }

    boolean isHolder(Nexus nexus) {
        Reservation held = reservation;
        if (held == null) {
            return false;
        }
        return held.type().isAllRegistrants()
                ? registrations.containsKey(nexus)
                : nexus.equals(held.holder());
    }

    /** The key of the one holder; 0 if there is none, or if all registrants hold. */
    long holderKey() {
        Reservation held = reservation;
        Nexus holder = held == null ? null : held.holder();
        Registration present = holder == null ? null : registrations.get(holder);
        return present == null ? 0 : present.key();
    }

    /** Whether commands of SPC-2 have no effect and no conflict. */
    ReservationVerdict isExempt(Nexus nexus) {
        Reservation held = reservation;
        boolean isExempt =
                isHolder(nexus)
                        || (held != null
                                && held.type().admitsRegistrants()
                                && registrations.containsKey(nexus));
        return isExempt ? ReservationVerdict.DONE : ReservationVerdict.CONFLICT;
    }

    void registrationsChanged() {
        generation++;
        isChanged = true;
    }

    void hold(ReservationType type, Nexus holder) {
        reservation = new Reservation(type, type.isAllRegistrants() ? null : holder);
        isChanged = true;
    }

    void holdLegacy(LegacyReservation wanted) {
        legacy = wanted;
        isChanged = true;
    }

    /** Nothing is reserved any more; nobody is told. */
    void drop() {
        reservation = null;
        legacy = null;
        isChanged = true;
    }

    /** The holder gives up; registrants whom that deprives are told, SPC-4 section 5.13.11.2. */
    void release(Nexus actor) {
        Reservation held = reservation;
        if (held != null && held.type().admitsRegistrants()) {
            notify(registrations.keySet(), actor, Notice.Kind.RELEASED);
        }
        drop();
    }

    /** Takes one registration out, and with it what it alone held. */
    void unregister(Nexus nexus, Nexus actor) {
        Reservation held = reservation;
        boolean isHolder = isHolder(nexus);
        if (registrations.remove(nexus) == null || held == null || !isHolder) {
            return;
        }
        if (!held.type().isAllRegistrants() || registrations.isEmpty()) {
            release(actor);
        }
    }

    /** Tells all but the one who does it. */
    void notify(Collection<Nexus> all, @Nullable Nexus actor, Notice.Kind kind) {
        long number = noticeCount + 1;
        for (Nexus nexus : all) {
            if (!nexus.equals(actor)) {
                notices.put(nexus, new Notice(number, kind));
                noticeCount = number;
            }
        }
        while (notices.size() > ReservationTable.NOTICES_MAX) {
            forgetOldest();
        }
    }

    private void forgetOldest() {
        Nexus oldest = notices.firstKey();
        long number = Long.MAX_VALUE;
        for (Map.Entry<Nexus, Notice> each : notices.entrySet()) {
            if (each.getValue().number() < number) {
                number = each.getValue().number();
                oldest = each.getKey();
            }
        }
        notices.remove(oldest);
    }
}
