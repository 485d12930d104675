package io.ashlar.simulation.mutant;

import io.ashlar.iscsi.SessionRules;
import io.ashlar.metadata.HealingRules;
import io.ashlar.replication.PgRules;
import io.ashlar.simulation.Options;
import io.ashlar.simulation.Program;
import io.ashlar.simulation.Run;
import io.ashlar.simulation.Scenario;
import io.ashlar.volume.owner.FenceRules;
import java.util.Locale;
import java.util.function.UnaryOperator;

/**
 * One deliberate fault, and within how many seeds it must be caught by an invariant or by the
 * linearizability check; that the cluster does not recover is not enough.
 *
 * @param name names it, on the command line too
 * @param breaks what it breaks, for the table
 * @param program what its runs' nodes run
 * @param scenario the circumstances that its rule is there for
 * @param groups the rules of the placement groups that are kept
 * @param fences the rules of the volumes that are kept
 * @param sessions the rules of iSCSI sessions that are kept
 * @param healing the rules of the control loop that are kept
 * @param flaw what is wrong with the world below
 * @param seedsMax within so many seeds it is caught
 */
public record Mutant(
        String name,
        String breaks,
        Program program,
        Scenario scenario,
        PgRules groups,
        FenceRules fences,
        SessionRules sessions,
        HealingRules healing,
        UnaryOperator<Options> flaw,
        int seedsMax) {
    /** Where the seeds of all mutants begin. */
    public static final long FIRST_SEED = 5_000;

    /** A rule of the placement groups is off. */
    static Mutant of(PgRules.Rule rule, String breaks, Scenario scenario, int seedsMax) {
        return new Mutant(
                word(rule),
                breaks,
                Program.GROUPS,
                scenario,
                PgRules.without(rule),
                FenceRules.ALL,
                SessionRules.ALL,
                HealingRules.ALL,
                UnaryOperator.identity(),
                seedsMax);
    }

    /** A rule of the volumes is off. */
    static Mutant of(FenceRules.Rule rule, String breaks, Scenario scenario, int seedsMax) {
        return new Mutant(
                word(rule),
                breaks,
                Program.VOLUMES,
                scenario,
                PgRules.ALL,
                FenceRules.without(rule),
                SessionRules.ALL,
                HealingRules.ALL,
                UnaryOperator.identity(),
                seedsMax);
    }

    /** A rule of iSCSI sessions is off. */
    static Mutant of(SessionRules.Rule rule, String breaks, Scenario scenario, int seedsMax) {
        return new Mutant(
                word(rule),
                breaks,
                Program.VOLUMES,
                scenario,
                PgRules.ALL,
                FenceRules.ALL,
                SessionRules.without(rule),
                HealingRules.ALL,
                UnaryOperator.identity(),
                seedsMax);
    }

    /** A rule of the control loop is off. */
    static Mutant of(HealingRules.Rule rule, String breaks, Scenario scenario, int seedsMax) {
        return new Mutant(
                word(rule),
                breaks,
                Program.GROUPS,
                scenario,
                PgRules.ALL,
                FenceRules.ALL,
                SessionRules.ALL,
                HealingRules.without(rule),
                UnaryOperator.identity(),
                seedsMax);
    }

    /** Something below the protocols breaks its promise. */
    static Mutant of(
            String name,
            String breaks,
            UnaryOperator<Options> flaw,
            Scenario scenario,
            int seedsMax) {
        return new Mutant(
                name,
                breaks,
                Program.GROUPS,
                scenario,
                PgRules.ALL,
                FenceRules.ALL,
                SessionRules.ALL,
                HealingRules.ALL,
                flaw,
                seedsMax);
    }

    /** The same in runs of another program. */
    Mutant in(Program other) {
        return new Mutant(
                name, breaks, other, scenario, groups, fences, sessions, healing, flaw, seedsMax);
    }

    /** Also with this wrong below. */
    Mutant and(UnaryOperator<Options> other) {
        return new Mutant(
                name,
                breaks,
                program,
                scenario,
                groups,
                fences,
                sessions,
                healing,
                options -> other.apply(flaw.apply(options)),
                seedsMax);
    }

    private static String word(Enum<?> rule) {
        return rule.name().toLowerCase(Locale.ROOT);
    }

    /** Its run of one seed. */
    public Run run(long seed) {
        return new Run(seed, program, scenario, this);
    }

    @Override
    public String toString() {
        return name;
    }
}
