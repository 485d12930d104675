package io.ashlar.volume.paths;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.volume.PathState;
import java.util.Collections;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;

/** Path states, as every node computes them from its view and what it hears (DESIGN section 6). */
public final class Paths {
    private Paths() {}

    /**
     * @param alive nodes that were heard lately
     * @param isInTouch whether this node has touch with the cluster
     */
    public static SortedMap<NodeId, PathState> of(
            VolumeRecord volume,
            ControlState view,
            ProcessId self,
            SortedSet<NodeId> alive,
            boolean isInTouch) {
        SortedMap<NodeId, PathState> states = new TreeMap<>();
        for (NodeRecord node : view.nodes().values()) {
            boolean isHealthy =
                    node.id().equals(self.node()) ? isInTouch : alive.contains(node.id());
            PathState state;
            if (!isHealthy) {
                state = PathState.UNAVAILABLE;
            } else if (node.process().equals(volume.owner())) {
                state = PathState.OPTIMIZED;
            } else {
                state = PathState.NON_OPTIMIZED;
            }
            states.put(node.id(), state);
        }
        return Collections.unmodifiableSortedMap(states);
    }
}
