package io.ashlar.volume.owner;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.VolumeId;
import io.ashlar.common.reservation.ReservationChange;
import io.ashlar.metadata.Pool;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.volume.IoError;
import io.ashlar.volume.VolumeCounters.Refusal;
import io.ashlar.volume.owner.FenceRules.Rule;
import io.ashlar.volume.wire.Action;
import io.ashlar.volume.wire.ToIngress;
import io.ashlar.volume.wire.ToOwner;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One volume at its owner, under one access epoch (DESIGN section 6). Owned by the volume shard.
 *
 * <pre>
 * INSTALLING --every group has the epoch--> SERVING --a move--> HOLDING --drained--> HANDED
 *      |                                     |   ^                |  |                 |  |
 *      |                                     |   +---given up-----+--(----surely not---+  |
 *      +---------- a higher epoch is seen ---+-------> DEPOSED <-----+--------------------+
 * </pre>
 *
 * A part of a command goes this way: {@link #onPart}, {@link Admission}, {@link PartIssuer}, {@link
 * #onDecided}. Aborts and ends: {@link OwnerControls}. Moves: {@link MoveOut}.
 */
final class OwnedVolume implements PartIssuer.Decisions, Admission.Door {
    private static final Logger LOG = LoggerFactory.getLogger(OwnedVolume.class);

    enum State {
        INSTALLING,
        SERVING,
        /** What was admitted is being decided; what comes waits. */
        HOLDING,
        /** What was known was handed over; nothing is admitted or aborted any more. */
        HANDED,
        DEPOSED
    }

    final VolumeId id;
    final long accessEpoch;
    private final OwnerContext context;
    private final int waitingPartsMax;
    private final VolumeFence fence;
    private final TakeOver takeOver;
    private VolumeRecord record;
    private State state = State.INSTALLING;
    private final EpochInstall install;

    /** What waits has waited as long as commands are held. */
    private boolean isHoldOver;

    private long admissions;
    private int partCount;

    /** Once deposed: an access epoch above this one. */
    private long deposedBy;

    private final PartIssuer issuer;
    private final Admission admission;
    private final Flushes flushes;
    private final OwnerControls controls;
    private final ReservationChanges changes;
    private final TrafficWatch traffic;
    private @Nullable MoveOut move;

    /**
     * @param fence what is known of hosts from before
     * @param takeOver how the volume came here
     */
    OwnedVolume(
            VolumeRecord record,
            Pool pool,
            OwnerContext context,
            VolumeFence fence,
            TakeOver takeOver) {
        this.id = record.id();
        this.accessEpoch = record.accessEpoch();
        this.record = record;
        this.context = context;
        this.fence = fence;
        this.takeOver = takeOver;
        this.waitingPartsMax = context.settings().waitingPartsMax();
        this.install = new EpochInstall(record, pool, context, this::serve, this::onFenced);
        this.issuer = new PartIssuer(record, pool, context, this);
        this.admission = new Admission(this, fence, context);
        this.flushes = new Flushes(issuer, this::answer);
        this.changes = new ReservationChanges(this, context, issuer);
        this.controls = new OwnerControls(this, context, issuer, flushes, admission, changes);
        this.traffic = new TrafficWatch(context.settings().moves(), context.post().self().node());
    }

    /** Whether it answers what hosts ask. */
    boolean isServing() {
        return state == State.SERVING || state == State.HOLDING;
    }

    /** Whether this process owns it, and has served it. */
    boolean isOwned() {
        return isServing() || state == State.HANDED;
    }

    VolumeFence fence() {
        return fence;
    }

    TrafficWatch traffic() {
        return traffic;
    }

    @Nullable MoveOut move() {
        return move;
    }

    /** Takes the volume over. Nothing is admitted or answered before the epoch is installed. */
    void start() {
        install.start();
        if (!context.rules().has(Rule.INSTALL)) {
            serve();
        }
        if (state == State.INSTALLING && fence.takesEarlierTickets()) {
            context.shard()
                    .schedule(context.settings().moves().holdMax().toNanos(), this::onHoldMax);
        }
    }

    private void onHoldMax() {
        if (state == State.INSTALLING) {
            endHold();
        }
    }

    private void serve() {
        if (state != State.INSTALLING) {
            return;
        }
        state = State.SERVING;
        isHoldOver = false;
        fence.onServing();
        long now = context.clock().nanos();
        traffic.onServing(now, takeOver.dwellNanos(record, context.settings().moves()));
        context.counters().changes.increment();
        takeOver.certificate(
                        record, fence.hasHandOver(), fence.waiting(), install.confirmations(), now)
                .ifPresent(context.certificates()::add);
        LOG.info("serving {} at access epoch {}", id, accessEpoch);
        context.post().broadcast(serving());
        admission.advanceAll();
    }

    /** What an ingress is told that does not know yet, or may have missed it. */
    ToIngress.Serving serving() {
        return new ToIngress.Serving(id, accessEpoch, context.ticks().fresh());
    }

    /** The view has moved, and this process still owns the volume. */
    void onView(VolumeRecord newer) {
        record = newer;
        issuer.onView(newer);
    }

    /**
     * Another access epoch stands, or the volume is gone. What is in flight is given up: the new
     * owner's epoch settles it. What waits was never admitted; its ingress may send it on to an
     * owner that takes this one's tickets.
     *
     * @param epoch an access epoch above this one
     * @param newer what stands there, if the view shows it
     * @param takesTickets whether the owner at that epoch may take this one's tickets
     */
    void depose(long epoch, @Nullable VolumeRecord newer, boolean takesTickets) {
        if (state == State.DEPOSED) {
            return;
        }
        LOG.info("no longer serving {} at access epoch {}: it is at {}", id, accessEpoch, epoch);
        state = State.DEPOSED;
        deposedBy = epoch;
        install.cancel();
        for (OwnedPart part : fence.takeWaiting()) {
            if (takesTickets) {
                answer(part, part.moved(epoch));
            } else {
                refuse(part, Refusal.EPOCH);
            }
        }
        List<OwnedPart> givenUp = List.copyOf(issuer.undecided());
        issuer.cancelAll();
        changes.cancelAll();
        givenUp.forEach(part -> refuse(part, Refusal.EPOCH));
        flushes.takeAll().forEach(part -> refuse(part, Refusal.EPOCH));
        controls.cancelAll();
        MoveOut ending = move;
        if (ending != null) {
            ending.onDeposed(newer);
        }
    }

    // ---- admission

    void onPart(ProcessId from, ToOwner.Part message) {
        HostFence host = fence.host(message.host());
        OwnedPart part = new OwnedPart(from, message, host);
        partCount++;
        context.bytes().add(part);
        if (!message.stamp().issuer().equals(context.post().self())) {
            refuse(part, Refusal.EPOCH);
        } else if (state != State.SERVING && !isHeld()) {
            answerRefused(part);
        } else if (state == State.SERVING && fence.isTooOld(part)) {
            refuse(part, Refusal.AGE);
        } else if (!part.isInside(record)) {
            onBeyond(part);
        } else if (partCount > context.settings().ownedPartsMax() || context.bytes().isOver()) {
            fail(part, IoError.OVERLOADED);
        } else if (state == State.SERVING && message.action() instanceof Action.Flush) {
            onFlush(part);
        } else {
            HostFence.Lane lane = host.lane(from, message.connection());
            if (lane.waiting.size() >= waitingPartsMax) {
                fail(part, IoError.OVERLOADED);
            } else {
                if (state != State.SERVING) {
                    context.counters().held.increment();
                }
                lane.waiting.add(part);
                admission.advance(host);
            }
        }
        fence.forgetIfIdle(host);
    }

    /**
     * Its ingress has looked, in a view that may be newer than this one: the volume has grown, and
     * the host may know it. So this is no error of the host's; it comes again.
     */
    private void onBeyond(OwnedPart part) {
        if (context.rules().has(FenceRules.Rule.GROWTH_AWAITED)) {
            answerRefused(part);
        } else {
            fail(part, IoError.OUT_OF_RANGE);
        }
    }

    /** Whether what comes waits. */
    private boolean isHeld() {
        boolean isBeginning = state == State.INSTALLING && fence.takesEarlierTickets();
        return (isBeginning || state == State.HOLDING || state == State.HANDED) && !isHoldOver;
    }

    void onPong(ProcessId from, ToOwner.Pong pong) {
        admission.onPong(from, pong);
    }

    @Override
    public boolean isOpen() {
        return state == State.SERVING;
    }

    @Override
    public VolumeRecord record() {
        return record;
    }

    @Override
    public void onAdmitted(OwnedPart part) {
        traffic.onAdmitted(part.from.node(), part.message.action().dataBytes());
        issuer.admit(part, ++admissions);
    }

    @Override
    public void onRefused(OwnedPart part, Refusal reason) {
        refuse(part, reason);
    }

    @Override
    public void onFlush(OwnedPart part) {
        // It changes nothing, so that no sign of life is asked for.
        if (fence.verdict(part, Long.MAX_VALUE) == HostFence.Verdict.REFUSE) {
            refuse(part, Refusal.TICKET);
            return;
        }
        if (!isPermitted(part)) {
            onConflict(part);
            return;
        }
        part.admission = ++admissions;
        flushes.add(part);
    }

    @Override
    public boolean isPermitted(OwnedPart part) {
        return record.reservations().isOpen()
                || part.isChangeOfReservations()
                || (!context.rules().has(Rule.RESERVATION_CHECK)
                        && !part.from.equals(context.post().self()))
                || Holds.permit(
                        context.metadata().state(),
                        record,
                        part.nexus(),
                        part.session(),
                        part.message.action().accessKind());
    }

    @Override
    public void onConflict(OwnedPart part) {
        fail(part, IoError.RESERVATION_CONFLICT);
    }

    // ---- decisions

    @Override
    public void onDecided(OwnedPart part, ToIngress answer) {
        answer(part, answer);
        if (isServing()) {
            flushes.answerReady();
            controls.answerReady();
            changes.answerReady();
            admission.advance(part.host);
            fence.forgetIfIdle(part.host);
        }
        MoveOut moving = move;
        if (moving != null) {
            moving.onDecided();
        }
    }

    @Override
    public boolean isTooOld(OwnedPart part) {
        return fence.isTooOld(part);
    }

    @Override
    public void onFenced(long epoch) {
        depose(epoch, null, false);
    }

    @Override
    public @Nullable ToIngress answerIfDropped(OwnedPart part) {
        ToIngress answer = controls.answerIfDropped(part);
        return answer != null ? answer : changes.answerIfDropped(part);
    }

    @Override
    public void onChange(OwnedPart part, ReservationChange change) {
        changes.submit(part, change);
    }

    /** How many parts were admitted, the newest one's number. */
    long admissions() {
        return admissions;
    }

    // ---- aborts, resets, ends

    /** What an ingress is told whose stream begins anew; null if there was no reset. */
    ToIngress.@Nullable VolumeReset lastReset() {
        return controls.lastReset();
    }

    void onControl(ProcessId from, ToOwner.Control message) {
        controls.onControl(from, message, ++admissions);
    }

    // ---- moves

    /** Begins to move the volume. */
    void startMove(MoveOut starting) {
        move = starting;
        starting.start();
    }

    /** Admits nothing more; what was admitted is being decided. */
    void hold() {
        state = State.HOLDING;
    }

    /** How many parts are admitted and undecided. */
    int undecided() {
        return issuer.undecided().size() + flushes.count();
    }

    /**
     * Nothing is admitted or aborted any more: what is known is handed over. Whoever asks for an
     * abort is told to ask the owner that serves, which may be this one again.
     */
    void freeze() {
        state = State.HANDED;
        controls.cancelAll();
    }

    /** Commands are held no longer: their hosts may repeat them when an owner serves again. */
    void endHold() {
        isHoldOver = true;
        fence.takeWaiting().forEach(this::answerRefused);
    }

    /** The move is over; the owner is as it was. */
    void endMove() {
        move = null;
        if (state == State.HOLDING || state == State.HANDED) {
            state = State.SERVING;
            isHoldOver = false;
            context.post().broadcast(serving());
            controls.answerReady();
            admission.advanceAll();
        }
    }

    // ---- time and limits

    /** Refuses what has waited too long, and pings again; looks where commands come from. */
    @Nullable NodeId onTimer() {
        if (state != State.SERVING) {
            return null;
        }
        admission.advanceAll();
        controls.onTimer();
        return move == null ? traffic.look(context.clock().nanos()) : null;
    }

    // ---- answers

    /** It is decided, and held here no longer. */
    private void forget(OwnedPart part) {
        part.state = OwnedPart.State.DECIDED;
        partCount--;
        context.bytes().remove(part);
    }

    private void refuse(OwnedPart part, Refusal reason) {
        context.counters().refused(id, reason);
        answerRefused(part);
    }

    private void answerRefused(OwnedPart part) {
        long epoch = state == State.HANDED ? accessEpoch + 1 : Math.max(accessEpoch, deposedBy);
        answer(part, part.refused(epoch, isServing(), context.ticks().fresh()));
    }

    private void fail(OwnedPart part, IoError error) {
        answer(part, part.failed(error));
    }

    /** Tells a part's ingress what became of it. */
    void answer(OwnedPart part, ToIngress answer) {
        forget(part);
        send(part.from, answer);
    }

    private void send(ProcessId to, ToIngress message) {
        // If no stream stands, the ingress hears of lost answers when the next one does.
        context.post().send(to.node(), message);
    }
}
