package io.ashlar.replication;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;

/**
 * Messages between the nodes of a cluster. Each pair of processes has, per lane and direction, one
 * numbered stream at a time: in order, nothing twice. When it breaks, an unknown tail of it is
 * lost, and the next one is answered only when all that came by the former was handed to its family
 * or dropped (DESIGN section 5, "Streams"). Safe for use by any thread.
 */
public interface PeerTransport {
    /** Largest body of a message, in bytes. */
    int BODY_BYTES_MAX = 2 * 1024 * 1024;

    /** Separate connections and threads, so that leases never wait behind data. */
    enum Lane {
        /** Beacons and their answers, tickets, heartbeats. */
        LIVENESS,
        /** Everything else. */
        DATA
    }

    /** This process. */
    ProcessId self();

    /**
     * Adds a family; only before the transport starts. {@code connected} and {@code disconnected}
     * tell of one lane.
     */
    void register(Lane lane, MessageFamily family);

    /**
     * Sends a message to whatever process the lane's stream to the node leads to. A message to this
     * node itself is handed to the family in order, on the transport's thread.
     *
     * @return false if no stream stands, or it is so far behind that it was broken; then nothing
     *     was sent
     */
    boolean send(Lane lane, NodeId to, PeerMessage message);
}
