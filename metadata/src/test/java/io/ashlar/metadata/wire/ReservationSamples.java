package io.ashlar.metadata.wire;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.RandomSource;
import io.ashlar.common.reservation.LegacyReservation;
import io.ashlar.common.reservation.Nexus;
import io.ashlar.common.reservation.ReservationChange;
import io.ashlar.common.reservation.ReservationType;
import java.util.List;

/** Random changes of reservations, from few values, so that they meet. */
public final class ReservationSamples {
    private ReservationSamples() {}

    public static ReservationChange change(RandomSource random) {
        Nexus nexus = nexus(random);
        long key = random.nextInt(4);
        long other = random.nextInt(4);
        return switch (random.nextInt(12)) {
            case 0, 1, 2 ->
                    new ReservationChange.Register(
                            nexus,
                            random.nextInt(2) == 0,
                            key,
                            other,
                            random.nextInt(4) == 0,
                            random.nextInt(4) == 0 ? List.of("iqn.d,i,0x1") : List.of());
            case 3, 4 -> new ReservationChange.Reserve(nexus, key, type(random));
            case 5 -> new ReservationChange.Release(nexus, key, type(random));
            case 6 -> new ReservationChange.Clear(nexus, key);
            case 7 ->
                    new ReservationChange.Preempt(
                            nexus, key, other, type(random), random.nextInt(2) == 0);
            case 8 ->
                    new ReservationChange.Move(
                            nexus, key, other, nexus(random), random.nextInt(2) == 0);
            case 9 -> new ReservationChange.LegacyReserve(nexus, legacy(random));
            case 10 ->
                    random.nextInt(2) == 0
                            ? new ReservationChange.LegacyRelease(nexus, legacy(random))
                            : new ReservationChange.LegacyEnd(legacy(random));
            default ->
                    random.nextInt(8) == 0
                            ? new ReservationChange.Erase()
                            : new ReservationChange.Reserve(nexus, key, type(random));
        };
    }

    private static Nexus nexus(RandomSource random) {
        return new Nexus(
                "iqn." + (char) ('a' + random.nextInt(3)) + ",i,0x1", 1 + random.nextInt(2));
    }

    private static ReservationType type(RandomSource random) {
        return ReservationType.values()[random.nextInt(6)];
    }

    private static LegacyReservation legacy(RandomSource random) {
        return new LegacyReservation(
                new ProcessId(new NodeId(1 + random.nextInt(2)), random.nextInt(3)),
                random.nextInt(2));
    }
}
