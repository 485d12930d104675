package io.ashlar.replication.group;

import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * How much a process copies to learners, over all groups that it leads. Two limits: bytes that a
 * learner has not confirmed, of which each learner allows so many ({@link LearnShare}), since it
 * learns many groups of many teachers at once; and bytes per second, which give way to hosts.
 *
 * <p>The rate falls to a floor, by halves, while many requests of hosts wait here or take clearly
 * longer than they did at best lately; it rises again in small steps. It is never zero, so that
 * every rebuild ends; while hosts ask for nothing it is as high as is set. Copies of what a learner
 * missed while it was away for a moment, and those without which a group takes no writes, are
 * {@code urgent}: they count, but do not wait for the rate.
 *
 * <p>Used by all shards; every method is one short critical section, and those about requests are
 * not even that. No clock: time comes in.
 */
public final class CopyBudget {
    /** How often the rate is looked at. */
    static final long STEP_NANOS = 100_000_000L;

    /** Requests of hosts in this process, from which on they count as queued. */
    static final int QUEUED_MIN = 64;

    /**
     * A latency so many times the best of late has risen, if it is a matter of this time at all.
     */
    private static final double RISEN_TIMES = 1.5;

    private static final long RISEN_NANOS_MIN = 1_000_000L;

    /** After so long without a request hosts are idle. */
    private static final long IDLE_NANOS = 500_000_000L;

    /** The best latency is that of one to two of these. */
    private static final long BEST_NANOS = 15_000_000_000L;

    /** Weight of a step in the latency that is compared: one in so many. */
    private static final int SMOOTHING = 4;

    /** Steps from the floor to twice the floor. */
    private static final int STEPS_UP = 8;

    /** Unused rate is kept for so long. */
    private static final long BURST_NANOS = STEP_NANOS;

    /** So long a group that teaches keeps others of this process from it, while hosts wait. */
    static final long ALONE_NANOS = 60_000_000_000L;

    private static final long SECOND = 1_000_000_000L;

    private static final class InFlight {
        long bytes;
    }

    /** How long hosts wait for one kind of request. Added to by all; judged in the steps. */
    private static final class Latency {
        private final LongAdder ended = new LongAdder();
        private final LongAdder endedNanos = new LongAdder();
        private long endedBefore;
        private long endedNanosBefore;
        private double smoothed;
        private double best = Double.MAX_VALUE;
        private double bestBefore = Double.MAX_VALUE;
        private long bestNanos;

        /** Whether it has risen clearly above the best of late; false if there were no requests. */
        boolean hasRisen(long nowNanos) {
            long endedNow = ended.sum();
            long nanosNow = endedNanos.sum();
            long count = endedNow - endedBefore;
            double mean = count == 0 ? 0 : (double) (nanosNow - endedNanosBefore) / count;
            endedBefore = endedNow;
            endedNanosBefore = nanosNow;
            if (count == 0) {
                return false;
            }
            smoothed = smoothed == 0 ? mean : smoothed + (mean - smoothed) / SMOOTHING;
            if (nowNanos - bestNanos > BEST_NANOS) {
                bestBefore = best;
                best = Double.MAX_VALUE;
                bestNanos = nowNanos;
            }
            best = Math.min(best, smoothed);
            return smoothed > RISEN_NANOS_MIN
                    && smoothed > RISEN_TIMES * Math.min(best, bestBefore);
        }
    }

    private final LongAdder begun = new LongAdder();
    private final LongAdder dropped = new LongAdder();
    private final Latency reads = new Latency();
    private final Latency writes = new Latency();
    private final Map<ProcessId, InFlight> inFlight = new TreeMap<>(CopyBudget::compare);
    private final Map<PgId, Long> teachSince = new TreeMap<>();
    private long floor;
    private long most;
    private double rate;
    private double credit;
    private boolean seen;
    private long creditNanos;
    private long stepNanos;
    private long busyNanos;
    private long endedBefore;

    /**
     * @param floor bytes per second that are always allowed
     * @param most bytes per second that are allowed while hosts are idle
     */
    public CopyBudget(long floor, long most) {
        this.floor = floor;
        this.most = most;
        this.rate = most;
    }

    private static int compare(ProcessId one, ProcessId other) {
        NodeId node = one.node();
        int byNode = node.compareTo(other.node());
        return byNode != 0 ? byNode : Long.compare(one.incarnation(), other.incarnation());
    }

    /** Other limits hold from now on. */
    public synchronized void limit(long newFloor, long newMost) {
        floor = newFloor;
        most = newMost;
        rate = Math.clamp(rate, floor, most);
    }

    // ---- hosts

    /** A request of a host has come; one of the other two must follow. */
    public void requestBegan() {
        begun.increment();
    }

    /** It has been served. */
    public void requestEnded(boolean isRead, long tookNanos) {
        Latency latency = isRead ? reads : writes;
        latency.endedNanos.add(tookNanos);
        latency.ended.increment();
    }

    /** It was not served here, or was refused: that says nothing about how long hosts wait. */
    public void requestDropped() {
        dropped.increment();
    }

    /** Looks at what hosts had to wait; to be called often, by any shard. */
    public synchronized void onTick(long nowNanos) {
        if (!seen) {
            seen = true;
            stepNanos = nowNanos;
            creditNanos = nowNanos;
            busyNanos = nowNanos - IDLE_NANOS;
            return;
        }
        if (nowNanos - stepNanos < STEP_NANOS) {
            return;
        }
        refill(nowNanos);
        stepNanos = nowNanos;
        long endedNow = reads.ended.sum() + writes.ended.sum() + dropped.sum();
        long waiting = begun.sum() - endedNow;
        boolean isAsked = endedNow != endedBefore || waiting > 0;
        endedBefore = endedNow;
        boolean wasIdle = nowNanos - busyNanos > IDLE_NANOS;
        if (isAsked) {
            busyNanos = nowNanos;
        }
        boolean isIdle = nowNanos - busyNanos > IDLE_NANOS;
        boolean hasRisen = reads.hasRisen(nowNanos) | writes.hasRisen(nowNanos);
        if (isIdle) {
            rate = most;
        } else if (wasIdle) {
            rate = floor;
        } else if (hasRisen || waiting >= QUEUED_MIN) {
            rate = Math.max(floor, rate / 2);
        } else {
            rate = Math.min(most, rate + (double) floor / STEPS_UP);
        }
    }

    private void refill(long nowNanos) {
        credit = Math.min(burst(), credit + rate * (nowNanos - creditNanos) / SECOND);
        creditNanos = nowNanos;
    }

    private double burst() {
        return rate * BURST_NANOS / SECOND;
    }

    // ---- copies

    /**
     * Whether a copy may be made now; it must {@link #end} then. One is always let through to a
     * learner that has none in flight, however small its share.
     *
     * @param share bytes that the learner allows this process to have in flight
     */
    synchronized boolean begin(
            ProcessId learner, long share, int bytes, boolean urgent, long nowNanos) {
        if (!seen) {
            onTick(nowNanos);
        }
        refill(nowNanos);
        InFlight its = inFlight.get(learner);
        boolean fits = its == null || its.bytes + bytes <= share;
        if (!fits || (!urgent && credit < 0)) {
            return false;
        }
        if (its == null) {
            its = new InFlight();
            inFlight.put(learner, its);
        }
        its.bytes += bytes;
        if (!urgent) {
            credit -= bytes;
        }
        return true;
    }

    /** So many bytes that were not urgent need not be copied after all: others may be. */
    synchronized void spare(long bytes) {
        credit = Math.min(burst(), credit + bytes);
    }

    /** So many bytes are confirmed, or will never be. */
    synchronized void end(ProcessId learner, long bytes) {
        InFlight its = inFlight.get(learner);
        if (its != null) {
            its.bytes -= bytes;
            if (its.bytes <= 0) {
                inFlight.remove(learner);
            }
        }
    }

    // ---- learners

    /**
     * Whether a group may take on a learner. While hosts wait, one group after the other does: a
     * learner costs hosts a further copy of each write, whatever is copied to it, so many at a time
     * cost more than as many in turn. One that takes long keeps others from it for a minute only:
     * its disk may be slow, and the others' not.
     */
    synchronized boolean mayTeach(PgId pg, long nowNanos) {
        if (!yields()) {
            return true;
        }
        for (Map.Entry<PgId, Long> other : teachSince.entrySet()) {
            if (!other.getKey().equals(pg) && nowNanos - other.getValue() < ALONE_NANOS) {
                return false;
            }
        }
        return true;
    }

    /** Whether a group has learners; to be told whenever that may have changed. */
    synchronized void teaches(PgId pg, boolean hasLearners, long nowNanos) {
        if (hasLearners) {
            teachSince.putIfAbsent(pg, nowNanos);
        } else {
            teachSince.remove(pg);
        }
    }

    /** Whether copies should leave hosts time for others: the rate is held down. */
    synchronized boolean yields() {
        return rate < most && rate <= 2.0 * floor;
    }

    /** Bytes per second that are allowed now. */
    public synchronized long bytesPerSecond() {
        return (long) rate;
    }

    /** Bytes that learners have not confirmed. */
    public synchronized long bytesInFlight() {
        return inFlight.values().stream().mapToLong(its -> its.bytes).sum();
    }
}
