package io.ashlar.simulation;

import io.ashlar.simulation.mutant.Mutant;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * Hosts that compare before they write, while owners die, move and lose answers (DESIGN section 6,
 * F3). The seeds are those in which the mutants of these rules are hunted: what catches a mutant
 * must not catch the protocol itself.
 */
final class ComparingTest {
    private static final int SEEDS = Integer.getInteger("sim.comparing", 40);

    @Test
    void repeatedComparisonsAreAnsweredTruly() {
        // A repetition that miscompares takes a datastore offline; a second command that is taken
        // for a repetition gives two hosts one lock.
        run(Scenario.COMPARING);
    }

    @Test
    void repeatedComparisonsAreAnsweredTrulyOverIscsi() {
        // The same through the sessions that ship, where ExpStatSN says what was delivered.
        run(Scenario.COMPARING_ISCSI);
    }

    private static void run(Scenario scenario) {
        Cores.inOrder(
                LongStream.range(Mutant.FIRST_SEED, Mutant.FIRST_SEED + SEEDS)
                        .mapToObj(seed -> new Run(seed, Program.VOLUMES, scenario, null))
                        .iterator(),
                Run::execute,
                _ -> {});
    }
}
