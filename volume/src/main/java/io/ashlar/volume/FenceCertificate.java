package io.ashlar.volume;

import io.ashlar.common.ProcessId;
import io.ashlar.common.VolumeId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Evidence of one fence: who was shut out, who confirmed it, and when. Left by the owner that came
 * to serve. Times are of that node's clock, in nanoseconds; those that the former owner measured
 * are late by the way of one message.
 */
public sealed interface FenceCertificate {
    VolumeId volume();

    /** The owner's, at the end. */
    long accessEpoch();

    /** When it was complete. */
    long nanos();

    /** Why a volume changed its owner. */
    enum Cause {
        /** Somebody asked for it. */
        REQUESTED,
        /** Hosts' I/O came by the new owner's node. */
        IMPLICIT,
        /** The former owner was gone. */
        FAILOVER,
        /** A move was given up, by a change that makes it impossible. */
        GIVEN_UP
    }

    /**
     * A placement group has the access epoch, and nothing older is undecided there.
     *
     * @param group its index in the pool
     * @param primary the process that confirmed
     * @param leadEpoch the group's epoch at which it became primary
     * @param nanos when the owner heard of it
     */
    record Confirmation(int group, ProcessId primary, long leadEpoch, long nanos) {}

    /**
     * When things happened; those of the former owner are as late as the new one's if it handed
     * nothing over.
     *
     * @param requested the move began
     * @param held the former owner admitted nothing more
     * @param drained what it had admitted was decided, and its fences handed over
     * @param committed the new owner's view showed it as owner
     * @param installed every group had confirmed
     * @param serving the new owner began to admit
     */
    record Times(
            long requested,
            long held,
            long drained,
            long committed,
            long installed,
            long serving) {}

    /**
     * A change of owner.
     *
     * @param former the owner before; null if there was none
     * @param owner the owner now
     * @param formerEpoch the access epoch before
     * @param ticketsTaken whether the former owner's tickets were handed over and taken
     * @param drained parts that the former owner had admitted when it began to hold
     * @param held parts that it held when it handed over
     * @param heldHere parts that waited at the new owner when it began to serve
     * @param confirmations of the groups, in the order in which they came
     */
    record OwnerChange(
            VolumeId volume,
            Cause cause,
            @Nullable ProcessId former,
            ProcessId owner,
            long formerEpoch,
            long accessEpoch,
            boolean ticketsTaken,
            int drained,
            int held,
            int heldHere,
            Times times,
            List<Confirmation> confirmations)
            implements FenceCertificate {
        public OwnerChange {
            confirmations = List.copyOf(confirmations);
        }

        @Override
        public long nanos() {
            return times.serving;
        }

        /** How long nobody admitted anything, as far as that is known. */
        public long pauseNanos() {
            return times.serving - times.held;
        }
    }

    /**
     * A host's commands come by another ingress.
     *
     * @param former the ingress before
     * @param ingress the ingress now
     * @param mark tickets up to this tick of the owner are refused if they come by any other
     * @param drained parts by other ingresses that had to be decided first
     * @param waitedNanos how long the first command waited for them
     */
    record IngressSwitch(
            VolumeId volume,
            long accessEpoch,
            String host,
            ProcessId former,
            ProcessId ingress,
            long mark,
            int drained,
            long waitedNanos,
            long nanos)
            implements FenceCertificate {}
}
