package io.ashlar.node.api;

import io.ashlar.common.reservation.LegacyReservation;
import io.ashlar.common.reservation.Nexus;
import io.ashlar.common.reservation.Registration;
import io.ashlar.common.reservation.Reservation;
import io.ashlar.common.reservation.ReservationTable;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reservations as operators see them. */
final class ReservationViews {
    private ReservationViews() {}

    /** Null if nobody ever registered or reserved. */
    static ApiViews.@Nullable Reservations of(ReservationTable table) {
        if (table.equals(ReservationTable.EMPTY)) {
            return null;
        }
        List<ApiViews.Registrant> registrants =
                table.registrations().entrySet().stream()
                        .map(each -> registrant(each.getKey(), each.getValue()))
                        .toList();
        Reservation held = table.reservation();
        Nexus holder = held == null ? null : held.holder();
        Registration registration = holder == null ? null : table.registrations().get(holder);
        LegacyReservation legacy = table.legacy();
        return new ApiViews.Reservations(
                table.generation(),
                held == null ? null : held.type().name().toLowerCase(Locale.ROOT).replace('_', ' '),
                holder == null || registration == null ? null : registrant(holder, registration),
                legacy == null ? null : legacy.ingress().node().value(),
                registrants);
    }

    private static ApiViews.Registrant registrant(Nexus nexus, Registration registration) {
        return new ApiViews.Registrant(
                nexus.initiatorPort(),
                nexus.targetPort(),
                HexFormat.of().toHexDigits(registration.key()));
    }
}
