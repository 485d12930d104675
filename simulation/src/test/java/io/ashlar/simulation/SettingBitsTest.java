package io.ashlar.simulation;

import io.ashlar.simulation.mutant.Mutant;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Hosts that set bits of what is there (ORWRITE, ADR 11), while owners and primaries die and move.
 * The seeds are those in which the mutant of its rule is hunted.
 */
final class SettingBitsTest {
    private static final int SEEDS = Integer.getInteger("sim.bits", 40);

    @ParameterizedTest
    @EnumSource(Program.class)
    void bitsAreSetOnceAndNoOthersAreTouched(Program program) {
        // A copy that comes late sets bits that were cleared since; one that is not one step takes
        // a neighbour's sector back.
        Cores.inOrder(
                LongStream.range(Mutant.FIRST_SEED, Mutant.FIRST_SEED + SEEDS)
                        .mapToObj(seed -> new Run(seed, program, Scenario.SETTING_BITS, null))
                        .iterator(),
                Run::execute,
                _ -> {});
    }
}
