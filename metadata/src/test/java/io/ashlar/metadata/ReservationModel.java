package io.ashlar.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.reservation.Nexus;
import io.ashlar.common.reservation.Reservation;
import io.ashlar.common.reservation.ReservationChange;
import io.ashlar.common.reservation.ReservationTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What registrations a change that was taken leaves, written as one line for each kind. */
final class ReservationModel {
    private ReservationModel() {}

    static void apply(
            Map<Nexus, Long> keys,
            ReservationTable before,
            ReservationChange change,
            List<Integer> ports) {
        switch (change) {
            case ReservationChange.Register c -> {
                for (Nexus nexus : meant(c, ports)) {
                    if (c.newKey() == 0) {
                        keys.remove(nexus);
                    } else {
                        keys.put(nexus, c.newKey());
                    }
                }
            }
            case ReservationChange.Clear _, ReservationChange.Erase _ -> keys.clear();
            case ReservationChange.Move c -> {
                keys.put(c.destination(), c.newKey());
                if (c.unregister()) {
                    keys.remove(c.nexus());
                }
            }
            case ReservationChange.Preempt c -> {
                Reservation held = before.reservation();
                Nexus holder = held == null ? null : held.holder();
                boolean isHolders = holder != null && keys.get(holder) == c.victimKey();
                boolean isSpared = c.victimKey() == 0 || isHolders;
                keys.entrySet()
                        .removeIf(each ->
                                (c.victimKey() == 0 || each.getValue() == c.victimKey())
                                        && !(isSpared && each.getKey().equals(c.nexus())));
            }
            default -> {}
        }
    }

    private static List<Nexus> meant(ReservationChange.Register change, List<Integer> ports) {
        List<Nexus> all = new ArrayList<>();
        List<String> initiators = new ArrayList<>(change.others());
        initiators.add(change.nexus().initiatorPort());
        for (String initiator : initiators) {
            all.add(new Nexus(initiator, change.nexus().targetPort()));
            if (change.allPorts()) {
                ports.forEach(port -> all.add(new Nexus(initiator, port)));
            }
        }
        return all;
    }

    /** What holds of every table. */
    static void check(ReservationTable table) {
        Reservation held = table.reservation();
        if (held != null) {
            Nexus holder = held.holder();
            assertThat(holder == null).isEqualTo(held.type().isAllRegistrants());
            assertThat(table.registrations()).isNotEmpty();
            if (holder != null) {
                assertThat(table.registrations()).containsKey(holder);
            }
            assertThat(table.legacy()).isNull();
        }
        if (table.legacy() != null) {
            assertThat(table.registrations()).isEmpty();
        }
        table.notices()
                .values()
                .forEach(n -> assertThat(n.number()).isLessThanOrEqualTo(table.noticeCount()));
    }
}
