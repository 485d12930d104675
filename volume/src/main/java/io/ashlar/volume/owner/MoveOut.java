package io.ashlar.volume.owner;

import io.ashlar.common.ProcessId;
import io.ashlar.common.Shard;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.Outcome;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.volume.MoveResult;
import io.ashlar.volume.MoveResult.Code;
import io.ashlar.volume.MoveSettings;
import io.ashlar.volume.owner.FenceRules.Rule;
import io.ashlar.volume.wire.Transfer;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A planned move of one volume, at the owner that gives it away (DESIGN section 6, rule 7). Owned
 * by the volume shard.
 *
 * <pre>
 * OFFERED --Ready--> DRAINING --drained--> HANDED_OVER --Taken--> COMMITTING --the view shows it--> OVER
 *    |                  |                       |                     |
 *    +------------------+--- too long: as if ---+                     +-- too long, or unknown:
 *                            nothing had been                             given up in the log
 * </pre>
 *
 * <p>Until the command for the control plane has gone out the owner can go on at any moment: what
 * it handed over is worth nothing without that command, and another attempt replaces it. Once it
 * has gone out nobody knows whether it will be applied, until it is answered or the access epoch
 * has changed. Meanwhile this owner admits nothing. If that takes too long it takes the volume from
 * itself, at the next access epoch: either that is applied, and then the move never will be, or the
 * move was first.
 */
final class MoveOut {
    private static final Logger LOG = LoggerFactory.getLogger(MoveOut.class);

    private enum Phase {
        OFFERED,
        DRAINING,
        HANDED_OVER,
        COMMITTING,
        OVER
    }

    private final OwnedVolume volume;
    private final OwnerContext context;
    private final MoveSettings settings;
    private final ProcessId target;
    private final Transfer.Cause cause;
    private final long number;
    private final Consumer<MoveResult> done;
    private final long requestedNanos;
    private long heldNanos;
    private int drained;
    private Phase phase = Phase.OFFERED;
    private boolean isGivingUp;
    private Shard.@Nullable Cancellable timer;

    /**
     * @param number of this move, higher than all of before in this process
     * @param done told once what became of it
     */
    MoveOut(
            OwnedVolume volume,
            OwnerContext context,
            ProcessId target,
            Transfer.Cause cause,
            long number,
            Consumer<MoveResult> done) {
        this.volume = volume;
        this.context = context;
        this.settings = context.settings().moves();
        this.target = target;
        this.cause = cause;
        this.number = number;
        this.done = done;
        this.requestedNanos = context.clock().nanos();
    }

    void start() {
        LOG.info(
                "{} at access epoch {} is to move to {} ({})",
                volume.id,
                volume.accessEpoch,
                target,
                cause);
        if (!send(new Transfer.Offer(volume.id, volume.accessEpoch, number))) {
            fail(Code.NOT_READY, "no connection to it stands");
            return;
        }
        after(settings.offerMax(), () -> fail(Code.NOT_READY, "it does not answer"));
    }

    void onReady(ProcessId from, Transfer.Ready ready) {
        if (phase != Phase.OFFERED || !isMine(from, ready)) {
            return;
        }
        phase = Phase.DRAINING;
        heldNanos = context.clock().nanos();
        drained = volume.undecided();
        if (!context.rules().has(Rule.HAND_OVER_FROZEN)) {
            handOver();
            return;
        }
        volume.hold();
        after(
                settings.drainMax(),
                () -> fail(Code.NOT_DRAINED, "what was admitted is still under way"));
        onDecided();
    }

    /** Something that was admitted is decided. */
    void onDecided() {
        if (phase == Phase.DRAINING && volume.undecided() == 0) {
            handOver();
        }
    }

    private void handOver() {
        phase = Phase.HANDED_OVER;
        if (context.rules().has(Rule.HAND_OVER_FROZEN)) {
            volume.freeze();
        }
        long now = context.clock().nanos();
        boolean isImplicit = cause == Transfer.Cause.IMPLICIT;
        boolean isSent =
                send(
                        new Transfer.State(
                                volume.id,
                                volume.accessEpoch,
                                number,
                                cause,
                                now - requestedNanos,
                                now - heldNanos,
                                drained,
                                volume.fence().waiting(),
                                volume.fence()
                                        .handOver(
                                                volume.traffic().nextDwellNanos(now, isImplicit))));
        if (isSent) {
            after(holdLeft(), () -> fail(Code.NOT_READY, "it does not confirm what it was told"));
        } else {
            fail(Code.NOT_READY, "the connection to it broke");
        }
    }

    void onTaken(ProcessId from, Transfer.Taken taken) {
        if (phase != Phase.HANDED_OVER || !isMine(from, taken)) {
            return;
        }
        phase = Phase.COMMITTING;
        after(holdLeft(), this::onHoldOver);
        context.metadata()
                .submit(
                        new Command.MoveOwnership(volume.id, volume.accessEpoch, target),
                        context.shard(),
                        this::onOutcome);
    }

    private void onOutcome(Outcome outcome) {
        context.readView().run();
        if (phase == Phase.OVER) {
            return; // the view has shown it
        }
        switch (outcome) {
            case Outcome.Applied applied ->
                    LOG.error("{} was moved at {}, and the view is not there", volume.id, applied);
            case Outcome.Rejected(_, _, String message) -> {
                if (!isGivingUp) {
                    fail(Code.REJECTED, message); // for good: it was not applied
                }
            }
            case Outcome.Unknown(String message) -> {
                LOG.warn("whether {} has moved is unknown: {}", volume.id, message);
                giveUp();
            }
        }
    }

    /** Commands cannot be held any longer, and nobody knows what will become of the move. */
    private void onHoldOver() {
        volume.endHold();
        giveUp();
    }

    private void giveUp() {
        if (isGivingUp || phase == Phase.OVER) {
            return;
        }
        if (!context.rules().has(Rule.MOVE_OUTCOME)) {
            fail(Code.GIVEN_UP, "");
            return;
        }
        isGivingUp = true;
        LOG.warn("gives up the move of {} to {}", volume.id, target);
        context.metadata()
                .submit(
                        new Command.TakeOwnership(
                                volume.id, volume.accessEpoch, context.post().self()),
                        context.shard(),
                        outcome -> {
                            context.readView().run();
                            if (phase != Phase.OVER) {
                                LOG.warn("could not give up the move: {}", outcome);
                                isGivingUp = false;
                                after(context.settings().busyRetry(), this::giveUp);
                            }
                        });
    }

    /**
     * The volume is not owned here any more at that access epoch.
     *
     * @param newer what the view shows, if it does
     */
    void onDeposed(@Nullable VolumeRecord newer) {
        if (phase == Phase.OVER) {
            return;
        }
        end();
        long epoch = newer == null ? volume.accessEpoch + 1 : newer.accessEpoch();
        Code code;
        if (newer != null && newer.isHandedOver() && newer.owner().equals(target)) {
            code = Code.MOVED;
            context.counters().moved.increment();
        } else {
            boolean isOwn = newer != null && newer.owner().equals(context.post().self());
            code = isOwn ? Code.GIVEN_UP : Code.OVERTAKEN;
            context.counters().notMoved.increment();
        }
        done.accept(new MoveResult(code, epoch, ""));
    }

    private void fail(Code code, String detail) {
        if (phase == Phase.OVER) {
            return;
        }
        LOG.info("{} does not move to {}: {} {}", volume.id, target, code, detail);
        end();
        context.counters().notMoved.increment();
        volume.traffic().onFailed(context.clock().nanos());
        volume.endMove();
        done.accept(new MoveResult(code, volume.accessEpoch, detail));
    }

    private void end() {
        phase = Phase.OVER;
        if (timer != null) {
            timer.cancel();
        }
    }

    private boolean isMine(ProcessId from, Transfer message) {
        return from.equals(target)
                && message.move() == number
                && message.accessEpoch() == volume.accessEpoch;
    }

    private Duration holdLeft() {
        long left = heldNanos + settings.holdMax().toNanos() - context.clock().nanos();
        return Duration.ofNanos(Math.max(0, left));
    }

    /** The one timer of the present phase. */
    private void after(Duration delay, Runnable task) {
        if (timer != null) {
            timer.cancel();
        }
        timer = context.shard().schedule(delay.toNanos(), task);
    }

    private boolean send(Transfer message) {
        return context.post().send(target.node(), message);
    }
}
