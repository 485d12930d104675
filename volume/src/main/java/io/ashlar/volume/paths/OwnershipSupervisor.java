package io.ashlar.volume.paths;

import io.ashlar.common.Clock;
import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Shard;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.MetadataClient;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.Outcome;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.volume.VolumeSettings;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives the volumes of owners that are gone to nodes that are there (DESIGN section 6, rule 1).
 * Runs on every node and acts on the one whose engine leads; if two do, the compare-and-set on the
 * access epoch decides. Owned by the volume shard.
 */
public final class OwnershipSupervisor {
    private static final Logger LOG = LoggerFactory.getLogger(OwnershipSupervisor.class);

    private final Clock clock;
    private final Shard shard;
    private final MetadataClient metadata;
    private final BooleanSupplier isDeaf;
    private final Liveness liveness;
    private final long silenceMaxNanos;
    private final long stallNanos;

    /** Volumes with a proposal in flight, and to which node. */
    private final SortedMap<VolumeId, NodeId> proposals = new TreeMap<>();

    private long lookedNanos;

    public OwnershipSupervisor(
            Clock clock,
            Shard shard,
            MetadataClient metadata,
            BooleanSupplier isDeaf,
            Liveness liveness,
            VolumeSettings settings) {
        this.clock = clock;
        this.shard = shard;
        this.metadata = metadata;
        this.isDeaf = isDeaf;
        this.liveness = liveness;
        this.silenceMaxNanos = settings.ownerSilenceMax().toNanos();
        this.stallNanos = silenceMaxNanos / 2;
        this.lookedNanos = clock.nanos();
    }

    /** Called about every heartbeat interval. */
    public void onTimer() {
        long now = clock.nanos();
        boolean wasStalled = now - lookedNanos > stallNanos;
        lookedNanos = now;
        if (wasStalled) {
            // What the others sent meanwhile is still to be read; nobody is to blame but us.
            liveness.restart();
        }
        if (!metadata.isLeader() || isDeaf.getAsBoolean()) {
            return; // but every node listens to all, so a new leader knows who is silent
        }
        ControlState view = metadata.state();
        for (VolumeRecord volume : view.volumes().values()) {
            String reason = reasonToMove(volume, view);
            if (reason != null && !proposals.containsKey(volume.id())) {
                NodeRecord heir = heir(volume, view);
                if (heir != null) {
                    propose(volume, heir, reason);
                }
            }
        }
    }

    /** Null if the owner is fine. */
    private @Nullable String reasonToMove(VolumeRecord volume, ControlState view) {
        ProcessId owner = volume.owner();
        NodeRecord node = view.nodes().get(owner.node());
        if (node == null) {
            return "its node is not registered";
        }
        if (!node.process().equals(owner)) {
            return "its node has restarted";
        }
        long silent = liveness.silentNanos(owner);
        return silent > silenceMaxNanos ? "silent for " + silent / 1_000_000 + " ms" : null;
    }

    /** The healthy node with the fewest volumes; the former owner's node before others. */
    private @Nullable NodeRecord heir(VolumeRecord volume, ControlState view) {
        SortedMap<NodeId, Integer> load = new TreeMap<>();
        for (VolumeRecord other : view.volumes().values()) {
            NodeId node = proposals.getOrDefault(other.id(), other.owner().node());
            if (!other.id().equals(volume.id())) {
                load.merge(node, 1, Integer::sum);
            }
        }
        NodeRecord best = null;
        for (NodeRecord node : view.nodes().values()) {
            if (node.adminState() != NodeRecord.AdminState.ACTIVE
                    || node.process().equals(volume.owner())
                    || !liveness.isHeard(node.process(), silenceMaxNanos)) {
                continue;
            }
            if (best == null || isBetter(node, best, load, volume)) {
                best = node;
            }
        }
        return best;
    }

    private static boolean isBetter(
            NodeRecord node,
            NodeRecord best,
            SortedMap<NodeId, Integer> load,
            VolumeRecord volume) {
        int loadOfNode = load.getOrDefault(node.id(), 0);
        int loadOfBest = load.getOrDefault(best.id(), 0);
        if (loadOfNode != loadOfBest) {
            return loadOfNode < loadOfBest;
        }
        return node.id().equals(volume.owner().node());
    }

    private void propose(VolumeRecord volume, NodeRecord heir, String reason) {
        LOG.info(
                "ownership of {} moves from {} to {} at access epoch {}: {}",
                volume.id(),
                volume.owner(),
                heir.process(),
                volume.accessEpoch() + 1,
                reason);
        proposals.put(volume.id(), heir.id());
        metadata.submit(
                new Command.TakeOwnership(volume.id(), volume.accessEpoch(), heir.process()),
                shard,
                outcome -> onOutcome(volume.id(), outcome));
    }

    private void onOutcome(VolumeId volume, Outcome outcome) {
        proposals.remove(volume);
        switch (outcome) {
            case Outcome.Applied _ -> {}
            case Outcome.Rejected(_, _, String message) ->
                    LOG.info("ownership of {} did not move: {}", volume, message);
            case Outcome.Unknown(String message) ->
                    LOG.info("ownership of {}: outcome unknown: {}", volume, message);
        }
    }
}
