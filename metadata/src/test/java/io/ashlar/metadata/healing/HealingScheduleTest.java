package io.ashlar.metadata.healing;

import static org.assertj.core.api.Assertions.fail;

import io.ashlar.metadata.HealingRules;
import io.ashlar.metadata.HealingRules.Rule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Random schedules of the control loop; replay one with {@code -Dhealing.seed=N}. */
class HealingScheduleTest {
    private static final long FIRST = Long.getLong("healing.seed", 1);
    private static final int SEEDS = Long.getLong("healing.seed") == null ? 60 : 1;
    private static final int MUTANT_SEEDS = 200;

    /** Nothing moves without a job that runs, and no job says of itself what is not so. */
    @Test
    void theLoopDoesWhatJobsAndOperatorsSayAndNoMore() {
        for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
            try {
                new HealingSchedule(seed, HealingRules.ALL).run();
            } catch (RuntimeException | AssertionError e) {
                fail("seed %d, replay with -Dhealing.seed=%d: %s".formatted(seed, seed, e), e);
            }
        }
    }

    /** The schedules are good enough to notice that a rule is missing. */
    @ParameterizedTest
    @EnumSource
    void noticesThatARuleIsMissing(Rule rule) {
        for (long seed = 1; seed <= MUTANT_SEEDS; seed++) {
            try {
                new HealingSchedule(seed, HealingRules.without(rule)).run();
            } catch (HealingSchedule.Violation e) {
                System.out.printf("without %-16s seed %d: %s%n", rule, seed, e.getMessage());
                return;
            }
        }
        fail("%d seeds without %s are clean".formatted(MUTANT_SEEDS, rule));
    }
}
