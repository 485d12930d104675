package io.ashlar.metadata;

import io.ashlar.common.ChapSecrets;
import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.VolumeId;
import io.ashlar.common.reservation.ReservationChange;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedSet;
import java.util.UUID;

/**
 * A change of the control state. Whatever is random or of the clock was decided by the proposer and
 * stands in the command. Each carries the condition under which it applies; when that does not
 * hold, it changes nothing and is rejected.
 */
public sealed interface Command {
    /** Gives the cluster its identity; rejected if it has another one. */
    record InitializeCluster(UUID clusterId) implements Command {}

    /**
     * A process announces itself. A node that registers with a new incarnation belongs to no
     * configuration by that.
     */
    record RegisterNode(NodeRecord node) implements Command {}

    /**
     * Cordons or drains a node, or takes that back. A drain is a job, which begins with this unless
     * one is open, and is cancelled by another state. The result's value is the job's id, or 0.
     */
    record SetAdminState(NodeId node, NodeRecord.AdminState state, JobStamp stamp)
            implements Command {}

    /**
     * Begins a job, if none like it is open; the result's value is its id. A drain changes the
     * node's state with it.
     */
    record StartJob(JobKind kind, JobStamp stamp) implements Command {}

    /** Pauses, resumes or cancels an open job. A cancelled drain makes its node active again. */
    record ChangeJob(long job, Wish wish, JobStamp stamp) implements Command {
        /** What an operator wants of a job. */
        public enum Wish {
            PAUSE,
            RESUME,
            CANCEL
        }
    }

    /**
     * The control loop's word on a job that runs.
     *
     * @param expectedIndex {@link JobRecord#index} of the job that it judged by
     * @param state RUNNING, or how it ended
     */
    record AdvanceJob(
            long job,
            long expectedIndex,
            JobRecord.State state,
            long done,
            long total,
            String note,
            JobStamp stamp)
            implements Command {}

    /** A primary has ended its pass over a group for a scrub. Sent again it changes nothing. */
    record ReportScrubbed(long job, PgId pg) implements Command {}

    /** Changes the cluster's settings, if they are still as expected. */
    record ChangeSettings(ClusterSettings expected, ClusterSettings wanted) implements Command {}

    /** Drains a node, and has another take its place. The result's value is the drain's job. */
    record ReplaceNode(NodeId node, NodeId heir, JobStamp stamp) implements Command {}

    /**
     * Sets a node's weight or failure domain, or both.
     *
     * @param weight 0 for the capacity of its devices; if absent it stays
     * @param failureDomain empty for the one of its configuration; if absent it stays
     */
    record SetNode(NodeId node, OptionalInt weight, Optional<String> failureDomain)
            implements Command {}

    /**
     * Forgets a node: nothing is on it or planned for it. A process of it that registers again
     * makes it known again.
     */
    record RemoveNode(NodeId node) implements Command {}

    /**
     * Creates a pool with its placement groups, at epoch 1. Each group's first members are the
     * registered processes of its targets, with a device of each.
     *
     * @param groups what the planner chose, {@code pgCount} of them, in order
     */
    record CreatePool(String name, int replicas, int inSyncMin, List<Placement> groups)
            implements Command {}

    /** Where a group goes, and which of its targets ought to lead it. */
    record Placement(NodeId primary, SortedSet<NodeId> targets) {}

    /**
     * Changes a group's configuration to {@code epoch + 1}.
     *
     * @param expectedEpoch the present epoch
     * @param proposer the process that asks; it must be its node's registered incarnation
     */
    record ReconfigureGroup(PgId pg, long expectedEpoch, ProcessId proposer, Change change)
            implements Command {
        /** What is to change. */
        public sealed interface Change {
            /** The primary takes silent members out. */
            record Remove(SortedSet<NodeId> nodes) implements Change {}

            /**
             * The primary takes a learner in that is level and on stable storage.
             *
             * @param targetsIndex of the targets under which it began to learn; they must still
             *     stand
             */
            record Add(Member member, long targetsIndex) implements Change {}

            /** The primary gives its lead to another member; the members stay. */
            record HandOver(NodeId to) implements Change {}

            /** A backup whose grace has run out takes the lead; the former primary is out. */
            record Petition() implements Change {}

            /**
             * A returning process of a node that was a member when the whole configuration went
             * down takes the lead, with its device unchanged. Members are then all nodes of the
             * last configuration that have come back with another incarnation and the same device,
             * as registered when the command is applied.
             */
            record Lead() implements Change {}
        }
    }

    /** The planner's wish for a group's replicas and lead. Does not change the epoch. */
    record RetargetGroup(PgId pg, Placement expected, Placement wanted) implements Command {}

    /**
     * Creates a volume; the result's value is its id.
     *
     * @param base placement group of its first chunk
     * @param owner its first owner
     * @param anyHostLun LUN under which every host sees it, or -1
     */
    record CreateVolume(
            String name,
            String pool,
            long bytes,
            int chunkBytes,
            int logicalBlockBytes,
            int base,
            ProcessId owner,
            int anyHostLun)
            implements Command {}

    /** Deletes a volume and its mappings, if the access epoch is still this. */
    record DeleteVolume(VolumeId volume, long expectedAccessEpoch) implements Command {}

    /**
     * Makes a volume larger. What was read and written before is as it was; what is new reads as
     * zeros.
     *
     * @param expectedBytes the present size
     */
    record GrowVolume(VolumeId volume, long expectedBytes, long bytes) implements Command {}

    /** Makes a registered process the owner, at {@code accessEpoch + 1}. */
    record TakeOwnership(VolumeId volume, long expectedAccessEpoch, ProcessId owner)
            implements Command {}

    /**
     * The present owner, which has drained what it admitted, makes another process the owner, at
     * {@code accessEpoch + 1}; the record then says so ({@link VolumeRecord#isHandedOver}).
     */
    record MoveOwnership(VolumeId volume, long expectedAccessEpoch, ProcessId owner)
            implements Command {}

    /**
     * Changes a volume's reservations, as its owner at that access epoch sees fit. The result's
     * value is the code of the {@link io.ashlar.common.reservation.ReservationVerdict}; a verdict
     * other than DONE has changed nothing.
     */
    record ChangeReservations(VolumeId volume, long expectedAccessEpoch, ReservationChange change)
            implements Command {}

    /** Makes a host known. */
    record CreateHost(String host) implements Command {}

    /**
     * Gives a known host the secrets that its logins need from now on, or takes them away. Sessions
     * that stand are left alone.
     */
    record SetChap(String host, Optional<ChapSecrets> chap) implements Command {}

    /** Forgets a host that has no mappings, and its secrets. */
    record DeleteHost(String host) implements Command {}

    /**
     * Shows a volume to a known host; LUN -1 takes the lowest free one. The result's value is the
     * LUN.
     */
    record MapVolume(Mapping mapping) implements Command {}

    /** Takes a volume away from a host. */
    record UnmapVolume(String host, VolumeId volume) implements Command {}

    /** Makes a host group, with nobody in it and nothing mapped to it. */
    record CreateHostGroup(String group) implements Command {}

    /** Forgets a host group that has no mappings; its hosts stay. */
    record DeleteHostGroup(String group) implements Command {}

    /** Shows a known host all that is mapped to a group; no LUN or volume of it may be in use. */
    record JoinHostGroup(String group, String host) implements Command {}

    /** Takes away from a host what it sees through a group. */
    record LeaveHostGroup(String group, String host) implements Command {}

    /**
     * Shows a volume to every host of a group, now and later; LUN -1 takes the lowest that is free
     * at all of them. The result's value is the LUN.
     */
    record MapVolumeToGroup(String group, VolumeId volume, int lun) implements Command {}

    /** Takes a volume away from the hosts of a group. */
    record UnmapVolumeFromGroup(String group, VolumeId volume) implements Command {}
}
