package io.ashlar.metadata;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.NodeRecord.AdminState;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What keeps a node from becoming empty. */
public final class Obstacle {
    private Obstacle() {}

    /**
     * Why what is planned for a node has no other place; null if it has. A clause without an end,
     * so that callers can add what else may be done.
     *
     * @param mayTake whether a node is there to take something
     */
    public static @Nullable String of(
            ControlState state, NodeId node, Predicate<NodeRecord> mayTake) {
        long domains =
                state.nodes().values().stream()
                        .filter(n -> !n.id().equals(node))
                        .filter(n -> n.adminState() == AdminState.ACTIVE)
                        .filter(n -> !n.devices().isEmpty() && mayTake.test(n))
                        .map(NodeRecord::failureDomain)
                        .distinct()
                        .count();
        for (PgConfig group : state.placementGroups().values()) {
            Pool pool = state.pools().get(group.id().pool());
            if (pool != null && group.targets().contains(node) && domains < pool.replicas()) {
                return "pool "
                        + pool.name()
                        + " wants "
                        + pool.replicas()
                        + " replicas, and without "
                        + node
                        + " only "
                        + domains
                        + " failure domains are active and up; add a node in another one";
            }
        }
        return null;
    }
}
