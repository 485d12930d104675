package io.ashlar.common.reservation;

import io.ashlar.common.reservation.ReservationTable.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What each change does to a table (SPC-4 sections 5.13.5 to 5.13.11). Pure and total. Beyond the
 * specification, a change that would conflict only because it was done already is done: the very
 * last change, or a registration with the key that stands, repeated with the key that it replaced.
 * A host whose answer was lost so hears the truth.
 */
final class ReservationRules {
    private ReservationRules() {}

    static Result apply(
            ReservationTable table, ReservationChange change, Iterable<Integer> targetPorts) {
        TableDraft draft = new TableDraft(table);
        ReservationVerdict verdict =
                switch (change) {
                    case ReservationChange.Register c -> register(draft, c, targetPorts);
                    case ReservationChange.Reserve c -> reserve(draft, c);
                    case ReservationChange.Release c -> release(draft, c);
                    case ReservationChange.Clear c -> clear(draft, c);
                    case ReservationChange.Preempt c -> preempt(draft, c);
                    case ReservationChange.Move c -> move(draft, c, targetPorts);
                    case ReservationChange.LegacyReserve c -> legacyReserve(draft, c);
                    case ReservationChange.LegacyRelease c -> legacyRelease(draft, c);
                    case ReservationChange.LegacyEnd c -> legacyEnd(draft, c);
                    case ReservationChange.Erase _ -> erase(draft, null);
                };
        if (verdict == ReservationVerdict.DONE) {
            return new Result(draft.isChanged() ? draft.table(change) : table, verdict);
        }
        boolean isRepeated = verdict == ReservationVerdict.CONFLICT && change.equals(table.last());
        return new Result(table, isRepeated ? ReservationVerdict.DONE : verdict);
    }

    // ---- registrations, section 5.13.7

    private static ReservationVerdict register(
            TableDraft draft, ReservationChange.Register change, Iterable<Integer> targetPorts) {
        Registration present = draft.registrations.get(change.nexus());
        if (draft.isLegacy()) {
            return ReservationVerdict.CONFLICT;
        }
        if (present == null) {
            if (!change.ignoreKey() && change.key() != 0) {
                return ReservationVerdict.CONFLICT;
            }
            return change.newKey() == 0
                    ? ReservationVerdict.DONE
                    : add(draft, change, targetPorts, 0);
        }
        if (!change.others().isEmpty()) {
            return ReservationVerdict.INVALID;
        }
        if (!change.ignoreKey() && change.key() != present.key()) {
            boolean isRepeated =
                    change.newKey() == present.key() && change.key() == present.formerKey();
            return isRepeated ? ReservationVerdict.DONE : ReservationVerdict.CONFLICT;
        }
        if (change.newKey() != 0) {
            return add(draft, change, targetPorts, present.key());
        }
        for (Nexus nexus : ports(change, targetPorts)) {
            draft.unregister(nexus, change.nexus());
        }
        draft.registrationsChanged();
        return ReservationVerdict.DONE;
    }

    private static ReservationVerdict add(
            TableDraft draft,
            ReservationChange.Register change,
            Iterable<Integer> targetPorts,
            long formerKey) {
        for (Nexus nexus : ports(change, targetPorts)) {
            draft.registrations.put(nexus, new Registration(change.newKey(), formerKey));
            if (draft.registrations.size() > ReservationTable.REGISTRATIONS_MAX) {
                return ReservationVerdict.NO_ROOM;
            }
        }
        draft.registrationsChanged();
        return ReservationVerdict.DONE;
    }

    /** All that a registration is for. */
    private static List<Nexus> ports(
            ReservationChange.Register change, Iterable<Integer> targetPorts) {
        List<Nexus> all = new ArrayList<>();
        List<String> initiators = new ArrayList<>(change.others());
        initiators.add(change.nexus().initiatorPort());
        for (String initiator : initiators) {
            all.add(new Nexus(initiator, change.nexus().targetPort()));
            if (change.allPorts()) {
                targetPorts.forEach(port -> all.add(new Nexus(initiator, port)));
            }
        }
        return all;
    }

    // ---- the reservation, sections 5.13.9 to 5.13.11

    private static ReservationVerdict reserve(TableDraft draft, ReservationChange.Reserve change) {
        if (!draft.isRegistered(change.nexus(), change.key())) {
            return ReservationVerdict.CONFLICT;
        }
        Reservation held = draft.reservation;
        if (held == null) {
            draft.hold(change.type(), change.nexus());
            return ReservationVerdict.DONE;
        }
        boolean isAsItIs = draft.isHolder(change.nexus()) && held.type() == change.type();
        return isAsItIs ? ReservationVerdict.DONE : ReservationVerdict.CONFLICT;
    }

    private static ReservationVerdict release(TableDraft draft, ReservationChange.Release change) {
        if (!draft.isRegistered(change.nexus(), change.key())) {
            return ReservationVerdict.CONFLICT;
        }
        Reservation held = draft.reservation;
        if (held == null || !draft.isHolder(change.nexus())) {
            return ReservationVerdict.DONE;
        }
        if (held.type() != change.type()) {
            return ReservationVerdict.INVALID_RELEASE;
        }
        draft.release(change.nexus());
        return ReservationVerdict.DONE;
    }

    private static ReservationVerdict clear(TableDraft draft, ReservationChange.Clear change) {
        return draft.isRegistered(change.nexus(), change.key())
                ? erase(draft, change.nexus())
                : ReservationVerdict.CONFLICT;
    }

    private static ReservationVerdict erase(TableDraft draft, @Nullable Nexus actor) {
        draft.notify(draft.registrations.keySet(), actor, Notice.Kind.CLEARED);
        if (draft.reservation != null || draft.isLegacy()) {
            draft.drop();
        }
        if (!draft.registrations.isEmpty()) {
            draft.registrations.clear();
            draft.registrationsChanged();
        }
        return ReservationVerdict.DONE;
    }

    /** Section 5.13.11.4. */
    private static ReservationVerdict preempt(TableDraft draft, ReservationChange.Preempt change) {
        Nexus actor = change.nexus();
        if (!draft.isRegistered(actor, change.key())) {
            return ReservationVerdict.CONFLICT;
        }
        Reservation held = draft.reservation;
        boolean isAll = held != null && held.type().isAllRegistrants();
        if (change.victimKey() == 0 && !isAll) {
            return ReservationVerdict.INVALID;
        }
        boolean takesOver = change.victimKey() == 0 || draft.holderKey() == change.victimKey();
        List<Nexus> victims = new ArrayList<>();
        boolean isKnown = change.victimKey() == 0;
        for (Map.Entry<Nexus, Registration> each : draft.registrations.entrySet()) {
            boolean isMeant =
                    change.victimKey() == 0 || each.getValue().key() == change.victimKey();
            isKnown |= isMeant;
            if (isMeant && !(takesOver && each.getKey().equals(actor))) {
                victims.add(each.getKey());
            }
        }
        if (!isKnown) {
            return ReservationVerdict.CONFLICT;
        }
        victims.forEach(draft.registrations::remove);
        if (takesOver && held != null) {
            draft.hold(change.type(), actor);
            if (held.type() != change.type()) {
                draft.notify(draft.registrations.keySet(), actor, Notice.Kind.RELEASED);
            }
        } else if (isAll && draft.registrations.isEmpty()) {
            draft.drop();
        }
        draft.notify(victims, actor, Notice.Kind.PREEMPTED);
        draft.registrationsChanged();
        return ReservationVerdict.DONE;
    }

    /** Section 5.13.8. */
    private static ReservationVerdict move(
            TableDraft draft, ReservationChange.Move change, Iterable<Integer> targetPorts) {
        Nexus actor = change.nexus();
        Reservation held = draft.reservation;
        if (!draft.isRegistered(actor, change.key())
                || held == null
                || held.type().isAllRegistrants()
                || !draft.isHolder(actor)) {
            return ReservationVerdict.CONFLICT;
        }
        boolean hasPort = false;
        for (int port : targetPorts) {
            hasPort |= port == change.destination().targetPort();
        }
        if (change.newKey() == 0 || change.destination().equals(actor) || !hasPort) {
            return ReservationVerdict.INVALID;
        }
        draft.registrations.put(change.destination(), new Registration(change.newKey(), 0));
        if (change.unregister()) {
            draft.registrations.remove(actor);
        }
        if (draft.registrations.size() > ReservationTable.REGISTRATIONS_MAX) {
            return ReservationVerdict.NO_ROOM;
        }
        draft.hold(held.type(), change.destination());
        draft.registrationsChanged();
        return ReservationVerdict.DONE;
    }

    // ---- SPC-2, with the exceptions of SPC-4 section 5.13.3 (CRH)

    private static ReservationVerdict legacyReserve(
            TableDraft draft, ReservationChange.LegacyReserve change) {
        if (!draft.registrations.isEmpty()) {
            return draft.isExempt(change.nexus());
        }
        if (draft.isLegacy()) {
            return change.wanted().equals(draft.legacy)
                    ? ReservationVerdict.DONE
                    : ReservationVerdict.CONFLICT;
        }
        draft.holdLegacy(change.wanted());
        return ReservationVerdict.DONE;
    }

    private static ReservationVerdict legacyRelease(
            TableDraft draft, ReservationChange.LegacyRelease change) {
        if (!draft.registrations.isEmpty()) {
            return draft.isExempt(change.nexus());
        }
        if (change.held().equals(draft.legacy)) {
            draft.drop();
        }
        return ReservationVerdict.DONE;
    }

    private static ReservationVerdict legacyEnd(
            TableDraft draft, ReservationChange.LegacyEnd change) {
        if (change.held().equals(draft.legacy)) {
            draft.drop();
        }
        return ReservationVerdict.DONE;
    }
}
