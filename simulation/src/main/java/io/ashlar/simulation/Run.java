package io.ashlar.simulation;

import io.ashlar.iscsi.SessionRules;
import io.ashlar.metadata.HealingRules;
import io.ashlar.replication.PgRules;
import io.ashlar.replication.ReplicationSettings;
import io.ashlar.simulation.mutant.Mutant;
import io.ashlar.volume.owner.FenceRules;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything that decides what happens in a run; so the command that names it replays it.
 *
 * @param seed all chance
 * @param program what the nodes run
 * @param scenario under which circumstances
 * @param mutant what is broken in it on purpose, if anything is
 */
public record Run(long seed, Program program, Scenario scenario, @Nullable Mutant mutant) {
    private static final int TRACE_LINES_SHOWN = 40;

    /** What ships, under anything. */
    public static Run of(long seed, Program program) {
        return new Run(seed, program, Scenario.ANYTHING, null);
    }

    /** The shape of the run. */
    public Options options() {
        Options options = scenario.options(seed);
        return mutant == null ? options : mutant.flaw().apply(options);
    }

    NodeProgram nodes() {
        PgRules groups = mutant == null ? PgRules.ALL : mutant.groups();
        FenceRules fences = mutant == null ? FenceRules.ALL : mutant.fences();
        HealingRules healing = mutant == null ? HealingRules.ALL : mutant.healing();
        ReplicationSettings settings = scenario.settings(seed);
        return switch (program) {
            case GROUPS -> new ReplicationProgram(groups, settings, isHealed() ? healing : null);
            case VOLUMES ->
                    new VolumeProgram(
                            new ReplicationProgram(groups, settings),
                            options().load().style().answersPings()
                                    ? fences
                                    : fences.andWithout(FenceRules.Rule.PING),
                            mutant == null ? SessionRules.ALL : mutant.sessions());
        };
    }

    /** Whether a control loop runs; elsewhere targets stay where somebody puts them. */
    private boolean isHealed() {
        return scenario == Scenario.JOBS
                || (scenario == Scenario.ANYTHING && ReplicationProgram.heals(seed));
    }

    /** What replays it. */
    public String command() {
        StringBuilder command = new StringBuilder("bin/test sim --seed ").append(seed);
        command.append(" --program ").append(program.word());
        if (mutant != null) {
            command.append(" --mutant ").append(mutant.name());
        } else if (scenario != Scenario.ANYTHING) {
            command.append(" --scenario ").append(scenario.word());
        }
        return command.toString();
    }

    /**
     * Runs it. After a failure it is run once more with a trace, which goes to a file.
     *
     * @throws Simulation.Failure that names the command, the violation and the file
     */
    public RunStatistics execute() {
        try {
            return Simulation.run(seed, options(), nodes());
        } catch (Simulation.Failure failure) {
            List<String> trace = trace();
            int from = Math.max(0, trace.size() - TRACE_LINES_SHOWN);
            throw new Simulation.Failure(
                    command()
                            + "\n"
                            + failure.getMessage()
                            + "\ntrace in "
                            + write(trace)
                            + ", which ends with\n"
                            + String.join("\n", trace.subList(from, trace.size())),
                    failure.getCause());
        }
    }

    /** What is wrong with it, or null; without a trace. */
    public @Nullable Throwable failure() {
        try {
            Simulation.run(seed, options(), nodes());
            return null;
        } catch (Simulation.Failure failure) {
            return failure.getCause();
        }
    }

    /** Every line that it traces, whether it fails or not; the last tells of a failure. */
    public List<String> trace() {
        return Simulation.trace(seed, options(), nodes());
    }

    /** Writes a trace to a file of the build's directory, and tells which. */
    public Path write(List<String> trace) {
        String what = mutant == null ? scenario.word() : mutant.name();
        Path file =
                Path.of(
                        "target",
                        "simulation",
                        program.word() + "-" + what + "-" + seed + ".trace");
        try {
            Files.createDirectories(file.getParent());
            Files.write(file, trace);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return file.toAbsolutePath();
    }

    @Override
    public String toString() {
        return command();
    }
}
