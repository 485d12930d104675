package io.ashlar.volume;

import io.ashlar.common.NodeId;
import io.ashlar.common.VolumeId;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** Moves of volumes and their evidence, for the administration. Safe for use by any thread. */
public interface VolumeMoves {
    /**
     * Moves a volume's ownership to a node, without an error for any host. Answered when the new
     * owner serves, or it is clear why it does not.
     *
     * @param done called once, on {@code executor}
     */
    void move(VolumeId volume, NodeId target, Executor executor, Consumer<MoveResult> done);

    /** The fence certificates that this node has left for a volume, oldest first. */
    List<FenceCertificate> certificates(VolumeId volume);

    /** Refused parts, moves and more. */
    VolumeCounters counters();
}
