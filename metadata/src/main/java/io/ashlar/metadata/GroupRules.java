package io.ashlar.metadata;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.metadata.Command.ReconfigureGroup.Change;
import io.ashlar.metadata.ControlStateMachine.Result;
import io.ashlar.metadata.Outcome.Reason;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Who may change a placement group's configuration, and to what (DESIGN section 5,
 * "Configurations", "Failover", "Restart"). Each rule here keeps a replica out that could lack an
 * acknowledged write, or a process that could act on a configuration that is no more.
 */
final class GroupRules {
    private GroupRules() {}

    static Result reconfigure(Step step, Command.ReconfigureGroup command) {
        PgConfig group = step.state().placementGroups().get(command.pg());
        if (group == null) {
            return step.rejected(Reason.NOT_FOUND, "there is no placement group " + command.pg());
        }
        if (group.epoch() != command.expectedEpoch()) {
            return step.rejected(
                    Reason.STALE,
                    "placement group "
                            + group.id()
                            + " is at epoch "
                            + group.epoch()
                            + ", not "
                            + command.expectedEpoch()
                            + "; decide again from the newest state");
        }
        if (!step.state().isRegistered(command.proposer())) {
            return step.rejected(
                    Reason.STALE,
                    command.proposer()
                            + " is not the registered process of its node; register it first");
        }
        return switch (command.change()) {
            case Change.Remove change -> remove(step, group, command.proposer(), change);
            case Change.Add change -> add(step, group, command.proposer(), change);
            case Change.HandOver change -> handOver(step, group, command.proposer(), change);
            case Change.Petition() -> petition(step, group, command.proposer());
            case Change.Lead() -> lead(step, group, command.proposer());
        };
    }

    private static Result remove(
            Step step, PgConfig group, ProcessId proposer, Change.Remove change) {
        if (!group.isPrimary(proposer)) {
            return notPrimary(step, group, proposer);
        }
        if (change.nodes().isEmpty() || change.nodes().contains(group.primary())) {
            return step.rejected(
                    Reason.INVALID,
                    "placement group "
                            + group.id()
                            + ": remove at least one member, and not the primary; another takes"
                            + " the lead by petition");
        }
        TreeMap<NodeId, Member> members = new TreeMap<>(group.members());
        for (NodeId node : change.nodes()) {
            if (members.remove(node) == null) {
                return step.rejected(
                        Reason.INVALID,
                        "placement group " + group.id() + ": " + node + " is no member");
            }
        }
        return step.applied(step.state().withGroup(next(step, group, members)));
    }

    private static Result add(Step step, PgConfig group, ProcessId proposer, Change.Add change) {
        if (!group.isPrimary(proposer)) {
            return notPrimary(step, group, proposer);
        }
        Member member = change.member();
        if (group.members().containsKey(member.node())) {
            return step.rejected(
                    Reason.EXISTS,
                    "placement group "
                            + group.id()
                            + ": "
                            + member.node()
                            + " is a member; remove it before another process of it joins");
        }
        if (!group.targets().contains(member.node())
                || group.targetsIndex() != change.targetsIndex()) {
            // Whoever was no target for a moment may have dropped what it had.
            return step.rejected(
                    Reason.STALE,
                    "placement group "
                            + group.id()
                            + " is planned for "
                            + group.targets()
                            + " since "
                            + group.targetsIndex()
                            + "; let "
                            + member.node()
                            + " begin to learn anew if it is one of them");
        }
        NodeRecord node = step.state().nodes().get(member.node());
        if (node == null
                || node.incarnation() != member.incarnation()
                || !node.bootId().equals(member.bootId())
                || !node.devices().contains(member.device())) {
            return step.rejected(
                    Reason.STALE,
                    "placement group "
                            + group.id()
                            + ": "
                            + member.process()
                            + " with device "
                            + member.device()
                            + " is not what its node registered; let the registered process catch"
                            + " up");
        }
        if (group.members().size() >= Limits.MEMBERS_MAX) {
            return step.rejected(
                    Reason.INVALID,
                    "placement group "
                            + group.id()
                            + " has "
                            + Limits.MEMBERS_MAX
                            + " members; remove one first");
        }
        TreeMap<NodeId, Member> members = new TreeMap<>(group.members());
        members.put(member.node(), member);
        return step.applied(step.state().withGroup(next(step, group, members)));
    }

    /**
     * The primary has given up its lease before it asked, so nobody waits for that to run out. The
     * former primary stays a member, and promises the new lead like every other.
     */
    private static Result handOver(
            Step step, PgConfig group, ProcessId proposer, Change.HandOver change) {
        if (!group.isPrimary(proposer)) {
            return notPrimary(step, group, proposer);
        }
        Member heir = group.members().get(change.to());
        if (heir == null || change.to().equals(group.primary())) {
            return step.rejected(
                    Reason.INVALID,
                    "placement group "
                            + group.id()
                            + ": "
                            + change.to()
                            + " is no backup of it; hand over to one that is");
        }
        if (!step.state().isRegistered(heir.process())) {
            return step.rejected(
                    Reason.STALE,
                    "placement group "
                            + group.id()
                            + ": "
                            + heir.process()
                            + " has been replaced by another process; take it out first");
        }
        return step.applied(step.state().withGroup(led(step, group, change.to(), group.members())));
    }

    private static Result petition(Step step, PgConfig group, ProcessId proposer) {
        if (!group.isMember(proposer) || group.isPrimary(proposer)) {
            return step.rejected(
                    Reason.STALE,
                    "placement group "
                            + group.id()
                            + ": only a backup petitions, and "
                            + proposer
                            + " is none");
        }
        TreeMap<NodeId, Member> members = new TreeMap<>(group.members());
        members.remove(group.primary());
        return step.applied(step.state().withGroup(led(step, group, proposer.node(), members)));
    }

    /**
     * The proposer's configured process is gone, since its node registered another. So nothing more
     * was acknowledged after what its device holds (with writes in sync mode), and it may lead. The
     * others of the last configuration that are in the same position hold the same promise, so they
     * join at once and reconcile.
     */
    private static Result lead(Step step, PgConfig group, ProcessId proposer) {
        Member configured = group.members().get(proposer.node());
        if (configured == null) {
            return step.rejected(
                    Reason.STALE,
                    "placement group "
                            + group.id()
                            + ": "
                            + proposer.node()
                            + " was no member of its last configuration; join as a learner");
        }
        TreeMap<NodeId, Member> members = returned(step.state(), group.members());
        if (!members.containsKey(proposer.node())) {
            return step.rejected(
                    Reason.STALE,
                    "placement group "
                            + group.id()
                            + ": "
                            + proposer
                            + (configured.incarnation() == proposer.incarnation()
                                    ? " is a member still; it petitions instead"
                                    : " came back without device "
                                            + configured.device()
                                            + "; bring that disk back, or join as a learner"));
        }
        return step.applied(step.state().withGroup(led(step, group, proposer.node(), members)));
    }

    /** Members whose node has registered another process that still has the member's device. */
    private static TreeMap<NodeId, Member> returned(
            ControlState state, SortedMap<NodeId, Member> last) {
        TreeMap<NodeId, Member> members = new TreeMap<>();
        for (Member member : last.values()) {
            NodeRecord node = state.nodes().get(member.node());
            if (node != null
                    && node.incarnation() != member.incarnation()
                    && node.devices().contains(member.device())) {
                members.put(
                        member.node(),
                        new Member(
                                member.node(), node.incarnation(), node.bootId(), member.device()));
            }
        }
        return members;
    }

    /** Another set of members under the same primary. */
    private static PgConfig next(Step step, PgConfig group, SortedMap<NodeId, Member> members) {
        return new PgConfig(
                group.id(),
                group.epoch() + 1,
                group.leadEpoch(),
                group.primary(),
                members,
                group.preferred(),
                group.targets(),
                group.targetsIndex(),
                step.index());
    }

    /** Another primary: its lead begins with this epoch. */
    private static PgConfig led(
            Step step, PgConfig group, NodeId primary, SortedMap<NodeId, Member> members) {
        return new PgConfig(
                group.id(),
                group.epoch() + 1,
                group.epoch() + 1,
                primary,
                members,
                group.preferred(),
                group.targets(),
                group.targetsIndex(),
                step.index());
    }

    private static Result notPrimary(Step step, PgConfig group, ProcessId proposer) {
        return step.rejected(
                Reason.STALE,
                "placement group "
                        + group.id()
                        + ": only its primary adds and removes members, and "
                        + proposer
                        + " is not");
    }
}
