package io.ashlar.volume.owner;

import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.reservation.LegacyReservation;
import io.ashlar.volume.IoError;
import io.ashlar.volume.Reset;
import io.ashlar.volume.owner.FenceRules.Rule;
import io.ashlar.volume.wire.ToIngress;
import io.ashlar.volume.wire.ToOwner;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Aborts, resets, ends of connections and associations, and settlements, of one volume at its owner
 * (DESIGN section 6, rules 3 and 8): dropped at once is what is not in flight, answered is when the
 * rest is decided. What promises a host that something will not happen is answered only by an owner
 * that was still the owner afterwards.
 */
final class OwnerControls {
    private static final Logger LOG = LoggerFactory.getLogger(OwnerControls.class);

    /** A host expects the answer to an abort within this. */
    static final long LATE_NANOS = 1_000_000_000L;

    private final OwnedVolume volume;
    private final OwnerContext context;
    private final PartIssuer issuer;
    private final Flushes flushes;
    private final Admission admission;
    private final ReservationChanges changes;
    private final List<PendingControl> controls = new ArrayList<>();
    private ToIngress.@Nullable VolumeReset lastReset;
    private long resetCount;

    OwnerControls(
            OwnedVolume volume,
            OwnerContext context,
            PartIssuer issuer,
            Flushes flushes,
            Admission admission,
            ReservationChanges changes) {
        this.volume = volume;
        this.context = context;
        this.issuer = issuer;
        this.flushes = flushes;
        this.admission = admission;
        this.changes = changes;
    }

    void onControl(ProcessId from, ToOwner.Control message, long admission) {
        for (PendingControl control : controls) {
            if (control.from.equals(from) && control.message.id() == message.id()) {
                return; // asked again; the answer is on its way
            }
        }
        PendingControl control =
                new PendingControl(from, message, admission, context.clock().nanos());
        if (!volume.isServing()) {
            answer(control, false);
            return;
        }
        noteAbort(control);
        controls.add(control);
        drop(control);
        answerReady();
    }

    /** Drops what the request covers and is not in flight. */
    private void drop(PendingControl control) {
        for (HostFence host : volume.fence().hosts()) {
            for (HostFence.Lane lane : host.lanes.values()) {
                for (OwnedPart part : List.copyOf(lane.waiting)) {
                    if (control.covers(part)) {
                        lane.waiting.remove(part);
                        volume.answer(part, dropped(control, part));
                    }
                }
            }
        }
        flushes.take(control).forEach(flush -> volume.answer(flush, dropped(control, flush)));
        for (OwnedPart part : List.copyOf(issuer.undecided())) {
            if (part.state == OwnedPart.State.ADMITTED && control.covers(part)) {
                issuer.decide(part, dropped(control, part));
            }
        }
        admission.advanceAll();
    }

    /** Tickets of before the abort are worth nothing by other paths (F7). */
    private void noteAbort(PendingControl control) {
        if (control.isAbort() && context.rules().has(Rule.ABORT_MARK)) {
            volume.fence()
                    .noteAbort(
                            control.message.host(),
                            control.from,
                            control.message.scope().isOfAll());
        }
    }

    /** What the ingress of a part is told that one of these drops; null if none does. */
    @Nullable ToIngress answerIfDropped(OwnedPart part) {
        for (PendingControl control : controls) {
            if (control.covers(part) && part.admission <= control.admission) {
                return dropped(control, part);
            }
        }
        return null;
    }

    /** Nobody aborted what is merely settled: its host may repeat it. */
    private ToIngress dropped(PendingControl control, OwnedPart part) {
        return control.message.scope() == ToOwner.Scope.SETTLE
                ? part.refused(volume.accessEpoch, true, context.ticks().fresh())
                : part.failed(IoError.ABORTED);
    }

    /** Something was decided. */
    void answerReady() {
        if (controls.isEmpty()) {
            return;
        }
        for (PendingControl control : List.copyOf(controls)) {
            boolean waits = !control.isAbort() || context.rules().has(Rule.ABORT_WAITS);
            if (control.isProving || (waits && isAwaiting(control))) {
                continue;
            }
            if (control.isAbort() && context.rules().has(Rule.PROOF)) {
                control.isProving = true;
                noteAbort(control);
                context.proof().afterBarrier(() -> finish(control));
            } else {
                finish(control);
            }
        }
    }

    private boolean isAwaiting(PendingControl control) {
        for (OwnedPart part : issuer.undecided()) {
            if (control.waitsFor(part, context.rules())) {
                return true;
            }
        }
        return false;
    }

    /** A reset and the loss of a nexus end the reservation of SPC-2, too (SPC-2 section 5.5.1). */
    private void finish(PendingControl control) {
        if (volume.isServing()
                && changes.endLegacy(held -> endsWith(control, held), () -> finish(control))) {
            control.isProving = true;
            return;
        }
        if (!volume.isServing() || !controls.remove(control)) {
            return;
        }
        answer(control, true);
        Reset reset = control.message.scope().reset();
        if (reset != null) {
            lastReset =
                    new ToIngress.VolumeReset(
                            volume.id,
                            control.from.node(),
                            control.message.association(),
                            reset,
                            volume.accessEpoch,
                            ++resetCount);
            context.post().broadcast(lastReset);
        }
    }

    private static boolean endsWith(PendingControl control, LegacyReservation held) {
        return control.message.scope().reset() != null
                || (control.message.scope() == ToOwner.Scope.NEXUS
                        && held.ingress().equals(control.from)
                        && held.association() == control.message.association());
    }

    /** The newest reset, for an ingress whose stream may have lost it; null if there was none. */
    ToIngress.@Nullable VolumeReset lastReset() {
        return lastReset;
    }

    /** Says in the log what keeps a host waiting for the answer to an abort. */
    void onTimer() {
        long now = context.clock().nanos();
        for (PendingControl control : controls) {
            if (control.isAbort() && !control.isExplained && now - control.nanos >= LATE_NANOS) {
                control.isExplained = true;
                LOG.warn(
                        "{}: {} asked by {} for {} is not done after {} s: {}",
                        volume.id,
                        control.message.scope(),
                        control.from,
                        control.message.host(),
                        TimeUnit.NANOSECONDS.toSeconds(now - control.nanos),
                        reason(control));
            }
        }
    }

    private String reason(PendingControl control) {
        if (control.isProving) {
            return "Raft has not confirmed yet that this node still owns the volume";
        }
        SortedSet<PgId> groups = new TreeSet<>();
        int parts = 0;
        for (OwnedPart part : issuer.undecided()) {
            if (control.waitsFor(part, context.rules())) {
                parts++;
                groups.add(issuer.group(part));
            }
        }
        return parts + " requests are in flight at placement groups " + groups;
    }

    /** This owner is deposed, or about to be: ask the next one. */
    void cancelAll() {
        controls.forEach(control -> answer(control, false));
        controls.clear();
    }

    private void answer(PendingControl control, boolean isDone) {
        context.post()
                .send(
                        control.from.node(),
                        new ToIngress.ControlDone(
                                control.from.incarnation(), control.message.id(), isDone));
    }
}
