package io.ashlar.simulation;

import io.ashlar.common.VolumeId;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.JobRecord;
import io.ashlar.metadata.Member;
import io.ashlar.metadata.PgConfig;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.simulation.check.Violation;
import io.ashlar.simulation.workload.SimulatedHost;
import io.ashlar.simulation.workload.SimulatedOwner;
import io.ashlar.simulation.world.SimDisk;
import io.ashlar.simulation.world.SimWorld;
import org.jspecify.annotations.Nullable;

/**
 * What must become of a cluster in which nothing is broken any more: it is whole again within a
 * time, answers everything, and holds what it promised.
 */
final class Convergence {
    private final SimulatedCluster cluster;

    Convergence(SimulatedCluster cluster) {
        this.cluster = cluster;
    }

    /** Whether every group is whole, every view new, and every volume served. */
    private boolean isConverged() {
        ControlState newest = cluster.log().newest();
        for (PgConfig config : newest.placementGroups().values()) {
            if (!config.members().keySet().equals(config.targets())
                    || !config.primary().equals(config.preferred())
                    || !isNowhereElse(config)) {
                return false;
            }
            for (Member member : config.members().values()) {
                SimNode.Life life = cluster.simNode(member.node()).life();
                if (life == null || !life.process().id().equals(member.process())) {
                    return false;
                }
            }
        }
        for (SimNode node : cluster.simNodes()) {
            SimNode.Life life = node.life();
            if (life == null || life.metadata().state().index() != newest.index()) {
                return false;
            }
        }
        return !cluster.simHosts().isEmpty()
                || cluster.volumes().stream().allMatch(v -> readyOwner(v) != null);
    }

    /** Whether nodes that are no part of a group have given its space back. */
    private boolean isNowhereElse(PgConfig config) {
        for (SimNode node : cluster.simNodes()) {
            if (!config.members().containsKey(node.id())) {
                for (SimDisk disk : node.disks()) {
                    // what is on a failed disk nobody can erase
                    if (!disk.hasFailed() && !disk.digests(config.id()).isEmpty()) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    private @Nullable SimulatedOwner readyOwner(VolumeId volume) {
        VolumeRecord record = cluster.log().newest().volumes().get(volume);
        if (record == null || !cluster.isProcess(record)) {
            return null;
        }
        SimNode.Life life = cluster.simNode(record.owner().node()).life();
        SimulatedOwner owner = life == null ? null : life.owner();
        return owner != null && owner.isReady(volume) ? owner : null;
    }

    private int inFlight() {
        int count = 0;
        for (SimNode node : cluster.simNodes()) {
            SimNode.Life life = node.life();
            SimulatedOwner owner = life == null ? null : life.owner();
            count += owner == null ? 0 : owner.inFlight();
        }
        for (SimulatedHost host : cluster.simHosts()) {
            count += host.inFlight();
        }
        return count;
    }

    /** Waits until the cluster is whole; within the budget it must be. */
    void await(long budgetNanos) {
        if (!cluster.world().runUntil(this::isConverged, budgetNanos)) {
            throw new Violation(
                    "liveness",
                    "not converged "
                            + budgetNanos / SimWorld.SECOND
                            + " s after everything had healed: "
                            + describe());
        }
    }

    /** Stops the clients and waits for what they have in flight. */
    void quiesce(long budgetNanos) {
        cluster.setWorking(false);
        if (!cluster.world().runUntil(() -> inFlight() == 0, budgetNanos)) {
            throw new Violation(
                    "liveness", inFlight() + " requests stay unanswered: " + describe());
        }
    }

    /** Scrubs everything, until no group has anything left to mend. */
    void scrubEverything(long budgetNanos) {
        for (SimNode node : cluster.simNodes()) {
            SimNode.Life life = node.life();
            if (life != null && life.program().scrubs().isEmpty()) {
                return; // its program knows no scrub
            }
        }
        long job = cluster.startScrub();
        if (!cluster.world().runUntil(() -> isScrubbed(job), budgetNanos)) {
            throw new Violation("liveness", "scrubs do not end: " + describe());
        }
        cluster.invariants().checkScrubbed();
    }

    /** Whether every group has had its pass: the rest is the control loop's, where one runs. */
    private boolean isScrubbed(long id) {
        JobRecord job = cluster.log().newest().jobs().all().get(id);
        return job == null || job.left().isEmpty();
    }

    /** Reads every region, then checks contents and history. */
    void verifyEverything(long budgetNanos) {
        if (!cluster.simHosts().isEmpty()) {
            boolean[] done = new boolean[1];
            cluster.simHosts().getFirst().readEverything(() -> done[0] = true);
            if (!cluster.world().runUntil(() -> done[0], budgetNanos)) {
                throw new Violation("liveness", "hosts could not read in time: " + describe());
            }
        } else {
            readByOwners(budgetNanos);
        }
        cluster.invariants().checkReplicasEqual();
        cluster.ledger().history().check();
    }

    private void readByOwners(long budgetNanos) {
        for (VolumeId volume : cluster.volumes()) {
            // A command to move it may be applied at any time, if it was late: then once more.
            boolean[] done = new boolean[1];
            long[] askedEpoch = new long[1];
            boolean read =
                    cluster.world()
                            .runUntil(
                                    () -> {
                                        SimulatedOwner owner = readyOwner(volume);
                                        long epoch = accessEpoch(volume);
                                        if (owner != null && epoch > askedEpoch[0]) {
                                            askedEpoch[0] = epoch;
                                            owner.readEverything(volume, () -> done[0] = true);
                                        }
                                        return done[0];
                                    },
                                    budgetNanos);
            if (!read) {
                throw new Violation(
                        "liveness", volume + " could not be read in time: " + describe());
            }
        }
    }

    private long accessEpoch(VolumeId volume) {
        VolumeRecord record = cluster.log().newest().volumes().get(volume);
        return record == null ? 0 : record.accessEpoch();
    }

    /** The state of things in a few lines. */
    private String describe() {
        StringBuilder text = new StringBuilder();
        ControlState newest = cluster.log().newest();
        newest.placementGroups().values().forEach(g -> text.append("\n  ").append(g));
        newest.volumes().values().forEach(v -> text.append("\n  ").append(v));
        for (SimNode node : cluster.simNodes()) {
            SimNode.Life life = node.life();
            text.append("\n  ").append(node.id());
            if (life == null) {
                text.append(" is down");
            } else {
                text.append(" runs ")
                        .append(life.process())
                        .append(", view at ")
                        .append(life.metadata().state().index())
                        .append(" of ")
                        .append(newest.index())
                        .append(", ")
                        .append(life.program().describe());
            }
        }
        return text.toString();
    }
}
