package io.ashlar.node.startup;

import io.ashlar.common.DeviceId;
import io.ashlar.common.Shard;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.MetadataClient;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.Outcome;
import io.ashlar.node.OperatorException;
import java.util.SequencedMap;
import java.util.UUID;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes this process known to the cluster, and repeats that until the view shows it. Afterwards it
 * watches: when another process registers as this node, this one must go, as nothing that it sends
 * counts any more. Owned by one shard.
 */
final class Registration {
    private static final Logger LOG = LoggerFactory.getLogger(Registration.class);
    private static final long RETRY_NANOS = 500_000_000L;

    private final MetadataClient metadata;
    private final UUID cluster;
    private NodeRecord record;
    private final Shard shard;
    private final Consumer<OperatorException> fatal;
    private boolean submitted;
    private boolean registered;
    private boolean ended;
    private String lastComplaint = "";

    /**
     * @param fatal called once, on the shard, when this process cannot go on
     */
    Registration(
            MetadataClient metadata,
            UUID cluster,
            NodeRecord record,
            Shard shard,
            Consumer<OperatorException> fatal) {
        this.metadata = metadata;
        this.cluster = cluster;
        this.record = record;
        this.shard = shard;
        this.fatal = fatal;
    }

    /** Begins; to be called once, from any thread. The result ends it. */
    Runnable start() {
        Runnable end = metadata.watch(shard, this::onState);
        return () -> {
            end.run();
            shard.execute(() -> ended = true);
        };
    }

    private void onState(ControlState state) {
        assert shard.isCurrent();
        if (ended) {
            return;
        }
        if (state.clusterId().getMostSignificantBits() != 0 && !state.clusterId().equals(cluster)) {
            end(
                    OperatorException.start(
                            "the cluster is "
                                    + state.clusterId()
                                    + ", the configuration says "
                                    + cluster
                                    + "; correct 'cluster' or the voters' addresses"));
            return;
        }
        NodeRecord shown = state.nodes().get(record.id());
        boolean isShown = shown != null && shown.incarnation() == record.incarnation();
        boolean hasOthers = shown != null && !shown.deviceBytes().equals(record.deviceBytes());
        if (isShown && registered && hasOthers) {
            submit();
        } else if (isShown && !registered) {
            registered = true;
            LOG.info("registered as {} in cluster {}", record.process(), cluster);
        } else if (!isShown && registered) {
            end(
                    OperatorException.start(
                            "another process has registered as node "
                                    + record.id().value()
                                    + "; give each process its own node id"));
        } else if (!isShown) {
            submit();
        }
    }

    /**
     * The devices are others now: one has failed, or was replaced. From any thread.
     *
     * @param devices with the capacity of each
     */
    void devicesAre(SequencedMap<DeviceId, Long> devices) {
        shard.execute(() -> {
            record = record.withDevices(devices);
            onState(metadata.state());
        });
    }

    private void end(OperatorException reason) {
        ended = true;
        fatal.accept(reason);
    }

    private void submit() {
        if (submitted) {
            return;
        }
        submitted = true;
        metadata.submit(new Command.RegisterNode(record), shard, this::onOutcome);
    }

    private void onOutcome(Outcome outcome) {
        assert shard.isCurrent();
        switch (outcome) {
            case Outcome.Applied _ -> {}
            case Outcome.Rejected rejected -> complain("not registered: " + rejected.message());
            case Outcome.Unknown unknown -> complain("not registered yet: " + unknown.message());
        }
        // Also after Applied: should the view not show it, it is submitted again.
        shard.schedule(
                RETRY_NANOS,
                () -> {
                    submitted = false;
                    onState(metadata.state());
                });
    }

    private void complain(String complaint) {
        if (!complaint.equals(lastComplaint)) {
            LOG.warn("{}", complaint);
            lastComplaint = complaint;
        }
    }
}
