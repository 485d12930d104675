package io.ashlar.volume;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.VolumeId;
import io.ashlar.common.reservation.ReservationTable;
import io.ashlar.metadata.ClusterSettings;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.ControlStateMachine;
import io.ashlar.metadata.HostRecord;
import io.ashlar.metadata.JobBoard;
import io.ashlar.metadata.Mapping;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.Outcome;
import io.ashlar.metadata.Pool;
import io.ashlar.metadata.VolumeRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/** The control state's history, as a log that only grows. Each node's view lags by itself. */
final class FakeLog {
    static final int PG_COUNT = 4;
    static final int CHUNK_BYTES = 64 * 1024;

    private final FakeWorld world;
    final List<ControlState> history = new ArrayList<>();

    FakeLog(FakeWorld world, SortedMap<NodeId, NodeRecord> nodes) {
        this.world = world;
        SortedMap<Integer, Pool> pools = new TreeMap<>();
        pools.put(1, new Pool(1, "pool", PG_COUNT, 3, 2));
        history.add(
                new ControlState(
                        0,
                        new UUID(7, 7),
                        1,
                        nodes,
                        pools,
                        new TreeMap<>(),
                        new TreeMap<>(),
                        new TreeMap<>(),
                        new TreeMap<>(),
                        new TreeMap<>(),
                        ClusterSettings.VERSION_1,
                        JobBoard.EMPTY));
    }

    ControlState newest() {
        return history.getLast();
    }

    VolumeId createVolume(long bytes, ProcessId owner, int anyHostLun) {
        ControlState state = newest();
        VolumeId id = new VolumeId(state.nextVolumeId());
        VolumeRecord volume =
                new VolumeRecord(
                        id,
                        "volume" + id.value(),
                        1,
                        bytes,
                        CHUNK_BYTES,
                        512,
                        1,
                        1,
                        new UUID(3, id.value()),
                        owner,
                        1,
                        state.index() + 1,
                        null,
                        false,
                        anyHostLun,
                        ReservationTable.EMPTY);
        append(volume, state.nextVolumeId() + 1);
        return id;
    }

    private void append(VolumeRecord volume, long nextVolumeId) {
        ControlState state = newest();
        SortedMap<VolumeId, VolumeRecord> volumes = new TreeMap<>(state.volumes());
        volumes.put(volume.id(), volume);
        append(volumes, state.nodes(), state.mappings(), nextVolumeId);
    }

    private void append(
            SortedMap<VolumeId, VolumeRecord> volumes,
            SortedMap<NodeId, NodeRecord> nodes,
            SortedMap<String, SortedMap<Integer, Mapping>> mappings,
            long nextVolumeId) {
        append(volumes, nodes, newest().hosts(), mappings, nextVolumeId);
    }

    private void append(
            SortedMap<VolumeId, VolumeRecord> volumes,
            SortedMap<NodeId, NodeRecord> nodes,
            SortedMap<String, HostRecord> hosts,
            SortedMap<String, SortedMap<Integer, Mapping>> mappings,
            long nextVolumeId) {
        ControlState state = newest();
        history.add(
                new ControlState(
                        state.index() + 1,
                        state.clusterId(),
                        nextVolumeId,
                        nodes,
                        state.pools(),
                        state.placementGroups(),
                        volumes,
                        hosts,
                        mappings,
                        state.hostGroups(),
                        state.settings(),
                        state.jobs()));
        world.nodes.values().forEach(node -> node.metadata.onAppended());
    }

    void map(String host, VolumeId volume, int lun) {
        ControlState state = newest();
        SortedMap<String, SortedMap<Integer, Mapping>> mappings = new TreeMap<>(state.mappings());
        SortedMap<Integer, Mapping> ofHost =
                new TreeMap<>(mappings.getOrDefault(host, new TreeMap<>()));
        ofHost.put(lun, new Mapping(host, volume, lun));
        mappings.put(host, ofHost);
        append(state.volumes(), state.nodes(), mappings, state.nextVolumeId());
    }

    /** Takes away all that is mapped to the host. */
    void unmap(String host) {
        ControlState state = newest();
        SortedMap<String, SortedMap<Integer, Mapping>> mappings = new TreeMap<>(state.mappings());
        mappings.remove(host);
        append(state.volumes(), state.nodes(), mappings, state.nextVolumeId());
    }

    void host(HostRecord host) {
        SortedMap<String, HostRecord> hosts = new TreeMap<>(newest().hosts());
        hosts.put(host.name(), host);
        ControlState state = newest();
        append(state.volumes(), state.nodes(), hosts, state.mappings(), state.nextVolumeId());
    }

    void delete(VolumeId volume) {
        ControlState state = newest();
        SortedMap<VolumeId, VolumeRecord> volumes = new TreeMap<>(state.volumes());
        volumes.remove(volume);
        append(volumes, state.nodes(), state.mappings(), state.nextVolumeId());
    }

    void register(ProcessId process) {
        ControlState state = newest();
        SortedMap<NodeId, NodeRecord> nodes = new TreeMap<>(state.nodes());
        nodes.put(process.node(), FakeWorld.record(process));
        append(state.volumes(), nodes, state.mappings(), state.nextVolumeId());
    }

    Outcome apply(Command command) {
        return switch (command) {
            case Command.TakeOwnership c ->
                    own(c.volume(), c.expectedAccessEpoch(), c.owner(), false);
            case Command.MoveOwnership c ->
                    own(c.volume(), c.expectedAccessEpoch(), c.owner(), true);
            case Command.ChangeReservations _, Command.ChangeSettings _ -> {
                ControlStateMachine.Result result =
                        ControlStateMachine.apply(newest(), newest().index() + 1, command);
                history.add(result.state());
                world.nodes.values().forEach(node -> node.metadata.onAppended());
                yield result.outcome();
            }
            default -> throw new AssertionError("not for this fake: " + command);
        };
    }

    private Outcome own(VolumeId id, long expected, ProcessId owner, boolean isHandedOver) {
        VolumeRecord volume = newest().volumes().get(id);
        if (volume.accessEpoch() != expected) {
            return new Outcome.Rejected(newest().index(), Outcome.Reason.STALE, "another epoch");
        }
        NodeRecord node = newest().nodes().get(owner.node());
        if (isHandedOver && node.adminState() != NodeRecord.AdminState.ACTIVE) {
            return new Outcome.Rejected(newest().index(), Outcome.Reason.STALE, "cordoned");
        }
        append(
                new VolumeRecord(
                        volume.id(),
                        volume.name(),
                        volume.pool(),
                        volume.bytes(),
                        volume.chunkBytes(),
                        volume.logicalBlockBytes(),
                        volume.base(),
                        volume.layer(),
                        volume.identity(),
                        owner,
                        volume.accessEpoch() + 1,
                        newest().index() + 1,
                        volume.owner(),
                        isHandedOver,
                        volume.anyHostLun(),
                        volume.reservations()),
                newest().nextVolumeId());
        return new Outcome.Applied(newest().index(), 0);
    }

    /** Moves ownership at once. */
    void move(VolumeId volume, ProcessId owner) {
        apply(
                new Command.TakeOwnership(
                        volume, newest().volumes().get(volume).accessEpoch(), owner));
    }

    /** Cordons a node. */
    void cordon(NodeId id) {
        ControlState state = newest();
        SortedMap<NodeId, NodeRecord> nodes = new TreeMap<>(state.nodes());
        NodeRecord node = nodes.get(id);
        nodes.put(
                id,
                new NodeRecord(
                        node.id(),
                        node.incarnation(),
                        node.bootId(),
                        node.configuredDomain(),
                        node.addresses(),
                        node.deviceBytes(),
                        NodeRecord.AdminState.CORDONED,
                        node.settings()));
        append(state.volumes(), nodes, state.mappings(), state.nextVolumeId());
    }
}
