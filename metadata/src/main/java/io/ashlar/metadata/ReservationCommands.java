package io.ashlar.metadata;

import io.ashlar.common.NodeId;
import io.ashlar.common.reservation.LegacyReservation;
import io.ashlar.common.reservation.ReservationChange;
import io.ashlar.common.reservation.ReservationTable;
import io.ashlar.common.reservation.ReservationVerdict;
import io.ashlar.metadata.ControlStateMachine.Result;
import java.util.List;

/**
 * Changes of reservations (DESIGN section 6, "Reservations"). Conditional on the access epoch, so
 * that an owner whose view has reached the index at which it became owner knows every reservation
 * that was ever answered, and no late command of a former owner changes them.
 */
final class ReservationCommands {
    private ReservationCommands() {}

    static Result change(Step step, Command.ChangeReservations command) {
        ControlState state = step.state();
        VolumeRecord volume = state.volumes().get(command.volume());
        if (volume == null) {
            return VolumeRules.notFound(step, command.volume());
        }
        if (volume.accessEpoch() != command.expectedAccessEpoch()) {
            return VolumeRules.staleEpoch(step, volume, command.expectedAccessEpoch());
        }
        List<Integer> targetPorts = state.nodes().keySet().stream().map(NodeId::value).toList();
        ReservationTable before = withoutEndedSession(state, volume.reservations());
        ReservationTable.Result result = before.apply(command.change(), targetPorts);
        ReservationTable after = result.table();
        int added = after.registrations().size() - before.registrations().size();
        if (added > 0 && registrations(state) + added > Limits.REGISTRATIONS_MAX) {
            return step.applied(state, ReservationVerdict.NO_ROOM.code());
        }
        ControlState next =
                after.equals(volume.reservations()) ? state : state.withVolume(volume.with(after));
        return step.applied(next, result.verdict().code());
    }

    /** What SPC-2 reserved ends with its session, at the latest with the process it was with. */
    private static ReservationTable withoutEndedSession(
            ControlState state, ReservationTable table) {
        LegacyReservation held = table.legacy();
        return held == null || state.isRegistered(held.ingress())
                ? table
                : table.apply(new ReservationChange.LegacyEnd(held), List.of()).table();
    }

    private static long registrations(ControlState state) {
        long count = 0;
        for (VolumeRecord volume : state.volumes().values()) {
            count += volume.reservations().registrations().size();
        }
        return count;
    }
}
