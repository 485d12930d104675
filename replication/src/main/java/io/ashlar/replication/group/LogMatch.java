package io.ashlar.replication.group;

import io.ashlar.chunkstore.LogEntry;
import io.ashlar.common.BlockRange;
import io.ashlar.replication.PgRules;
import io.ashlar.replication.PgRules.Rule;
import io.ashlar.replication.wire.GroupMessage.Join;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What a learner must be sent, from its log and the primary's (DESIGN section 5, "Learner").
 *
 * @param full logs do not reach each other: any chunk may differ
 * @param sequence of the last entry that both logs share, 0 if none
 * @param lacking the ranges that either log names after it, and those of the learner's that were
 *     perhaps never committed
 */
record LogMatch(boolean full, long sequence, Set<BlockRange> lacking) {
    private static final LogMatch FULL = new LogMatch(true, 0, Set.of());

    /**
     * Compares the logs from where both begin. Entries are the same if epoch and sequence are; the
     * shared part ends with the first difference. A tail that the learner got as member of a lead
     * that failed may differ although later entries are the same, so nothing of its log above its
     * committed point is trusted.
     *
     * @param primary the primary's log
     * @param reachesOrigin whether it has every entry since the group was made
     * @param join what the learner holds
     * @param rules all of them, but in mutants of the simulation
     */
    static LogMatch of(List<LogEntry> primary, boolean reachesOrigin, Join join, PgRules rules) {
        boolean byTail = rules.has(Rule.MATCH_TAIL);
        if (join.allDirty()) {
            return FULL;
        }
        List<LogEntry> learner = join.entries();
        boolean learnerReachesOrigin =
                learner.isEmpty() ? join.committed() == 0 : learner.getFirst().sequence() == 1;
        long start =
                Math.max(
                        primary.isEmpty() ? 1 : primary.getFirst().sequence(),
                        learner.isEmpty() ? 1 : learner.getFirst().sequence());
        int p = 0;
        while (p < primary.size() && primary.get(p).sequence() < start) {
            p++;
        }
        int l = 0;
        while (l < learner.size() && learner.get(l).sequence() < start) {
            l++;
        }
        long match = 0;
        while (p < primary.size()
                && l < learner.size()
                && primary.get(p).isSameAs(learner.get(l))) {
            match = primary.get(p).sequence();
            p++;
            l++;
        }
        if (!byTail) {
            match = learner.isEmpty() ? 0 : learner.getLast().sequence();
        }
        if (match == 0 && !(reachesOrigin && learnerReachesOrigin)) {
            return FULL;
        }
        boolean reachesCommitted =
                reachesOrigin
                        || (!primary.isEmpty()
                                && primary.getFirst().sequence() <= join.committed() + 1);
        if (byTail && !reachesCommitted) {
            return FULL;
        }
        if (join.trusted() >= 0 && join.trusted() < match) {
            if (join.trusted() < start - 1) {
                return FULL;
            }
            match = join.trusted();
        }
        Set<BlockRange> lacking = new LinkedHashSet<>(join.dirty());
        for (LogEntry entry : primary) {
            if (entry.sequence() > match) {
                lacking.add(entry.range());
            }
        }
        long trusted = byTail ? Math.min(match, join.committed()) : match;
        for (LogEntry entry : learner) {
            if (entry.sequence() > trusted) {
                lacking.add(entry.range());
            }
        }
        return new LogMatch(false, match, lacking);
    }
}
