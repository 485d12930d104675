package io.ashlar.node.api;

import io.ashlar.common.DeviceId;
import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.replication.ScrubStatus;
import io.ashlar.volume.VolumeMoves;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** What the interface needs to know of the node that it runs in. Safe for use by any thread. */
public interface LocalNode {
    ProcessId self();

    /** Whether it serves hosts. */
    boolean isReady();

    /** The consensus engine's term, as far as it has heard. */
    long term();

    /** The nodes that vote in the control plane, as far as it has heard. */
    Set<NodeId> voters();

    /**
     * Takes a node out of the control plane; if it votes, its vote goes to another. Fails with what
     * came in the way.
     */
    CompletableFuture<Void> takeOut(NodeId node);

    /** Name of the iSCSI target, the same on every node. */
    String targetName();

    List<LocalDevice> devices();

    /**
     * Puts a new device in the place of one that has failed; gives the new one.
     *
     * @throws io.ashlar.chunkstore.DeviceException if that is not possible; problem; remedy
     */
    DeviceId replace(DeviceId failed);

    /** From how much of its capacity on a device counts as nearly full, in percent. */
    int nearlyFullPercent();

    /** How the scrubs of the groups stand that this node leads. */
    List<ScrubStatus> scrubs();

    /** Moves of volumes, and what their fences left. */
    VolumeMoves moves();

    /** Now, by the clock that certificates are dated by. */
    long clockNanos();

    /** Metrics in Prometheus' text format. */
    String metrics();
}
