package io.ashlar.simulation.world;

import io.ashlar.common.DeviceId;
import io.ashlar.common.NodeId;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.Command.ReconfigureGroup;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.ControlStateMachine;
import io.ashlar.metadata.ControlStateMachine.Result;
import io.ashlar.metadata.Member;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.Outcome;
import io.ashlar.metadata.PgConfig;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A rule of the control state machine that is broken, to test the checkers. The state machine that
 * ships is asked under changed premises; nothing in it knows of this.
 */
public enum ControlFlaw {
    NONE {
        @Override
        Result apply(ControlState state, long index, Command command) {
            return ControlStateMachine.apply(state, index, command);
        }
    },

    /** A configuration is changed whatever epoch its proposer saw. */
    NO_COMPARE {
        @Override
        Result apply(ControlState state, long index, Command command) {
            if (command instanceof ReconfigureGroup change
                    && state.placementGroups().get(change.pg()) instanceof PgConfig group) {
                return ControlStateMachine.apply(
                        state,
                        index,
                        new ReconfigureGroup(
                                change.pg(), group.epoch(), change.proposer(), change.change()));
            }
            return ControlStateMachine.apply(state, index, command);
        }
    },

    /** Who was a member leads after a restart, whatever disk it has now. */
    ANY_DEVICE {
        @Override
        Result apply(ControlState state, long index, Command command) {
            ControlState premises = state;
            if (command instanceof ReconfigureGroup change
                    && change.change() instanceof ReconfigureGroup.Change.Lead
                    && state.placementGroups().get(change.pg()) instanceof PgConfig group) {
                NodeId node = change.proposer().node();
                Member member = group.members().get(node);
                NodeRecord record = state.nodes().get(node);
                if (member != null && record != null) {
                    premises = state.withGroup(with(group, member(member, first(record))));
                }
            }
            return ControlStateMachine.apply(premises, index, command);
        }
    },

    /** Who once was a member leads after a restart, even if it was taken out. */
    ANY_MEMBER {
        @Override
        Result apply(ControlState state, long index, Command command) {
            Result result = ControlStateMachine.apply(state, index, command);
            if (result.outcome() instanceof Outcome.Rejected
                    && command instanceof ReconfigureGroup change
                    && change.change() instanceof ReconfigureGroup.Change.Lead
                    && state.placementGroups().get(change.pg()) instanceof PgConfig group
                    && group.epoch() == change.expectedEpoch()
                    && !group.members().containsKey(change.proposer().node())
                    && state.nodes().get(change.proposer().node()) instanceof NodeRecord record) {
                // As if it were one, of a process before this one.
                Member former =
                        new Member(record.id(), 0, record.bootId(), record.devices().getFirst());
                return ControlStateMachine.apply(
                        state.withGroup(with(group, former)), index, command);
            }
            return result;
        }
    };

    /** What the state machine would answer, if it had this flaw. */
    abstract Result apply(ControlState state, long index, Command command);

    private static DeviceId first(NodeRecord record) {
        return record.devices().getFirst();
    }

    private static Member member(Member former, DeviceId device) {
        return new Member(former.node(), former.incarnation(), former.bootId(), device);
    }

    private static PgConfig with(PgConfig group, Member member) {
        SortedMap<NodeId, Member> members = new TreeMap<>(group.members());
        members.put(member.node(), member);
        return new PgConfig(
                group.id(),
                group.epoch(),
                group.leadEpoch(),
                group.primary(),
                members,
                group.preferred(),
                group.targets(),
                group.targetsIndex(),
                group.index());
    }
}
