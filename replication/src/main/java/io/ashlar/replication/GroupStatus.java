package io.ashlar.replication;

import io.ashlar.common.PgId;

/**
 * A placement group as this node sees it.
 *
 * @param role what this process is for it
 * @param epoch of its configuration
 * @param lastSequence of this node's log
 * @param committed all up to here is committed, as far as this node knows
 * @param learners how many this node teaches
 * @param learnBytesLeft what they still lack, roughly
 */
public record GroupStatus(
        PgId pg,
        Role role,
        long epoch,
        long lastSequence,
        long committed,
        int learners,
        long learnBytesLeft) {
    /** What a process is for a group. */
    public enum Role {
        /** Serves. */
        PRIMARY,
        /** Was made primary and makes all members equal before it serves. */
        RECONCILING,
        /** Is an in-sync member. */
        BACKUP,
        /** Is being taught. */
        LEARNER,
        /** Is none of these. */
        OUTSIDE
    }
}
