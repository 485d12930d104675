package io.ashlar.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.BootTimeClock;
import io.ashlar.common.Clock;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Whole clusters of what ships under random faults: the invariants R1 to R6, F1 and F2 of DESIGN
 * sections 5 and 6 hold in every run, for owners who drive the groups and for hosts who see disks.
 */
final class SimulationTest {
    @Test
    void everyPromiseHoldsUnderFaults() {
        // The heart of the product: nothing acknowledged is lost, nothing stale is read, nothing
        // that was given up comes back.
        List<Run> replayed = Seeds.replayed();
        if (!replayed.isEmpty()) {
            replayed.forEach(SimulationTest::replay);
            return;
        }
        Map<Program, RunStatistics> totals = new TreeMap<>();
        Cores.inOrder(
                runs(),
                run -> Map.entry(run.program(), run.execute()),
                done -> totals.merge(done.getKey(), done.getValue(), RunStatistics::plus));
        totals.forEach((program, total) -> System.out.println(program + ": " + total));
        totals.forEach((program, total) -> {
            // Runs in which little happens prove little.
            assertThat(total.reconfigurations()).isGreaterThan(total.runs());
            assertThat(total.writes())
                    .isGreaterThan((program == Program.GROUPS ? 100 : 30) * total.runs());
        });
    }

    /** Prints the end of the trace, whatever becomes of the run. */
    private static void replay(Run run) {
        List<String> trace = run.trace();
        System.out.println(run + ": trace in " + run.write(trace) + ", it ends with");
        trace.subList(Math.max(0, trace.size() - 40), trace.size()).forEach(System.out::println);
        System.out.println(run.execute());
    }

    /** The usual ones, then new ones for as long as was asked. */
    private static Iterator<Run> runs() {
        Iterator<Run> usual = Seeds.forThisRun().iterator();
        Clock clock = new BootTimeClock();
        long endNanos = clock.nanos() + Seeds.seconds() * 1_000_000_000L;
        return new Iterator<>() {
            private int drawn;

            @Override
            public boolean hasNext() {
                return usual.hasNext() || clock.nanos() < endNanos;
            }

            @Override
            public Run next() {
                return usual.hasNext() ? usual.next() : Seeds.fresh(drawn++);
            }
        };
    }
}
