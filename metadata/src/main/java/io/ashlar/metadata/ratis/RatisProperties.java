package io.ashlar.metadata.ratis;

import io.ashlar.common.Check;
import io.ashlar.metadata.engine.EngineConfig;
import java.time.Duration;
import java.util.List;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.client.RaftClientConfigKeys;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/** How Ratis is set up. Where a default is safe it is stated nevertheless, so that it stays. */
final class RatisProperties {
    private static final String SEGMENT_BYTES = "16MB";
    private static final String PREALLOCATED_BYTES = "4MB";
    private static final int SNAPSHOTS_KEPT = 3;

    /**
     * How often the leader tries a follower that does not answer: delay and number of times. By
     * default only every 5 s after a while, so that a node that returns is not heard for as long.
     */
    private static final String RETRY_FOLLOWER = "10ms,10, 300ms,1000000000";

    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration CLOSE_AFTER_PAUSE = Duration.ofSeconds(60);

    private RatisProperties() {}

    static RaftProperties of(EngineConfig config, NodeDirectory directory) {
        RaftProperties properties = new RaftProperties();
        RaftServerConfigKeys.setStorageDir(properties, List.of(directory.raft().toFile()));
        RaftServerConfigKeys.setRemovedGroupsDir(properties, directory.removed().toFile());
        durability(properties);
        snapshots(properties, config.timing());
        reads(properties, config.timing());
        network(properties, config);
        // What must hold whatever a system property or a later version says.
        Check.argument(
                !RaftServerConfigKeys.Log.unsafeFlushEnabled(properties)
                        && !RaftServerConfigKeys.Log.asyncFlushEnabled(properties),
                "the log must be synced before it is acknowledged");
        return properties;
    }

    private static void durability(RaftProperties properties) {
        RaftServerConfigKeys.Log.setUseMemory(properties, false);
        RaftServerConfigKeys.Log.setUnsafeFlushEnabled(properties, false);
        RaftServerConfigKeys.Log.setAsyncFlushEnabled(properties, false);
        // Composed appends confirm entries that were not written, see AppendGuard.
        RaftServerConfigKeys.Log.setAppendEntriesComposeEnabled(properties, false);
        RaftServerConfigKeys.Log.setCorruptionPolicy(
                properties, RaftServerConfigKeys.Log.CorruptionPolicy.EXCEPTION);
        RaftServerConfigKeys.Log.setSegmentSizeMax(properties, SizeInBytes.valueOf(SEGMENT_BYTES));
        RaftServerConfigKeys.Log.setPreallocatedSize(
                properties, SizeInBytes.valueOf(PREALLOCATED_BYTES));
        RaftServerConfigKeys.setCloseThreshold(properties, time(CLOSE_AFTER_PAUSE));
    }

    private static void snapshots(RaftProperties properties, EngineConfig.Timing timing) {
        RaftServerConfigKeys.Snapshot.setAutoTriggerEnabled(properties, true);
        RaftServerConfigKeys.Snapshot.setAutoTriggerThreshold(properties, timing.snapshotEntries());
        RaftServerConfigKeys.Snapshot.setCreationGap(properties, 1);
        RaftServerConfigKeys.Snapshot.setRetentionFileNum(properties, SNAPSHOTS_KEPT);
        RaftServerConfigKeys.Log.setPurgeUptoSnapshotIndex(properties, true);
        RaftServerConfigKeys.Log.setPurgePreservationLogNum(properties, timing.keepEntries());
        RaftServerConfigKeys.Log.setPurgeGap(
                properties, Math.clamp(timing.snapshotEntries() / 2, 1, 1024));
        RaftServerConfigKeys.Log.Appender.setInstallSnapshotEnabled(properties, true);
    }

    /** By read index: a lease of the leader would trade safety for latency. */
    private static void reads(RaftProperties properties, EngineConfig.Timing timing) {
        RaftServerConfigKeys.Read.setOption(
                properties, RaftServerConfigKeys.Read.Option.LINEARIZABLE);
        RaftServerConfigKeys.Read.setLeaderLeaseEnabled(properties, false);
        RaftServerConfigKeys.Read.setTimeout(
                properties, time(timing.electionMax().multipliedBy(2)));
    }

    private static void network(RaftProperties properties, EngineConfig config) {
        EngineConfig.Timing timing = config.timing();
        RaftServerConfigKeys.Rpc.setTimeoutMin(properties, time(timing.electionMin()));
        RaftServerConfigKeys.Rpc.setTimeoutMax(properties, time(timing.electionMax()));
        RaftServerConfigKeys.Rpc.setRequestTimeout(properties, time(REQUEST_TIMEOUT));
        RaftServerConfigKeys.Log.Appender.setRetryPolicy(properties, RETRY_FOLLOWER);
        RaftServerConfigKeys.LeaderElection.setPreVote(properties, true);
        RaftClientConfigKeys.Rpc.setRequestTimeout(properties, time(REQUEST_TIMEOUT));
        Address address = Address.parse(config.raftAddress());
        RaftConfigKeys.Rpc.setType(properties, new GuardedGrpc());
        GrpcConfigKeys.Server.setHost(properties, address.host());
        GrpcConfigKeys.Server.setPort(properties, address.port());
        GrpcConfigKeys.setMessageSizeMax(properties, SizeInBytes.valueOf("32MB"));
    }

    static TimeDuration time(Duration duration) {
        return TimeDuration.valueOf(
                duration.toMillis(), java.util.concurrent.TimeUnit.MILLISECONDS);
    }

    /** A {@code host:port}; an IPv6 host stands in brackets. */
    record Address(String host, int port) {
        static Address parse(String text) {
            int colon = text.lastIndexOf(':');
            Check.argument(colon > 0, "%s is no host:port address", text);
            String host = text.substring(0, colon);
            if (host.startsWith("[") && host.endsWith("]")) {
                host = host.substring(1, host.length() - 1);
            }
            try {
                return new Address(host, Integer.parseInt(text.substring(colon + 1)));
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(text + " is no host:port address", e);
            }
        }
    }
}
