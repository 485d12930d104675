package io.ashlar.volume.owner;

import io.ashlar.common.ProcessId;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.volume.VolumeCounters.Refusal;
import io.ashlar.volume.wire.Action;
import io.ashlar.volume.wire.ToIngress;
import io.ashlar.volume.wire.ToOwner;
import java.util.List;
import java.util.Map;

/**
 * What waits on the connections of one volume's hosts, and how it gets in: {@link VolumeFence}
 * decides, here is done what follows. Owned by the volume shard.
 */
final class Admission {
    /** The volume, as far as it lets in. */
    interface Door {
        /** Whether anything may be admitted now. */
        boolean isOpen();

        VolumeRecord record();

        void onAdmitted(OwnedPart part);

        void onRefused(OwnedPart part, Refusal reason);

        /** Whether reservations let its sender do this now. */
        boolean isPermitted(OwnedPart part);

        /** A reservation is in its way. */
        void onConflict(OwnedPart part);

        /** A flush has reached the front; it is neither admitted nor refused yet. */
        void onFlush(OwnedPart part);
    }

    private final Door door;
    private final VolumeFence fence;
    private final OwnerContext context;

    Admission(Door door, VolumeFence fence, OwnerContext context) {
        this.door = door;
        this.fence = fence;
        this.context = context;
    }

    /** The host has answered a ping that the ingress sent when it held this tick. */
    void onPong(ProcessId from, ToOwner.Pong pong) {
        HostFence host = fence.known(pong.host());
        if (host == null || pong.ownerIncarnation() != context.post().self().incarnation()) {
            return;
        }
        HostFence.Lane lane = host.lanes.get(new HostFence.LaneKey(from, pong.connection()));
        if (lane != null) {
            lane.provenTick = Math.max(lane.provenTick, pong.tick());
            advance(host);
            fence.forgetIfIdle(host);
        }
    }

    /** Admits, refuses or leaves waiting what stands first on each connection of each host. */
    void advanceAll() {
        for (HostFence host : fence.hosts()) {
            advance(host);
            fence.forgetIfIdle(host);
        }
    }

    /** The same for one host. */
    void advance(HostFence host) {
        boolean isMoving = door.isOpen();
        while (isMoving) {
            isMoving = false;
            for (Map.Entry<HostFence.LaneKey, HostFence.Lane> entry :
                    List.copyOf(host.lanes.entrySet())) {
                HostFence.Lane lane = entry.getValue();
                while (door.isOpen()
                        && !lane.waiting.isEmpty()
                        && advance(host, lane, lane.waiting.getFirst())) {
                    isMoving = true;
                }
                if (lane.waiting.isEmpty()) {
                    host.lanes.remove(entry.getKey());
                }
            }
        }
    }

    private boolean advance(HostFence host, HostFence.Lane lane, OwnedPart part) {
        if (part.message.action() instanceof Action.Flush) {
            lane.waiting.removeFirst();
            door.onFlush(part);
            return true;
        }
        HostFence.Verdict verdict = fence.verdict(part, lane.provenTick);
        boolean isTooOld = verdict != HostFence.Verdict.REFUSE && fence.isTooOld(part);
        return switch (isTooOld ? HostFence.Verdict.REFUSE : verdict) {
            case ADMIT -> {
                lane.waiting.removeFirst();
                if (door.isPermitted(part)) {
                    admit(host, lane, part);
                } else {
                    lane.isDraining = false;
                    door.onConflict(part);
                }
                yield true;
            }
            case REFUSE -> {
                lane.waiting.removeFirst();
                lane.isDraining = false;
                door.onRefused(part, isTooOld ? Refusal.AGE : Refusal.TICKET);
                yield true;
            }
            case PING -> {
                ping(lane, part);
                yield false;
            }
            case DRAIN -> {
                if (!lane.isDraining) {
                    // The former association is fenced from here on, not only once it has drained.
                    lane.isDraining = true;
                    lane.drainNanos = context.clock().nanos();
                    lane.drained = host.undecidedOfOthers(part.from);
                    host.mark(part.from, context.ticks().mark());
                }
                yield false;
            }
        };
    }

    private void admit(HostFence host, HostFence.Lane lane, OwnedPart part) {
        long mark = context.ticks().mark();
        host.mark(part.from, mark);
        if (host.isSwitch(part.from)) {
            context.counters().ingressSwitches.increment();
            context.certificates()
                    .add(
                            host.certificate(
                                    door.record(), part.from, mark, lane, context.clock().nanos()));
        }
        host.lastIngress = part.from;
        lane.isDraining = false;
        context.counters().admitted.increment();
        door.onAdmitted(part);
    }

    private void ping(HostFence.Lane lane, OwnedPart part) {
        long now = context.clock().nanos();
        boolean isAwaited =
                lane.pingTick > fence.provenSince(part)
                        && now - lane.pingNanos < context.settings().pingAnswerMax().toNanos();
        if (isAwaited) {
            return;
        }
        lane.pingTick = context.ticks().fresh();
        lane.pingNanos = now;
        context.post()
                .send(
                        part.from.node(),
                        new ToIngress.Ping(
                                part.from.incarnation(),
                                part.message.volume(),
                                part.message.connection(),
                                lane.pingTick));
    }
}
