package io.ashlar.volume.owner;

import io.ashlar.common.ProcessId;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.volume.FenceCertificate;
import io.ashlar.volume.FenceCertificate.Cause;
import io.ashlar.volume.MoveSettings;
import io.ashlar.volume.wire.Transfer;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a volume came to its owner; what the certificate of the change is made of.
 *
 * @param committedNanos when the owner's view showed it
 * @param state what the former owner said when it had drained; null if it did not, or was not
 *     believed
 * @param stateNanos when that arrived
 */
record TakeOver(long committedNanos, Transfer.@Nullable State state, long stateNanos) {
    /** Without a word of the former owner. */
    static TakeOver alone(long committedNanos) {
        return new TakeOver(committedNanos, null, committedNanos);
    }

    /** How long the volume should stay before it moves by itself. */
    long dwellNanos(VolumeRecord record, MoveSettings settings) {
        if (state != null) {
            return state.handOver().dwellNanos();
        }
        return record.former() == null ? 0 : settings.dwellMin().toNanos();
    }

    /** The certificate of the change; none if the volume is new. */
    Optional<FenceCertificate> certificate(
            VolumeRecord record,
            boolean ticketsTaken,
            int heldHere,
            List<FenceCertificate.Confirmation> confirmations,
            long now) {
        ProcessId former = record.former();
        if (former == null) {
            return Optional.empty();
        }
        FenceCertificate.Times times =
                new FenceCertificate.Times(
                        state == null ? committedNanos : stateNanos - state.requestedNanos(),
                        state == null ? committedNanos : stateNanos - state.heldNanos(),
                        stateNanos,
                        committedNanos,
                        confirmations.isEmpty() ? now : confirmations.getLast().nanos(),
                        now);
        return Optional.of(
                new FenceCertificate.OwnerChange(
                        record.id(),
                        cause(record),
                        former,
                        record.owner(),
                        record.accessEpoch() - 1,
                        record.accessEpoch(),
                        ticketsTaken,
                        state == null ? 0 : state.drained(),
                        state == null ? 0 : state.held(),
                        heldHere,
                        times,
                        confirmations));
    }

    private Cause cause(VolumeRecord record) {
        if (state != null && state.cause() == Transfer.Cause.IMPLICIT) {
            return Cause.IMPLICIT;
        }
        if (record.isHandedOver()) {
            return Cause.REQUESTED;
        }
        return record.owner().equals(record.former()) ? Cause.GIVEN_UP : Cause.FAILOVER;
    }
}
