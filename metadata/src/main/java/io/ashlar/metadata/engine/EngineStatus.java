package io.ashlar.metadata.engine;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.Voter;
import java.util.List;
import java.util.Optional;

/**
 * Where an engine stands.
 *
 * @param role what this node is at the moment
 * @param leader whom it takes for the leader
 * @param term the newest that it has heard of
 * @param committedIndex log index up to which it knows entries to be committed
 * @param appliedIndex log index up to which the state machine has applied
 * @param flushedIndex log index up to which its log is on stable storage
 * @param snapshotIndex log index of its newest snapshot, or -1
 * @param voters by the newest configuration in its log
 * @param isInTouch whether a leader was heard of, or as leader a majority, within a few timeouts
 */
public record EngineStatus(
        Role role,
        Optional<NodeId> leader,
        long term,
        long committedIndex,
        long appliedIndex,
        long flushedIndex,
        long snapshotIndex,
        List<Voter> voters,
        boolean isInTouch) {

    /** What a node is in its cluster's log. */
    public enum Role {
        LEADER,
        FOLLOWER,
        CANDIDATE,
        /** Follows without a vote. */
        LISTENER,
        /** Takes no part any more. */
        STOPPED
    }
}
