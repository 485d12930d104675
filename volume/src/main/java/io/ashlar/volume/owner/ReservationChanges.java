package io.ashlar.volume.owner;

import io.ashlar.common.Payload;
import io.ashlar.common.reservation.LegacyReservation;
import io.ashlar.common.reservation.Nexus;
import io.ashlar.common.reservation.Registration;
import io.ashlar.common.reservation.ReservationChange;
import io.ashlar.common.reservation.ReservationTable;
import io.ashlar.common.reservation.ReservationVerdict;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.Outcome;
import io.ashlar.volume.IoError;
import io.ashlar.volume.owner.FenceRules.Rule;
import io.ashlar.volume.wire.ToIngress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Changes of the reservations of one volume at its owner (DESIGN section 6, rules 2 and 8, and F4).
 * Owned by the volume shard.
 *
 * <pre>
 * queued --its turn--> submitted --the view shows it--> draining --nothing forbidden is left--> answered
 * </pre>
 *
 * <p>One is submitted at a time, so that the table before it is known. Its outcome is asked for
 * until it is known: a repetition is a later command of this node, after which the first one cannot
 * be applied any more. If the volume moves on meanwhile, the access epoch makes it impossible, and
 * the host may repeat it. Admission looks at the view's table, so from the moment that the view
 * shows a change nothing is admitted that it forbids; what was admitted before is dropped if it is
 * not in flight, and waited for if it is.
 */
final class ReservationChanges {
    private static final Logger LOG = LoggerFactory.getLogger(ReservationChanges.class);

    private record Queued(
            ReservationChange change, BiConsumer<ReservationTable, ReservationVerdict> done) {}

    /**
     * A change that is shown and not answered.
     *
     * @param admission parts up to this one were admitted before it was shown
     * @param aborted whose parts are aborted, whatever they do
     */
    private record Draining(OwnedPart part, long admission, Set<Nexus> aborted) {}

    private final OwnedVolume volume;
    private final OwnerContext context;
    private final PartIssuer issuer;
    private final Deque<Queued> queue = new ArrayDeque<>();
    private final List<Draining> draining = new ArrayList<>();
    private boolean isSubmitted;
    private boolean isOver;

    ReservationChanges(OwnedVolume volume, OwnerContext context, PartIssuer issuer) {
        this.volume = volume;
        this.context = context;
        this.issuer = issuer;
    }

    /** A host's change is due. */
    void submit(OwnedPart part, ReservationChange change) {
        if (context.rules().has(Rule.RESERVATION_SHOWN)) {
            queue.add(
                    new Queued(
                            change, (before, verdict) -> onShown(part, change, before, verdict)));
            next();
        } else {
            queue.add(new Queued(change, (_, _) -> {}));
            next();
            issuer.decide(part, part.done(Payload.EMPTY, new int[0]));
        }
    }

    /**
     * Ends a reservation of SPC-2, if there is one that is meant.
     *
     * @param then runs when it has ended, not if this owner is deposed before
     * @return whether there is one
     */
    boolean endLegacy(Predicate<LegacyReservation> isMeant, Runnable then) {
        LegacyReservation held = volume.record().reservations().legacy();
        if (held == null || !isMeant.test(held)) {
            return false;
        }
        queue.add(new Queued(new ReservationChange.LegacyEnd(held), (_, _) -> then.run()));
        next();
        return true;
    }

    private void next() {
        Queued first = queue.peek();
        if (first != null && !isSubmitted && !isOver) {
            isSubmitted = true;
            ask(first, volume.record().reservations());
        }
    }

    /**
     * @param before the table when its turn came
     */
    private void ask(Queued queued, ReservationTable before) {
        context.metadata()
                .submit(
                        new Command.ChangeReservations(
                                volume.id, volume.accessEpoch, queued.change()),
                        context.shard(),
                        outcome -> onOutcome(queued, before, outcome));
    }

    private void onOutcome(Queued queued, ReservationTable before, Outcome outcome) {
        context.readView().run();
        if (isOver) {
            return;
        }
        switch (outcome) {
            case Outcome.Applied(_, long verdict) -> {
                queue.remove();
                isSubmitted = false;
                queued.done().accept(before, ReservationVerdict.of(verdict));
                next();
            }
            case Outcome.Rejected(_, _, String message) ->
                    // The access epoch has moved on, and the view shows it: not here any more.
                    LOG.error("{} was refused a change of reservations: {}", volume.id, message);
            case Outcome.Unknown(String message) -> {
                LOG.warn("a change of reservations of {} is asked again: {}", volume.id, message);
                context.shard()
                        .schedule(
                                context.settings().busyRetry().toNanos(),
                                () -> {
                                    if (!isOver) {
                                        ask(queued, before);
                                    }
                                });
            }
        }
    }

    private void onShown(
            OwnedPart part,
            ReservationChange change,
            ReservationTable before,
            ReservationVerdict verdict) {
        IoError error = error(verdict);
        if (error != null) {
            issuer.decide(part, part.failed(error));
            return;
        }
        Draining shown = new Draining(part, volume.admissions(), aborted(change, before));
        draining.add(shown);
        drop(shown);
        answerReady();
    }

    private static @Nullable IoError error(ReservationVerdict verdict) {
        return switch (verdict) {
            case DONE -> null;
            case CONFLICT -> IoError.RESERVATION_CONFLICT;
            case INVALID_RELEASE -> IoError.INVALID_RELEASE;
            case INVALID -> IoError.INVALID_RESERVATION;
            case NO_ROOM -> IoError.NO_REGISTRATION_ROOM;
        };
    }

    /** Whose commands a preemption aborts, SPC-4 section 5.13.11.5. */
    private static Set<Nexus> aborted(ReservationChange change, ReservationTable before) {
        Set<Nexus> aborted = new TreeSet<>();
        if (change instanceof ReservationChange.Preempt preempt && preempt.abort()) {
            for (Map.Entry<Nexus, Registration> each : before.registrations().entrySet()) {
                boolean isMeant =
                        preempt.victimKey() == 0 || each.getValue().key() == preempt.victimKey();
                if (isMeant && !each.getKey().equals(preempt.nexus())) {
                    aborted.add(each.getKey());
                }
            }
        }
        return aborted;
    }

    /** Drops what a change forbids and is not in flight. */
    private void drop(Draining shown) {
        if (!shown.aborted().isEmpty()) {
            dropWaiting(shown);
        }
        for (OwnedPart part : List.copyOf(issuer.undecided())) {
            if (part.state == OwnedPart.State.ADMITTED && covers(shown, part)) {
                issuer.decide(part, dropped(shown, part));
            }
        }
    }

    private void dropWaiting(Draining shown) {
        for (HostFence host : volume.fence().hosts()) {
            for (HostFence.Lane lane : host.lanes.values()) {
                for (OwnedPart part : List.copyOf(lane.waiting)) {
                    if (shown.aborted().contains(part.nexus())) {
                        lane.waiting.remove(part);
                        volume.answer(part, dropped(shown, part));
                    }
                }
            }
        }
    }

    private boolean covers(Draining shown, OwnedPart part) {
        return part.admission <= shown.admission()
                && !part.isChangeOfReservations()
                && context.rules().has(Rule.RESERVATION_DRAIN)
                && (shown.aborted().contains(part.nexus()) || !volume.isPermitted(part));
    }

    private static ToIngress dropped(Draining shown, OwnedPart part) {
        return part.failed(
                shown.aborted().contains(part.nexus())
                        ? IoError.ABORTED
                        : IoError.RESERVATION_CONFLICT);
    }

    /** What the ingress of a part is told that a change forbids; null if none does. */
    @Nullable ToIngress answerIfDropped(OwnedPart part) {
        for (Draining shown : draining) {
            if (covers(shown, part)) {
                return dropped(shown, part);
            }
        }
        return null;
    }

    /** Something was decided. */
    void answerReady() {
        if (draining.isEmpty()) {
            return;
        }
        for (Draining shown : List.copyOf(draining)) {
            if (!isAwaiting(shown) && draining.remove(shown)) {
                issuer.decide(shown.part(), shown.part().done(Payload.EMPTY, new int[0]));
            }
        }
    }

    private boolean isAwaiting(Draining shown) {
        for (OwnedPart part : issuer.undecided()) {
            if (covers(shown, part)) {
                return true;
            }
        }
        return false;
    }

    /** This owner is deposed; what was submitted is no longer possible, or was before. */
    void cancelAll() {
        isOver = true;
        queue.clear();
        draining.clear();
    }
}
