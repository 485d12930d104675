package io.ashlar.simulation;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.Command.ChangeJob.Wish;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.JobKind;
import io.ashlar.metadata.JobRecord;
import io.ashlar.metadata.JobStamp;
import io.ashlar.metadata.NodeRecord.AdminState;
import io.ashlar.metadata.Outcome;
import io.ashlar.metadata.PgConfig;
import io.ashlar.simulation.world.SimRandom;
import io.ashlar.simulation.world.SimWorld;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/** A planner without sense: groups get other targets and other preferred primaries, at any time. */
final class Replanner {
    private final SimulatedCluster cluster;
    private final SimRandom random;

    Replanner(SimulatedCluster cluster, SimRandom random) {
        this.cluster = cluster;
        this.random = random;
    }

    /** Some group shall be led by another of its targets. */
    void preferAnother() {
        PgConfig group = pick();
        submit(group, new Command.Placement(pick(group.targets()), group.targets()));
    }

    /** Some group shall lie elsewhere. */
    void move() {
        PgConfig group = pick();
        TreeSet<NodeId> targets = elsewhere(group);
        submit(group, new Command.Placement(pick(targets), targets));
    }

    /** The same, and a moment later as it was. */
    void moveAndBack(long afterNanos) {
        PgConfig group = pick();
        Command.Placement before = group.placement();
        TreeSet<NodeId> targets = elsewhere(group);
        submit(group, new Command.Placement(pick(targets), targets));
        cluster.world()
                .after(
                        afterNanos,
                        () -> {
                            ControlState newest = cluster.log().newest();
                            PgConfig now = newest.placementGroups().get(group.id());
                            if (now != null) {
                                submit(now, before);
                            }
                        });
    }

    /**
     * Nobody drains any more, and no job is held up; the control loop, where it runs, may even
     * things out.
     */
    void calmDown() {
        cluster.nodes().forEach(node -> setAdminState(node, AdminState.ACTIVE));
        open().forEach(job -> wish(job, Wish.RESUME));
    }

    void setAdminState(NodeId node, AdminState state) {
        cluster.log().applyNow(new Command.SetAdminState(node, state, stamp()));
    }

    /** A deep scrub of everything begins; one that is open gives way. Its job's id. */
    long scrub() {
        for (JobRecord job : open()) {
            if (job.kind() instanceof JobKind.Scrub) {
                wish(job, Wish.CANCEL);
            }
        }
        Outcome outcome =
                cluster.log()
                        .applyNow(
                                new Command.StartJob(
                                        new JobKind.Scrub(Optional.empty(), true), stamp()));
        if (outcome instanceof Outcome.Applied(_, long id)) {
            return id;
        }
        throw new IllegalStateException("no scrub: " + outcome);
    }

    /** Some open job is asked for again, in vain, and is paused, goes on, or is cancelled. */
    void disturbJobs() {
        List<JobRecord> open = open();
        if (!open.isEmpty()) {
            JobRecord job = random.pick(open);
            cluster.log().applyNow(new Command.StartJob(job.kind(), stamp()));
            wish(job, random.pick(List.of(Wish.values())));
        }
    }

    private List<JobRecord> open() {
        return cluster.log().newest().jobs().open().toList();
    }

    private void wish(JobRecord job, Wish wish) {
        cluster.log().applyNow(new Command.ChangeJob(job.id(), wish, stamp()));
    }

    private JobStamp stamp() {
        long millis = cluster.world().nowNanos() / SimWorld.MILLI;
        return new JobStamp(cluster.nodes().getFirst(), millis, true);
    }

    private PgConfig pick() {
        return random.pick(List.copyOf(cluster.log().newest().placementGroups().values()));
    }

    private NodeId pick(java.util.SortedSet<NodeId> nodes) {
        return random.pick(List.copyOf(nodes));
    }

    /** One target gives way to a node that is none, if there is one. */
    private TreeSet<NodeId> elsewhere(PgConfig group) {
        TreeSet<NodeId> targets = new TreeSet<>(group.targets());
        List<NodeId> others = new ArrayList<>(cluster.nodes());
        others.removeAll(targets);
        if (!others.isEmpty()) {
            targets.remove(pick(targets));
            targets.add(random.pick(others));
        }
        return targets;
    }

    private void submit(PgConfig group, Command.Placement wanted) {
        cluster.log().applyNow(new Command.RetargetGroup(group.id(), group.placement(), wanted));
    }
}
