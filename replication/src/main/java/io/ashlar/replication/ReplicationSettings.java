package io.ashlar.replication;

import io.ashlar.common.Check;

/**
 * Times and limits of the placement-group protocol. Times in nanoseconds.
 *
 * @param beaconNanos how often a node sends each other node a beacon
 * @param leaseNanos how long an answered beacon lets a primary read, from when the beacon was sent
 * @param graceNanos how long a backup waits after the last beacon that it answered before it asks
 *     for promotion; longer than the lease by more than clocks can drift apart in that time
 * @param tickNanos how often timers are looked at
 * @param resendNanos after which what is not answered is sent again
 * @param joinNanos how often a process that is no member asks to become a learner
 * @param logEntriesMax entries that a group's log keeps for catch-up; uncommitted ones are always
 *     kept
 * @param copyBytes size of one copied piece for a learner
 * @param copyBytesInFlight most copied bytes that one learner of a group has not yet confirmed
 * @param learnBytesInFlight most copied bytes that are on their way to a process over all groups
 *     that it learns; one piece from each teacher always is
 * @param calmNanos how long a backup must have answered without a break before it is given the lead
 * @param handOversMax most leads that a process gives away at a time
 */
public record ReplicationSettings(
        long beaconNanos,
        long leaseNanos,
        long graceNanos,
        long tickNanos,
        long resendNanos,
        long joinNanos,
        int logEntriesMax,
        int copyBytes,
        int copyBytesInFlight,
        long learnBytesInFlight,
        long calmNanos,
        int handOversMax) {
    private static final long MILLI = 1_000_000L;

    public ReplicationSettings {
        Check.argument(
                graceNanos > leaseNanos + leaseNanos / 10,
                "grace %s, lease %s",
                graceNanos,
                leaseNanos);
        Check.argument(
                leaseNanos > 2 * beaconNanos, "lease %s, beacon %s", leaseNanos, beaconNanos);
    }

    /** What a node uses unless its configuration says otherwise. */
    public static final ReplicationSettings DEFAULT =
            new ReplicationSettings(
                    250 * MILLI,
                    1_500 * MILLI,
                    2_000 * MILLI,
                    50 * MILLI,
                    500 * MILLI,
                    500 * MILLI,
                    2_048,
                    256 * 1024,
                    512 * 1024,
                    32 << 20,
                    3_000 * MILLI,
                    4);

    /** The same with other limits. */
    public ReplicationSettings withLimits(int entries, int pieceBytes, int pieceBytesInFlight) {
        return new ReplicationSettings(
                beaconNanos,
                leaseNanos,
                graceNanos,
                tickNanos,
                resendNanos,
                joinNanos,
                entries,
                pieceBytes,
                pieceBytesInFlight,
                learnBytesInFlight,
                calmNanos,
                handOversMax);
    }

    /** The same with another calm before a lead is handed over. */
    public ReplicationSettings withCalm(long nanos) {
        return new ReplicationSettings(
                beaconNanos,
                leaseNanos,
                graceNanos,
                tickNanos,
                resendNanos,
                joinNanos,
                logEntriesMax,
                copyBytes,
                copyBytesInFlight,
                learnBytesInFlight,
                nanos,
                handOversMax);
    }

    /** The same with another limit on what a process learns at a time. */
    public ReplicationSettings withLearning(long bytesInFlight) {
        return new ReplicationSettings(
                beaconNanos,
                leaseNanos,
                graceNanos,
                tickNanos,
                resendNanos,
                joinNanos,
                logEntriesMax,
                copyBytes,
                copyBytesInFlight,
                bytesInFlight,
                calmNanos,
                handOversMax);
    }
}
