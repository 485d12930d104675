package io.ashlar.common.reservation;

import org.jspecify.annotations.Nullable;

/**
 * A reservation of a whole volume.
 *
 * @param holder null if every registrant is a holder
 */
public record Reservation(ReservationType type, @Nullable Nexus holder) {}
