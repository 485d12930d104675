package io.ashlar.replication;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * The rules of the protocol (DESIGN section 5) that the simulation can switch off, to show that it
 * would notice. All are on in every product. A new rule is one line here, one question where it is
 * kept, and one line in the simulation's list of mutants.
 *
 * @param off the rules that are not kept
 */
public record PgRules(Set<Rule> off) {
    /** What is kept, unless it is switched off. */
    public enum Rule {
        /** A lease runs from when the answered beacon was sent (off: from the answer's receipt). */
        LEASE_FROM_SENT,
        /** An answer counts only once the primary's view has reached the index that it names. */
        LEASE_INDEX,
        /** No beacon of a primary is answered while a petition against it is undecided. */
        LEASE_WITHHELD,
        /** Who says that it hears too few is not heard: it gets no lease, and others take over. */
        DEAF_IS_SILENT,
        /** Who hears too few takes nobody out, and asks for no lead. */
        DEAF_JUDGES_NOBODY,
        /** A backup waits out its grace. */
        GRACE,
        /** A proposed configuration binds its proposer at once. */
        BIND_PROPOSAL,
        /** A write is acknowledged when all members hold it. */
        ALL_MEMBERS,
        /** A member confirms what is on stable storage. */
        CONFIRM_STABLE,
        /** After a refusal a member confirms nothing later. */
        NO_GAPS,
        /** What lies beyond the volume, as the primary knows it, waits for its view. */
        GROWTH_SHOWN,
        /** Members refuse an older epoch. */
        EPOCH_CHECK,
        /** Answers of another incarnation do not count. */
        INCARNATION,
        /** A new primary collects promises and reconciles before it serves. */
        RECONCILE_FIRST,
        /** A new primary writes again every range that a member's tail names. */
        RECONCILE_ENTRIES,
        /** A process is a member by the device that the configuration names, and by no other. */
        NAMED_DEVICE,
        /** A member that lacks what is known to be committed is none. */
        HELD_COMMITTED,
        /** What it writes then is committed like any write. */
        RECONCILE_STABLE,
        /** Lease and uncommitted writes are checked after the data was fetched. */
        READ_CHECK,
        /** Reads wait for uncommitted writes on their blocks. */
        READ_WAIT,
        /** The range of a write that is being widened to whole blocks is held meanwhile. */
        WIDEN_HELD,
        /** A block is held from its comparison until what was written for it is an entry. */
        COMPARE_HELD,
        /** Blocks are held from when ORWRITE reads them until what it made of them is an entry. */
        OR_HELD,
        /** Marks of COMPARE AND WRITE are found in the log by a new primary. */
        COMPARE_MARKS_LOGGED,
        /** A mark is that of one host. */
        COMPARE_HOST,
        /** A command of the same origin is no repetition. */
        COMPARE_ORIGIN,
        /** A command is no repetition of one whose answer it says that its host had. */
        COMPARE_ANSWERED,
        /** A mark is gone once its host has the answer. */
        COMPARE_SETTLED,
        /** A request is executed under the lead that it was sent to, not by a later one. */
        REQUEST_LEAD,
        /** A repair is an entry like any write. */
        REPAIR_ENTRY,
        /** Primaries refuse a lower access epoch. */
        ACCESS_EPOCH,
        /** An access epoch is confirmed when all that was taken under lower ones is decided. */
        ACCESS_DRAIN,
        /** A learner's tail is matched by (epoch, sequence). */
        MATCH_TAIL,
        /** What a learner still lacks stays noted on its disk. */
        KEEP_DIRTY,
        /**
         * A learner that is compared with gets what was uncommitted when it began, too: the primary
         * may not have it on its own disk yet, where chunks are listed and compared.
         */
        COPY_UNCOMMITTED,
        /** Copies travel at their place in the stream of writes. */
        COPY_IN_ORDER,
        /** A learner is promoted when it is level. */
        PROMOTE_LEVEL,
        /** A learner is level when all is on its stable storage. */
        PROMOTE_STABLE,
        /** A member is promoted with the device on which it learned. */
        PROMOTE_DEVICE,
        /** A block that no member has intact stays marked as lost at whoever learns it. */
        KEEP_LOST,
        /**
         * Copies are compared at one point of the log: while the range stands still, and all of it
         * is committed.
         */
        SCRUB_POINT,
        /** A range stands still from its comparison until its repair is an entry. */
        REPAIR_HELD,
        /** Who is no member by its own view gives nobody its blocks. */
        MEMBER_ANSWERS,
        /** A primary that gives its lead up reads and acknowledges nothing more. */
        RESIGN_CLOSES,
        /** A node puts a group on a device once its view shows its own registration. */
        PLACE_REGISTERED,
        /** Only who still has the device of the last configuration leads after a restart. */
        RESTART_DEVICE,
        /** Only a member of the last configuration leads after a restart. */
        RESTART_LAST,
        /** A primary gives up its lease before it asks to hand over. */
        YIELD_LEASE,
        /** A learner becomes a member only under the targets under which it began. */
        LEARN_TARGETS
    }

    /** What runs in every product. */
    public static final PgRules ALL = new PgRules(EnumSet.noneOf(Rule.class));

    public PgRules {
        EnumSet<Rule> copy = EnumSet.noneOf(Rule.class);
        copy.addAll(off);
        off = Collections.unmodifiableSet(copy);
    }

    /** All but these; for the simulation. */
    public static PgRules without(Rule first, Rule... others) {
        return new PgRules(EnumSet.of(first, others));
    }

    /** Whether the rule is kept. */
    public boolean has(Rule rule) {
        return !off.contains(rule);
    }
}
