package io.ashlar.metadata;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.VolumeId;
import java.util.Optional;

/** What a job is to achieve. */
public sealed interface JobKind {
    /** Everything off a node: replicas, leads, volumes. */
    record Drain(NodeId node) implements JobKind {}

    /**
     * What a silent node holds is made anew on others.
     *
     * @param process that is away; another one of the node ends the job
     */
    record Rebuild(ProcessId process) implements JobKind {}

    /**
     * Replicas lie evenly over the nodes.
     *
     * @param layout stands for the nodes and pools as they were; a rebalance that was cancelled
     *     does not begin again by itself while they are the same
     */
    record Rebalance(long layout) implements JobKind {}

    /**
     * All copies are compared.
     *
     * @param volume whose, or of all
     * @param deep whether every block is read
     */
    record Scrub(Optional<VolumeId> volume, boolean deep) implements JobKind {}

    /** Whether an open job of this kind is in the way of another one. */
    default boolean excludes(JobKind other) {
        return switch (this) {
            case Drain(var node) -> other instanceof Drain(var theirs) && node.equals(theirs);
            case Rebuild(var process) ->
                    other instanceof Rebuild(var theirs) && process.node().equals(theirs.node());
            case Rebalance _ -> other instanceof Rebalance;
            case Scrub _ -> equals(other);
        };
    }
}
