package io.ashlar.volume.owner;

import io.ashlar.common.ProcessId;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.volume.owner.FenceRules.Rule;
import io.ashlar.volume.wire.ToIngress;
import io.ashlar.volume.wire.ToOwner;
import io.ashlar.volume.wire.Transfer;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Volumes that owners want to move to this process. What a former owner handed over is kept until
 * the view shows this process as the owner, and counts only if that very owner moved the volume, in
 * the very next access epoch; else it is as if nothing had been said. Ingresses whose view is ahead
 * of this one's send commands early; they are kept, too. Owned by the volume shard.
 */
final class ArrivingMoves {
    /** Volumes at a time; what is more is not taken now. */
    private static final int ARRIVALS_MAX = 256;

    /** Parts of all volumes that came early. */
    private static final int EARLY_PARTS_MAX = 4_096;

    /** A part that came before the view showed the volume here. */
    record Early(ProcessId from, ToOwner.Part part) {}

    private static final class Arrival {
        final ProcessId from;
        final Transfer.Offer offer;

        /** Before anything that the former owner says of its tickets' ages. */
        final long offeredNanos;

        Transfer.@Nullable State state;
        long stateNanos;
        final List<Early> early = new ArrayList<>();

        Arrival(ProcessId from, Transfer.Offer offer, long offeredNanos) {
            this.from = from;
            this.offer = offer;
            this.offeredNanos = offeredNanos;
        }
    }

    /**
     * A volume has come.
     *
     * @param former what the former owner's tickets are worth; null if nothing
     */
    record Arrived(@Nullable FormerFence former, TakeOver takeOver, List<Early> early) {}

    private final OwnerContext context;
    private final SortedMap<VolumeId, Arrival> arrivals = new TreeMap<>();
    private int earlyParts;
    private long earlyBytes;

    ArrivingMoves(OwnerContext context) {
        this.context = context;
    }

    void onOffer(ProcessId from, Transfer.Offer offer) {
        Arrival former = arrivals.get(offer.volume());
        boolean isOld =
                former != null && former.from.equals(from) && former.offer.move() >= offer.move();
        if (isOld || (former == null && arrivals.size() >= ARRIVALS_MAX)) {
            return; // no answer: the owner gives up, and nothing was held
        }
        if (former != null) {
            refuse(former);
        }
        arrivals.put(offer.volume(), new Arrival(from, offer, context.clock().nanos()));
        context.post()
                .send(
                        from.node(),
                        new Transfer.Ready(offer.volume(), offer.accessEpoch(), offer.move()));
    }

    void onState(ProcessId from, Transfer.State state) {
        Arrival arrival = arrivals.get(state.volume());
        if (arrival == null
                || !arrival.from.equals(from)
                || arrival.offer.move() != state.move()
                || arrival.offer.accessEpoch() != state.accessEpoch()) {
            return;
        }
        arrival.state = state;
        arrival.stateNanos = context.clock().nanos();
        context.post()
                .send(
                        from.node(),
                        new Transfer.Taken(state.volume(), state.accessEpoch(), state.move()));
    }

    /**
     * Keeps a part whose ingress knows already that the volume is here.
     *
     * @return false if nothing speaks for that
     */
    boolean keepEarly(ProcessId from, ToOwner.Part part, @Nullable VolumeRecord record) {
        Arrival arrival = arrivals.get(part.volume());
        int bytes = part.action().dataBytes();
        if (arrival == null
                || arrival.state == null
                || record == null
                || record.accessEpoch() > arrival.offer.accessEpoch()
                || earlyParts >= EARLY_PARTS_MAX
                || earlyBytes + bytes > context.settings().ownedBytesMax() / 4) {
            return false;
        }
        earlyParts++;
        earlyBytes += bytes;
        arrival.early.add(new Early(from, part));
        return true;
    }

    /** The view shows this process as a volume's owner. */
    Arrived arrived(VolumeRecord record) {
        long now = context.clock().nanos();
        Arrival arrival = arrivals.remove(record.id());
        if (arrival == null) {
            return new Arrived(null, TakeOver.alone(now), List.of());
        }
        List<Early> early = takeEarly(arrival);
        Transfer.State state = arrival.state;
        boolean isIt =
                record.isHandedOver()
                        && arrival.from.equals(record.former())
                        && arrival.offer.accessEpoch() == record.accessEpoch() - 1;
        if (state == null || (!isIt && context.rules().has(Rule.HAND_OVER_EPOCH))) {
            return new Arrived(null, TakeOver.alone(now), early);
        }
        FormerFence former =
                new FormerFence(
                        arrival.from,
                        state.handOver(),
                        context.clock(),
                        arrival.offeredNanos,
                        context.settings().ageMax().toNanos(),
                        context.rules());
        return new Arrived(former, new TakeOver(now, state, arrival.stateNanos), early);
    }

    /** The volume has gone to somebody else: what came early goes back. */
    void onView(ControlState view) {
        for (Arrival arrival : arrivals.values()) {
            VolumeRecord record = view.volumes().get(arrival.offer.volume());
            boolean isPast =
                    record == null
                            || (record.accessEpoch() > arrival.offer.accessEpoch()
                                    && !record.owner().equals(context.post().self()));
            if (isPast) {
                refuse(arrival);
            }
        }
    }

    /** Forgets what was handed over so long ago that all of its tickets are too old. */
    void onTimer() {
        long now = context.clock().nanos();
        long holdMax = context.settings().moves().holdMax().toNanos();
        long ageMax = context.settings().ageMax().toNanos();
        for (Arrival arrival : List.copyOf(arrivals.values())) {
            if (arrival.state != null && now - arrival.stateNanos > holdMax) {
                refuse(arrival);
            }
            if (now - arrival.offeredNanos > ageMax) {
                refuse(arrival);
                arrivals.remove(arrival.offer.volume());
            }
        }
    }

    private void refuse(Arrival arrival) {
        for (Early early : takeEarly(arrival)) {
            context.post()
                    .send(
                            early.from.node(),
                            new ToIngress.PartRefused(
                                    early.from.incarnation(),
                                    early.part.part(),
                                    early.part.volume(),
                                    arrival.offer.accessEpoch() + 1,
                                    false,
                                    context.ticks().fresh()));
        }
    }

    private List<Early> takeEarly(Arrival arrival) {
        List<Early> early = List.copyOf(arrival.early);
        arrival.early.clear();
        earlyParts -= early.size();
        for (Early each : early) {
            earlyBytes -= each.part.action().dataBytes();
        }
        return early;
    }
}
