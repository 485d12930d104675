package io.ashlar.replication.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import org.junit.jupiter.api.Test;

/** Copies never starve hosts, never starve themselves, and never fill a learner's memory. */
class CopyBudgetTest {
    private static final long MILLI = 1_000_000L;
    private static final long SECOND = 1_000 * MILLI;
    private static final int PIECE = 256 * 1024;
    private static final long MIB = 1 << 20;
    private static final long FLOOR = 4 * MIB;
    private static final long MOST = 1 << 30;
    private static final ProcessId ONE = new ProcessId(new NodeId(1), 11);
    private static final ProcessId TWO = new ProcessId(new NodeId(2), 22);

    private final CopyBudget budget = new CopyBudget(FLOOR, MOST);
    private long now;

    /** Runs with so many requests each step, each so long; gives the bytes that were copied. */
    private long run(long nanos, int requests, long latencyNanos) {
        long bytes = 0;
        for (long end = now + nanos; now < end; now += 10 * MILLI) {
            if (now % CopyBudget.STEP_NANOS == 0) {
                for (int i = 0; i < requests; i++) {
                    budget.requestBegan();
                    budget.requestEnded(false, latencyNanos);
                }
            }
            budget.onTick(now);
            while (bytes < Long.MAX_VALUE && budget.begin(ONE, MOST, PIECE, false, now)) {
                budget.end(ONE, PIECE);
                bytes += PIECE;
                if (bytes > 2 * MOST * (nanos / SECOND + 1)) {
                    throw new AssertionError("no limit");
                }
            }
        }
        return bytes;
    }

    /** Protects the time to redundancy when nobody minds. */
    @Test
    void whileHostsAreIdleCopiesRunAtFullSpeed() {
        assertThat(run(2 * SECOND, 0, 0)).isGreaterThan(18 * MOST / 10);
        assertThat(budget.yields()).isFalse();
    }

    /** Protects hosts from the moment at which they begin. */
    @Test
    void whenHostsBeginTheRateFallsToTheFloorAndRisesSlowly() {
        run(2 * SECOND, 0, 0);
        run(300 * MILLI, 20, 2 * MILLI);
        assertThat(budget.bytesPerSecond()).isBetween(FLOOR, 2 * FLOOR);
        run(10 * SECOND, 20, 2 * MILLI);
        assertThat(budget.bytesPerSecond()).isGreaterThan(8 * FLOOR);
    }

    /** Protects hosts' latency: it rises, and copies give way. */
    @Test
    void risenLatencyLowersTheRateToTheFloorAndNotBelow() {
        run(10 * SECOND, 20, 2 * MILLI);
        run(3 * SECOND, 20, 10 * MILLI);
        assertThat(budget.bytesPerSecond()).isEqualTo(FLOOR);
        assertThat(budget.yields()).isTrue();
        long copied = run(10 * SECOND, 20, 10 * MILLI);
        assertThat(copied).isBetween(9 * FLOOR, 11 * FLOOR);
        run(30 * SECOND, 20, 2 * MILLI);
        assertThat(budget.bytesPerSecond()).isGreaterThan(8 * FLOOR);
    }

    /** Protects hosts whose latency cannot tell, since nothing of theirs gets through. */
    @Test
    void queuedRequestsLowerTheRateToo() {
        run(10 * SECOND, 20, 2 * MILLI);
        for (int i = 0; i < CopyBudget.QUEUED_MIN; i++) {
            budget.requestBegan();
        }
        run(3 * SECOND, 0, 0);
        assertThat(budget.bytesPerSecond()).isEqualTo(FLOOR);
        for (int i = 0; i < CopyBudget.QUEUED_MIN; i++) {
            budget.requestEnded(true, 2 * MILLI);
        }
        run(3 * SECOND, 0, 0);
        assertThat(budget.bytesPerSecond()).isEqualTo(MOST);
    }

    /** Protects rebuilds from a load that is heavy for good: what is usual is no rise. */
    @Test
    void aLatencyThatStaysBecomesTheUsualOne() {
        run(10 * SECOND, 20, 2 * MILLI);
        run(60 * SECOND, 20, 10 * MILLI);
        assertThat(budget.bytesPerSecond()).isGreaterThan(4 * FLOOR);
    }

    /** Protects the rebuild of a thin volume: what turns out to be zeros costs nothing. */
    @Test
    void whatNeedNotTravelIsNotHeldAgainstTheRate() {
        run(10 * SECOND, 20, 2 * MILLI);
        run(3 * SECOND, 20, 10 * MILLI);
        now += CopyBudget.STEP_NANOS;
        int begun = 0;
        while (begun < 1_000 && budget.begin(ONE, MOST, PIECE, false, now)) {
            budget.end(ONE, PIECE);
            budget.spare(PIECE);
            begun++;
        }
        assertThat(begun).isEqualTo(1_000);
        assertThat(budget.begin(ONE, MOST, PIECE, false, now)).isTrue();
    }

    /** Protects a short absence from becoming a long one, and a group that takes no writes. */
    @Test
    void urgentCopiesDoNotWaitForTheRate() {
        run(10 * SECOND, 20, 2 * MILLI);
        run(3 * SECOND, 20, 10 * MILLI);
        for (int i = 0; i < 1_000; i++) {
            assertThat(budget.begin(ONE, MOST, PIECE, true, now)).isTrue();
        }
        assertThat(budget.bytesInFlight()).isEqualTo(1_000L * PIECE);
    }

    /** Protects a learner's memory, which all groups fill at once, even when it is urgent. */
    @Test
    void aLearnerGetsNoMoreThanItAllowsOverAllGroups() {
        for (int i = 0; i < 4; i++) {
            assertThat(budget.begin(ONE, 4 * PIECE, PIECE, true, now)).isTrue();
        }
        assertThat(budget.begin(ONE, 4 * PIECE, PIECE, true, now)).isFalse();
        assertThat(budget.begin(TWO, 1, PIECE, true, now)).isTrue(); // one is always let through
        assertThat(budget.begin(TWO, 1, PIECE, true, now)).isFalse();
        budget.end(ONE, PIECE);
        assertThat(budget.begin(ONE, 4 * PIECE, PIECE, true, now)).isTrue();
        budget.end(ONE, 4L * PIECE);
        budget.end(TWO, PIECE);
        assertThat(budget.bytesInFlight()).isZero();
    }

    /** Protects hosts from many learners at a time, each of which wants a copy of each write. */
    @Test
    void whileHostsWaitGroupsTeachInTurn() {
        PgId first = new PgId(1, 1);
        PgId second = new PgId(1, 2);
        run(2 * SECOND, 0, 0);
        budget.teaches(first, true, now);
        assertThat(budget.mayTeach(second, now)).as("hosts are idle").isTrue();
        run(10 * SECOND, 20, 2 * MILLI);
        run(3 * SECOND, 20, 10 * MILLI);
        assertThat(budget.yields()).isTrue();
        budget.teaches(first, true, now);
        assertThat(budget.mayTeach(second, now)).isFalse();
        assertThat(budget.mayTeach(first, now)).as("its second learner").isTrue();
        budget.teaches(first, false, now);
        assertThat(budget.mayTeach(second, now)).isTrue();
        budget.teaches(first, true, now);
        run(CopyBudget.ALONE_NANOS, 20, 10 * MILLI);
        assertThat(budget.mayTeach(second, now)).as("the first takes long").isTrue();
    }

    /** An operator's other limits hold at once. */
    @Test
    void limitsChangeWhileItRuns() {
        run(2 * SECOND, 0, 0);
        budget.limit(MIB, 2 * MIB);
        run(SECOND, 0, 0);
        assertThat(run(10 * SECOND, 0, 0)).isBetween(18 * MIB, 22 * MIB);
    }
}
