package io.ashlar.node.configuration;

import io.ashlar.common.NodeId;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/**
 * What an operator says about a node. {@link ConfigurationFile} reads it; every value in it has
 * been checked.
 *
 * @param file where it was read
 * @param cluster identity of the cluster
 * @param node this node
 * @param failureDomain label of rack or host
 * @param addresses where it listens, which is what others are told
 * @param voters the nodes that vote, this one among them or not
 * @param bootstrap whether this node may found the cluster, together with the other voters
 * @param metadataDirectory the node's identity and the control state's log
 * @param dataDirectories one for each device
 * @param pool what the first pool is like
 * @param log where and how much is logged
 * @param limits of memory and space
 */
public record NodeConfiguration(
        Path file,
        UUID cluster,
        NodeId node,
        String failureDomain,
        Addresses addresses,
        List<Voter> voters,
        boolean bootstrap,
        Path metadataDirectory,
        List<Path> dataDirectories,
        FirstPool pool,
        Log log,
        Limits limits) {
    public NodeConfiguration {
        voters = List.copyOf(voters);
        dataDirectories = List.copyOf(dataDirectories);
    }

    /** Where the node listens. */
    public record Addresses(
            HostPort iscsi, HostPort data, HostPort liveness, HostPort raft, HostPort api) {}

    /** A voting node and the address of its consensus engine. */
    public record Voter(NodeId node, HostPort raft) {}

    /**
     * The pool {@code default}, made when the cluster is founded.
     *
     * @param placementGroups a power of two
     * @param replicas wanted copies; fewer if the cluster has fewer nodes
     * @param inSyncMin below it a group takes no writes
     */
    public record FirstPool(int placementGroups, int replicas, int inSyncMin) {}

    /**
     * Logging.
     *
     * @param file the log file
     * @param level error, warn, info, debug or trace
     */
    public record Log(Path file, String level) {}

    /**
     * Limits.
     *
     * @param deviceBytes most that a device may take; {@link Long#MAX_VALUE} for the whole file
     *     system
     * @param deviceReserveBytes room that stays free on a device
     * @param memtableBytes memory of a device for writes that are on their way to its files
     * @param blockCacheBytes memory of a device for indexes and filters
     * @param deviceNearlyFullPercent from which part of its capacity on a device is told to be
     *     nearly full
     */
    public record Limits(
            long deviceBytes,
            long deviceReserveBytes,
            long memtableBytes,
            long blockCacheBytes,
            int deviceNearlyFullPercent) {}
}
