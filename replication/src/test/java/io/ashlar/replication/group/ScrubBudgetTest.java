package io.ashlar.replication.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.replication.ScrubSettings;
import org.junit.jupiter.api.Test;

/** Scrubs of a process share one rate, and give way to those who have work to do. */
class ScrubBudgetTest {
    private static final long MILLI = 1_000_000L;
    private static final int MIB = 1 << 20;

    private final ScrubBudget budget =
            new ScrubBudget(new ScrubSettings(1, 1, 1, 8L * MIB, 64L * MIB, 1, 256 * 1024, 2));

    /** Protects disks from more scrubs at a time than are allowed. */
    @Test
    void onlySoManyPassesRunAtATime() {
        assertThat(budget.begin()).isTrue();
        assertThat(budget.begin()).isTrue();
        assertThat(budget.begin()).isFalse();
        budget.end();
        assertThat(budget.begin()).isTrue();
    }

    /** Protects the rate: two scrubs together are no faster than one. */
    @Test
    void allPassesShareOneRate() {
        assertThat(budget.restNanos(0, MIB, 0, false)).isEqualTo(125 * MILLI);
        assertThat(budget.restNanos(0, MIB, 0, false)).isEqualTo(250 * MILLI);
        assertThat(budget.restNanos(250 * MILLI, MIB, 0, false)).isEqualTo(125 * MILLI);
    }

    /** An operator who waits for it gets the full rate. */
    @Test
    void byHandItIsFaster() {
        assertThat(budget.restNanos(0, 8 * MIB, 0, true)).isEqualTo(125 * MILLI);
    }

    /** Protects hosts: the longer a step took, the busier the disks, and the longer the rest. */
    @Test
    void restsLongerWhenDisksAreBusy() {
        assertThat(budget.restNanos(0, 4096, 500 * MILLI, false)).isEqualTo(2_000 * MILLI);
        assertThat(budget.restNanos(0, 4096, 500 * MILLI, true)).isEqualTo(500 * MILLI);
    }
}
