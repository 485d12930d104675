package io.ashlar.volume.ingress;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * How old the bytes of one host connection can be (DESIGN section 6, rule 6; F4, F13). Works in
 * arrival numbers of {@link TicketBook}. Owned by the association's shard.
 *
 * <p>Bytes wait in the socket while a process is stopped, and anything may happen between a read
 * and the next line of code. So what a read that left the queue empty proves is dated by a number
 * that was taken <em>before</em> that read, and it counts for the bytes of later reads only.
 */
final class ReceiveMarks {
    private static final int MARKS_MAX = 64;

    /** With {@code total} bytes read, tickets up to {@code arrival} were held. */
    private record Mark(long total, long arrival) {}

    private final int receiveBufferBytes;
    private final Deque<Mark> marks = new ArrayDeque<>();

    /** Bytes read in all. */
    private long total;

    /** Newest arrival number that was taken on this shard before the next read. */
    private long sampled;

    /** What later reads' bytes are newer than, from queues seen empty. */
    private long empty;

    /** What the present read's bytes are newer than. */
    private long usable;

    /**
     * @param arrivals at a moment after which the host sends its first command: the login
     */
    ReceiveMarks(int receiveBufferBytes, long arrivals) {
        this.receiveBufferBytes = receiveBufferBytes;
        this.sampled = arrivals;
        this.empty = arrivals;
        this.usable = arrivals;
    }

    /** Some moment between two reads. */
    void onPause(long arrivals) {
        sampled = Math.max(sampled, arrivals);
    }

    void onReceived(int bytes, boolean isQueueEmpty, long arrivals) {
        long readStart = total;
        total += bytes;
        usable = Math.max(usable, empty);
        // The queue holds at most a buffer: what lies further on was not in it at that moment.
        while (!marks.isEmpty() && marks.getFirst().total + receiveBufferBytes <= readStart) {
            usable = Math.max(usable, marks.removeFirst().arrival);
        }
        if (isQueueEmpty) {
            empty = Math.max(empty, sampled);
        }
        onPause(arrivals);
        Mark last = marks.peekLast();
        if (last == null || total - last.total >= receiveBufferBytes / (MARKS_MAX / 2)) {
            if (marks.size() >= MARKS_MAX) {
                marks.removeLast();
            }
            marks.addLast(new Mark(total, arrivals));
        }
    }

    /** A ping that was sent when this number stood has been answered: later bytes are newer. */
    void onAnswered(long arrivalsWhenSent) {
        usable = Math.max(usable, arrivalsWhenSent);
        empty = Math.max(empty, arrivalsWhenSent);
    }

    long stamp() {
        return usable;
    }
}
