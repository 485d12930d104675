package io.ashlar.volume.owner;

import io.ashlar.common.CompareMark;
import io.ashlar.common.Payload;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Shard;
import io.ashlar.common.Sizes;
import io.ashlar.common.reservation.LegacyReservation;
import io.ashlar.common.reservation.Nexus;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.volume.IoError;
import io.ashlar.volume.wire.Action;
import io.ashlar.volume.wire.ToIngress;
import io.ashlar.volume.wire.ToOwner;
import org.jspecify.annotations.Nullable;

/** A part of a host's command at the owner. */
final class OwnedPart {
    enum State {
        /** Not admitted: it has no effect and may be dropped. */
        WAITING,
        /** Admitted; waits for its range, or to be repeated. Not in flight, may be dropped. */
        ADMITTED,
        /** In flight at a placement group. */
        ISSUED,
        /** Answered. */
        DECIDED
    }

    final ProcessId from;
    final ToOwner.Part message;
    final HostFence host;

    /** Order of admission. */
    long admission;

    State state = State.WAITING;
    Shard.@Nullable Cancellable request;

    OwnedPart(ProcessId from, ToOwner.Part message, HostFence host) {
        this.from = from;
        this.message = message;
        this.host = host;
    }

    boolean isWrite() {
        return switch (message.action()) {
            case Action.Write _,
                    Action.OrWrite _,
                    Action.Trim _,
                    Action.CompareAndWrite _,
                    Action.Settle _ ->
                    true;
            case Action.Read _, Action.Flush _, Action.ChangeReservations _ -> false;
        };
    }

    long chunk() {
        return switch (message.action()) {
            case Action.Read read -> read.chunk();
            case Action.Write write -> write.chunk();
            case Action.OrWrite or -> or.chunk();
            case Action.Trim trim -> trim.chunk();
            case Action.CompareAndWrite compare -> compare.chunk();
            case Action.Settle settle -> settle.chunk();
            case Action.Flush _, Action.ChangeReservations _ -> 0;
        };
    }

    int firstBlock() {
        return switch (message.action()) {
            case Action.Read read -> read.offset() / Sizes.BLOCK_BYTES;
            case Action.Write write -> write.offset() / Sizes.BLOCK_BYTES;
            case Action.OrWrite or -> or.offset() / Sizes.BLOCK_BYTES;
            case Action.Trim trim -> trim.firstBlock();
            case Action.CompareAndWrite compare -> compare.mark().offset() / Sizes.BLOCK_BYTES;
            case Action.Settle settle -> settle.mark().offset() / Sizes.BLOCK_BYTES;
            case Action.Flush _, Action.ChangeReservations _ -> 0;
        };
    }

    int endBlock() {
        return switch (message.action()) {
            case Action.Read read -> blockAfter(read.offset() + read.length());
            case Action.Write write -> blockAfter(write.offset() + write.data().length());
            case Action.OrWrite or -> blockAfter(or.offset() + or.data().length());
            case Action.Trim trim -> trim.firstBlock() + trim.blocks();
            case Action.CompareAndWrite compare -> blockAfter(end(compare.mark()));
            case Action.Settle settle -> blockAfter(end(settle.mark()));
            case Action.Flush _, Action.ChangeReservations _ -> 0;
        };
    }

    /** Whether it lies in the volume. */
    boolean isInside(VolumeRecord volume) {
        long end =
                switch (message.action()) {
                    case Action.Read read -> (long) read.offset() + read.length();
                    case Action.Write write -> (long) write.offset() + write.data().length();
                    case Action.OrWrite or -> (long) or.offset() + or.data().length();
                    case Action.Trim trim ->
                            ((long) trim.firstBlock() + trim.blocks()) * Sizes.BLOCK_BYTES;
                    case Action.CompareAndWrite compare -> end(compare.mark());
                    case Action.Settle settle -> end(settle.mark());
                    case Action.Flush _, Action.ChangeReservations _ -> 0;
                };
        return chunk() < volume.chunkCount()
                && end <= volume.chunkBytes()
                && chunk() * volume.chunkBytes() + end <= volume.bytes();
    }

    private static int end(CompareMark mark) {
        return mark.offset() + mark.length();
    }

    private static int blockAfter(int bytes) {
        return (bytes + Sizes.BLOCK_BYTES - 1) / Sizes.BLOCK_BYTES;
    }

    /** Who it is of, for reservations. */
    Nexus nexus() {
        return new Nexus(message.initiatorPort(), from.node().value());
    }

    LegacyReservation session() {
        return new LegacyReservation(from, message.association());
    }

    boolean isChangeOfReservations() {
        return message.action() instanceof Action.ChangeReservations;
    }

    // ---- what its ingress is told

    ToIngress done(Payload data, int[] checksums) {
        return new ToIngress.PartDone(from.incarnation(), message.part(), data, checksums);
    }

    ToIngress failed(IoError error) {
        return new ToIngress.PartFailed(from.incarnation(), message.part(), error);
    }

    /** See {@link ToIngress.PartRefused}. */
    ToIngress refused(long accessEpoch, boolean isServing, long tick) {
        return new ToIngress.PartRefused(
                from.incarnation(), message.part(), message.volume(), accessEpoch, isServing, tick);
    }

    /** See {@link ToIngress.PartMoved}. */
    ToIngress moved(long accessEpoch) {
        return new ToIngress.PartMoved(from.incarnation(), message.part(), accessEpoch);
    }

    boolean overlaps(OwnedPart other) {
        return chunk() == other.chunk()
                && firstBlock() < other.endBlock()
                && other.firstBlock() < endBlock();
    }
}
