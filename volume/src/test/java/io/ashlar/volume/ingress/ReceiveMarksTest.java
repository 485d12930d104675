package io.ashlar.volume.ingress;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A stamp is never newer than the byte that it is for (F4), and not needlessly old (F13). */
class ReceiveMarksTest {
    private static final int BUFFER = 1 << 20;

    /** What a read brings was in the queue before that read saw it empty. */
    @Test
    void anEmptyQueueCountsForLaterReadsOnly() {
        ReceiveMarks marks = new ReceiveMarks(BUFFER, 5);
        marks.onPause(9);
        marks.onReceived(100, true, 12);
        assertThat(marks.stamp()).isEqualTo(5);
        marks.onReceived(100, true, 20);
        assertThat(marks.stamp()).isEqualTo(9); // taken before the read that saw it empty
        marks.onReceived(100, false, 21);
        assertThat(marks.stamp()).isEqualTo(12);
        marks.onReceived(100, false, 30);
        assertThat(marks.stamp()).isEqualTo(12);
    }

    /**
     * The process is stopped between a read and this call, and tickets come in before it runs on:
     * they say nothing about what came meanwhile.
     */
    @Test
    void aStopRightAfterTheReadIsHarmless() {
        ReceiveMarks marks = new ReceiveMarks(BUFFER, 5);
        marks.onReceived(100, true, 1_000);
        marks.onReceived(100, true, 1_001);
        assertThat(marks.stamp()).isEqualTo(5);
    }

    /** F13: a queue that is never empty still moves on, a receive buffer later. */
    @Test
    void aSteadyWriterIsNotLeftBehind() {
        ReceiveMarks marks = new ReceiveMarks(BUFFER, 1);
        int read = 64 * 1024;
        for (int i = 0; i < 100; i++) {
            marks.onReceived(read, false, 100 + i);
        }
        // 16 reads fill the buffer; some more for the spacing of marks.
        assertThat(marks.stamp()).isBetween(100L + 99 - 20, 100L + 99 - 16);
    }

    @Test
    void anAnsweredPingMakesLaterBytesYoung() {
        ReceiveMarks marks = new ReceiveMarks(BUFFER, 1);
        marks.onAnswered(50);
        assertThat(marks.stamp()).isEqualTo(50);
        marks.onReceived(10, false, 60);
        assertThat(marks.stamp()).isEqualTo(50);
    }

    /** Against a model of a socket: bytes enter at known times, and reads come when they like. */
    @Test
    void neverStampsNewerThanTheByte() {
        for (long seed = 1; seed <= 300; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int buffer = 64 * 1024;
            ReceiveMarks marks = new ReceiveMarks(buffer, 0);
            Deque<long[]> queue = new ArrayDeque<>(); // {bytes, arrival number when it entered}
            long queued = 0;
            long arrivals = 0;
            for (int step = 0; step < 400; step++) {
                switch (random.nextInt(4)) {
                    case 0 -> arrivals += random.nextInt(3);
                    case 1 -> {
                        int bytes = 1 + random.nextInt(20_000);
                        if (queued + bytes <= buffer) {
                            queue.add(new long[] {bytes, arrivals});
                            queued += bytes;
                        }
                    }
                    case 2 -> marks.onPause(arrivals);
                    default -> {
                        long oldest = queue.isEmpty() ? arrivals : queue.getFirst()[1];
                        int bytes = 0;
                        while (!queue.isEmpty() && random.nextInt(3) > 0) {
                            bytes += (int) queue.poll()[0];
                        }
                        boolean isEmpty = queue.isEmpty();
                        queued -= bytes;
                        // Anything may happen between the read and the call.
                        if (random.nextInt(3) == 0) {
                            arrivals += 5;
                            int more = 1 + random.nextInt(20_000);
                            if (queued + more <= buffer) {
                                queue.add(new long[] {more, arrivals});
                                queued += more;
                            }
                        }
                        marks.onReceived(bytes, isEmpty, arrivals);
                        if (bytes > 0) {
                            assertThat(marks.stamp())
                                    .as("seed " + seed)
                                    .isLessThanOrEqualTo(oldest);
                        }
                    }
                }
            }
        }
    }
}
