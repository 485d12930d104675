package io.ashlar.simulation;

import io.ashlar.simulation.mutant.Mutant;
import io.ashlar.simulation.mutant.Mutants;
import io.ashlar.simulation.world.SimRandom;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Which runs the tests make. System properties: {@code sim.seed} replays one seed, {@code
 * sim.program}, {@code sim.scenario} and {@code sim.mutant} narrow down what of; {@code sim.seeds}
 * says how many there are (default 2,000), {@code sim.seconds} keeps drawing new ones for so long,
 * {@code sim.commit} replaces the id from which new ones are drawn, which is that of the commit's
 * tree: the same sources draw the same seeds, also when a commit is rewritten.
 */
public final class Seeds {
    private static final int COUNT_DEFAULT = 2_000;
    private static final long FIXED_FIRST = 1_000;

    /** Of so many runs one is of each program, fixed or new: half of them have volumes. */
    private static final int PROGRAM_EVERY = 4;

    private static final SimRandom FRESH = new SimRandom(commit().hashCode() * 0x9E3779B97F4A7C15L);

    private Seeds() {}

    /** The runs of the one seed that is to be replayed; empty if none is. */
    public static List<Run> replayed() {
        long seed = Long.getLong("sim.seed", -1L);
        if (seed < 0) {
            return List.of();
        }
        Mutant mutant = mutant();
        if (mutant != null) {
            return List.of(mutant.run(seed));
        }
        Scenario scenario =
                Scenario.valueOf(
                        System.getProperty("sim.scenario", Scenario.ANYTHING.name())
                                .toUpperCase(Locale.ROOT));
        return programs().stream().map(p -> new Run(seed, p, scenario, null)).toList();
    }

    /** The one mutant that is asked for, or null. */
    public static @Nullable Mutant mutant() {
        String name = System.getProperty("sim.mutant", "");
        if (name.isEmpty()) {
            return null;
        }
        return Mutants.named(name)
                .orElseThrow(() ->
                        new IllegalArgumentException(
                                "there is no mutant " + name + "; there are " + Mutants.all()));
    }

    private static List<Program> programs() {
        String name = System.getProperty("sim.program", "");
        return name.isEmpty()
                ? List.of(Program.values())
                : List.of(Program.valueOf(name.toUpperCase(Locale.ROOT)));
    }

    /** How long to go on drawing seeds, in seconds; 0 means only {@link #forThisRun}. */
    public static long seconds() {
        return Long.getLong("sim.seconds", 0L);
    }

    /** Those that once found something, then fixed and new ones by turns. */
    public static List<Run> forThisRun() {
        List<Run> runs = new ArrayList<>();
        int count = Integer.getInteger("sim.seeds", COUNT_DEFAULT);
        for (long seed : thatOnceFoundABug()) {
            programs().forEach(program -> runs.add(Run.of(seed, program)));
        }
        for (int i = 0; runs.size() < count; i++) {
            long seed = i % 2 == 0 ? FIXED_FIRST + i / 2 : next();
            runs.add(Run.of(seed, program(i)));
        }
        return List.copyOf(runs.subList(0, Math.min(count, runs.size())));
    }

    /** A run that was not drawn before in this process; another one at every commit. */
    public static Run fresh(int number) {
        return Run.of(next(), program(number));
    }

    private static Program program(int number) {
        List<Program> programs = programs();
        return programs.get(number % PROGRAM_EVERY * programs.size() / PROGRAM_EVERY);
    }

    private static long next() {
        return FRESH.between(1_000_000, 999_999_999);
    }

    private static List<Long> thatOnceFoundABug() {
        List<Long> seeds = new ArrayList<>();
        InputStream list = Seeds.class.getResourceAsStream("/seeds.txt");
        if (list == null) {
            return seeds;
        }
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(list, StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                String text = line.replaceFirst("#.*", "").strip();
                if (!text.isEmpty()) {
                    seeds.add(Long.valueOf(text));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return seeds;
    }

    private static String commit() {
        String given = System.getProperty("sim.commit");
        if (given != null && !given.isBlank()) {
            return given;
        }
        try {
            Process git =
                    new ProcessBuilder("git", "rev-parse", "HEAD^{tree}")
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start();
            String id =
                    new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return git.waitFor() == 0 && !id.isEmpty() ? id : "no commit";
        } catch (IOException _) {
            return "no commit";
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return "no commit";
        }
    }
}
