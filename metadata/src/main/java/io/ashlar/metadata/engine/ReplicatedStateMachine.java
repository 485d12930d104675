package io.ashlar.metadata.engine;

import java.nio.ByteBuffer;

/**
 * What an engine drives: deterministic, and told everything by the log. All calls but {@link
 * #check} come from one thread at a time. Whatever is thrown by another than {@code check} stops
 * the node.
 */
public interface ReplicatedStateMachine {
    /**
     * Called at the leader, by any thread, before an entry enters the log.
     *
     * @throws io.ashlar.common.WireFormatException to keep it out
     */
    void check(ByteBuffer entry);

    /**
     * Applies a committed entry. Indexes rise, with gaps where the engine has entries of its own.
     */
    void apply(long index, ByteBuffer entry);

    /** All of the state. */
    byte[] save();

    /** Replaces all of the state by what {@link #save} gave, on this node or another. */
    void load(byte[] snapshot);
}
