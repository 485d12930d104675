package io.ashlar.common.reservation;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;

/**
 * A reservation of SPC-2 (RESERVE and RELEASE). It ends with its session, so it names that: the
 * process that the session is with, and the session's number there.
 */
public record LegacyReservation(ProcessId ingress, long association) {
    /**
     * What a front end says, which does not know its session's number; it is filled in below it.
     */
    public static final LegacyReservation OF_SENDER =
            new LegacyReservation(new ProcessId(new NodeId(1), 0), 0);
}
