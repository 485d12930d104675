package io.ashlar.metadata;

import io.ashlar.common.Check;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What an operator may change of a cluster while it runs. A part of the control state, so every
 * node goes by the same.
 *
 * @param away how long a node must have been silent until its replicas are made anew elsewhere;
 *     whole milliseconds
 * @param movesPerNodeMax most groups that one node learns, or teaches, at a time by the control
 *     loop's doing
 * @param rebalances whether data is evened out by itself; else when an operator asks
 * @param copyBytesPerSecondMin how fast each node may copy to learners however busy hosts keep it
 * @param copyBytesPerSecondMax how fast it may do so while hosts are idle
 * @param explicitAlua whether hosts may move volumes, too (SET TARGET PORT GROUPS); the cluster
 *     does in any case
 */
public record ClusterSettings(
        Duration away,
        int movesPerNodeMax,
        boolean rebalances,
        long copyBytesPerSecondMin,
        long copyBytesPerSecondMax,
        boolean explicitAlua) {
    public static final Duration AWAY_MIN = Duration.ofSeconds(1);
    public static final Duration AWAY_MAX = Duration.ofDays(365);
    public static final int MOVES_PER_NODE_MAX = 1024;
    public static final long COPY_BYTES_PER_SECOND_LEAST = 64 << 10;
    public static final long COPY_BYTES_PER_SECOND_MOST = 64L << 30;

    /**
     * What holds until a command says otherwise. A part of what a log means, so these figures stay
     * as they are for ever: nodes of all versions replay a log to the same state.
     */
    public static final ClusterSettings VERSION_1 =
            new ClusterSettings(Duration.ofMinutes(10), 8, true, 2 << 20, 4L << 30);

    /** What a cluster is founded with, by a command; another version may choose otherwise. */
    public static final ClusterSettings DEFAULT = VERSION_1;

    /** With implicit ALUA only. */
    public ClusterSettings(
            Duration away,
            int movesPerNodeMax,
            boolean rebalances,
            long copyBytesPerSecondMin,
            long copyBytesPerSecondMax) {
        this(
                away,
                movesPerNodeMax,
                rebalances,
                copyBytesPerSecondMin,
                copyBytesPerSecondMax,
                false);
    }

    public ClusterSettings {
        Check.argument(
                away.getNano() % 1_000_000 == 0, "away %s, whole milliseconds are needed", away);
    }

    /** The same, with or without explicit ALUA. */
    public ClusterSettings withExplicitAlua(boolean isExplicit) {
        return new ClusterSettings(
                away,
                movesPerNodeMax,
                rebalances,
                copyBytesPerSecondMin,
                copyBytesPerSecondMax,
                isExplicit);
    }

    /** What is wrong with them and what to do, or null. */
    public @Nullable String problem() {
        if (away.compareTo(AWAY_MIN) < 0 || away.compareTo(AWAY_MAX) > 0) {
            return "away of "
                    + away.toSeconds()
                    + " s; use "
                    + AWAY_MIN.toSeconds()
                    + " to "
                    + AWAY_MAX.toSeconds()
                    + " s";
        }
        if (movesPerNodeMax < 1 || movesPerNodeMax > MOVES_PER_NODE_MAX) {
            return movesPerNodeMax + " moves per node; use 1 to " + MOVES_PER_NODE_MAX;
        }
        if (copyBytesPerSecondMin < COPY_BYTES_PER_SECOND_LEAST
                || copyBytesPerSecondMax > COPY_BYTES_PER_SECOND_MOST
                || copyBytesPerSecondMin > copyBytesPerSecondMax) {
            return "copies at "
                    + copyBytesPerSecondMin
                    + " to "
                    + copyBytesPerSecondMax
                    + " bytes per second; use "
                    + COPY_BYTES_PER_SECOND_LEAST
                    + " to "
                    + COPY_BYTES_PER_SECOND_MOST
                    + ", the lower one first";
        }
        return null;
    }
}
