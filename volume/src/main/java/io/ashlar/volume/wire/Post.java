package io.ashlar.volume.wire;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.replication.PeerMessage;

/**
 * Sends this module's messages of the data lane. What goes to this node itself arrives as well, in
 * order, in a later task of the volume shard.
 */
public interface Post {
    ProcessId self();

    /** False if no stream stands: nothing was sent. */
    boolean send(NodeId to, PeerMessage message);

    /** To every registered node that can be reached, this one included. */
    void broadcast(PeerMessage message);
}
