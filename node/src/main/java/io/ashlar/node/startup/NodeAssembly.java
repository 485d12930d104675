package io.ashlar.node.startup;

import io.ashlar.chunkstore.ChunkDevice;
import io.ashlar.common.BootTimeClock;
import io.ashlar.common.Clock;
import io.ashlar.common.DeviceId;
import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.RandomSource;
import io.ashlar.common.Shard;
import io.ashlar.iscsi.IscsiLimits;
import io.ashlar.iscsi.IscsiTarget;
import io.ashlar.iscsi.IscsiTargetConfig;
import io.ashlar.iscsi.transport.TransportLoops;
import io.ashlar.metadata.ControlLoop;
import io.ashlar.metadata.HealingRules;
import io.ashlar.metadata.MetadataClient;
import io.ashlar.metadata.MetadataConfig;
import io.ashlar.metadata.MetadataServer;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.Planner;
import io.ashlar.metadata.Voter;
import io.ashlar.metadata.VoterLoop;
import io.ashlar.node.OperatorException;
import io.ashlar.node.api.AdminApi;
import io.ashlar.node.api.ApiServer;
import io.ashlar.node.api.HttpPeers;
import io.ashlar.node.api.LocalDevice;
import io.ashlar.node.api.LocalNode;
import io.ashlar.node.configuration.NodeConfiguration;
import io.ashlar.node.identity.BootId;
import io.ashlar.node.identity.NodeDirectory;
import io.ashlar.replication.PgRules;
import io.ashlar.replication.ReplicationNode;
import io.ashlar.replication.ReplicationSettings;
import io.ashlar.replication.ScrubSettings;
import io.ashlar.replication.ScrubStatus;
import io.ashlar.replication.transport.EventLoopShard;
import io.ashlar.replication.transport.PeerAddresses;
import io.ashlar.replication.transport.Shards;
import io.ashlar.replication.transport.TcpTransport;
import io.ashlar.volume.MoveResult;
import io.ashlar.volume.VolumeMoves;
import io.ashlar.volume.VolumeNode;
import io.ashlar.volume.VolumeSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The whole node, from its directories up to its front ends, and the one place that knows in which
 * order the parts start. They stop in the opposite order: hosts are let go first, stores close
 * last.
 *
 * <pre>
 * directory, devices         whose they are is checked before anything is written
 * control plane              the Raft engine and the replicated view
 * shards, transport          threads of the groups, of the volumes, of liveness
 * groups, volumes            they register their messages, then the transport starts
 * registration, founding     this process becomes known
 * iSCSI target, interface    last, as they are what others see
 * </pre>
 */
public final class NodeAssembly implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NodeAssembly.class);
    private static final int GROUP_SHARDS_MAX = 8;
    private static final Duration CONTROL_TICK = Duration.ofSeconds(1);
    private static final long DEVICE_WATCH_NANOS = 100_000_000L;

    private final NodeConfiguration configuration;
    private final Consumer<OperatorException> fatal;
    private final BootTimeClock clock = new BootTimeClock();
    private final RandomSource random = RandomSource.system();

    /** What is to be undone, the latest first. */
    private final Deque<Step> started = new ArrayDeque<>();

    private record Step(String name, AutoCloseable undo) {}

    private NodeAssembly(NodeConfiguration configuration, Consumer<OperatorException> fatal) {
        this.configuration = configuration;
        this.fatal = fatal;
    }

    /**
     * Starts a node.
     *
     * @param fatal called when the running node must end, with the reason; by any thread, and
     *     perhaps more than once
     * @throws OperatorException if it cannot start; what had started is stopped then
     */
    public static NodeAssembly start(
            NodeConfiguration configuration, Consumer<OperatorException> fatal) {
        NodeAssembly node = new NodeAssembly(configuration, fatal);
        boolean complete = false;
        try {
            node.start();
            complete = true;
            return node;
        } finally {
            if (!complete) {
                node.close();
            }
        }
    }

    private <T extends AutoCloseable> T opened(String name, T part) {
        started.push(new Step(name, part));
        return part;
    }

    private void start() {
        Preflight.check(configuration);
        UUID bootId = BootId.read();
        NodeDirectory directory =
                opened(
                        "directory",
                        NodeDirectory.open(
                                configuration.metadataDirectory(),
                                configuration.cluster(),
                                configuration.node()));
        DeviceSet devices =
                opened("devices", DeviceSet.open(configuration, directory, clock, random));
        long incarnation = directory.nextIncarnation(System.currentTimeMillis(), random);
        ProcessId self = new ProcessId(configuration.node(), incarnation);
        LOG.info("{} starts in cluster {}", self, configuration.cluster());

        MetadataServer server = opened("control plane", startMetadata(bootId));
        if (configuration.voters().stream().noneMatch(v -> v.node().equals(configuration.node()))) {
            server.follow();
        }
        MetadataClient metadata = server.client();

        int cores = Runtime.getRuntime().availableProcessors();
        Shards groupShards =
                opened(
                        "group shards",
                        Shards.create(Math.clamp(cores, 1, GROUP_SHARDS_MAX), "groups"));
        Shards otherShards = opened("shards", Shards.create(3, "node"));
        Shard volumeShard = otherShards.get(0);
        Shard livenessShard = otherShards.get(1);
        Shard controlShard = otherShards.get(2);

        TcpTransport transport =
                opened(
                        "transport",
                        new TcpTransport(
                                self,
                                configuration.cluster(),
                                configuration.addresses().data().socketAddress(),
                                configuration.addresses().liveness().socketAddress(),
                                addresses(metadata),
                                random,
                                EventLoopShard::haltOnBug,
                                () -> devices.pendingBytes() > MemoryShares.heapShare()));
        ReplicationNode groups =
                new ReplicationNode(
                        clock,
                        ReplicationSettings.DEFAULT,
                        ScrubSettings.DEFAULT,
                        PgRules.ALL,
                        transport,
                        metadata,
                        devices.working(),
                        List.copyOf(groupShards.all()),
                        livenessShard,
                        volumeShard,
                        NodeAssembly::halt);
        VolumeNode volumes =
                new VolumeNode(
                        self,
                        clock,
                        random,
                        volumeShard,
                        transport,
                        groups,
                        metadata,
                        groups::isDeaf,
                        MemoryShares.volumes());
        startTransport(transport);
        opened(
                "peers",
                metadata.watch(controlShard, state -> transport.peers(state.nodes().keySet()))
                        ::run);
        groups.start();
        opened("groups", groups::stop);
        volumes.start();
        opened("volumes", volumes::stop);

        NodeRecord record =
                new NodeRecord(
                        configuration.node(),
                        incarnation,
                        bootId,
                        configuration.failureDomain(),
                        record(configuration.addresses()),
                        devices.capacities(),
                        NodeRecord.AdminState.ACTIVE,
                        NodeRecord.Settings.NONE);
        Registration registration =
                new Registration(metadata, configuration.cluster(), record, controlShard, fatal);
        opened("registration", registration.start()::run);
        watch(devices, registration, controlShard);
        opened(
                "control loop",
                new ControlLoop(
                                        configuration.node(),
                                        clock,
                                        System::currentTimeMillis,
                                        controlShard,
                                        metadata,
                                        groups::hears,
                                        moveByPlan(volumes, controlShard),
                                        CONTROL_TICK,
                                        HealingRules.ALL)
                                .start()
                        ::run);
        VoterLoop votes =
                new VoterLoop(clock, controlShard, server, configuration.node(), groups::hears);
        opened("votes", votes.start()::run);
        if (configuration.bootstrap()) {
            opened(
                    "founding",
                    new Founding(metadata, configuration, Planner::place, controlShard).start()
                            ::run);
        }

        String target = "iqn.2026-11.io.ashlar:" + configuration.cluster();
        Metrics metrics =
                opened("metrics", new Metrics(self, metadata, groups, volumes.moves().counters()));
        devices.working().forEach(metrics::add);
        startIscsi(target, volumes);
        startApi(
                new Local(
                        self,
                        clock,
                        volumes,
                        groups,
                        server,
                        votes,
                        target,
                        devices,
                        registration,
                        configuration.limits().deviceNearlyFullPercent(),
                        metrics),
                metadata);
        LOG.info("{} is up: iSCSI on {}", self, configuration.addresses().iscsi());
    }

    /** Takes out devices that fail, soon after; the groups on them notice by themselves. */
    private static void watch(DeviceSet devices, Registration registration, Shard shard) {
        shard.schedule(
                DEVICE_WATCH_NANOS,
                () -> {
                    if (devices.takeOutFailed()) {
                        registration.devicesAre(devices.capacities());
                    }
                    watch(devices, registration, shard);
                });
    }

    /** Volumes leave a draining node by plan, so that their hosts notice nothing. */
    private static ControlLoop.VolumeMover moveByPlan(VolumeNode volumes, Shard shard) {
        return (volume, to, done) ->
                volumes.moves()
                        .move(
                                volume.id(),
                                to.id(),
                                shard,
                                result ->
                                        done.accept(
                                                result.code() == MoveResult.Code.MOVED
                                                        ? ""
                                                        : result.code() + " " + result.detail()));
    }

    /**
     * Ends the process at once: a part of it can no longer keep its promises, and an orderly stop
     * would give it more time to break them. A supervisor starts the node again.
     */
    private static void halt(String reason) {
        LOG.error("halting: {}", reason);
        System.err.println("ashlar-node: halting: " + reason);
        Runtime.getRuntime().halt(OperatorException.EXIT_START);
    }

    private MetadataServer startMetadata(UUID bootId) {
        Path directory = configuration.metadataDirectory().resolve("raft");
        List<Voter> voters = new ArrayList<>();
        for (NodeConfiguration.Voter voter : configuration.voters()) {
            voters.add(new Voter(voter.node(), voter.raft().toString()));
        }
        try {
            Files.createDirectories(directory);
            return MetadataServer.start(
                    new MetadataConfig(
                            configuration.node(),
                            configuration.cluster(),
                            directory,
                            configuration.addresses().raft().toString(),
                            voters,
                            configuration.bootstrap(),
                            bootId,
                            MetadataConfig.Timing.DEFAULT,
                            reason -> halt("the control plane has stopped: " + reason)));
        } catch (io.ashlar.metadata.engine.EngineException e) {
            throw OperatorException.start(String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            throw OperatorException.start(
                    directory + " cannot be made: " + e + "; check its disk and mode", e);
        }
    }

    private static PeerAddresses addresses(MetadataClient metadata) {
        return PeerAddresses.ofRecords(node ->
                Optional.ofNullable(metadata.state().nodes().get(node)).map(NodeRecord::addresses));
    }

    private static NodeRecord.Addresses record(NodeConfiguration.Addresses addresses) {
        return new NodeRecord.Addresses(
                addresses.iscsi().toString(),
                addresses.data().toString(),
                addresses.liveness().toString(),
                addresses.raft().toString(),
                addresses.api().toString());
    }

    private static void startTransport(TcpTransport transport) {
        try {
            transport.start();
        } catch (IllegalStateException e) {
            throw OperatorException.start(String.valueOf(e.getMessage()), e);
        }
    }

    private void startApi(LocalNode local, MetadataClient metadata) {
        HttpPeers peers = opened("peer interface", new HttpPeers());
        AdminApi api = new AdminApi(metadata, local, peers, random);
        opened("interface", ApiServer.start(api, clock, configuration.addresses().api()));
    }

    private void startIscsi(String target, VolumeNode volumes) {
        var address = configuration.addresses().iscsi();
        TransportLoops loops =
                opened(
                        "iSCSI loops",
                        TransportLoops.create(Runtime.getRuntime().availableProcessors()));
        try {
            opened(
                    "iSCSI target",
                    IscsiTarget.start(
                            new IscsiTargetConfig(
                                    address.host(), address.port(), target, MemoryShares.iscsi()),
                            volumes.service(),
                            loops));
        } catch (IllegalStateException e) {
            throw OperatorException.start(String.valueOf(e.getMessage()), e);
        }
    }

    /** Limits of in-flight data that fit the heap; a node of any size stays within its memory. */
    private static final class MemoryShares {
        private static final long MIB = 1 << 20;

        private MemoryShares() {}

        /**
         * Front ends may hold an eighth of the heap. What they hold is there again at its primary
         * and its backups, for as many nodes as send it here. As much may wait for the disks; then
         * peers wait, too.
         */
        static IscsiLimits iscsi() {
            IscsiLimits whole = IscsiLimits.DEFAULT;
            long node = Math.min(whole.nodeInFlightBytesMax(), heapShare());
            return new IscsiLimits(
                    whole.connectionsMax(),
                    whole.halfOpenMax(),
                    whole.halfOpenPerSourceMax(),
                    whole.commandWindow(),
                    Math.min(whole.inFlightBytesMax(), node),
                    node,
                    whole.loginSeconds(),
                    whole.idleSeconds(),
                    whole.answerSeconds());
        }

        static VolumeSettings volumes() {
            return VolumeSettings.defaults().withBytesMax(heapShare());
        }

        private static long heapShare() {
            return Math.max(16 * MIB, Runtime.getRuntime().maxMemory() / 8);
        }
    }

    private record Local(
            ProcessId self,
            Clock clock,
            VolumeNode volumes,
            ReplicationNode groups,
            MetadataServer server,
            VoterLoop votes,
            String targetName,
            DeviceSet deviceSet,
            Registration registration,
            int nearlyFullPercent,
            Metrics registry)
            implements LocalNode {
        @Override
        public List<LocalDevice> devices() {
            return deviceSet.all();
        }

        @Override
        public DeviceId replace(DeviceId failed) {
            ChunkDevice device = deviceSet.replace(failed);
            registration.devicesAre(deviceSet.capacities());
            groups.addDevice(device);
            registry.add(device);
            return device.id();
        }

        @Override
        public boolean isReady() {
            return volumes.service().isReady();
        }

        @Override
        public long term() {
            return server.status().term();
        }

        @Override
        public VolumeMoves moves() {
            return volumes.moves();
        }

        @Override
        public long clockNanos() {
            return clock.nanos();
        }

        @Override
        public Set<NodeId> voters() {
            return server.status().voters().stream().map(Voter::node).collect(Collectors.toSet());
        }

        @Override
        public CompletableFuture<Void> takeOut(NodeId node) {
            return votes.takeOut(node);
        }

        @Override
        public List<ScrubStatus> scrubs() {
            return groups.scrubs();
        }

        @Override
        public String metrics() {
            return registry.scrape();
        }
    }

    /** Stops what has started, the latest first. What fails to stop does not keep the rest. */
    @Override
    public synchronized void close() {
        long begun = clock.nanos();
        for (Step step = started.poll(); step != null; step = started.poll()) {
            try {
                step.undo().close();
            } catch (Exception e) {
                LOG.warn("{} did not stop as it should: {}", step.name(), e.toString());
            }
        }
        LOG.info("stopped within {}", Duration.ofNanos(clock.nanos() - begun));
    }
}
