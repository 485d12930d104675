package io.ashlar.node.api;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.NodeRecord;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;

/** The other nodes, as far as they answer now. */
public interface Peers {
    /** Asks all of them at the same time, for a second at most. Who does not answer is absent. */
    Map<NodeId, ApiViews.Local> ask(Collection<NodeRecord> nodes);

    /** Likewise, for what they answer at some path. */
    default <T> Map<NodeId, T> get(Collection<NodeRecord> nodes, String path, Class<T> type) {
        return Map.of();
    }

    /**
     * Hands a request on to one node, and gives its answer, whatever that is.
     *
     * @throws ApiException if it does not answer
     */
    ApiResponse post(NodeRecord node, String path, Object body, Duration timeout);
}
