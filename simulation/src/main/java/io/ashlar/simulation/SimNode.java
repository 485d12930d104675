package io.ashlar.simulation;

import io.ashlar.chunkstore.ChunkDevice;
import io.ashlar.common.DeviceId;
import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.simulation.workload.SimulatedOwner;
import io.ashlar.simulation.world.SimDisk;
import io.ashlar.simulation.world.SimMetadata;
import io.ashlar.simulation.world.SimProcess;
import io.ashlar.simulation.world.SimShard;
import io.ashlar.simulation.world.SimTransport;
import io.ashlar.simulation.world.SimWorld;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** One host: its disks, which last, and the process that runs on it now. */
final class SimNode {
    /** What each disk is told to hold; all weigh the same. */
    private static final long DISK_BYTES = 1L << 40;

    private static final long REGISTER_RETRY_NANOS = 500 * SimWorld.MILLI;

    /** Everything that ends with a process. */
    record Life(
            SimProcess process,
            SimMetadata metadata,
            NodeProgram.Running program,
            @Nullable SimulatedOwner owner) {}

    private final SimulatedCluster cluster;
    private final NodeId id;
    private final List<SimDisk> disks = new ArrayList<>();
    private UUID bootId;
    private long nextIncarnation;
    private @Nullable Life life;

    SimNode(SimulatedCluster cluster, NodeId id, int disks) {
        this.cluster = cluster;
        this.id = id;
        this.bootId = newUuid();
        this.nextIncarnation = newIncarnation();
        for (int i = 0; i < disks; i++) {
            this.disks.add(newDisk());
        }
    }

    private UUID newUuid() {
        return new UUID(cluster.world().random().nextLong(), cluster.world().random().nextLong());
    }

    private long newIncarnation() {
        return cluster.world().random().between(1, 1L << 40);
    }

    private SimDisk newDisk() {
        return new SimDisk(
                cluster.world(),
                cluster.options().disk(),
                id,
                new DeviceId(newUuid()),
                cluster.invariants());
    }

    NodeId id() {
        return id;
    }

    List<SimDisk> disks() {
        return disks;
    }

    boolean isUp() {
        return life != null;
    }

    @Nullable Life life() {
        return life;
    }

    /** What its next process will register. */
    NodeRecord record() {
        String address = "node" + id.value() + ":1";
        return new NodeRecord(
                id,
                nextIncarnation,
                bootId,
                "host" + id.value(),
                new NodeRecord.Addresses(address, address, address, address, address),
                capacities(workingDisks().stream().map(SimDisk::id).toList()),
                NodeRecord.AdminState.ACTIVE,
                NodeRecord.Settings.NONE);
    }

    private static SequencedMap<DeviceId, Long> capacities(List<DeviceId> devices) {
        LinkedHashMap<DeviceId, Long> capacities = new LinkedHashMap<>();
        devices.forEach(device -> capacities.put(device, DISK_BYTES));
        return capacities;
    }

    private List<SimDisk> workingDisks() {
        return disks.stream().filter(disk -> !disk.hasFailed()).toList();
    }

    /** A new process starts, with the disks that work; it may be without any. */
    void start() {
        NodeRecord record = record();
        SimProcess process =
                new SimProcess(
                        cluster.world(),
                        new ProcessId(id, nextIncarnation),
                        bootId,
                        cluster.options().clockDriftMax());
        nextIncarnation = newIncarnation();
        cluster.world().trace("%s starts", process);
        SimMetadata metadata = cluster.log().client(process);
        SimTransport transport = cluster.network().transport(process);
        List<ChunkDevice> devices = new ArrayList<>();
        for (SimDisk disk : workingDisks()) {
            // In any order: by how full its disks are a process chooses otherwise than the last.
            int place = cluster.world().random().nextInt(devices.size() + 1);
            devices.add(place, disk.open(process));
        }
        NodeProgram.Running program =
                cluster.program()
                        .start(
                                process,
                                transport,
                                metadata,
                                devices,
                                reason -> cluster.processFailed(process, reason));
        transport.start(cluster.nodes());
        program.begin();
        SimulatedOwner owner =
                program.volumes().isPresent()
                        ? null
                        : new SimulatedOwner(
                                process,
                                metadata,
                                program.groups(),
                                cluster.ledger(),
                                cluster.ownerSettings());
        life = new Life(process, metadata, program, owner);
        new Registration(process, metadata, record, devices).begin();
    }

    /** Sees to it that the control state names this process, with the devices that work. */
    private static final class Registration {
        private final SimShard shard;
        private final SimMetadata metadata;
        private final NodeRecord record;
        private final List<ChunkDevice> devices;
        private boolean asked;

        Registration(
                SimProcess process,
                SimMetadata metadata,
                NodeRecord record,
                List<ChunkDevice> devices) {
            this.shard = process.shard("registration");
            this.metadata = metadata;
            this.record = record;
            this.devices = List.copyOf(devices);
        }

        void begin() {
            metadata.watch(shard, this::onState);
            shard.schedule(REGISTER_RETRY_NANOS, this::onTick);
        }

        private void onTick() {
            onState(metadata.state());
            shard.schedule(REGISTER_RETRY_NANOS, this::onTick);
        }

        private void onState(ControlState state) {
            NodeRecord known = state.nodes().get(record.id());
            List<DeviceId> working =
                    devices.stream()
                            .filter(device -> device.failure().isEmpty())
                            .map(ChunkDevice::id)
                            .toList();
            boolean missing =
                    known == null
                            || known.incarnation() != record.incarnation()
                            || !known.devices().equals(working);
            if (missing && !asked) {
                asked = true;
                metadata.submit(
                        new Command.RegisterNode(record.withDevices(capacities(working))),
                        shard,
                        _ -> shard.schedule(REGISTER_RETRY_NANOS, () -> asked = false));
            }
        }
    }

    /** Its process asks for the ownership of a volume. */
    void takeOwnership(VolumeId volume) {
        Life present = life;
        if (present == null) {
            return;
        }
        SimShard shard = present.process().shard("mover");
        shard.execute(() -> {
            VolumeRecord record = present.metadata().state().volumes().get(volume);
            if (record != null && !record.owner().equals(present.process().id())) {
                present.metadata()
                        .submit(
                                new Command.TakeOwnership(
                                        volume, record.accessEpoch(), present.process().id()),
                                shard,
                                _ -> {});
            }
        });
    }

    void kill() {
        Life ending = life;
        if (ending != null) {
            cluster.world().trace("%s is killed", ending.process());
            life = null;
            ending.process().kill();
            cluster.network().processDied(ending.process());
        }
    }

    void cutPower() {
        kill();
        bootId = newUuid();
        disks.forEach(SimDisk::losePower);
    }

    /** The process is down; its disk comes back empty and with another identity. */
    void replaceDisk(int index) {
        disks.set(index, newDisk());
    }
}
