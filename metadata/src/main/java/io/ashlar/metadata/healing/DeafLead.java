package io.ashlar.metadata.healing;

import io.ashlar.common.NodeId;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Finds that the leader of the control plane hears too few of the others: what it sends arrives, so
 * that they stand by it, but nobody can ask anything of it, so that no change of the cluster gets
 * through. Then it is to hand over, to each of the others in turn; and again only when it has heard
 * a majority in between, or after a while. For the fault may be one of the paths by which nodes
 * hear each other, which are not those of the control plane: then the lead must not go round all
 * the time; or nobody could take it, and somebody may be able to later.
 *
 * <p>Pure; it takes no part in safety. Owned by one shard.
 */
public final class DeafLead {
    /** What is lost by a moment of silence should be less than what an election costs. */
    static final Duration PATIENCE = Duration.ofSeconds(1);

    /** After that long it asks them again. */
    static final Duration ROUND = Duration.ofSeconds(30);

    private final NodeId self;
    private final TreeSet<NodeId> asked = new TreeSet<>();
    private boolean hasHeard;
    private long deafSinceNanos = Long.MAX_VALUE;
    private long roundNanos;

    public DeafLead(NodeId self) {
        this.self = self;
    }

    /**
     * Looks once; to be called often, whoever leads.
     *
     * @param leads whether this node does
     * @param isDeaf whether it hears no majority of the voters
     * @return to whom the lead should go now, if it should
     */
    public Optional<NodeId> look(
            List<NodeId> voters, boolean leads, boolean isDeaf, long nowNanos) {
        if (!isDeaf) {
            hasHeard = true;
            asked.clear();
            deafSinceNanos = Long.MAX_VALUE;
            return Optional.empty();
        }
        if (deafSinceNanos == Long.MAX_VALUE) {
            deafSinceNanos = nowNanos;
        }
        if (!leads || !hasHeard || nowNanos - deafSinceNanos < PATIENCE.toNanos()) {
            return Optional.empty();
        }
        if (!asked.isEmpty() && nowNanos - roundNanos >= ROUND.toNanos()) {
            asked.clear();
        }
        if (asked.isEmpty()) {
            roundNanos = nowNanos;
        }
        Optional<NodeId> next =
                voters.stream()
                        .filter(node -> !node.equals(self) && !asked.contains(node))
                        .findFirst();
        next.ifPresent(asked::add);
        return next;
    }
}
