package io.ashlar.systemtests.load;

import java.time.Duration;
import org.HdrHistogram.Histogram;

/**
 * What a load measured.
 *
 * @param longestPause the longest time in which no worker at all completed anything
 * @param longestWait the longest time for which one worker waited
 * @param reads latencies in microseconds
 * @param writes latencies in microseconds
 */
public record LoadReport(
        Duration ran,
        String pauseText,
        Duration longestPause,
        Duration longestWait,
        Histogram reads,
        Histogram writes) {
    private static final double[] PERCENTILES = {50, 90, 99, 99.9, 100};

    public long operations() {
        return reads.getTotalCount() + writes.getTotalCount();
    }

    /** Of reads and writes together. */
    public double p99Micros() {
        Histogram both = reads.copy();
        both.add(writes);
        return both.getValueAtPercentile(99);
    }

    @Override
    public String toString() {
        return """
        ran %.1f s, %d writes, %d reads, %.0f operations a second
        longest pause of all workers: %s; longest wait of one worker: %.3f s
        writes (ms): %s
        reads  (ms): %s\
        """
                .formatted(
                        ran.toMillis() / 1e3,
                        writes.getTotalCount(),
                        reads.getTotalCount(),
                        operations() / Math.max(1e-3, ran.toMillis() / 1e3),
                        pauseText,
                        longestWait.toMillis() / 1e3,
                        percentiles(writes),
                        percentiles(reads));
    }

    private static String percentiles(Histogram histogram) {
        StringBuilder text = new StringBuilder();
        for (double percentile : PERCENTILES) {
            text.append(text.isEmpty() ? "" : "  ")
                    .append(percentile == 100 ? "max" : "p" + percentile)
                    .append(' ')
                    .append("%.2f".formatted(histogram.getValueAtPercentile(percentile) / 1000.0));
        }
        return text.toString();
    }
}
