package io.ashlar.metadata.engine;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.Voter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * What an engine is started with.
 *
 * @param node this node
 * @param raftAddress where it listens, {@code host:port}
 * @param clusterId names the log; nodes of another cluster are refused
 * @param directory its own; holds nothing else
 * @param voters of a new cluster; later the log says who votes
 * @param bootstrap whether an empty directory may be formatted as that of a first voter
 * @param bootId of the host's kernel
 * @param timing how fast it notices and how often it tidies up
 * @param halted told once why the engine stopped for good; must end the process
 */
public record EngineConfig(
        NodeId node,
        String raftAddress,
        UUID clusterId,
        Path directory,
        List<Voter> voters,
        boolean bootstrap,
        UUID bootId,
        Timing timing,
        Consumer<String> halted) {
    public EngineConfig {
        voters = List.copyOf(voters);
    }

    /**
     * Times and thresholds.
     *
     * @param electionMin a follower that heard nothing for so long asks for votes at the earliest
     * @param electionMax and at the latest
     * @param snapshotEntries log entries between snapshots
     * @param keepEntries log entries before the newest snapshot that are kept, so that a short
     *     absence needs no snapshot
     */
    public record Timing(
            Duration electionMin, Duration electionMax, long snapshotEntries, long keepEntries) {
        public static final Timing DEFAULT =
                new Timing(Duration.ofSeconds(1), Duration.ofSeconds(2), 50_000, 10_000);
    }
}
