package io.ashlar.node.startup;

import io.ashlar.common.NodeId;
import io.ashlar.common.Shard;
import io.ashlar.metadata.ClusterSettings;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.MetadataClient;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.Outcome;
import io.ashlar.node.configuration.NodeConfiguration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Founds the cluster: gives it its identity, the settings that this version holds for good and,
 * when every voter has registered, its first pool. Every node of a bootstrap runs this; only the
 * one that leads acts, and what is there already is left alone, so that doing it twice does
 * nothing. Owned by one shard.
 */
final class Founding {
    /** Chooses where the groups of a new pool go. */
    interface Placer {
        List<Command.Placement> place(int pgCount, int replicas, Collection<NodeRecord> nodes);
    }

    private static final Logger LOG = LoggerFactory.getLogger(Founding.class);
    private static final long TICK_NANOS = 250_000_000L;
    static final String POOL = "default";

    private final MetadataClient metadata;
    private final NodeConfiguration configuration;
    private final Placer placer;
    private final Shard shard;
    private final ClusterSettings settings;
    private boolean hasSettings;
    private boolean submitted;
    private boolean ended;
    private String lastComplaint = "";

    Founding(MetadataClient metadata, NodeConfiguration configuration, Placer placer, Shard shard) {
        this(metadata, configuration, ClusterSettings.DEFAULT, placer, shard);
    }

    /**
     * @param settings that the cluster begins with
     */
    Founding(
            MetadataClient metadata,
            NodeConfiguration configuration,
            ClusterSettings settings,
            Placer placer,
            Shard shard) {
        this.settings = settings;
        this.metadata = metadata;
        this.configuration = configuration;
        this.placer = placer;
        this.shard = shard;
    }

    /** Begins; to be called once, from any thread. The result ends it. */
    Runnable start() {
        shard.execute(this::tick);
        return () -> shard.execute(() -> ended = true);
    }

    private void tick() {
        assert shard.isCurrent();
        ControlState state = metadata.state();
        if (ended || !state.pools().isEmpty()) {
            return; // founded: by this node or by another one
        }
        if (metadata.isLeader() && !submitted) {
            step(state);
        }
        shard.schedule(TICK_NANOS, this::tick);
    }

    private void step(ControlState state) {
        if (state.clusterId().getMostSignificantBits() == 0) {
            LOG.info("founding cluster {}", configuration.cluster());
            submit(new Command.InitializeCluster(configuration.cluster()));
            return;
        }
        if (!hasSettings) {
            // Written even if they are what holds anyhow: then the log says so, for every version.
            // Refused if somebody has changed them meanwhile, whose word counts then.
            submit(
                    new Command.ChangeSettings(ClusterSettings.VERSION_1, settings),
                    outcome -> hasSettings = !(outcome instanceof Outcome.Unknown));
            return;
        }
        Set<NodeId> voters =
                configuration.voters().stream()
                        .map(NodeConfiguration.Voter::node)
                        .collect(Collectors.toSet());
        if (!state.nodes().keySet().containsAll(voters)) {
            return;
        }
        NodeConfiguration.FirstPool pool = configuration.pool();
        int replicas = Math.min(pool.replicas(), state.nodes().size());
        int inSyncMin = Math.min(pool.inSyncMin(), replicas);
        LOG.info(
                "creating pool {}: {} placement groups, {} replicas",
                POOL,
                pool.placementGroups(),
                replicas);
        submit(
                new Command.CreatePool(
                        POOL,
                        replicas,
                        inSyncMin,
                        placer.place(pool.placementGroups(), replicas, state.nodes().values())));
    }

    private void submit(Command command) {
        submit(
                command,
                outcome -> {
                    switch (outcome) {
                        case Outcome.Applied _ -> {}
                        case Outcome.Rejected rejected -> complain(rejected.message());
                        case Outcome.Unknown unknown -> complain(unknown.message());
                    }
                });
    }

    private void submit(Command command, Consumer<Outcome> then) {
        submitted = true;
        metadata.submit(
                command,
                shard,
                outcome -> {
                    submitted = false;
                    then.accept(outcome);
                });
    }

    private void complain(String complaint) {
        if (!complaint.equals(lastComplaint)) {
            LOG.warn("the cluster is not founded yet: {}", complaint);
            lastComplaint = complaint;
        }
    }
}
