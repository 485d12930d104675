package io.ashlar.replication.transport;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which inbound stream of each node counts. There is one at most; a newer one ends it, on the one
 * thread that also delivers what comes by both, so that nothing of the former can follow (DESIGN
 * section 5, "Streams"). Incarnations rise from process to process of a node: an older one is
 * refused while a newer one's stream stands.
 */
final class InboundStreams {
    /** Processes of one node whose last stream number is remembered; the oldest are forgotten. */
    private static final int INCARNATIONS_MAX = 16;

    private static final class Node {
        private @Nullable InboundConnection current;
        private long currentIncarnation;
        private final Map<Long, Long> lastStream = new LinkedHashMap<>();
    }

    private final Map<NodeId, Node> nodes = new HashMap<>();

    /** Makes a stream its node's current one, and returns "", or says why not. */
    String accept(InboundConnection connection, ProcessId from, long stream) {
        Node node = nodes.computeIfAbsent(from.node(), _ -> new Node());
        Long last = node.lastStream.get(from.incarnation());
        if (last != null && stream <= last) {
            return "stream " + stream + " is older than " + last + ", which was accepted before";
        }
        InboundConnection former = node.current;
        if (former != null) {
            if (from.incarnation() < node.currentIncarnation) {
                return "a newer process of "
                        + from.node()
                        + " is connected: two daemons must not use one node id";
            }
            node.current = null;
            former.end("replaced by stream " + stream + " of " + from);
        }
        node.current = connection;
        node.currentIncarnation = from.incarnation();
        node.lastStream.put(from.incarnation(), stream);
        if (node.lastStream.size() > INCARNATIONS_MAX) {
            node.lastStream.remove(node.lastStream.keySet().iterator().next());
        }
        return "";
    }

    /** A connection, current or not, has ended. */
    void onEnd(NodeId from, InboundConnection connection) {
        Node node = nodes.get(from);
        if (node != null && node.current == connection) {
            node.current = null;
        }
    }
}
