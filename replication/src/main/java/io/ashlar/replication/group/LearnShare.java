package io.ashlar.replication.group;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.PgConfig;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * How many bytes of copies a process that learns lets each of its teachers have in flight: a node
 * that returns learns all its groups at once, and must not run out of memory. What it allows over
 * all is divided by the number of primaries that have something to teach it. Safe for use by any
 * thread.
 */
public final class LearnShare {
    private final NodeId self;
    private final long bytesMax;

    /** The state that was counted last: groups ask one after the other about the same. */
    private @Nullable ControlState counted;

    private int teachers;

    /**
     * @param bytesMax over all teachers
     */
    public LearnShare(NodeId self, long bytesMax) {
        this.self = self;
        this.bytesMax = bytesMax;
    }

    /** Bytes for one teacher. */
    synchronized long of(ControlState state) {
        if (counted != state) {
            counted = state;
            TreeSet<NodeId> primaries = new TreeSet<>();
            for (PgConfig group : state.placementGroups().values()) {
                if (group.targets().contains(self) && !group.members().containsKey(self)) {
                    primaries.add(group.primary());
                }
            }
            teachers = Math.max(1, primaries.size());
        }
        return bytesMax / teachers;
    }
}
