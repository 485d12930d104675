package io.ashlar.metadata;

import io.ashlar.common.DeviceId;
import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.UUID;

/**
 * A node as it registered last, and what an administrator has set for it since.
 *
 * @param id the node
 * @param incarnation of its newest process
 * @param bootId of the host's kernel; another one means that what was not on stable storage is gone
 * @param configuredDomain failure domain by its own configuration
 * @param addresses where it listens
 * @param deviceBytes its data disks, in its own order, with the capacity of each in bytes
 * @param adminState what an administrator wants of it
 * @param settings what an administrator has set over what the node says
 */
public record NodeRecord(
        NodeId id,
        long incarnation,
        UUID bootId,
        String configuredDomain,
        Addresses addresses,
        SequencedMap<DeviceId, Long> deviceBytes,
        AdminState adminState,
        Settings settings) {
    private static final long GIB = 1L << 30;

    public NodeRecord {
        deviceBytes = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(deviceBytes));
    }

    public ProcessId process() {
        return new ProcessId(id, incarnation);
    }

    /** Label of rack or host; no two replicas of a group share one. */
    public String failureDomain() {
        return settings.failureDomain().isEmpty() ? configuredDomain : settings.failureDomain();
    }

    /** Its data disks. */
    public List<DeviceId> devices() {
        return List.copyOf(deviceBytes.keySet());
    }

    /**
     * Its share of the replicas in proportion to others': what an administrator has set, or else
     * the capacity of its devices in GiB. At least 1.
     */
    public long weight() {
        if (settings.weight() > 0) {
            return settings.weight();
        }
        long bytes = 0;
        for (long one : deviceBytes.values()) {
            bytes += one;
        }
        return Math.clamp((bytes + GIB / 2) / GIB, 1, Limits.WEIGHT_MAX);
    }

    /** The same process with other devices: one has failed, or was replaced. */
    public NodeRecord withDevices(SequencedMap<DeviceId, Long> others) {
        return new NodeRecord(
                id, incarnation, bootId, configuredDomain, addresses, others, adminState, settings);
    }

    NodeRecord with(AdminState state, Settings other) {
        return new NodeRecord(
                id, incarnation, bootId, configuredDomain, addresses, deviceBytes, state, other);
    }

    NodeRecord withAdminState(AdminState state) {
        return with(state, settings);
    }

    /**
     * What an administrator has set for a node, over what its configuration and its disks say.
     *
     * @param weight 0 for the capacity of its devices
     * @param failureDomain empty for the one of its configuration
     * @param heir while it drains: the node that takes its place, replica for replica, and its vote
     */
    public record Settings(int weight, String failureDomain, Optional<NodeId> heir) {
        public static final Settings NONE = new Settings(0, "", Optional.empty());

        Settings withHeir(Optional<NodeId> other) {
            return new Settings(weight, failureDomain, other);
        }
    }

    /** What an administrator wants of a node. */
    public enum AdminState {
        /** Takes replicas and volumes. */
        ACTIVE,
        /** Gets nothing new. */
        CORDONED,
        /** Gets nothing new, and what it has moves to others. */
        DRAINING
    }

    /**
     * Where a node listens, each as {@code host:port}, IPv6 hosts in brackets.
     *
     * @param iscsi for hosts
     * @param data for replication and forwarding between nodes
     * @param liveness for leases and heartbeats between nodes
     * @param raft for the consensus engine
     * @param api for administration
     */
    public record Addresses(String iscsi, String data, String liveness, String raft, String api) {}
}
