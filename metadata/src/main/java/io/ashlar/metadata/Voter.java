package io.ashlar.metadata;

import io.ashlar.common.NodeId;

/**
 * A node that votes in the consensus engine.
 *
 * @param node the node
 * @param raftAddress where its engine listens, {@code host:port}
 */
public record Voter(NodeId node, String raftAddress) {}
