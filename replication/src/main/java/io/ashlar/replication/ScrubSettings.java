package io.ashlar.replication;

import io.ashlar.common.Check;

/**
 * How fast and how often the groups that a process leads are scrubbed. Bytes are those of one copy;
 * every member reads as many. Times in nanoseconds.
 *
 * @param lightNanos between two light passes of a group: every chunk's existence, and one piece of
 *     each, another one each time
 * @param deepNanos between two deep passes: every block
 * @param retryNanos after a pass that could not be finished
 * @param bytesPerSecond of a process, when nobody asked for it
 * @param bytesPerSecondMax of a process, when an operator asked
 * @param patienceNanos how long a member may take for one answer; longer ends the pass
 * @param pieceBytes looked at in one step, for which the range stands still; a multiple of 4096
 * @param passesMax groups that a process scrubs at a time
 */
public record ScrubSettings(
        long lightNanos,
        long deepNanos,
        long retryNanos,
        long bytesPerSecond,
        long bytesPerSecondMax,
        long patienceNanos,
        int pieceBytes,
        int passesMax) {
    private static final long SECOND = 1_000_000_000L;
    private static final long DAY = 24 * 3600 * SECOND;

    public ScrubSettings {
        Check.argument(
                pieceBytes >= 4096 && pieceBytes % 4096 == 0 && pieceBytes <= 1 << 20,
                "pieces of %s bytes",
                pieceBytes);
        Check.argument(
                bytesPerSecond > 0 && bytesPerSecondMax >= bytesPerSecond && passesMax > 0,
                "%s bytes per second, at most %s, %s passes",
                bytesPerSecond,
                bytesPerSecondMax,
                passesMax);
    }

    /** What a node uses: a light pass a day, a deep one a week, at 8 MiB/s; 64 MiB/s by hand. */
    public static final ScrubSettings DEFAULT =
            new ScrubSettings(DAY, 7 * DAY, 600 * SECOND, 8 << 20, 64 << 20, SECOND, 256 * 1024, 2);
}
