package io.ashlar.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.simulation.workload.FaultInjector;
import io.ashlar.simulation.workload.FaultKind;
import io.ashlar.simulation.world.SimNetwork;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The simulated world under a program of one copy, which cannot fail over: what it shows is that
 * world, workload and checkers are right, and notice a program that is not.
 */
final class SimulatedWorldTest {
    private static final int SEEDS = 12;

    @Test
    void aCorrectProgramOfOneCopyPasses() {
        // No false alarms: power cuts, restarts, cuts and owner changes alone violate nothing.
        RunStatistics total = RunStatistics.NONE;
        for (long seed = 1; seed <= SEEDS; seed++) {
            total =
                    total.plus(
                            Simulation.run(
                                    seed,
                                    oneCopy(seed),
                                    new OneCopyProgram(OneCopyProgram.Mistake.NONE)));
        }
        System.out.println(total);
        assertThat(total.writes()).isGreaterThan(1_000);
        assertThat(total.reconfigurations()).isGreaterThan(10);
        assertThat(total.takeovers()).isGreaterThan(10);
    }

    @ParameterizedTest
    @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void aProgramWithAMistakeIsCaught(OneCopyProgram.Mistake mistake) {
        // The simulation is tested by its mutants.
        for (long seed = 1; seed <= SEEDS; seed++) {
            try {
                Simulation.run(seed, oneCopy(seed), new OneCopyProgram(mistake));
            } catch (Simulation.Failure failure) {
                assertThat(failure).hasMessageStartingWith("seed " + seed);
                System.out.println(
                        mistake + ": " + failure.getMessage().lines().findFirst().orElse(""));
                return;
            }
        }
        throw new AssertionError(mistake + " was not caught in " + SEEDS + " seeds");
    }

    @Test
    void aSeedReplaysLineByLine() {
        // Determinism: two runs of a seed do the very same, and another seed does not.
        NodeProgram program = new OneCopyProgram(OneCopyProgram.Mistake.NONE);
        List<String> once = Simulation.trace(3, oneCopy(3), program);
        List<String> again = Simulation.trace(3, oneCopy(3), program);
        assertThat(once.size()).isGreaterThan(1_000);
        for (int i = 0; i < once.size(); i++) {
            if (!again.get(i).equals(once.get(i))) {
                assertThat(again.get(i)).as("line %s", i).isEqualTo(once.get(i));
            }
        }
        assertThat(again.size()).isEqualTo(once.size());
        assertThat(Simulation.trace(4, oneCopy(4), program).equals(once)).isFalse();
    }

    private static Options oneCopy(long seed) {
        Options drawn = Options.random(seed);
        SimNetwork.Settings network = drawn.network();
        EnumSet<FaultKind> kinds = EnumSet.copyOf(drawn.faults().kinds());
        kinds.add(FaultKind.POWER_CUT);
        // One copy does not survive the loss of its disk.
        kinds.removeAll(
                EnumSet.of(FaultKind.FLIP_BITS, FaultKind.REPLACE_DISK, FaultKind.FAIL_DISK));
        // Nor does it move.
        kinds.removeAll(
                EnumSet.of(
                        FaultKind.PREFER_ANOTHER,
                        FaultKind.MOVE_TARGETS,
                        FaultKind.FLICKER_TARGETS,
                        FaultKind.HAND_OVER_BLIND,
                        FaultKind.RESTART_WITH_NEW_MEMBER));
        FaultInjector.Settings faults = drawn.faults();
        return drawn.on(drawn.cluster().nodes(), 1, 1, drawn.cluster().groups())
                .with(
                        new SimNetwork.Settings(
                                network.delayNanosMin(),
                                network.delayNanosMax(),
                                network.spikeChance(),
                                network.spikeNanosMax(),
                                Integer.MAX_VALUE,
                                true))
                .with(
                        new FaultInjector.Settings(
                                kinds,
                                faults.gapNanosMin(),
                                faults.gapNanosMax(),
                                faults.lengthNanosMax()));
    }
}
