package io.ashlar.metadata;

import io.ashlar.common.NodeId;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * A node's access to the control state. Safe for use by any thread; callbacks run on the executor
 * that came with the call.
 */
public interface MetadataClient {
    /**
     * The replicated view: the newest state that this node has applied. It may lag behind the
     * cluster, never go back.
     */
    ControlState state();

    /**
     * Calls the listener with the present state, then with newer ones, in order. States may be
     * skipped when they come fast.
     *
     * @return ends the watch
     */
    Runnable watch(Executor executor, Consumer<ControlState> listener);

    /**
     * Submits a command; it is applied at most once, however often the engine repeats it. When the
     * outcome is Applied or Rejected, {@link #state} has reached its index. Commands that are under
     * way together have no order.
     *
     * <p>Unknown comes after about ten seconds without a leader, or when this node has fallen far
     * behind. The command may have been applied, and still may be until a later one of this node
     * is; so look at the state, and submit anew what is still wanted.
     */
    void submit(Command command, Executor executor, Consumer<Outcome> done);

    /**
     * Takes a read index from the leader. {@code done} gets it when {@link #state} has reached it,
     * or -1 if no leader answered within a few seconds.
     */
    void readBarrier(Executor executor, Consumer<Long> done);

    /**
     * Whether the engine has heard of a leader lately; false on a node that lost touch with the
     * cluster.
     */
    boolean isInTouch();

    /**
     * Whether this node's engine leads now. For work that one node should do; nothing may depend on
     * it for safety.
     */
    boolean isLeader();

    /** The nodes that vote, as this node's engine knows; none before it knows. */
    List<NodeId> voters();
}
