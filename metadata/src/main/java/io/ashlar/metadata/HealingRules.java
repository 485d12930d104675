package io.ashlar.metadata;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * The rules of the control loop and its jobs that can be switched off, each, to prove that the
 * tests would notice. All are on in every product. A new rule is one line here, one question where
 * it is kept, and one line in a list of mutants.
 *
 * @param off the rules that are not kept
 */
public record HealingRules(Set<Rule> off) {
    /** What is kept, unless it is switched off. */
    public enum Rule {
        /** A drain or a rebuild that is paused changes no targets. */
        PAUSE_HOLDS,
        /** What an operator has cancelled does not begin again by itself. */
        CANCEL_HOLDS,
        /** Replicas move for evenness only while a rebalance runs. */
        EVEN_BY_JOB,
        /** A new leader counts from its own start for how long a node has been silent. */
        OWN_SILENCE,
        /** Only a silent node is rebuilt; one that is back keeps what is planned for it. */
        SILENT_ONLY,
        /** A group that is on its way to a target which is heard is left alone. */
        ONE_MOVE,
        /** Few groups of a node move at a time. */
        FEW_MOVES,
        /** A drain is done when the node owns no volume either. */
        DRAIN_ALL,
        /** A scrub is done when every group was reported, also those of silent primaries. */
        SCRUB_ALL
    }

    /** What runs in production. */
    public static final HealingRules ALL = new HealingRules(EnumSet.noneOf(Rule.class));

    public HealingRules {
        EnumSet<Rule> copy = EnumSet.noneOf(Rule.class);
        copy.addAll(off);
        off = Collections.unmodifiableSet(copy);
    }

    /** All but these; for tests. */
    public static HealingRules without(Rule first, Rule... others) {
        return new HealingRules(EnumSet.of(first, others));
    }

    /** Whether the rule is kept. */
    public boolean has(Rule rule) {
        return !off.contains(rule);
    }
}
