package io.ashlar.replication;

import io.ashlar.common.Payload;
import io.ashlar.common.ProcessId;

/**
 * A placement group's answer to an owner. Every one of them says that the request is decided and no
 * longer in flight.
 */
public sealed interface PgReply {
    /**
     * Done.
     *
     * @param data of a read, and what a COMPARE AND WRITE found that was not what it was compared
     *     with; else empty
     * @param checksums of that data: as in {@link PgRequest.Write}
     */
    record Done(Payload data, int[] checksums) implements PgReply {}

    /**
     * A {@link PgRequest.Fence} is installed.
     *
     * @param primary the process that confirms it
     * @param leadEpoch the group's epoch at which that process became primary
     */
    record Installed(ProcessId primary, long leadEpoch) implements PgReply {}

    /**
     * Refused: the primary knows a higher access epoch. It has not taken effect by this attempt.
     */
    record Fenced(long accessEpoch) implements PgReply {}

    /**
     * The group takes no writes now (below its minimum in-sync count). It may or may not have taken
     * effect.
     */
    record Busy(String reason) implements PgReply {}

    /** No member has an intact copy. */
    record Unrecovered(String reason) implements PgReply {}

    /** A member is short of space; nothing was written. */
    record OutOfSpace() implements PgReply {}

    /**
     * The request makes no sense to the group: a bug, or a volume that is gone. Nothing was
     * written.
     */
    record Refused(String reason) implements PgReply {}

    PgReply DONE = new Done(Payload.EMPTY, new int[0]);
}
