package io.ashlar.metadata.engine;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.Voter;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * One node's part in a replicated log of opaque entries. Safe for use by any thread.
 *
 * <p>Futures complete on threads of the engine, which callers must not block. They fail with {@link
 * EngineException} only.
 */
public interface ConsensusEngine extends AutoCloseable {
    /**
     * Proposes an entry, here if this node leads, else at the leader. Completes when it is durable
     * on a majority; this node may apply it sooner or later than that. A failure says nothing about
     * whether the entry is, or will be, in the log: proposing it again may put it there twice.
     */
    CompletableFuture<Void> propose(byte[] entry, Duration timeout);

    /**
     * Completes when this node has applied all that was committed before the call, as confirmed by
     * a majority.
     */
    CompletableFuture<Void> readBarrier(Duration timeout);

    /**
     * Replaces the voters by others: one node more, less or another at a time. A node that follows
     * may be given a vote, and one that loses its vote goes on following. Not for the vote of the
     * leader: it hands over first.
     *
     * @param expected the present voters; if they are others by now, nothing changes
     * @param leaving nodes that do not even follow any more
     */
    CompletableFuture<Void> changeVoters(
            List<Voter> expected, List<Voter> voters, Set<NodeId> leaving);

    /**
     * Has this node follow the log without a vote, from when the voters take it in; for a node that
     * is not to vote, or not yet.
     */
    void follow();

    /** Asks the present leader to hand over. */
    CompletableFuture<Void> transferLeadership(NodeId to);

    /** Writes a snapshot now; completes with its log index. */
    CompletableFuture<Long> snapshotNow();

    EngineStatus status();

    /** Stops taking part. The state machine gets no calls after it has returned. */
    @Override
    void close();
}
