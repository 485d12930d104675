package io.ashlar.volume.ingress;

import io.ashlar.common.VolumeId;
import io.ashlar.common.reservation.LegacyReservation;
import io.ashlar.common.reservation.ReservationChange;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.VolumeRecord;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.LongPredicate;

/**
 * Ends reservations of SPC-2 whose sessions with this process have ended (SPC-2 section 5.5.1). It
 * only gives rights back, so no owner needs to be asked; the command is conditional on the access
 * epoch and names the session. Owned by the volume shard.
 */
final class EndedSessions {
    private final IngressContext context;
    private final LongPredicate isAlive;
    private final SortedSet<VolumeId> asked = new TreeSet<>();

    /**
     * @param isAlive whether an association of that number has not ended
     */
    EndedSessions(IngressContext context, LongPredicate isAlive) {
        this.context = context;
        this.isAlive = isAlive;
    }

    void look() {
        for (VolumeRecord volume : context.metadata().state().volumes().values()) {
            LegacyReservation held = volume.reservations().legacy();
            if (held != null
                    && held.ingress().equals(context.post().self())
                    && !isAlive.test(held.association())
                    && asked.add(volume.id())) {
                context.metadata()
                        .submit(
                                new Command.ChangeReservations(
                                        volume.id(),
                                        volume.accessEpoch(),
                                        new ReservationChange.LegacyEnd(held)),
                                context.shard(),
                                _ -> asked.remove(volume.id()));
            }
        }
    }
}
