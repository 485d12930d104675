package io.ashlar.simulation;

import io.ashlar.common.DeviceId;
import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.common.VolumeId;
import io.ashlar.common.reservation.ReservationType;
import io.ashlar.iscsi.session.TargetContext;
import io.ashlar.metadata.ClusterSettings;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.Member;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.Outcome;
import io.ashlar.metadata.PgConfig;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.replication.ScrubStatus;
import io.ashlar.simulation.workload.FaultInjector;
import io.ashlar.simulation.workload.FaultTarget;
import io.ashlar.simulation.workload.Ledger;
import io.ashlar.simulation.workload.Region;
import io.ashlar.simulation.workload.Rival;
import io.ashlar.simulation.workload.Rivalry;
import io.ashlar.simulation.workload.SimulatedHost;
import io.ashlar.simulation.workload.SimulatedOwner;
import io.ashlar.simulation.world.SimControlLog;
import io.ashlar.simulation.world.SimDisk;
import io.ashlar.simulation.world.SimNetwork;
import io.ashlar.simulation.world.SimProcess;
import io.ashlar.simulation.world.SimWorld;
import io.ashlar.volume.VolumeService;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A whole cluster in one thread: hosts, disks, wires, the control log, its users and its enemy. */
public final class SimulatedCluster implements FaultTarget, SimulatedHost.Targets {
    private static final long GROWTH_BYTES = 24 * 1024;
    private static final long GROWTH_NANOS = 150 * SimWorld.MILLI;
    private static final int CHUNK_BYTES = 64 * 1024;
    private static final int FIRST_HOST_ID = 1_001;
    private static final int FIRST_RIVAL_ID = 2_001;
    private static final long LEASE_CHECK_NANOS = 7 * SimWorld.MILLI;
    private static final long PLAN_NANOS = 700 * SimWorld.MILLI;

    private final SimWorld world;
    private final Options options;
    private final NodeProgram program;
    private final SimNetwork network;
    private final SimControlLog log;
    private final Invariants invariants = new Invariants(this);
    private final FenceInvariants fences = new FenceInvariants(this);
    private final Ledger ledger = new Ledger(invariants::onWriteDone);
    private final FaultInjector faults;
    private final TreeMap<NodeId, SimNode> nodes = new TreeMap<>();
    private final List<VolumeId> volumes = new ArrayList<>();
    private final List<Region> regions = new ArrayList<>();
    private final List<SimulatedHost> hosts = new ArrayList<>();
    private final List<Rival> rivals = new ArrayList<>();
    private @Nullable VolumeId foughtOver;
    private final Replanner replanner;
    private final TreeMap<PgId, PgConfig> formerConfigs = new TreeMap<>();
    private final Convergence convergence = new Convergence(this);
    private boolean working = true;

    public SimulatedCluster(long seed, Options options, NodeProgram program, boolean tracing) {
        this.world = new SimWorld(seed, tracing);
        this.options = options;
        this.program = program;
        this.network = new SimNetwork(world, options.network());
        this.log = new SimControlLog(world, network, options.log());
        this.replanner = new Replanner(this, world.random().split());
        this.faults = new FaultInjector(world, this, options.faults());
        for (int i = 1; i <= options.cluster().nodes(); i++) {
            NodeId id = new NodeId(i);
            nodes.put(id, new SimNode(this, id, options.cluster().devicesPerNode()));
        }
        found();
        fences.onState(log.newest());
        log.observe(invariants::onState);
        log.observe(new JobInvariants()::onState);
        log.observe(fences::onState);
        network.observe(fences);
        log.observe(this::tellOfNewConfigurations);
        nodes.values().forEach(SimNode::start);
        world.after(LEASE_CHECK_NANOS, this::checkLeases);
        SimNode.Life first = nodes.firstEntry().getValue().life();
        if (first != null && first.program().volumes().isPresent()) {
            for (int i = 0; i < options.load().hosts(); i++) {
                int number = i;
                hosts.add(
                        new SimulatedHost(
                                network,
                                world,
                                new NodeId(FIRST_HOST_ID + i),
                                this,
                                ledger,
                                ownerSettings(),
                                regions.stream()
                                        .filter(r -> r.chunk() % options.load().hosts() == number)
                                        .toList(),
                                options.load().style()));
            }
            hosts.forEach(SimulatedHost::start);
            startRivals();
        } else {
            world.after(PLAN_NANOS, this::plan);
        }
        if (options.load().growing()) {
            world.after(GROWTH_NANOS, this::grow);
        }
    }

    private void startRivals() {
        VolumeId volume = foughtOver;
        if (volume == null) {
            return;
        }
        Rivalry rivalry = new Rivalry(world);
        ReservationType type =
                world.random().chance(0.5)
                        ? ReservationType.EXCLUSIVE_ACCESS_REGISTRANTS_ONLY
                        : ReservationType.WRITE_EXCLUSIVE_REGISTRANTS_ONLY;
        for (int i = 0; i < 2; i++) {
            NodeId id = new NodeId(FIRST_RIVAL_ID + i);
            rivals.add(new Rival(network, world, id, this, volume, rivalry, type));
        }
        rivals.forEach(Rival::start);
    }

    @Override
    public SimulatedHost.@Nullable Target at(NodeId node) {
        SimNode.Life life = simNode(node).life();
        VolumeService service = life == null ? null : life.program().volumes().orElse(null);
        TargetContext iscsi = life == null ? null : life.program().iscsi().orElse(null);
        return life == null || service == null || iscsi == null
                ? null
                : new SimulatedHost.Target(life.process(), service, iscsi);
    }

    @Override
    public List<NodeId> hosts() {
        return hosts.stream().map(SimulatedHost::id).toList();
    }

    /** The first commands of a cluster's life, before anything runs. */
    private void found() {
        apply(new Command.InitializeCluster(new UUID(1, world.seed())));
        apply(
                new Command.ChangeSettings(
                        ClusterSettings.VERSION_1, ReplicationProgram.healing(world.seed())));
        for (SimNode node : nodes.values()) {
            apply(new Command.RegisterNode(node.record()));
        }
        List<NodeId> ids = new ArrayList<>(nodes.keySet());
        List<Command.Placement> groups = new ArrayList<>();
        for (int i = 0; i < options.cluster().groups(); i++) {
            SortedSet<NodeId> targets = new TreeSet<>();
            for (int j = 0; j < options.cluster().replicas(); j++) {
                targets.add(ids.get((i + j) % ids.size()));
            }
            groups.add(new Command.Placement(ids.get(i % ids.size()), targets));
        }
        apply(
                new Command.CreatePool(
                        "pool",
                        options.cluster().replicas(),
                        options.cluster().inSyncMin(),
                        groups));
        for (int i = 0; i < options.load().volumes(); i++) {
            SimNode owner = simNode(ids.get(i % ids.size()));
            Outcome.Applied created =
                    apply(
                            new Command.CreateVolume(
                                    "volume" + i,
                                    "pool",
                                    options.load().growing() ? GROWTH_BYTES : fullBytes(),
                                    CHUNK_BYTES,
                                    512,
                                    world.random().nextInt(options.cluster().groups()),
                                    owner.record().process(),
                                    i));
            VolumeId volume = new VolumeId(created.value());
            volumes.add(volume);
            for (int chunk = 0; chunk < options.load().chunksPerVolume(); chunk++) {
                regions.addAll(Region.ofChunk(volume, chunk));
            }
        }
        if (options.load().rivals()) {
            foughtOver =
                    new VolumeId(
                            apply(
                                            new Command.CreateVolume(
                                                    "fought-over",
                                                    "pool",
                                                    CHUNK_BYTES,
                                                    CHUNK_BYTES,
                                                    512,
                                                    0,
                                                    simNode(ids.getFirst()).record().process(),
                                                    options.load().volumes()))
                                    .value());
        }
    }

    private long fullBytes() {
        return (long) options.load().chunksPerVolume() * CHUNK_BYTES;
    }

    /** An operator makes volumes larger, by less than a chunk at a time. */
    private void grow() {
        boolean isSmall = false;
        for (VolumeId volume : volumes) {
            isSmall |= growTo(volume, GROWTH_BYTES);
        }
        if (isSmall) {
            world.after(GROWTH_NANOS, this::grow);
        }
    }

    /** Whether it can still grow. */
    private boolean growTo(VolumeId volume, long byBytes) {
        VolumeRecord record = log.newest().volumes().get(volume);
        if (record == null || record.bytes() == fullBytes()) {
            return false;
        }
        long bytes = Math.min(fullBytes(), record.bytes() + byBytes);
        apply(new Command.GrowVolume(volume, record.bytes(), bytes));
        return bytes < fullBytes();
    }

    private Outcome.Applied apply(Command command) {
        return switch (log.applyNow(command)) {
            case Outcome.Applied applied -> applied;
            case Outcome.Rejected rejected ->
                    throw new IllegalStateException(command + ": " + rejected);
            case Outcome.Unknown unknown ->
                    throw new IllegalStateException(command + ": " + unknown);
        };
    }

    private void tellOfNewConfigurations(ControlState state) {
        for (PgConfig config : state.placementGroups().values()) {
            if (config.index() != state.index()) {
                continue;
            }
            PgConfig former = formerConfigs.put(config.id(), config);
            if (config.epoch() == config.leadEpoch()) {
                faults.onNewPrimary(config.primary());
                if (former != null && config.members().containsKey(former.primary())) {
                    faults.onHandOver(former.primary());
                }
            }
            if (former != null && config.members().size() > former.members().size()) {
                TreeSet<NodeId> added = new TreeSet<>(config.members().keySet());
                added.removeAll(former.members().keySet());
                faults.onNewMember(added.first(), config.members().keySet());
            }
        }
    }

    private void checkLeases() {
        invariants.checkLeases();
        invariants.checkConsistent(scrubs());
        fences.checkCertificates();
        world.after(LEASE_CHECK_NANOS, this::checkLeases);
    }

    /** Where an owner is gone, another node takes the volume: what hosts and operators cause. */
    private void plan() {
        for (VolumeId volume : volumes) {
            VolumeRecord record = log.newest().volumes().get(volume);
            if (record != null && !isProcess(record)) {
                List<NodeId> up = nodes().stream().filter(this::isUp).toList();
                if (!up.isEmpty()) {
                    moveOwner(volume, world.random().pick(up));
                }
            }
        }
        world.after(PLAN_NANOS, this::plan);
    }

    boolean isProcess(VolumeRecord record) {
        SimNode.Life life = simNode(record.owner().node()).life();
        return life != null && life.process().id().equals(record.owner());
    }

    // What the parts ask for.

    public SimWorld world() {
        return world;
    }

    Options options() {
        return options;
    }

    NodeProgram program() {
        return program;
    }

    SimControlLog log() {
        return log;
    }

    Convergence convergence() {
        return convergence;
    }

    List<SimulatedHost> simHosts() {
        return hosts;
    }

    List<Region> regions() {
        return regions;
    }

    Invariants invariants() {
        return invariants;
    }

    Ledger ledger() {
        return ledger;
    }

    SimulatedOwner.Settings ownerSettings() {
        return options.owner(regions);
    }

    Iterable<SimNode> simNodes() {
        return nodes.values();
    }

    SimNode simNode(NodeId id) {
        return java.util.Objects.requireNonNull(nodes.get(id), "a node of this cluster");
    }

    @Nullable SimDisk disk(DeviceId id) {
        for (SimNode node : nodes.values()) {
            for (SimDisk disk : node.disks()) {
                if (disk.id().equals(id)) {
                    return disk;
                }
            }
        }
        return null;
    }

    // What the enemy does.

    @Override
    public List<NodeId> nodes() {
        return List.copyOf(nodes.keySet());
    }

    @Override
    public List<VolumeId> volumes() {
        return volumes;
    }

    @Override
    public SimNetwork network() {
        return network;
    }

    @Override
    public boolean isUp(NodeId node) {
        return simNode(node).isUp();
    }

    @Override
    public NodeId owner(VolumeId volume) {
        VolumeRecord record = log.newest().volumes().get(volume);
        return record == null ? nodes().getFirst() : record.owner().node();
    }

    @Override
    public List<NodeId> primaries() {
        return log.newest().placementGroups().values().stream()
                .map(PgConfig::primary)
                .distinct()
                .toList();
    }

    @Override
    public List<NodeId> bystanders() {
        ControlState state = log.newest();
        List<NodeId> found = new ArrayList<>(nodes().stream().filter(this::isUp).toList());
        state.volumes().values().forEach(volume -> found.remove(volume.owner().node()));
        state.placementGroups().values().forEach(g -> found.removeAll(g.members().keySet()));
        return found;
    }

    @Override
    public Optional<NodeId> teacher() {
        for (SimNode node : nodes.values()) {
            SimNode.Life life = node.life();
            if (life != null && life.program().isTeaching()) {
                return Optional.of(node.id());
            }
        }
        return Optional.empty();
    }

    @Override
    public void kill(NodeId node) {
        simNode(node).kill();
    }

    @Override
    public void cutPower(NodeId node) {
        simNode(node).cutPower();
        simNode(node).disks().forEach(invariants::reloaded);
    }

    @Override
    public void restart(NodeId node) {
        SimNode host = simNode(node);
        host.disks().forEach(invariants::reloaded);
        host.start();
        SimNode.Life life = host.life();
        SimulatedOwner owner = life == null ? null : life.owner();
        if (owner != null && !working) {
            owner.stopWork();
        }
    }

    @Override
    public void pause(NodeId node) {
        SimNode.Life life = simNode(node).life();
        if (life != null) {
            world.trace("%s is paused", life.process());
            life.process().pause();
        }
    }

    @Override
    public void pauseInStep(NodeId node) {
        SimNode.Life life = simNode(node).life();
        if (life != null) {
            world.trace("%s is paused in its next step", life.process());
            life.process().pauseInStep();
        }
    }

    @Override
    public void resume(NodeId node) {
        SimNode.Life life = simNode(node).life();
        if (life != null) {
            world.trace("%s goes on", life.process());
            life.process().resume();
        }
    }

    @Override
    public void freezeView(NodeId node, long nanos) {
        SimNode.Life life = simNode(node).life();
        if (life != null) {
            life.metadata().freeze(nanos);
        }
    }

    @Override
    public void moveOwner(VolumeId volume, NodeId to) {
        simNode(to).takeOwnership(volume);
    }

    @Override
    public void planMove(VolumeId volume, NodeId to) {
        VolumeRecord record = log.newest().volumes().get(volume);
        SimNode.Life life = record == null ? null : simNode(record.owner().node()).life();
        if (life != null) {
            life.program().move(volume, to);
        }
    }

    @Override
    public void preferAnotherPrimary() {
        replanner.preferAnother();
    }

    @Override
    public void moveTargets() {
        replanner.move();
    }

    @Override
    public void moveTargetsAndBack(long afterNanos) {
        replanner.moveAndBack(afterNanos);
    }

    @Override
    public void drain(NodeId node) {
        replanner.setAdminState(node, NodeRecord.AdminState.DRAINING);
    }

    @Override
    public void undrain(NodeId node) {
        replanner.setAdminState(node, NodeRecord.AdminState.ACTIVE);
    }

    @Override
    public void fillDisk(NodeId node, boolean nearlyFull, boolean full) {
        simNode(node).disks().forEach(disk -> disk.setFull(nearlyFull, full));
    }

    @Override
    public void flipBits(NodeId node) {
        world.random().pick(simNode(node).disks()).flipBits();
    }

    @Override
    public void scrub() {
        startScrub();
    }

    /** The same; gives the job. */
    long startScrub() {
        return replanner.scrub();
    }

    @Override
    public void disturbJobs() {
        replanner.disturbJobs();
    }

    /** How the scrubs of all groups stand, as their primaries say. */
    Stream<ScrubStatus> scrubs() {
        return nodes.values().stream()
                .map(SimNode::life)
                .filter(java.util.Objects::nonNull)
                .flatMap(life -> life.program().scrubs().stream())
                .flatMap(List::stream);
    }

    @Override
    public boolean replaceDisk(NodeId node) {
        SimNode host = simNode(node);
        int index = world.random().nextInt(host.disks().size());
        if (isLastCopy(node, host.disks().get(index).id())) {
            return false;
        }
        cutPower(node);
        host.replaceDisk(index);
        world.trace("disk %s: replaced by an empty one", node);
        return true;
    }

    /** Whether the loss of a disk might take what no other member of a group has. */
    private boolean isLastCopy(NodeId node, DeviceId device) {
        for (PgConfig config : log.newest().placementGroups().values()) {
            Member member = config.members().get(node);
            if (member != null
                    && member.device().equals(device)
                    && (config.members().size() < 2 || log.hasProposals())) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean failDisk(NodeId node) {
        SimDisk disk = world.random().pick(simNode(node).disks());
        if (disk.hasFailed() || isLastCopy(node, disk.id())) {
            return false;
        }
        disk.fail("I/O error");
        return true;
    }

    @Override
    public void replaceFailedDisks(NodeId node) {
        SimNode host = simNode(node);
        for (int i = 0; i < host.disks().size(); i++) {
            SimDisk disk = host.disks().get(i);
            if (disk.hasFailed()) {
                cutPower(node);
                // It may have become the only member since: then it must be brought to life.
                if (isLastCopy(node, disk.id())) {
                    disk.revive();
                } else {
                    host.replaceDisk(i);
                    world.trace("disk %s: replaced by an empty one, since it failed", node);
                }
            }
        }
    }

    /** The process ended itself; what supervises it starts another, as systemd would. */
    void processFailed(SimProcess process, String reason) {
        world.trace("%s gives up: %s", process, reason);
        NodeId node = process.id().node();
        world.after(
                0,
                () -> {
                    SimNode.Life life = simNode(node).life();
                    if (life != null && life.process() == process) {
                        kill(node);
                        world.after(
                                world.random().between(SimWorld.SECOND, 3 * SimWorld.SECOND),
                                () -> {
                                    if (!isUp(node)) {
                                        restart(node);
                                    }
                                });
                    }
                });
    }

    // What a run does.

    /** Lets things go wrong for so long, beginning after a calm second. */
    public void runWithFaults() {
        world.runFor(SimWorld.SECOND);
        faults.start();
        world.runFor(options.faultNanos());
        faults.stop();
    }

    /** Mends everything, and starts whatever is down. */
    public void healAllFaults() {
        volumes.forEach(volume -> growTo(volume, fullBytes()));
        world.trace("--- everything heals");
        network.healAll();
        replanner.calmDown();
        for (SimNode node : nodes.values()) {
            fillDisk(node.id(), false, false);
            if (node.disks().stream().allMatch(SimDisk::hasFailed)) {
                replaceFailedDisks(node.id());
            }
            if (node.isUp()) {
                resume(node.id());
            } else {
                restart(node.id());
            }
        }
    }

    /** Power goes everywhere at once, and comes back. */
    public void cutAllPower() {
        world.trace("--- all power goes");
        nodes().forEach(this::cutPower);
        world.runFor(world.random().between(0, 2 * SimWorld.SECOND));
        for (NodeId node : nodes()) {
            world.runFor(world.random().between(0, 500 * SimWorld.MILLI));
            restart(node);
        }
    }

    public void setWorking(boolean working) {
        this.working = working;
        for (SimNode node : nodes.values()) {
            SimNode.Life life = node.life();
            SimulatedOwner owner = life == null ? null : life.owner();
            if (owner != null && working) {
                owner.startWork();
            } else if (owner != null) {
                owner.stopWork();
            }
        }
        hosts.forEach(host -> host.setWorking(working));
        rivals.forEach(rival -> rival.setWorking(working));
    }

    /** Writes, reads, configurations and faults so far. */
    public RunStatistics statistics() {
        long reconfigurations = 0;
        long leads = 0;
        for (PgConfig config : log.newest().placementGroups().values()) {
            reconfigurations += config.epoch() - 1;
            leads += config.leadEpoch() > 1 ? 1 : 0;
        }
        long takeovers = 0;
        for (VolumeRecord record : log.newest().volumes().values()) {
            takeovers += record.accessEpoch() - 1;
        }
        return new RunStatistics(
                1,
                ledger.history().doneWrites(),
                ledger.history().doneReads(),
                reconfigurations,
                leads,
                takeovers,
                faults.injected(),
                world.stepCount());
    }
}
