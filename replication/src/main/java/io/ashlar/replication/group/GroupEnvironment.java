package io.ashlar.replication.group;

import io.ashlar.common.Clock;
import io.ashlar.common.ProcessId;
import io.ashlar.metadata.Hearing;
import io.ashlar.metadata.MetadataClient;
import io.ashlar.replication.PeerTransport;
import io.ashlar.replication.PgRules;
import io.ashlar.replication.PgRules.Rule;
import io.ashlar.replication.ReplicationCounters;
import io.ashlar.replication.ReplicationSettings;
import io.ashlar.replication.lease.Leases;
import java.util.function.Consumer;

/**
 * What all groups of a process share.
 *
 * @param handOvers bounds how many leads are given away at a time
 * @param copies bounds what is copied to learners
 * @param learnShare what this process lets each of its teachers have in flight
 * @param startedNanos when the process started
 * @param fatal called when this process can no longer keep its promises, with the reason; it does
 *     not go on
 */
public record GroupEnvironment(
        ProcessId self,
        Clock clock,
        ReplicationSettings settings,
        PgRules rules,
        PeerTransport transport,
        MetadataClient metadata,
        Leases leases,
        ReplicationCounters counters,
        HandOvers handOvers,
        ScrubBudget scrub,
        CopyBudget copies,
        LearnShare learnShare,
        long startedNanos,
        Consumer<String> fatal) {
    /**
     * Whether this process hears too few to judge others (see {@link Hearing}): fewer than a
     * majority of the voters have answered a beacon that was sent within the time of a lease.
     */
    public boolean isDeaf() {
        return isDeaf(settings.leaseNanos());
    }

    private boolean isDeaf(long silenceNanos) {
        return Hearing.isDeaf(
                metadata, self.node(), process -> !leases.isSilent(process, silenceNanos));
    }

    /**
     * Whether it must not call anybody silent. Two beacons earlier than it counts as deaf: the
     * answers of some may have come through that of others just missed, who would be silent first.
     */
    boolean judgesNobody() {
        return rules.has(Rule.DEAF_JUDGES_NOBODY)
                && isDeaf(settings.leaseNanos() - 2 * settings.beaconNanos());
    }
}
