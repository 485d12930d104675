package io.ashlar.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.ashlar.volume.FenceSchedule.Kind;
import io.ashlar.volume.owner.FenceRules;
import io.ashlar.volume.owner.FenceRules.Rule;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Random schedules of ownership and ingress; replay one with {@code -Dfence.seed=N}. */
class FenceScheduleTest {
    private static final int SEEDS = Integer.getInteger("fence.seeds", 200);
    private static final int MUTANT_SEEDS = Integer.getInteger("fence.mutantSeeds", 6000);
    private static final long FIRST = Long.getLong("fence.seed", 1);

    private static FenceRules rules(Kind kind) {
        return kind == Kind.ISCSI ? FenceRules.ALL : FenceRules.without(Rule.PING);
    }

    /** F1 and F2 hold, and hosts get somewhere. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void noWriteTakesEffectAfterItsAbortOrALaterWrite(Kind kind, TestReporter reporter) {
        int acks = 0;
        int aborts = 0;
        int busies = 0;
        int moves = 0;
        int seeds = Long.getLong("fence.seed") == null ? SEEDS : 1;
        for (long seed = FIRST; seed < FIRST + seeds; seed++) {
            FenceSchedule schedule = new FenceSchedule(seed, kind, rules(kind));
            try {
                schedule.run();
            } catch (RuntimeException | AssertionError e) {
                fail(
                        "seed %d (%s), replay with -Dfence.seed=%d: %s%n%s"
                                .formatted(
                                        seed, kind, seed, e, String.join("\n", schedule.trace())),
                        e);
            }
            acks += schedule.acks;
            aborts += schedule.aborts;
            busies += schedule.busies;
            moves += schedule.moved;
        }
        reporter.publishEntry(
                kind.name(),
                acks
                        + " acks, "
                        + aborts
                        + " aborts, "
                        + busies
                        + " refusals, "
                        + moves
                        + " planned moves");
        assertThat(acks).isGreaterThan(5 * seeds);
        assertThat(aborts).isPositive();
        assertThat(moves).isPositive();
    }

    /**
     * Each with a seed that has caught it; when that one no longer does, others are tried. The
     * proof of ownership is too rarely needed for this: see {@link FencingTest}; likewise the epoch
     * of a hand-over and the outcome of a move: see {@link MoveTest}.
     */
    static Stream<Arguments> mutants() {
        return Stream.of(
                Arguments.of(Rule.INSTALL, Kind.NVME, 621L),
                Arguments.of(Rule.TICK_EPOCH, Kind.NVME, 133L),
                Arguments.of(Rule.TICK_SWITCH, Kind.NVME, 20L),
                Arguments.of(Rule.TICK_EMPTY, Kind.NVME, 6L),
                Arguments.of(Rule.PING, Kind.ISCSI, 16L),
                Arguments.of(Rule.DRAIN, Kind.NVME, 16L),
                Arguments.of(Rule.ABORT_MARK, Kind.NVME, 51L),
                Arguments.of(Rule.ABORT_WAITS, Kind.NVME, 1L),
                Arguments.of(Rule.NO_RESUBMIT, Kind.NVME, 5L),
                Arguments.of(Rule.HAND_OVER_FROZEN, Kind.NVME, 2474L),
                Arguments.of(Rule.HAND_OVER_MARKS, Kind.NVME, 326L),
                Arguments.of(Rule.HAND_OVER_ORDER, Kind.NVME, 137L),
                Arguments.of(Rule.HAND_OVER_AGE, Kind.NVME, 79L),
                Arguments.of(Rule.FORWARD_STAMP, Kind.NVME, 22L));
    }

    /** The schedules are good enough to notice that a rule is missing. */
    @ParameterizedTest
    @MethodSource("mutants")
    void noticesThatARuleIsMissing(Rule rule, Kind kind, long known, TestReporter reporter) {
        for (long i = 0; i <= MUTANT_SEEDS; i++) {
            long seed = i == 0 ? known : i;
            try {
                new FenceSchedule(seed, kind, rules(kind).andWithout(rule)).run();
            } catch (FenceSchedule.Violation e) {
                System.out.printf("without %-16s seed %d: %s%n", rule, seed, e.getMessage());
                reporter.publishEntry("without " + rule, "seed " + seed + ": " + e.getMessage());
                return;
            }
        }
        fail("%d seeds without %s are clean".formatted(MUTANT_SEEDS, rule));
    }

    /** A seed replays line by line, or it would be worth little. */
    @Test
    void aSeedReplays() {
        FenceSchedule one = new FenceSchedule(11, Kind.ISCSI, FenceRules.ALL);
        FenceSchedule two = new FenceSchedule(11, Kind.ISCSI, FenceRules.ALL);
        one.run();
        two.run();
        assertThat(one.trace()).isEqualTo(two.trace()).isNotEmpty();
    }
}
