package io.ashlar.systemtests.multipath;

import io.ashlar.systemtests.iscsi.ProtocolViolation;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;

/** What a multipath host went through, for the report of a test. */
public final class HostLog {
    /** Events that are counted. */
    public enum Event {
        BUSY,
        TASK_SET_FULL,
        UNIT_ATTENTION,
        TASK_ABORTED,
        NOT_READY,
        COMMAND_TIMEOUT,
        ABORT_ANSWERED,
        ABORT_UNANSWERED,
        SESSION_LOST,
        LOGIN,
        LOGIN_FAILED,
        PATH_FAILED,
        PATH_SWITCH
    }

    private static final int LINES_MAX = 400;

    private final long startNanos = System.nanoTime();
    private final Map<Event, LongAdder> counts = new EnumMap<>(Event.class);
    private final Queue<String> lines = new ConcurrentLinkedQueue<>();
    private final LongAdder lineCount = new LongAdder();
    private final Queue<ProtocolViolation> violations = new ConcurrentLinkedQueue<>();

    HostLog() {
        for (Event event : Event.values()) {
            counts.put(event, new LongAdder());
        }
    }

    void add(Event event) {
        counts.get(event).increment();
    }

    void note(Event event, String what) {
        add(event);
        lineCount.increment();
        if (lineCount.sum() <= LINES_MAX) {
            long millis = (System.nanoTime() - startNanos) / 1_000_000;
            lines.add("%8.3f s %s: %s".formatted(millis / 1e3, event, what));
        }
    }

    /** Keeps a breach of the protocol if that is among the causes. */
    void inspect(Throwable failure) {
        for (Throwable t = failure; t != null; t = t.getCause()) {
            if (t instanceof ProtocolViolation violation && !violations.contains(violation)) {
                violations.add(violation);
            }
        }
    }

    public long count(Event event, Event... more) {
        long sum = counts.get(event).sum();
        for (Event another : more) {
            sum += counts.get(another).sum();
        }
        return sum;
    }

    /** Breaches of the protocol by the target; a test that sees any has failed. */
    public List<ProtocolViolation> violations() {
        return List.copyOf(violations);
    }

    /** The first few hundred noted events, in order. */
    public List<String> lines() {
        return List.copyOf(lines);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        counts.forEach((event, count) -> {
            if (count.sum() > 0) {
                text.append(text.isEmpty() ? "" : ", ");
                text.append(event.name().toLowerCase(java.util.Locale.ROOT));
                text.append(' ').append(count.sum());
            }
        });
        return text.toString();
    }
}
