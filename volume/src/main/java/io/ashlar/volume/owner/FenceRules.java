package io.ashlar.volume.owner;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * The rules of DESIGN section 6 that can be switched off, each, to prove that the tests would
 * notice. All are on in production; only tests make another one. A new rule is one line here, one
 * question where it is kept, and one line in a list of mutants.
 *
 * @param off the rules that are not kept
 */
public record FenceRules(Set<Rule> off) {
    /** What is kept, unless it is switched off. */
    public enum Rule {
        /** Who hears too few sends no sign of life, and moves no volume (rule 1). */
        DEAF_IS_SILENT,
        /** A new owner serves only when every group has its access epoch (rule 2). */
        INSTALL,
        /** An owner takes no tickets of before it began to serve (rule 4). */
        TICK_EPOCH,
        /** A ticket is newer than the host's last admission by any other ingress (rule 4). */
        TICK_SWITCH,
        /** A command's ticket is of when its receive queue was last seen empty (rule 6). */
        TICK_EMPTY,
        /** A connection answered a ping since the host was admitted elsewhere (rule 4). */
        PING,
        /** At a switch, what came by other ingresses is decided first (rule 4). */
        DRAIN,
        /** An abort counts as an admission (rule 4). */
        ABORT_MARK,
        /** An abort is answered when what it covers is decided (rule 8). */
        ABORT_WAITS,
        /** A refused command goes back to the host (rule 5). */
        NO_RESUBMIT,
        /** An abort is answered by an owner that was still the owner after it. */
        PROOF,
        /** A login is answered when the association that it replaces is fenced (rule 3). */
        LOGIN_FENCES,
        /** Tickets are handed over once nothing is admitted or aborted any more (rule 7). */
        HAND_OVER_FROZEN,
        /** Handed-over tickets count at the very next access epoch, after that very owner. */
        HAND_OVER_EPOCH,
        /** Marks of the former owner bind its tickets at the new one. */
        HAND_OVER_MARKS,
        /** Handed-over tickets count less than any admission or abort by the new owner. */
        HAND_OVER_ORDER,
        /** Handed-over tickets age (rule 6). */
        HAND_OVER_AGE,
        /** While nobody knows what became of a move its former owner admits nothing (rule 2). */
        MOVE_OUTCOME,
        /** A part that is sent on to a new owner keeps its ticket (rule 5). */
        FORWARD_STAMP,
        /** What lies beyond the volume, as the owner knows it, waits for its view (rule 10). */
        GROWTH_AWAITED,
        /** Reservations are checked at admission, whichever node a command came by (F4). */
        RESERVATION_CHECK,
        /** A change of reservations is answered when the owner's view shows it (F4). */
        RESERVATION_SHOWN,
        /** ... and when nothing that it forbids is under way any more (rule 2, F4). */
        RESERVATION_DRAIN
    }

    /** What runs in production. */
    public static final FenceRules ALL = new FenceRules(EnumSet.noneOf(Rule.class));

    public FenceRules {
        EnumSet<Rule> copy = EnumSet.noneOf(Rule.class);
        copy.addAll(off);
        off = Collections.unmodifiableSet(copy);
    }

    /** All but these; for tests. */
    public static FenceRules without(Rule first, Rule... others) {
        return new FenceRules(EnumSet.of(first, others));
    }

    /** Also without these. */
    public FenceRules andWithout(Rule first, Rule... others) {
        EnumSet<Rule> both = EnumSet.of(first, others);
        both.addAll(off);
        return new FenceRules(both);
    }

    /** Whether the rule is kept. */
    public boolean has(Rule rule) {
        return !off.contains(rule);
    }
}
