package io.ashlar.iscsi;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * The rules of sessions that can be switched off, each, to prove that the simulation would notice.
 * All are on in production. A new rule is one line here, one question where it is kept, and one
 * mutant. Immutable; for any thread.
 *
 * @param off the rules that are not kept
 */
public record SessionRules(Set<Rule> off) {
    /** What is kept, unless it is switched off. */
    public enum Rule {
        /** ABORT TASK is answered when the task can no longer take effect, RFC 7143 11.5.1. */
        TASK_ABORT_WAITS,
        /**
         * An ABORT TASK of a task that still waits for its data waits for copies by other paths.
         */
        UNSUBMITTED_ABORT_WAITS,
        /** LOGICAL UNIT RESET is answered when no task of before it can take effect. */
        UNIT_RESET_WAITS,
        /** CLEAR TASK SET is answered when no task of before it can take effect. */
        CLEAR_WAITS,
        /** Likewise TARGET WARM RESET and TARGET COLD RESET, of all units. */
        TARGET_RESET_WAITS,
        /** I_T NEXUS RESET is answered when nothing of the nexus can take effect, RFC 7144. */
        NEXUS_RESET_WAITS,
        /** A logout is answered when nothing of the session can take effect any more. */
        LOGOUT_WAITS,
        /** A login is answered when the session that it replaces is fenced, section 6.3.5. */
        REINSTATEMENT,
        /** A CmdSN of before the window is not executed again, section 4.2.2.1. */
        CMD_SN,
        /** Data belongs to the task whose tag it carries, section 11.7. */
        TASK_TAG,
        /** A unit attention is told to the next command, which is not executed, SAM-5 5.14. */
        ATTENTION
    }

    /** What runs in production. */
    public static final SessionRules ALL = new SessionRules(EnumSet.noneOf(Rule.class));

    public SessionRules {
        EnumSet<Rule> copy = EnumSet.noneOf(Rule.class);
        copy.addAll(off);
        off = Collections.unmodifiableSet(copy);
    }

    /** All but these; for the simulation. */
    public static SessionRules without(Rule first, Rule... others) {
        return new SessionRules(EnumSet.of(first, others));
    }

    /** Whether the rule is kept. */
    public boolean has(Rule rule) {
        return !off.contains(rule);
    }
}
