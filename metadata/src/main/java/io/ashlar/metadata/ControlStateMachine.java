package io.ashlar.metadata;

import io.ashlar.common.Check;

/**
 * What each command does to the control state (DESIGN sections 3 to 6). Pure and total: the same
 * state, index and command give the same result on every node and in every run, and no command that
 * decodes makes it throw. A command whose condition does not hold changes nothing but the index,
 * and its rejection says what to do.
 */
public final class ControlStateMachine {
    private ControlStateMachine() {}

    /**
     * The outcome of one command.
     *
     * @param state the state after it, at its index
     * @param outcome Applied or Rejected, never Unknown
     */
    public record Result(ControlState state, Outcome outcome) {}

    /**
     * Applies one command.
     *
     * @param index its log index; commands of one log entry share it, so it may equal the state's
     */
    public static Result apply(ControlState state, long index, Command command) {
        Check.invariant(
                index >= state.index(), "command at %s after state at %s", index, state.index());
        Step step = new Step(state, index);
        return switch (command) {
            case Command.InitializeCluster c -> NodeRules.initialize(step, c);
            case Command.RegisterNode c -> NodeRules.register(step, c);
            case Command.SetAdminState c -> NodeRules.setAdminState(step, c);
            case Command.ReplaceNode c -> NodeRules.replace(step, c);
            case Command.SetNode c -> NodeRules.set(step, c);
            case Command.RemoveNode c -> NodeRules.remove(step, c);
            case Command.StartJob c -> JobRules.start(step, c);
            case Command.ChangeJob c -> JobRules.change(step, c);
            case Command.AdvanceJob c -> JobRules.advance(step, c);
            case Command.ReportScrubbed c -> JobRules.scrubbed(step, c);
            case Command.ChangeSettings c -> JobRules.changeSettings(step, c);
            case Command.CreatePool c -> PoolRules.create(step, c);
            case Command.ReconfigureGroup c -> GroupRules.reconfigure(step, c);
            case Command.RetargetGroup c -> PoolRules.retarget(step, c);
            case Command.CreateVolume c -> VolumeRules.create(step, c);
            case Command.DeleteVolume c -> VolumeRules.delete(step, c);
            case Command.GrowVolume c -> VolumeRules.grow(step, c);
            case Command.TakeOwnership c -> VolumeRules.takeOwnership(step, c);
            case Command.MoveOwnership c -> VolumeRules.moveOwnership(step, c);
            case Command.ChangeReservations c -> ReservationCommands.change(step, c);
            case Command.CreateHost c -> HostRules.create(step, c);
            case Command.SetChap c -> HostRules.setChap(step, c);
            case Command.DeleteHost c -> HostRules.delete(step, c);
            case Command.MapVolume c -> HostRules.map(step, c);
            case Command.UnmapVolume c -> HostRules.unmap(step, c);
            case Command.CreateHostGroup c -> HostGroupRules.create(step, c);
            case Command.DeleteHostGroup c -> HostGroupRules.delete(step, c);
            case Command.JoinHostGroup c -> HostGroupRules.join(step, c);
            case Command.LeaveHostGroup c -> HostGroupRules.leave(step, c);
            case Command.MapVolumeToGroup c -> HostGroupRules.map(step, c);
            case Command.UnmapVolumeFromGroup c -> HostGroupRules.unmap(step, c);
        };
    }
}
