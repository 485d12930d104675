package io.ashlar.volume.ingress;

import io.ashlar.common.ProcessId;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.volume.IoError;
import io.ashlar.volume.IoResult;
import io.ashlar.volume.owner.FenceRules.Rule;
import io.ashlar.volume.wire.Action;
import io.ashlar.volume.wire.Stamp;
import io.ashlar.volume.wire.ToIngress;
import io.ashlar.volume.wire.ToOwner;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Commands on their way to owners and back. Owned by the volume shard.
 *
 * <p>A command is answered only when each of its parts is: done or refused by the owner, or settled
 * by a control request after a stream broke or the owner changed. So nothing of an answered command
 * is left anywhere, and an abort of its repetition means what it says.
 */
final class Commands {
    /** A part at an owner. */
    private static final class SentPart {
        final long number;
        final HostCommand command;
        final int index;
        final Action action;
        final ProcessId owner;
        final long accessEpoch;
        boolean isSettling;

        /** When its owner was first seen to have moved the volume away; 0 if it was not. */
        long movedNanos;

        SentPart(long number, HostCommand command, int index, Action action, VolumeRecord volume) {
            this.number = number;
            this.command = command;
            this.index = index;
            this.action = action;
            this.owner = volume.owner();
            this.accessEpoch = volume.accessEpoch();
        }
    }

    /** A part that no owner has, until the view shows the one that is to decide about it. */
    private record MovedPart(HostCommand command, int index, Action action, long accessEpoch) {}

    private final IngressContext context;
    private final Controls controls;
    private final Servings servings;
    private final InFlight inFlight;
    private final SortedMap<Long, SentPart> sent = new TreeMap<>();

    private final List<MovedPart> moved = new ArrayList<>();

    /** Refused, and held back until repeating makes sense. */
    private final List<HostCommand> held = new ArrayList<>();

    private long partCount;

    Commands(IngressContext context, Controls controls, Servings servings) {
        this.context = context;
        this.controls = controls;
        this.servings = servings;
        this.inFlight = new InFlight(context.settings());
    }

    // ---- from the host

    void submit(HostCommand command) {
        AssociationState association = command.association();
        ControlState view = context.metadata().state();
        VolumeRecord volume = view.volumes().get(command.volume());
        IoError refusal;
        if (association.isClosing) {
            refusal = IoError.ABORTED;
        } else if (volume == null || !Visibility.isVisible(view, association.id.host(), volume)) {
            refusal = IoError.NO_SUCH_VOLUME;
        } else {
            refusal = CommandChecks.check(command.request, volume);
            if (refusal == null && !inFlight.tryAdd(command)) {
                refusal = IoError.OVERLOADED;
            }
        }
        if (refusal != null || volume == null) {
            answer(command, new IoResult.Failed(refusal == null ? IoError.INTERNAL : refusal));
            return;
        }
        association.commands.put(command.number, command);
        command.plan =
                new PartPlan(
                        command.request,
                        command.comparison,
                        command.checksums,
                        volume.chunkBytes());
        sendMore(command);
    }

    private void sendMore(HostCommand command) {
        PartPlan plan = command.plan;
        while (plan != null
                && plan.hasNext()
                && command.error == null
                && !command.isEnding
                && command.inFlight < context.settings().commandPartsMax()) {
            send(command, command.partCount++, plan.next(), command.stamp);
        }
        if (command.inFlight > 0) {
            return;
        }
        boolean isDone = command.error == null && (plan == null || !plan.hasNext());
        if (isDone || (command.error != null && !command.isEnding)) {
            conclude(command);
        }
    }

    private void send(HostCommand command, int index, Action action, long stamp) {
        ControlState view = context.metadata().state();
        VolumeRecord volume = view.volumes().get(command.volume());
        if (volume == null) {
            fail(command, IoError.NO_SUCH_VOLUME);
            return;
        }
        ProcessId owner = volume.owner();
        SentPart part = new SentPart(++partCount, command, index, action, volume);
        ConnectionState connection = command.connection;
        boolean isSent =
                context.post()
                        .send(
                                owner.node(),
                                new ToOwner.Part(
                                        part.number,
                                        command.association().number,
                                        connection.number,
                                        command.number,
                                        command.association().id.host(),
                                        command.association().id.initiatorPort(),
                                        command.volume(),
                                        stamp(owner, stamp, connection),
                                        former(volume, stamp, connection),
                                        action));
        if (isSent) {
            sent.put(part.number, part);
            command.inFlight++;
        } else if (context.metadata().isInTouch()) {
            command.neededEpoch = Math.max(command.neededEpoch, volume.accessEpoch());
            fail(command, IoError.FENCED);
        } else {
            fail(command, IoError.UNREACHABLE);
        }
    }

    private Stamp stamp(ProcessId issuer, long stamp, ConnectionState connection) {
        TicketBook tickets = context.tickets();
        return new Stamp(
                issuer,
                tickets.tick(issuer, stamp),
                tickets.tick(issuer, connection.provenArrival));
    }

    /** The ticket of the owner before, if that one handed the volume over, and it may be needed. */
    private @Nullable Stamp former(VolumeRecord volume, long stamp, ConnectionState connection) {
        ProcessId former = volume.former();
        if (former == null || !volume.isHandedOver()) {
            return null;
        }
        long servingTick = servings.tick(volume);
        Stamp own = stamp(volume.owner(), stamp, connection);
        boolean isPast =
                servingTick > 0 && own.tick() >= servingTick && own.provenTick() >= servingTick;
        return isPast ? null : stamp(former, stamp, connection);
    }

    /** The first error counts, but none hides one after which the host may repeat. */
    private static void fail(HostCommand command, IoError error) {
        if (command.error == null) {
            command.error = error;
        }
    }

    // ---- from the owner

    void onDone(ProcessId from, ToIngress.PartDone answer) {
        SentPart part = take(from, answer.incarnation(), answer.part());
        if (part != null) {
            if (part.action instanceof Action.Read
                    || part.action instanceof Action.CompareAndWrite) {
                part.command.results.put(part.index, answer);
            }
            sendMore(part.command);
        }
    }

    void onFailed(ProcessId from, ToIngress.PartFailed answer) {
        SentPart part = take(from, answer.incarnation(), answer.part());
        if (part != null) {
            fail(part.command, answer.error());
            sendMore(part.command);
        }
    }

    void onRefused(ProcessId from, ToIngress.PartRefused answer) {
        SentPart part = take(from, answer.incarnation(), answer.part());
        if (part != null) {
            onRefused(part, answer.accessEpoch());
        }
    }

    private void onRefused(SentPart part, long accessEpoch) {
        HostCommand command = part.command;
        if (!context.rules().has(Rule.NO_RESUBMIT)) {
            long now = context.tickets().arrivals();
            command.connection.provenArrival = now;
            send(command, part.index, part.action, now);
            return;
        }
        command.neededEpoch = Math.max(command.neededEpoch, accessEpoch);
        fail(command, IoError.FENCED);
        sendMore(command);
    }

    /**
     * The owner to which it was sent has not admitted it and never will: it was moving the volume
     * away. The part goes on to the next owner, with the stamp that its command came with. That is
     * forwarding, not a repetition for the host (rule 5): there is one copy of it, nobody has
     * decided about it, and what would have made it too old at the one owner makes it so at the
     * other. A command that ends meanwhile is not sent on.
     */
    void onMoved(ProcessId from, ToIngress.PartMoved answer) {
        SentPart part = sent.get(answer.part());
        if (part != null && answer.accessEpoch() <= part.accessEpoch) {
            part = take(from, answer.incarnation(), answer.part());
            if (part != null) {
                onRefused(part, answer.accessEpoch()); // its view is older than this one
            }
            return;
        }
        part = take(from, answer.incarnation(), answer.part());
        if (part != null) {
            part.command.inFlight++; // until it is sent again
            moved.add(new MovedPart(part.command, part.index, part.action, answer.accessEpoch()));
            sendMoved();
        }
    }

    private void sendMoved() {
        if (moved.isEmpty()) {
            return;
        }
        ControlState view = context.metadata().state();
        for (MovedPart part : List.copyOf(moved)) {
            HostCommand command = part.command;
            VolumeRecord volume = view.volumes().get(command.volume());
            boolean isDue = volume == null || volume.accessEpoch() >= part.accessEpoch;
            if (!isDue || !moved.remove(part)) {
                continue;
            }
            command.inFlight--;
            if (command.isEnding) {
                fail(command, IoError.ABORTED); // it was not done, and will not be
            } else if (command.error == null) {
                context.counters().forwarded.increment();
                boolean keepsStamp = context.rules().has(Rule.FORWARD_STAMP);
                send(
                        command,
                        part.index,
                        part.action,
                        keepsStamp ? command.stamp : context.tickets().arrivals());
            }
            sendMore(command);
        }
    }

    private @Nullable SentPart take(ProcessId from, long incarnation, long number) {
        SentPart part = sent.get(number);
        if (part == null
                || incarnation != context.post().self().incarnation()
                || !part.owner.equals(from)) {
            return null;
        }
        sent.remove(number);
        part.command.inFlight--;
        return part;
    }

    // ---- streams and owners that change

    /** What was sent to this process, or its answers, may be lost. */
    void onStreamLost(ProcessId peer) {
        settle(part -> part.owner.equals(peer));
    }

    void onView(ControlState view) {
        sendMoved();
        settleDeposed(view);
        releaseHeld();
    }

    /** Called often: an owner that moved a volume may have died before it answered for all. */
    void onTimer() {
        settleDeposed(context.metadata().state());
        releaseHeld();
    }

    private void settleDeposed(ControlState view) {
        long now = context.clock().nanos();
        long patience = context.settings().moves().holdMax().toNanos();
        settle(part -> {
            VolumeRecord volume = view.volumes().get(part.command.volume());
            if (volume == null) {
                return true;
            }
            // One that moved the volume away answers for each part; it has not died by that.
            boolean isMoved =
                    volume.isHandedOver()
                            && part.owner.equals(volume.former())
                            && part.accessEpoch == volume.accessEpoch() - 1
                            && servings.isConnected(part.owner);
            if (isMoved && part.movedNanos == 0) {
                part.movedNanos = now;
            }
            boolean isAnswering = isMoved && now - part.movedNanos < patience;
            return !volume.owner().equals(part.owner) && !isAnswering;
        });
    }

    /** Makes sure that these parts are decided, then takes them as refused. */
    private void settle(Predicate<SentPart> isLost) {
        SortedMap<VolumeId, List<SentPart>> byVolume = new TreeMap<>();
        for (SentPart part : sent.values()) {
            if (!part.isSettling && isLost.test(part)) {
                part.isSettling = true;
                byVolume.computeIfAbsent(part.command.volume(), _ -> new ArrayList<>()).add(part);
            }
        }
        byVolume.forEach((volume, parts) ->
                controls.ask(
                        volume,
                        ToOwner.Scope.SETTLE,
                        "",
                        0,
                        parts.getLast().number,
                        () -> onSettled(parts)));
    }

    private void onSettled(List<SentPart> parts) {
        for (SentPart part : parts) {
            if (sent.remove(part.number, part)) {
                part.command.inFlight--;
                onRefused(part, 0);
            }
        }
    }

    // ---- answers

    private void conclude(HostCommand command) {
        if (command.isConcluded) {
            return;
        }
        command.isConcluded = true;
        IoError error = command.error;
        if (error == null) {
            answer(command);
        } else if (error == IoError.FENCED) {
            hold(command);
        } else {
            answer(command, new IoResult.Failed(error));
        }
    }

    /**
     * A refusal goes to the host only when its repetition can succeed: an initiator's retries are
     * few. It is never repeated for the host (rule 5).
     */
    private void hold(HostCommand command) {
        command.heldUntilNanos =
                context.clock().nanos() + context.settings().answerHoldMax().toNanos();
        held.add(command);
        releaseHeld();
    }

    void releaseHeld() {
        if (held.isEmpty()) {
            return;
        }
        long now = context.clock().nanos();
        ControlState view = context.metadata().state();
        for (HostCommand command : List.copyOf(held)) {
            VolumeRecord volume = view.volumes().get(command.volume());
            boolean isDue =
                    volume == null
                            || servings.isServed(volume, command.neededEpoch)
                            || now - command.heldUntilNanos >= 0;
            if (isDue && held.remove(command)) {
                forget(command);
                // The ping lets what follows on the connection use the tickets that are here now.
                command.association()
                        .shard
                        .execute(() ->
                                command.connection.port.refresh(
                                        () -> command.answer(new IoResult.Failed(IoError.FENCED))));
            }
        }
    }

    private void answer(HostCommand command) {
        forget(command);
        command.association().shard.execute(() -> command.answer(command.assemble()));
    }

    private void answer(HostCommand command, IoResult result) {
        forget(command);
        command.association().shard.execute(() -> command.answer(result));
    }

    private void forget(HostCommand command) {
        if (command.association().commands.remove(command.number, command)) {
            inFlight.remove(command);
        }
    }

    /** Answers a command that a control request has ended. */
    void end(HostCommand command) {
        command.isEnding = true;
        sent.values().removeIf(part -> part.command == command);
        moved.removeIf(part -> part.command == command);
        held.remove(command);
        if (!command.isConcluded || command.error == IoError.FENCED) {
            command.isConcluded = true;
            answer(command, new IoResult.Failed(IoError.ABORTED));
        }
    }
}
