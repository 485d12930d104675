package io.ashlar.iscsi.scsi;

import io.ashlar.common.reservation.LegacyReservation;
import io.ashlar.common.reservation.ReservationChange;
import io.ashlar.volume.IoRequest;

/**
 * RESERVE and RELEASE (6) and (10), SPC-2 sections 7.21 to 7.24, of whole logical units and for the
 * sender itself; with the exceptions for registrants of SPC-4 section 5.13.3 (CRH).
 */
final class LegacyReserves {
    private LegacyReserves() {}

    static void reserve(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        change(
                nexus,
                unit,
                task,
                new ReservationChange.LegacyReserve(nexus.nexus(), LegacyReservation.OF_SENDER));
    }

    static void release(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        change(
                nexus,
                unit,
                task,
                new ReservationChange.LegacyRelease(nexus.nexus(), LegacyReservation.OF_SENDER));
    }

    private static void change(
            ScsiNexus nexus, LogicalUnit unit, ScsiTask task, ReservationChange change) {
        nexus.submit(
                task,
                new IoRequest.ChangeReservations(unit.volume().id(), change),
                _ -> task.good());
    }
}
