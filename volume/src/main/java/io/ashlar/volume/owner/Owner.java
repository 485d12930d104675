package io.ashlar.volume.owner;

import io.ashlar.common.Clock;
import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Shard;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.MetadataClient;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.Pool;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.replication.BlockGroups;
import io.ashlar.volume.Certificates;
import io.ashlar.volume.IoError;
import io.ashlar.volume.MoveResult;
import io.ashlar.volume.VolumeCounters;
import io.ashlar.volume.VolumeSettings;
import io.ashlar.volume.wire.Post;
import io.ashlar.volume.wire.ToIngress;
import io.ashlar.volume.wire.ToOwner;
import io.ashlar.volume.wire.Transfer;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The volumes that this process owns, as its view says. It claims nothing by itself. Owned by the
 * volume shard.
 */
public final class Owner {
    private final OwnerContext context;
    private final SortedMap<VolumeId, OwnedVolume> volumes = new TreeMap<>();
    private final ArrivingMoves arrivals;
    private final Predicate<ProcessId> isHeard;
    private long viewIndex = -1;
    private long moveCount;

    public Owner(
            Clock clock,
            Shard shard,
            Ticks ticks,
            Post post,
            BlockGroups groups,
            MetadataClient metadata,
            VolumeSettings settings,
            FenceRules rules,
            Predicate<ProcessId> isHeard,
            VolumeCounters counters,
            Certificates certificates) {
        Runnable readView = () -> onView(metadata.state());
        OwnershipProof proof =
                new OwnershipProof(shard, metadata, settings.busyRetry().toNanos(), readView);
        this.context =
                new OwnerContext(
                        clock,
                        shard,
                        ticks,
                        post,
                        groups,
                        metadata,
                        settings,
                        rules,
                        proof,
                        new OwnedBytes(settings.ownedBytesMax()),
                        readView,
                        counters,
                        certificates);
        this.arrivals = new ArrivingMoves(context);
        this.isHeard = isHeard;
    }

    /** Takes over what the view newly gives to this process, and gives up what it takes away. */
    public void onView(ControlState view) {
        if (view.index() <= viewIndex) {
            return;
        }
        viewIndex = view.index();
        SortedMap<VolumeId, VolumeFence> inherited = new TreeMap<>();
        for (OwnedVolume owned : List.copyOf(volumes.values())) {
            VolumeRecord record = view.volumes().get(owned.id);
            if (record != null && record.accessEpoch() == owned.accessEpoch) {
                owned.onView(record);
                continue;
            }
            volumes.remove(owned.id);
            if (record == null) {
                owned.depose(Long.MAX_VALUE, null, false);
                context.counters().forget(owned.id);
                continue;
            }
            boolean isNext =
                    record.accessEpoch() == owned.accessEpoch + 1
                            && context.post().self().equals(record.former());
            boolean isOurs = record.owner().equals(context.post().self());
            if (isNext && isOurs) {
                inherited.put(owned.id, owned.fence().successor());
            }
            owned.depose(record.accessEpoch(), record, isNext && (isOurs || record.isHandedOver()));
        }
        arrivals.onView(view);
        for (VolumeRecord record : view.volumes().values()) {
            Pool pool = view.pools().get(record.pool());
            if (pool != null
                    && record.owner().equals(context.post().self())
                    && !volumes.containsKey(record.id())) {
                take(view, record, pool, inherited.get(record.id()));
            }
        }
    }

    private void take(
            ControlState view, VolumeRecord record, Pool pool, @Nullable VolumeFence inherited) {
        ArrivingMoves.Arrived arrived = arrivals.arrived(record);
        VolumeFence fence =
                inherited != null ? inherited : new VolumeFence(context, arrived.former());
        OwnedVolume owned = new OwnedVolume(record, pool, context, fence, arrived.takeOver());
        volumes.put(record.id(), owned);
        owned.start();
        for (ArrivingMoves.Early early : arrived.early()) {
            if (isRegistered(view, early.from())) {
                owned.onPart(early.from(), early.part());
            }
        }
    }

    public void onMessage(ProcessId from, ToOwner message) {
        // The newest view, so that neither a deposed owner nor a former process gets further here.
        ControlState view = context.metadata().state();
        onView(view);
        switch (message) {
            case ToOwner.Part part -> {
                OwnedVolume owned = volumes.get(part.volume());
                if (owned != null && isRegistered(view, from)) {
                    owned.onPart(from, part);
                } else if (owned != null
                        || !arrivals.keepEarly(from, part, view.volumes().get(part.volume()))) {
                    refuse(view, from, part);
                }
            }
            case ToOwner.Control control -> {
                OwnedVolume owned = volumes.get(control.volume());
                if (owned != null) {
                    owned.onControl(from, control);
                } else {
                    context.post()
                            .send(
                                    from.node(),
                                    new ToIngress.ControlDone(
                                            from.incarnation(), control.id(), false));
                }
            }
            case ToOwner.Pong pong -> {
                OwnedVolume owned = volumes.get(pong.volume());
                if (owned != null) {
                    owned.onPong(from, pong);
                }
            }
            case ToOwner.Move move ->
                    move(
                            view,
                            move.volume(),
                            move.target(),
                            Transfer.Cause.REQUESTED,
                            result ->
                                    context.post()
                                            .send(
                                                    from.node(),
                                                    new ToIngress.MoveAnswer(
                                                            from.incarnation(),
                                                            move.id(),
                                                            result)));
        }
    }

    /** What another owner says about a move. */
    public void onTransfer(ProcessId from, Transfer message) {
        ControlState view = context.metadata().state();
        onView(view);
        OwnedVolume owned = volumes.get(message.volume());
        MoveOut move = owned == null ? null : owned.move();
        switch (message) {
            case Transfer.Offer offer -> {
                VolumeRecord record = view.volumes().get(offer.volume());
                if (record == null || record.accessEpoch() <= offer.accessEpoch()) {
                    arrivals.onOffer(from, offer);
                }
            }
            case Transfer.State state -> arrivals.onState(from, state);
            case Transfer.Ready ready -> {
                if (move != null) {
                    move.onReady(from, ready);
                }
            }
            case Transfer.Taken taken -> {
                if (move != null) {
                    move.onTaken(from, taken);
                }
            }
        }
    }

    /** Moves a volume away, if it can be. */
    private void move(
            ControlState view,
            VolumeId volume,
            NodeId to,
            Transfer.Cause cause,
            Consumer<MoveResult> done) {
        OwnedVolume owned = volumes.get(volume);
        NodeRecord node = view.nodes().get(to);
        MoveResult.Code problem = null;
        if (owned == null || !owned.isOwned()) {
            problem = MoveResult.Code.NOT_SERVING;
        } else if (to.equals(context.post().self().node())) {
            problem = MoveResult.Code.ALREADY_OWNER;
        } else if (owned.move() != null) {
            problem = MoveResult.Code.IN_PROGRESS;
        } else if (node == null) {
            problem = MoveResult.Code.NO_SUCH_NODE;
        } else if (node.adminState() != NodeRecord.AdminState.ACTIVE) {
            problem = MoveResult.Code.NOT_ACTIVE;
        } else if (!isHeard.test(node.process())) {
            problem = MoveResult.Code.SILENT;
        }
        if (problem != null || owned == null || node == null) {
            long epoch = owned == null ? 0 : owned.accessEpoch;
            done.accept(
                    new MoveResult(
                            problem == null ? MoveResult.Code.NO_SUCH_NODE : problem, epoch, ""));
            return;
        }
        owned.startMove(new MoveOut(owned, context, node.process(), cause, ++moveCount, done));
    }

    private static boolean isRegistered(ControlState view, ProcessId process) {
        NodeRecord node = view.nodes().get(process.node());
        return node != null && node.process().equals(process);
    }

    private void refuse(ControlState view, ProcessId from, ToOwner.Part part) {
        VolumeRecord record = view.volumes().get(part.volume());
        // One that this view does not know yet is there: the ingress has seen it.
        boolean isGone = record == null && part.volume().value() < view.nextVolumeId();
        if (record != null
                && record.isHandedOver()
                && context.post().self().equals(record.former())) {
            // It was under way when the volume moved; the new owner takes its ticket.
            context.post()
                    .send(
                            from.node(),
                            new ToIngress.PartMoved(
                                    from.incarnation(), part.part(), record.accessEpoch()));
            return;
        }
        if (!isGone) {
            context.counters().refused(part.volume(), VolumeCounters.Refusal.EPOCH);
        }
        ToIngress answer =
                isGone
                        ? new ToIngress.PartFailed(
                                from.incarnation(), part.part(), IoError.NO_SUCH_VOLUME)
                        : new ToIngress.PartRefused(
                                from.incarnation(),
                                part.part(),
                                part.volume(),
                                record == null ? 0 : record.accessEpoch(),
                                false,
                                context.ticks().fresh());
        context.post().send(from.node(), answer);
    }

    /** A stream to a process stands anew. */
    public void onConnected(ProcessId peer) {
        context.post().send(peer.node(), new ToIngress.RepliesLost());
        for (OwnedVolume owned : volumes.values()) {
            if (owned.isServing()) {
                context.post().send(peer.node(), owned.serving());
            }
            ToIngress.VolumeReset reset = owned.lastReset();
            if (reset != null) {
                context.post().send(peer.node(), reset);
            }
        }
    }

    public void onTimer() {
        arrivals.onTimer();
        ControlState view = context.metadata().state();
        for (OwnedVolume owned : List.copyOf(volumes.values())) {
            NodeId favourite = owned.onTimer();
            if (favourite != null && isFit(view, favourite)) {
                move(view, owned.id, favourite, Transfer.Cause.IMPLICIT, _ -> {});
            }
        }
    }

    private boolean isFit(ControlState view, NodeId id) {
        NodeRecord node = view.nodes().get(id);
        return node != null
                && node.adminState() == NodeRecord.AdminState.ACTIVE
                && isHeard.test(node.process());
    }

    /** How many volumes it serves; for status. */
    public int servingCount() {
        int count = 0;
        for (OwnedVolume owned : volumes.values()) {
            if (owned.isOwned()) {
                count++;
            }
        }
        return count;
    }
}
