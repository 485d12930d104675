package io.ashlar.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The same seed does the very same: without this no failure could be looked into. */
final class ReplayTest {
    @ParameterizedTest
    @EnumSource(Program.class)
    void aSeedReplaysLineByLine(Program program) {
        replays(Run.of(1, program));
        replays(new Run(2, program, Scenario.EVERYTHING, null));
    }

    private static void replays(Run run) {
        List<String> once = run.trace();
        List<String> again = run.trace();
        for (int i = 0; i < Math.min(once.size(), again.size()); i++) {
            if (!again.get(i).equals(once.get(i))) {
                assertThat(again.get(i)).as("%s, line %s", run, i).isEqualTo(once.get(i));
            }
        }
        assertThat(again.size()).isEqualTo(once.size()).isGreaterThan(1_000);
    }
}
