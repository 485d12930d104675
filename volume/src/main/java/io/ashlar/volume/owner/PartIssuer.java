package io.ashlar.volume.owner;

import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.CompareMark;
import io.ashlar.common.PgId;
import io.ashlar.common.Shard;
import io.ashlar.common.reservation.ReservationChange;
import io.ashlar.metadata.Pool;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.replication.PgReply;
import io.ashlar.replication.PgRequest;
import io.ashlar.volume.IoError;
import io.ashlar.volume.wire.Action;
import io.ashlar.volume.wire.ToIngress;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Admitted parts of one volume on their way to the placement groups and back (DESIGN section 6,
 * rules 6 and 9): overlapping writes one after the other, none that has become too old, and again
 * what a group could not take.
 */
final class PartIssuer {
    private static final Logger LOG = LoggerFactory.getLogger(PartIssuer.class);

    /** What becomes of parts. */
    interface Decisions {
        /** The part has no effect any more, beyond what it had; tell its ingress. */
        void onDecided(OwnedPart part, ToIngress answer);

        /** Whether its ticket is older than the age bound. */
        boolean isTooOld(OwnedPart part);

        /** A group knows a higher access epoch. */
        void onFenced(long accessEpoch);

        /** A change of reservations is due; {@link PartIssuer#decide} it when it is. */
        void onChange(OwnedPart part, ReservationChange change);

        /** If the part is to be dropped instead of being sent again, what its ingress is told. */
        @Nullable ToIngress answerIfDropped(OwnedPart part);
    }

    private final long accessEpoch;
    private final Pool pool;
    private final OwnerContext context;
    private final Decisions decisions;
    private final WriteOrder writes = new WriteOrder();

    /** Admitted and undecided, by order of admission. */
    private final SortedMap<Long, OwnedPart> undecided = new TreeMap<>();

    /** Writes whose ranges have come free and that are about to be issued. */
    private final Deque<OwnedPart> freed = new ArrayDeque<>();

    private VolumeRecord record;
    private boolean isIssuingFreed;
    private boolean isOver;

    PartIssuer(VolumeRecord record, Pool pool, OwnerContext context, Decisions decisions) {
        this.accessEpoch = record.accessEpoch();
        this.record = record;
        this.pool = pool;
        this.context = context;
        this.decisions = decisions;
    }

    void onView(VolumeRecord newer) {
        record = newer;
    }

    /** Parts that are undecided, in the order of their admission. */
    Collection<OwnedPart> undecided() {
        return Collections.unmodifiableCollection(undecided.values());
    }

    /** Those of them that were admitted before this one. */
    Collection<OwnedPart> undecidedBefore(long admission) {
        return Collections.unmodifiableCollection(undecided.headMap(admission).values());
    }

    void admit(OwnedPart part, long admission) {
        part.state = OwnedPart.State.ADMITTED;
        part.admission = admission;
        part.host.onAdmitted(part.from);
        undecided.put(admission, part);
        if (!part.isWrite() || writes.add(part)) {
            issue(part);
        }
    }

    /** Gives everything up; it may still take effect. */
    void cancelAll() {
        isOver = true;
        for (OwnedPart part : undecided.values()) {
            Shard.Cancellable request = part.request;
            if (request != null) {
                request.cancel();
            }
        }
        undecided.clear();
        freed.clear();
    }

    /** Age counts here, whatever the part had to wait for before (F15). */
    private void issue(OwnedPart part) {
        if (decisions.isTooOld(part)) {
            decide(part, part.refused(accessEpoch, true, context.ticks().fresh()));
            return;
        }
        part.state = OwnedPart.State.ISSUED;
        if (part.message.action() instanceof Action.ChangeReservations(var change)) {
            decisions.onChange(part, change);
            return;
        }
        Shard.Cancellable request =
                context.groups()
                        .submit(request(part), context.shard(), reply -> onReply(part, reply));
        if (part.state == OwnedPart.State.ISSUED) {
            part.request = request;
        }
    }

    /** Where a part is sent, if it reads or writes. */
    PgId group(OwnedPart part) {
        return record.placementGroup(part.chunk(), pool);
    }

    private PgRequest request(OwnedPart part) {
        PgId pg = group(part);
        ChunkId chunk = record.chunk(part.chunk());
        return switch (part.message.action()) {
            case Action.Read(_, int offset, int length) ->
                    new PgRequest.Read(pg, accessEpoch, chunk, offset, length);
            case Action.Write(_, int offset, var data, int[] checksums) ->
                    new PgRequest.Write(pg, accessEpoch, chunk, offset, data, checksums);
            case Action.OrWrite(_, int offset, var data, int[] checksums) ->
                    new PgRequest.OrWrite(pg, accessEpoch, chunk, offset, data, checksums);
            case Action.Trim(_, int first, int blocks) ->
                    new PgRequest.Trim(pg, accessEpoch, new BlockRange(chunk, first, blocks));
            case Action.CompareAndWrite(
                            _,
                            var compared,
                            var data,
                            int[] checksums,
                            CompareMark mark,
                            var answered) ->
                    new PgRequest.CompareAndWrite(
                            pg, accessEpoch, chunk, compared, data, checksums, mark, answered);
            case Action.Settle(_, CompareMark mark) ->
                    new PgRequest.Settle(pg, accessEpoch, chunk, mark);
            case Action.Flush _, Action.ChangeReservations _ ->
                    throw new IllegalStateException(part + " is of no group");
        };
    }

    private void onReply(OwnedPart part, PgReply reply) {
        if (isOver || part.state != OwnedPart.State.ISSUED) {
            return;
        }
        part.request = null;
        switch (reply) {
            case PgReply.Done(var data, int[] checksums) ->
                    decide(part, part.done(data, checksums));
            case PgReply.Fenced(long epoch) -> decisions.onFenced(Math.max(epoch, accessEpoch + 1));
            case PgReply.Busy _ -> {
                // Decided for now, and no longer in flight: it may be sent again, or dropped.
                part.state = OwnedPart.State.ADMITTED;
                ToIngress dropped = decisions.answerIfDropped(part);
                if (dropped != null) {
                    decide(part, dropped);
                } else {
                    retryLater(part);
                }
            }
            case PgReply.Unrecovered _ ->
                    decide(
                            part,
                            part.failed(
                                    part.isWrite()
                                            ? IoError.WRITE_FAULT
                                            : IoError.UNRECOVERED_READ));
            case PgReply.OutOfSpace _ -> decide(part, part.failed(IoError.OUT_OF_SPACE));
            case PgReply.Installed installed -> {
                LOG.error("{} was answered {}", part.message.action(), installed);
                decide(part, part.failed(IoError.INTERNAL));
            }
            case PgReply.Refused(String reason) -> {
                LOG.warn("{} refused {}: {}", record.id(), part.message.action(), reason);
                decide(part, part.failed(IoError.INTERNAL));
            }
        }
    }

    private void retryLater(OwnedPart part) {
        context.shard()
                .schedule(
                        context.settings().busyRetry().toNanos(),
                        () -> {
                            if (!isOver && part.state == OwnedPart.State.ADMITTED) {
                                issue(part);
                            }
                        });
    }

    /** Takes a part out that is not in flight, and lets others have its range. */
    void decide(OwnedPart part, ToIngress answer) {
        undecided.remove(part.admission);
        part.host.onDecided(part.from);
        decisions.onDecided(part, answer);
        if (part.isWrite()) {
            freed.addAll(writes.remove(part));
            issueFreed();
        }
    }

    /** In a loop, not by recursion: a long chain of writes may have become too old. */
    private void issueFreed() {
        if (isIssuingFreed) {
            return;
        }
        isIssuingFreed = true;
        for (OwnedPart part = freed.poll(); part != null; part = freed.poll()) {
            if (!isOver && part.state == OwnedPart.State.ADMITTED) {
                issue(part);
            }
        }
        isIssuingFreed = false;
    }
}
