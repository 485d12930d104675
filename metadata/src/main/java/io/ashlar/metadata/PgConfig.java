package io.ashlar.metadata;

import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import java.util.Collections;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The configuration of a placement group.
 *
 * @param id the group
 * @param epoch rises by one with every change of primary or members
 * @param leadEpoch the epoch at which the present primary began to lead; while it stands, the same
 *     process led throughout
 * @param primary the member that leads
 * @param members the in-sync replicas, the primary included; never empty
 * @param preferred the target that ought to lead; another that leads hands over to it once it can
 * @param targets the nodes on which the planner wants replicas
 * @param targetsIndex the log index at which the targets became these; a learner becomes a member
 *     only under the targets under which it began, since whoever is no target drops what it has
 * @param index the log index of the command that made this configuration
 */
public record PgConfig(
        PgId id,
        long epoch,
        long leadEpoch,
        NodeId primary,
        SortedMap<NodeId, Member> members,
        NodeId preferred,
        SortedSet<NodeId> targets,
        long targetsIndex,
        long index) {
    public PgConfig {
        members = Collections.unmodifiableSortedMap(new TreeMap<>(members));
        targets = Collections.unmodifiableSortedSet(new TreeSet<>(targets));
    }

    /** Whether this very process is a member. */
    public boolean isMember(ProcessId process) {
        Member member = members.get(process.node());
        return member != null && member.incarnation() == process.incarnation();
    }

    /** What the planner wants of it. */
    public Command.Placement placement() {
        return new Command.Placement(preferred, targets);
    }

    /**
     * Whether all nodes that ought to hold it do, and they are as many as the pool wants: nobody
     * else's copy is needed.
     */
    public boolean isWhole(Pool pool) {
        return targets.size() >= pool.replicas() && members.keySet().containsAll(targets);
    }

    /** Whether this very process is the primary. */
    public boolean isPrimary(ProcessId process) {
        return primary.equals(process.node()) && isMember(process);
    }
}
