package io.ashlar.simulation.world;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Time and order of everything that happens: a queue of events, ordered by time and then by a
 * seeded tiebreak. One thread runs them one after the other; nothing in the simulation waits.
 */
public final class SimWorld {
    public static final long MICRO = 1_000;
    public static final long MILLI = 1_000_000;
    public static final long SECOND = 1_000_000_000;

    /** How an array prints: not the same in two runs. */
    private static final Pattern IDENTITY = Pattern.compile("\\[[IBJ]@[0-9a-f]+");

    /** An event that was scheduled. */
    public static final class Event implements Comparable<Event> {
        private final long atNanos;
        private final long tiebreak;
        private final long serial;
        private final @Nullable SimProcess owner;
        private final Runnable action;
        private boolean cancelled;

        private Event(
                long atNanos,
                long tiebreak,
                long serial,
                @Nullable SimProcess owner,
                Runnable action) {
            this.atNanos = atNanos;
            this.tiebreak = tiebreak;
            this.serial = serial;
            this.owner = owner;
            this.action = action;
        }

        /** It will not happen, if it has not yet. */
        public void cancel() {
            cancelled = true;
        }

        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(atNanos, other.atNanos);
            if (byTime != 0) {
                return byTime;
            }
            int byTiebreak = Long.compare(tiebreak, other.tiebreak);
            return byTiebreak != 0 ? byTiebreak : Long.compare(serial, other.serial);
        }
    }

    private final long seed;
    private final SimRandom random;
    private final SimRandom tiebreaks;
    private final PriorityQueue<Event> queue = new PriorityQueue<>();
    private final List<String> trace = new ArrayList<>();
    private final boolean tracing;
    private long nowNanos;
    private long serial;
    private long stepCount;
    private @Nullable SimShard currentShard;
    private boolean spaceWasShort;

    /**
     * @param tracing whether lines given to {@link #trace} are kept
     */
    public SimWorld(long seed, boolean tracing) {
        this.seed = seed;
        this.random = new SimRandom(seed);
        this.tiebreaks = random.split();
        this.tracing = tracing;
    }

    public long seed() {
        return seed;
    }

    /** True time, in nanoseconds since the world began. No process can see it. */
    public long nowNanos() {
        return nowNanos;
    }

    /** The world's own choices; a part that makes many takes a {@link SimRandom#split}. */
    public SimRandom random() {
        return random;
    }

    /** Events that have happened. */
    public long stepCount() {
        return stepCount;
    }

    /** Schedules what no process does itself: packets, platters, faults. */
    public Event after(long delayNanos, Runnable action) {
        return schedule(delayNanos, null, action);
    }

    Event schedule(long delayNanos, @Nullable SimProcess owner, Runnable action) {
        Event event =
                new Event(
                        nowNanos + Math.max(0, delayNanos),
                        tiebreaks.nextLong(),
                        serial++,
                        owner,
                        action);
        queue.add(event);
        return event;
    }

    /** Lets the next event happen; false if there is none. */
    public boolean step() {
        Event event = queue.poll();
        if (event == null) {
            return false;
        }
        nowNanos = event.atNanos;
        if (event.cancelled) {
            return true;
        }
        SimProcess owner = event.owner;
        if (owner != null && !owner.mayRun(event.action)) {
            return true;
        }
        stepCount++;
        event.action.run();
        return true;
    }

    /** Some disk has no room from now on. */
    void spaceIsShort() {
        spaceWasShort = true;
    }

    /** Whether some disk ever had no room; if none had, nobody may be told of a lack of space. */
    public boolean spaceWasShort() {
        return spaceWasShort;
    }

    /** Runs until the condition holds or the time has passed; tells whether it holds. */
    public boolean runUntil(BooleanSupplier condition, long budgetNanos) {
        long end = nowNanos + budgetNanos;
        while (!condition.getAsBoolean()) {
            Event next = queue.peek();
            if (next == null || next.atNanos > end) {
                nowNanos = end;
                return condition.getAsBoolean();
            }
            step();
        }
        return true;
    }

    /** Runs for so long. */
    public void runFor(long budgetNanos) {
        runUntil(() -> false, budgetNanos);
    }

    @Nullable SimShard currentShard() {
        return currentShard;
    }

    void enter(@Nullable SimShard shard) {
        currentShard = shard;
    }

    public boolean isTracing() {
        return tracing;
    }

    /** Notes what happens, for people and for the comparison of two runs. */
    public void trace(String format, @Nullable Object... arguments) {
        if (tracing) {
            String text = String.format(format, arguments);
            trace.add(
                    String.format("%12.6f ", nowNanos / 1e9)
                            + IDENTITY.matcher(text).replaceAll("[]"));
        }
    }

    public List<String> traceLines() {
        return trace;
    }
}
