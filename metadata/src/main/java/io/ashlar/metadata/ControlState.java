package io.ashlar.metadata;

import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.VolumeId;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * The whole control state at one log index. Immutable; the maps are unmodifiable and ordered, so
 * that equal states encode to equal bytes.
 *
 * @param index log index of the last command that is in it, 0 before the first
 * @param clusterId set by the first command, zero before
 * @param nextVolumeId ids below it were given away, and are never given again
 * @param nodes by id
 * @param pools by id
 * @param placementGroups by id
 * @param volumes by id
 * @param hosts those that were made known, by initiator name
 * @param mappings by host, then LUN: its own, and those of its host groups
 * @param hostGroups by name; {@code mappings} holds for each of their hosts what they map
 * @param settings what an operator may change at run time
 * @param jobs work that takes long
 */
public record ControlState(
        long index,
        UUID clusterId,
        long nextVolumeId,
        SortedMap<NodeId, NodeRecord> nodes,
        SortedMap<Integer, Pool> pools,
        SortedMap<PgId, PgConfig> placementGroups,
        SortedMap<VolumeId, VolumeRecord> volumes,
        SortedMap<String, HostRecord> hosts,
        SortedMap<String, SortedMap<Integer, Mapping>> mappings,
        SortedMap<String, HostGroup> hostGroups,
        ClusterSettings settings,
        JobBoard jobs) {
    private static final UUID NO_CLUSTER = new UUID(0, 0);
    private static final ControlState INITIAL =
            new ControlState(
                    0,
                    NO_CLUSTER,
                    1,
                    Collections.emptySortedMap(),
                    Collections.emptySortedMap(),
                    Collections.emptySortedMap(),
                    Collections.emptySortedMap(),
                    Collections.emptySortedMap(),
                    Collections.emptySortedMap(),
                    Collections.emptySortedMap(),
                    ClusterSettings.VERSION_1,
                    JobBoard.EMPTY);

    /** The state before the first command: no cluster yet, nothing in it. */
    public static ControlState initial() {
        return INITIAL;
    }

    public Optional<VolumeRecord> volumeNamed(String name) {
        return volumes.values().stream().filter(v -> v.name().equals(name)).findFirst();
    }

    public Optional<Pool> poolNamed(String name) {
        return pools.values().stream().filter(p -> p.name().equals(name)).findFirst();
    }

    /** Whether the cluster has got its identity. */
    public boolean isInitialized() {
        return !clusterId.equals(NO_CLUSTER);
    }

    /** Whether this very process is its node's newest one. */
    public boolean isRegistered(ProcessId process) {
        NodeRecord node = nodes.get(process.node());
        return node != null && node.incarnation() == process.incarnation();
    }

    ControlState at(long newIndex) {
        return newIndex == index
                ? this
                : new ControlState(
                        newIndex,
                        clusterId,
                        nextVolumeId,
                        nodes,
                        pools,
                        placementGroups,
                        volumes,
                        hosts,
                        mappings,
                        hostGroups,
                        settings,
                        jobs);
    }

    ControlState withClusterId(UUID id) {
        return new ControlState(
                index,
                id,
                nextVolumeId,
                nodes,
                pools,
                placementGroups,
                volumes,
                hosts,
                mappings,
                hostGroups,
                settings,
                jobs);
    }

    ControlState withNode(NodeRecord node) {
        return new ControlState(
                index,
                clusterId,
                nextVolumeId,
                with(nodes, node.id(), node),
                pools,
                placementGroups,
                volumes,
                hosts,
                mappings,
                hostGroups,
                settings,
                jobs);
    }

    ControlState withoutNode(NodeId node) {
        TreeMap<NodeId, NodeRecord> left = new TreeMap<>(nodes);
        left.remove(node);
        return new ControlState(
                index,
                clusterId,
                nextVolumeId,
                Collections.unmodifiableSortedMap(left),
                pools,
                placementGroups,
                volumes,
                hosts,
                mappings,
                hostGroups,
                settings,
                jobs);
    }

    ControlState withPool(Pool pool, Collection<PgConfig> groups) {
        TreeMap<PgId, PgConfig> all = new TreeMap<>(placementGroups);
        groups.forEach(group -> all.put(group.id(), group));
        return new ControlState(
                index,
                clusterId,
                nextVolumeId,
                nodes,
                with(pools, pool.id(), pool),
                Collections.unmodifiableSortedMap(all),
                volumes,
                hosts,
                mappings,
                hostGroups,
                settings,
                jobs);
    }

    /** The same with another configuration of a group. */
    public ControlState withGroup(PgConfig group) {
        return new ControlState(
                index,
                clusterId,
                nextVolumeId,
                nodes,
                pools,
                with(placementGroups, group.id(), group),
                volumes,
                hosts,
                mappings,
                hostGroups,
                settings,
                jobs);
    }

    ControlState withVolume(VolumeRecord volume) {
        return new ControlState(
                index,
                clusterId,
                Math.max(nextVolumeId, volume.id().value() + 1),
                nodes,
                pools,
                placementGroups,
                with(volumes, volume.id(), volume),
                hosts,
                mappings,
                hostGroups,
                settings,
                jobs);
    }

    ControlState withoutVolume(VolumeId volume) {
        TreeMap<VolumeId, VolumeRecord> left = new TreeMap<>(volumes);
        left.remove(volume);
        return new ControlState(
                index,
                clusterId,
                nextVolumeId,
                nodes,
                pools,
                placementGroups,
                Collections.unmodifiableSortedMap(left),
                hosts,
                mappings,
                hostGroups,
                settings,
                jobs);
    }

    ControlState withHost(HostRecord host) {
        return withHosts(with(hosts, host.name(), host));
    }

    ControlState withoutHost(String host) {
        TreeMap<String, HostRecord> left = new TreeMap<>(hosts);
        left.remove(host);
        return withHosts(Collections.unmodifiableSortedMap(left));
    }

    private ControlState withHosts(SortedMap<String, HostRecord> newHosts) {
        return new ControlState(
                index,
                clusterId,
                nextVolumeId,
                nodes,
                pools,
                placementGroups,
                volumes,
                newHosts,
                mappings,
                hostGroups,
                settings,
                jobs);
    }

    /** An empty {@code ofHost} takes the host out of the map, so that equal states stay equal. */
    ControlState withMappings(String host, SortedMap<Integer, Mapping> ofHost) {
        return withHostGroups(hostGroups, Map.of(host, ofHost));
    }

    /**
     * Other host groups, and what some hosts see by them; the others see what they saw.
     *
     * @param changed by host; where it is empty, the host sees nothing any more
     */
    ControlState withHostGroups(
            SortedMap<String, HostGroup> groups, Map<String, SortedMap<Integer, Mapping>> changed) {
        TreeMap<String, SortedMap<Integer, Mapping>> all = new TreeMap<>(mappings);
        changed.forEach((host, ofHost) -> {
            if (ofHost.isEmpty()) {
                all.remove(host);
            } else {
                all.put(host, Collections.unmodifiableSortedMap(ofHost));
            }
        });
        return new ControlState(
                index,
                clusterId,
                nextVolumeId,
                nodes,
                pools,
                placementGroups,
                volumes,
                hosts,
                Collections.unmodifiableSortedMap(all),
                Collections.unmodifiableSortedMap(groups),
                settings,
                jobs);
    }

    ControlState withSettings(ClusterSettings others) {
        return new ControlState(
                index,
                clusterId,
                nextVolumeId,
                nodes,
                pools,
                placementGroups,
                volumes,
                hosts,
                mappings,
                hostGroups,
                others,
                jobs);
    }

    ControlState withJobs(JobBoard others) {
        return new ControlState(
                index,
                clusterId,
                nextVolumeId,
                nodes,
                pools,
                placementGroups,
                volumes,
                hosts,
                mappings,
                hostGroups,
                settings,
                others);
    }

    private static <K, V> SortedMap<K, V> with(SortedMap<K, V> map, K key, V value) {
        TreeMap<K, V> copy = new TreeMap<>(map);
        copy.put(key, value);
        return Collections.unmodifiableSortedMap(copy);
    }
}
