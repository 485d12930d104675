package io.ashlar.node.api;

import io.ashlar.metadata.NodeRecord.AdminState;
import java.util.List;
import java.util.SortedMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What the interface answers, as records that map to JSON one to one. Fields are added, never
 * renamed or given another meaning, as long as the version in the path stands.
 */
public final class ApiViews {
    private ApiViews() {}

    /** Health of a cluster, group or volume. */
    public enum Health {
        /** Everything has all its copies. */
        HEALTHY,
        /** Everything can be read and written, something has fewer copies than wanted. */
        DEGRADED,
        /** Something cannot be written, or not be read, now. */
        UNAVAILABLE
    }

    /**
     * The cluster at a glance.
     *
     * @param cluster its identity, zero before it is founded
     * @param target the iSCSI target's name
     * @param health the worst of all groups; UNAVAILABLE while this node is out of touch
     * @param respondent the node that answers
     * @param inTouch whether that node hears of a leader
     * @param leader the node that leads the control plane, if one says so
     * @param term the consensus engine's term, as far as that node has heard
     * @param index log index of the view that this was read from
     * @param warnings what an operator should look after, each in one line
     * @param jobs that run or are paused
     */
    public record Status(
            UUID cluster,
            String target,
            Health health,
            int respondent,
            boolean inTouch,
            @Nullable Integer leader,
            long term,
            long index,
            List<Node> nodes,
            List<Pool> pools,
            Groups placementGroups,
            List<Volume> volumes,
            Space space,
            List<String> warnings,
            @Nullable List<Job> jobs) {}

    /** Counts of placement groups, and why some are not healthy: reason to number of groups. */
    public record Groups(
            int total,
            int healthy,
            int degraded,
            int unavailable,
            SortedMap<String, Integer> reasons) {}

    /** Bytes over all nodes that answer. */
    public record Space(long capacityBytes, long usedBytes) {}

    /**
     * A node.
     *
     * @param up whether its registered process answers now
     * @param inTouch whether it says that it hears of a leader
     * @param incarnation of the registered process, hexadecimal
     * @param primaries groups that it leads
     * @param replicas groups that it is a member of
     * @param volumes that it owns
     * @param planned groups that it ought to hold
     * @param leaving groups that it holds and is to give up
     * @param obstacle why it cannot become empty, if it drains and cannot
     */
    public record Node(
            int id,
            boolean up,
            boolean inTouch,
            boolean leader,
            String incarnation,
            String failureDomain,
            long weight,
            boolean voter,
            String adminState,
            @Nullable Integer heir,
            Addresses addresses,
            int primaries,
            int replicas,
            int volumes,
            int planned,
            int leaving,
            @Nullable String obstacle,
            List<Device> devices) {}

    /** Where a node listens. */
    public record Addresses(String iscsi, String data, String liveness, String raft, String api) {}

    /**
     * A device.
     *
     * @param writable whether it takes writes now; absent when the node does not answer
     * @param nearlyFull whether it has reached that mark; the same
     * @param failure why it is not used any more
     * @param directory where it lies
     * @param fileSystemUsedBytes taken of the file system there, by anybody; absent with the others
     * @param fileSystemFreeBytes that the node could still take of it; the same
     */
    public record Device(
            UUID id,
            @Nullable Long capacityBytes,
            @Nullable Long usedBytes,
            @Nullable Boolean writable,
            @Nullable Boolean nearlyFull,
            @Nullable String failure,
            @Nullable String directory,
            @Nullable Long fileSystemUsedBytes,
            @Nullable Long fileSystemFreeBytes) {}

    /** Request: a new device in the place of a failed one; {@code force} even of the last copy. */
    public record ReplaceDevice(@Nullable Boolean force) {}

    /** A device and what took its place. */
    public record DeviceReplaced(UUID failed, UUID device) {}

    /**
     * What one node says of itself, for the others.
     *
     * @param ready whether it serves hosts
     */
    public record Local(
            UUID cluster,
            int node,
            String incarnation,
            boolean inTouch,
            boolean leader,
            boolean ready,
            long index,
            List<Device> devices,
            @Nullable NodeScrub scrub) {}

    /**
     * What a node does and has found as it scrubs the groups that it leads, since it was started.
     *
     * @param groups that it leads
     * @param running groups being scrubbed
     * @param waiting groups that are to be scrubbed, as an operator wants
     * @param lightDone groups of which it has ended a scrub, light or deep
     * @param oldestLightSeconds how long ago that is for the oldest of them
     * @param deepDone groups of which it has ended a deep scrub
     * @param oldestDeepSeconds how long ago that is for the oldest of them
     * @param chunks done of those that run
     * @param bytes compared, of one copy
     * @param damaged copies of blocks found damaged
     * @param repaired blocks written again from a good copy
     * @param inconsistent blocks of which intact copies differed, which must never be
     * @param unrecoverable blocks that no copy has intact
     * @param problems why scrubs ended early, and of how many groups
     * @param scrubbed when each group was last, of those that it leads
     */
    public record NodeScrub(
            int groups,
            int running,
            int waiting,
            int lightDone,
            @Nullable Long oldestLightSeconds,
            int deepDone,
            @Nullable Long oldestDeepSeconds,
            long chunks,
            long bytes,
            long damaged,
            long repaired,
            long inconsistent,
            List<Lost> unrecoverable,
            SortedMap<String, Integer> problems,
            @Nullable SortedMap<String, Scrubbed> scrubbed) {}

    /**
     * When a group was scrubbed last by the process that leads it.
     *
     * @param lightSeconds since a pass ended, light or deep; absent if none has
     * @param deepSeconds since a deep pass ended; absent if none has
     */
    public record Scrubbed(@Nullable Long lightSeconds, @Nullable Long deepSeconds) {}

    /** A part of a volume that no copy has intact. */
    public record Lost(String volume, long offset, int bytes) {}

    /**
     * What scrubs do.
     *
     * @param running whether any runs or waits
     * @param groups that the cluster has
     * @param nodes those that answer
     */
    public record ScrubState(boolean running, int groups, SortedMap<Integer, NodeScrub> nodes) {}

    /**
     * Work that takes long.
     *
     * @param kind DRAIN, REBUILD, REBALANCE or SCRUB
     * @param node that it is about; absent where it is about none
     * @param volume that a scrub is about; absent if it is about all
     * @param deep whether a scrub reads every block; absent otherwise
     * @param state RUNNING, PAUSED, CANCELLED, DONE or FAILED
     * @param note why it does not get on, or how it ended
     * @param done of {@code total}, which may grow
     * @param unit of both: {@code groups}
     * @param started by the wall clock of the node that proposed it, as are other times here
     * @param startedBy who, and at which node
     */
    public record Job(
            long id,
            String kind,
            @Nullable Integer node,
            @Nullable String volume,
            @Nullable Boolean deep,
            String state,
            @Nullable String note,
            long done,
            long total,
            String unit,
            String started,
            String startedBy,
            @Nullable String ended,
            @Nullable String endedBy) {}

    /** Request: a job. See {@link Job}. */
    public record StartJob(
            @Nullable String kind,
            @Nullable Integer node,
            @Nullable String volume,
            @Nullable Boolean deep) {}

    /**
     * Settings of the cluster; in a request those that are to change.
     *
     * @param awaySeconds how long a node must be silent until its copies are made anew elsewhere
     * @param movesPerNode most groups that a node learns or teaches at a time, to even out or heal
     * @param rebalance whether data is evened out by itself
     * @param copyBytesPerSecondMin how fast a node copies to learners however busy hosts keep it
     * @param copyBytesPerSecondMax how fast it does so at most
     * @param explicitAlua whether hosts may move volumes, too
     */
    public record Settings(
            @Nullable Long awaySeconds,
            @Nullable Integer movesPerNode,
            @Nullable Boolean rebalance,
            @Nullable Long copyBytesPerSecondMin,
            @Nullable Long copyBytesPerSecondMax,
            @Nullable Boolean explicitAlua) {}

    /** A pool. */
    public record Pool(
            int id, String name, int placementGroups, int replicas, int inSyncMin, int volumes) {}

    /**
     * A volume.
     *
     * @param owner the node that admits I/O
     * @param anyHostLun LUN under which every host sees it
     * @param chunks how many it has
     * @param primaries by node: how many of its chunks have their primary there
     * @param refused parts of commands that owners refused, as too old or of a former path or
     *     owner, since the nodes that answer were started; absent in lists
     * @param reservations what hosts have registered and reserved; absent if they never did
     */
    public record Volume(
            long id,
            String name,
            String pool,
            long bytes,
            int chunkBytes,
            int logicalBlockBytes,
            UUID identity,
            Health health,
            int owner,
            long accessEpoch,
            @Nullable Integer anyHostLun,
            List<Mapping> mappings,
            long chunks,
            SortedMap<Integer, Long> primaries,
            @Nullable Long refused,
            @Nullable Reservations reservations) {}

    /**
     * A volume's reservations.
     *
     * @param type in words; absent if nothing is reserved
     * @param holder initiator port and node; absent if there is none, or if all registrants hold
     * @param legacyNode by which node a session holds the volume by RESERVE; absent if none does
     */
    public record Reservations(
            long generation,
            @Nullable String type,
            @Nullable Registrant holder,
            @Nullable Integer legacyNode,
            List<Registrant> registrants) {}

    /**
     * Who is registered.
     *
     * @param key in hexadecimal digits
     */
    public record Registrant(String initiatorPort, int node, String key) {}

    /** Request: a volume's new size, as {@code 2GiB} or in {@code bytes}. */
    public record ResizeVolume(@Nullable String size, @Nullable Long bytes) {}

    /** Request: a volume's new owner. */
    public record MoveVolume(@Nullable Integer node) {}

    /** A volume has moved, and is served by its new owner. */
    public record Moved(String volume, int from, int to, long accessEpoch) {}

    /**
     * Fence certificates of a volume, oldest first, as far as nodes remember them.
     *
     * @param volume its name; its id in what one node says
     * @param nodes that were asked and answered
     * @param refused see {@link Volume#refused}
     */
    public record FenceProof(
            String volume,
            List<Integer> nodes,
            long refused,
            List<OwnerChange> ownerChanges,
            List<IngressSwitch> ingressSwitches) {}

    /**
     * A change of owner. Processes are {@code node#incarnation}; times but {@code began} are
     * milliseconds after that.
     *
     * @param cause REQUESTED, IMPLICIT, FAILOVER or GIVEN_UP
     * @param ticketsTaken whether the former owner's tickets stayed good
     * @param drained parts of commands that were decided first
     * @param held parts that the former owner held
     * @param heldHere parts that waited at the new owner when it began to serve
     * @param pauseMillis how long nobody admitted anything, as far as that is known
     * @param confirmations of the placement groups, each of which has nothing older undecided
     */
    public record OwnerChange(
            long accessEpoch,
            long formerEpoch,
            String cause,
            String former,
            String owner,
            boolean ticketsTaken,
            int drained,
            int held,
            int heldHere,
            String began,
            double heldMillis,
            double drainedMillis,
            double committedMillis,
            double installedMillis,
            double servingMillis,
            double pauseMillis,
            List<Confirmation> confirmations) {}

    /** A placement group has the access epoch: its primary says so. */
    public record Confirmation(int group, String primary, long leadEpoch, double millis) {}

    /**
     * A host's commands came by another ingress.
     *
     * @param mark tickets up to this one are refused by any other
     * @param drained parts by others that were decided first
     */
    public record IngressSwitch(
            long accessEpoch,
            String host,
            String former,
            String ingress,
            long mark,
            int drained,
            double waitedMillis,
            String at) {}

    /**
     * A volume shown to a host.
     *
     * @param group the host group that it comes from; absent if it is the host's own
     */
    public record Mapping(String host, String volume, int lun, @Nullable String group) {}

    /** A host group, whose hosts see its volumes. */
    public record HostGroup(String name, List<String> hosts, List<GroupMapping> mappings) {}

    /** A volume shown to the hosts of a group. */
    public record GroupMapping(String volume, int lun) {}

    /** How a host logs in: unproven, with its secret, or both sides with theirs. */
    public enum Chap {
        NONE,
        ONE_WAY,
        MUTUAL
    }

    /**
     * A host.
     *
     * @param chap what is asked of it at a login; its secrets are never shown
     */
    public record Host(String name, @Nullable Chap chap, List<Mapping> mappings) {}

    /** A placement group. */
    public record Group(
            String id,
            Health health,
            @Nullable String reason,
            long epoch,
            int primary,
            List<Integer> members,
            List<Integer> targets) {}

    /**
     * Digests of a group's chunks on one node, for comparing replicas. Chunks that read as zeros
     * are left out, so that equal contents give equal lists.
     *
     * @param next where to go on, with {@code ?after=}, if there is more
     */
    public record Digests(
            int node, String placementGroup, List<ChunkDigest> chunks, @Nullable String next) {}

    /** One chunk's digest, 16 hexadecimal digits. */
    public record ChunkDigest(String chunk, String digest) {}

    /** Why a request was not done. */
    public record Failure(String code, String message, String remedy) {}

    /** Request: a new volume. Either {@code size} as {@code 1GiB} or {@code bytes}. */
    public record CreateVolume(
            @Nullable String name,
            @Nullable String size,
            @Nullable Long bytes,
            @Nullable String pool,
            @Nullable Integer chunkBytes,
            @Nullable Integer logicalBlockBytes,
            @Nullable Boolean anyHost,
            @Nullable Integer lun) {}

    /**
     * Request: a new pool.
     *
     * @param placementGroups 64 by default
     * @param replicas 3 by default
     * @param inSyncMin one less than replicas by default, and 1 at least
     */
    public record CreatePool(
            @Nullable String name,
            @Nullable Integer placementGroups,
            @Nullable Integer replicas,
            @Nullable Integer inSyncMin) {}

    /** Request: what is wanted of a node: ACTIVE, CORDONED or DRAINING. */
    public record NodeState(@Nullable String state) {
        AdminState parsed() {
            for (AdminState known : AdminState.values()) {
                if (known.name().equals(state)) {
                    return known;
                }
            }
            throw ApiException.invalid(
                    "there is no state '" + state + "' of a node",
                    "give ACTIVE, CORDONED or DRAINING");
        }
    }

    /** Request: the node that is to take the place of another. */
    public record ReplaceNode(@Nullable Integer by) {}

    /**
     * Request: what is to be set for a node.
     *
     * @param weight 0 for the capacity of its devices; if absent it stays
     * @param failureDomain empty for the one of its configuration; if absent it stays
     */
    public record NodeSettings(@Nullable Integer weight, @Nullable String failureDomain) {}

    /** Request: a new host group. */
    public record CreateHostGroup(@Nullable String name) {}

    /** Request: a new host. */
    public record CreateHost(@Nullable String name) {}

    /**
     * Request: a host's secrets, which nothing prints.
     *
     * @param secret the host's
     * @param mutualSecret the target's, if the host may ask for it
     */
    public record HostChap(@Nullable String secret, @Nullable String mutualSecret) {
        @Override
        public String toString() {
            return "HostChap[***]";
        }
    }

    /** Request: a new mapping; without {@code lun} the lowest free one is taken. */
    public record MapVolume(@Nullable Integer lun) {}
}
