package io.ashlar.volume;

import io.ashlar.common.NodeId;
import io.ashlar.common.VolumeId;
import io.ashlar.common.reservation.AccessKind;
import io.ashlar.common.reservation.ReservationTable;
import java.util.Collection;
import java.util.Optional;
import java.util.function.Consumer;

/** A host's session with this node. All methods are called on the association's shard. */
public interface Association {
    AssociationId id();

    /**
     * Opens one connection of it.
     *
     * @param ping asks the host for a sign of life on this very connection (iSCSI: NOP-In with a
     *     target transfer tag). It is called on the association's shard; what it is given must be
     *     run there when the answer has arrived
     */
    HostConnection openConnection(java.util.function.Consumer<Runnable> ping);

    /**
     * Aborts one command. {@code done} runs when it can no longer take effect by any path: it was
     * never admitted, or it is decided. The command's own callback comes first, with its outcome or
     * with {@link IoError#ABORTED}.
     *
     * @param command what {@link HostConnection#submit} returned
     */
    void abort(long command, Runnable done);

    /**
     * The host has aborted a command that was not submitted here, since its data was missing. It
     * may have sent the same command by another path before: {@code done} runs when nothing that it
     * sent to the volume by others before this call can take effect any more.
     */
    void abortUnsubmitted(VolumeId volume, Runnable done);

    /**
     * LOGICAL UNIT RESET, or a reset of the target for one volume: aborts every command of every
     * association for the volume, on all nodes; other associations hear of it by {@link
     * AssociationListener#volumeReset}. {@code done} runs when none of them can take effect any
     * more.
     */
    void reset(VolumeId volume, Reset reset, Runnable done);

    /**
     * CLEAR TASK SET: as {@link #reset}, but nothing else of the volume is reset, and others hear
     * of it only by their commands, which end with {@link IoError#ABORTED}.
     */
    void clear(VolumeId volume, Runnable done);

    /**
     * I_T NEXUS RESET: aborts every command of this association, and ends its session reservations
     * of these volumes. {@code done} runs when nothing that its host sent to them before, by any
     * path, can take effect any more. The association goes on.
     */
    void resetNexus(Collection<VolumeId> volumes, Runnable done);

    /**
     * Whether reservations let this association do such a thing, as this node's view has it. For
     * what does not reach the volume's owner; the owner checks all that does.
     */
    boolean isPermitted(VolumeId volume, AccessKind kind);

    /**
     * Asks for the volume's reservations, not older than this call.
     *
     * @param done called once; empty if the cluster cannot be asked, or the volume is gone
     */
    void reservations(VolumeId volume, Consumer<Optional<ReservationTable>> done);

    /**
     * The host wants the volume to be owned by a node: a planned move, without an error for any
     * host. It is not a command of the host's in the sense of {@link #abort}: it goes on whatever
     * becomes of the association.
     *
     * @param done called once, when that node serves the volume or it is clear why it does not
     */
    void move(VolumeId volume, NodeId target, Consumer<MoveResult> done);

    /**
     * Ends the association: whatever of it is not yet admitted never will be. {@code done} runs
     * when all is decided.
     */
    void close(Runnable done);
}
