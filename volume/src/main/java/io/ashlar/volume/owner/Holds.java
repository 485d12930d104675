package io.ashlar.volume.owner;

import io.ashlar.common.reservation.AccessKind;
import io.ashlar.common.reservation.LegacyReservation;
import io.ashlar.common.reservation.Nexus;
import io.ashlar.common.reservation.ReservationTable;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.VolumeRecord;

/** Whether the reservations of a volume let somebody do something. */
public final class Holds {
    private Holds() {}

    /**
     * @param session what the asker's session is known by; a reservation of SPC-2 that is of a
     *     process that is gone holds no more
     */
    public static boolean permit(
            ControlState view,
            VolumeRecord volume,
            Nexus nexus,
            LegacyReservation session,
            AccessKind kind) {
        ReservationTable table = volume.reservations();
        LegacyReservation legacy = table.legacy();
        if (legacy != null && view.isRegistered(legacy.ingress()) && !legacy.equals(session)) {
            return false;
        }
        return table.permits(nexus, kind);
    }
}
