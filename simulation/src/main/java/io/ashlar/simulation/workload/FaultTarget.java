package io.ashlar.simulation.workload;

import io.ashlar.common.NodeId;
import io.ashlar.common.VolumeId;
import io.ashlar.simulation.world.SimNetwork;
import java.util.List;
import java.util.Optional;

/** The cluster as its enemy sees it. */
public interface FaultTarget {
    List<NodeId> nodes();

    List<VolumeId> volumes();

    /** Names of the hosts on the wires; none if owners work by themselves. */
    List<NodeId> hosts();

    SimNetwork network();

    boolean isUp(NodeId node);

    /** The node that owns a volume in the newest state. */
    NodeId owner(VolumeId volume);

    /** The nodes that lead a group in the newest configurations. */
    List<NodeId> primaries();

    /** Nodes that are up, own no volume and hold no group. */
    List<NodeId> bystanders();

    /** A node that teaches a learner now, if there is one. */
    Optional<NodeId> teacher();

    /** The process ends; what the operating system holds for it stays. */
    void kill(NodeId node);

    /** The host loses power, and with it what was not on stable storage. */
    void cutPower(NodeId node);

    /** A new process of the node starts. */
    void restart(NodeId node);

    void pause(NodeId node);

    /** The process stops in the middle of its next step. */
    void pauseInStep(NodeId node);

    void resume(NodeId node);

    void freezeView(NodeId node, long nanos);

    /** The node asks for the ownership of a volume. */
    void moveOwner(VolumeId volume, NodeId to);

    /** The volume's owner is asked to move it there by plan. */
    void planMove(VolumeId volume, NodeId to);

    /** The planner wants some group to be led by another. */
    void preferAnotherPrimary();

    /** The planner wants some group to lie elsewhere. */
    void moveTargets();

    /** The same, and soon afterwards as it was. */
    void moveTargetsAndBack(long afterNanos);

    /** What the node has shall move to others. */
    void drain(NodeId node);

    void undrain(NodeId node);

    void fillDisk(NodeId node, boolean nearlyFull, boolean full);

    /** Bits of a block flip, on a disk of the node; of one node only, else all copies might go. */
    void flipBits(NodeId node);

    /** An operator wants a deep scrub of everything, from now on. */
    void scrub();

    /** An operator pauses, resumes or cancels jobs. */
    void disturbJobs();

    /**
     * A disk of the node is lost and a new one takes its place, with the process down; false if
     * that would take the last copy of something, which nobody promises to survive.
     */
    boolean replaceDisk(NodeId node);

    /** A disk of the node fails for good, under the same condition; the process goes on without. */
    boolean failDisk(NodeId node);

    /**
     * Empty disks take the place of those that failed, save one without which data would be lost,
     * which works again; the process is down after it.
     */
    void replaceFailedDisks(NodeId node);
}
