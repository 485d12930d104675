package io.ashlar.replication.group;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.Command.ReconfigureGroup.Change;
import io.ashlar.metadata.Member;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.PgConfig;
import io.ashlar.metadata.Pool;
import io.ashlar.replication.PgRules.Rule;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a primary wants changed in its configuration: lost members out, level learners in, the lead
 * to whom the planner wants it, and members that are no targets out once all targets are in. One
 * change at a time. Owned by the group's shard.
 */
final class Membership {
    private final PlacementGroup group;
    private final GroupEnvironment environment;

    Membership(PlacementGroup group, GroupEnvironment environment) {
        this.group = group;
        this.environment = environment;
    }

    /** The next change, or null. For a hand-over a place of {@link HandOvers} was taken. */
    @Nullable Change next(Primary lead, long nowNanos) {
        Set<NodeId> lost = lead.lostMembers();
        if (!lost.isEmpty()) {
            return new Change.Remove(new TreeSet<>(lost));
        }
        if (!lead.isServing()) {
            return null;
        }
        Learner ready = lead.teaching().readyForPromotion();
        NodeRecord node = ready == null ? null : group.view().nodes().get(ready.process.node());
        if (ready != null && node != null) {
            return new Change.Add(
                    new Member(
                            node.id(),
                            node.incarnation(),
                            node.bootId(),
                            environment.rules().has(Rule.PROMOTE_DEVICE)
                                    ? ready.device
                                    : node.devices().getFirst()),
                    environment.rules().has(Rule.LEARN_TARGETS)
                            ? ready.targetsIndex
                            : lead.config().targetsIndex());
        }
        if (lead.teaching().count() > 0) {
            return null; // whoever is being taught would have to begin anew
        }
        NodeId heir = heir(lead, nowNanos);
        if (heir != null) {
            return environment.metadata().isInTouch() && environment.handOvers().begin()
                    ? new Change.HandOver(heir)
                    : null;
        }
        Set<NodeId> extra = extra(lead);
        return extra.isEmpty() ? null : new Change.Remove(new TreeSet<>(extra));
    }

    /**
     * Who ought to lead instead, and can: the preferred primary, else any target if this node is
     * none and all targets hold the group.
     */
    private @Nullable NodeId heir(Primary lead, long nowNanos) {
        PgConfig config = lead.config();
        NodeId self = environment.self().node();
        if (config.preferred().equals(self)) {
            return null;
        }
        if (lead.canLead(config.preferred(), nowNanos)) {
            return config.preferred();
        }
        if (!config.targets().contains(self) && isWhole(config)) {
            for (NodeId target : config.targets()) {
                if (lead.canLead(target, nowNanos)) {
                    return target;
                }
            }
        }
        return null;
    }

    /**
     * Members that are no targets, once nobody needs them. The primary itself is never among them:
     * it hands over first.
     */
    private Set<NodeId> extra(Primary lead) {
        PgConfig config = lead.config();
        if (!isWhole(config) || !lead.hasLease()) {
            return Set.of();
        }
        Set<NodeId> extra = new TreeSet<>(config.members().keySet());
        extra.removeAll(config.targets());
        extra.remove(environment.self().node());
        return extra;
    }

    private boolean isWhole(PgConfig config) {
        Pool pool = group.view().pools().get(config.id().pool());
        return pool != null && config.isWhole(pool);
    }
}
