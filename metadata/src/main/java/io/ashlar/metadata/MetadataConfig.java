package io.ashlar.metadata;

import io.ashlar.common.NodeId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * What a node's part in the control plane is started with.
 *
 * @param node this node
 * @param clusterId the cluster; data of another one is refused
 * @param directory for log, vote and snapshots; nothing else may be in it
 * @param raftAddress where this node's engine listens, {@code host:port}; that of its entry in
 *     {@code voters} if it has one
 * @param voters of a new cluster, the same list on each of them. Later the log says who votes. A
 *     node that is not among them starts without a vote and waits to be added
 * @param bootstrap whether an empty directory is that of a first voter of a new cluster. Without it
 *     a voter with an empty directory is refused, since it may have lost its vote
 * @param bootId of the host's kernel
 * @param timing see there; {@link Timing#DEFAULT} in production
 * @param halted told once, with the reason, when the engine has stopped for good. It must end the
 *     process: what lives on would serve an ever older view
 */
public record MetadataConfig(
        NodeId node,
        UUID clusterId,
        Path directory,
        String raftAddress,
        List<Voter> voters,
        boolean bootstrap,
        UUID bootId,
        Timing timing,
        Consumer<String> halted) {
    public MetadataConfig {
        voters = List.copyOf(voters);
    }

    /**
     * Times and thresholds.
     *
     * @param electionMin a follower that heard nothing for so long asks for votes, at the earliest
     * @param electionMax at the latest
     * @param commandTimeout after so long the outcome of a command is unknown
     * @param snapshotEntries log entries between snapshots
     * @param keepEntries log entries that stay when the log is purged after a snapshot, so that a
     *     short absence needs no snapshot
     */
    public record Timing(
            Duration electionMin,
            Duration electionMax,
            Duration commandTimeout,
            long snapshotEntries,
            long keepEntries) {
        public static final Timing DEFAULT =
                new Timing(
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(2),
                        Duration.ofSeconds(10),
                        50_000,
                        10_000);
    }
}
