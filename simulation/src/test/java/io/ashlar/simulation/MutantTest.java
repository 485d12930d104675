package io.ashlar.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.iscsi.SessionRules;
import io.ashlar.metadata.HealingRules;
import io.ashlar.replication.PgRules;
import io.ashlar.simulation.check.Violation;
import io.ashlar.simulation.mutant.Mutant;
import io.ashlar.simulation.mutant.Mutants;
import io.ashlar.volume.owner.FenceRules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The simulation is tested by its mutants: each deliberate fault is caught within its number of
 * seeds, by an invariant and not merely because the cluster does not recover.
 */
final class MutantTest {
    private static final String LIVENESS = "liveness";

    /**
     * How a mutant was caught.
     *
     * @param seeds how many it took, or how many were tried
     * @param by what caught it, or null
     */
    private record Caught(Mutant mutant, long seeds, @Nullable Violation by) {
        String row() {
            return String.format(
                    "| %s | %s | %s | %s | %s | %s |",
                    mutant.name(),
                    mutant.breaks(),
                    mutant.program().word(),
                    mutant.scenario().word(),
                    (by == null ? "not in " : "") + seeds + " of " + mutant.seedsMax(),
                    by == null ? "" : by.invariant());
        }
    }

    @Test
    void everyMutantIsCaught() throws IOException {
        // A protocol change that makes a mutant survive has made the simulation blind.
        Mutant only = Seeds.mutant();
        List<Mutant> mutants = new ArrayList<>(only == null ? Mutants.all() : List.of(only));
        List<Mutant> longestFirst = new ArrayList<>(mutants);
        longestFirst.sort(Comparator.comparingInt(Mutant::seedsMax).reversed());
        List<Caught> results = new ArrayList<>();
        Cores.inOrder(longestFirst.iterator(), MutantTest::hunt, results::add);
        results.sort(Comparator.comparingInt(caught -> mutants.indexOf(caught.mutant)));
        List<String> table = new ArrayList<>();
        table.add("| mutant | what it breaks | program | scenario | seeds | caught by |");
        table.add("| --- | --- | --- | --- | --- | --- |");
        results.forEach(caught -> table.add(caught.row()));
        table.forEach(System.out::println);
        Path file = Path.of("target", "simulation", "mutants.md");
        Files.createDirectories(file.getParent());
        Files.write(file, table);
        List<Caught> survivors = results.stream().filter(caught -> caught.by == null).toList();
        assertThat(survivors).as(String.join("\n", table)).isEmpty();
    }

    @Test
    void mutantsHaveNamesOfTheirOwn() {
        // A failure is replayed by its mutant's name.
        assertThat(new TreeSet<>(Mutants.all().stream().map(Mutant::name).toList()))
                .hasSameSizeAs(Mutants.all());
    }

    @Test
    void everyRuleHasAMutant() {
        // A rule that no test would miss is a rule that the next change may break.
        TreeSet<String> missed = new TreeSet<>();
        Mutants.all()
                .forEach(mutant -> {
                    mutant.groups().off().forEach(rule -> missed.add(name(rule)));
                    mutant.fences().off().forEach(rule -> missed.add(name(rule)));
                    mutant.sessions().off().forEach(rule -> missed.add(name(rule)));
                    mutant.healing().off().forEach(rule -> missed.add(name(rule)));
                });
        List<String> elsewhere =
                Mutants.elsewhere().keySet().stream().map(MutantTest::name).toList();
        assertThat(missed).doesNotContainAnyElementsOf(elsewhere);
        missed.addAll(elsewhere);
        List<Enum<?>> rules = new ArrayList<>(List.of(PgRules.Rule.values()));
        rules.addAll(List.of(FenceRules.Rule.values()));
        rules.addAll(List.of(SessionRules.Rule.values()));
        rules.addAll(List.of(HealingRules.Rule.values()));
        assertThat(missed).containsAll(rules.stream().map(MutantTest::name).toList());
    }

    private static String name(Enum<?> rule) {
        return rule.getDeclaringClass().getName() + "." + rule.name();
    }

    private static Caught hunt(Mutant mutant) {
        for (int i = 0; i < mutant.seedsMax(); i++) {
            Throwable failure = mutant.run(Mutant.FIRST_SEED + i).failure();
            if (failure instanceof Violation violation && !violation.invariant().equals(LIVENESS)) {
                System.out.printf(
                        "%-22s %3d seeds: %.140s%n",
                        mutant.name(),
                        i + 1,
                        violation.getMessage().lines().findFirst().orElse(""));
                return new Caught(mutant, i + 1, violation);
            }
        }
        System.out.printf("%-22s survived %d seeds%n", mutant.name(), mutant.seedsMax());
        return new Caught(mutant, mutant.seedsMax(), null);
    }
}
