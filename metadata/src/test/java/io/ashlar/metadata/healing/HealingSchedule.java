package io.ashlar.metadata.healing;

import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.ClusterSettings;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.Command.ChangeJob.Wish;
import io.ashlar.metadata.Command.ReconfigureGroup.Change;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.Fixture;
import io.ashlar.metadata.HealingRules;
import io.ashlar.metadata.JobKind;
import io.ashlar.metadata.JobRecord;
import io.ashlar.metadata.JobStamp;
import io.ashlar.metadata.Member;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.NodeRecord.AdminState;
import io.ashlar.metadata.Outcome;
import io.ashlar.metadata.PgConfig;
import io.ashlar.metadata.Planner;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A random schedule of nodes that come and go, leaders that change, operators that meddle with
 * jobs, and primaries that do what the loop wants, a little at a time. Every plan of the loop is
 * judged by the state that it was made from.
 */
final class HealingSchedule {
    /** What a plan must never want. */
    static final class Violation extends RuntimeException {
        private static final long serialVersionUID = 1;

        Violation(String message) {
            super(message);
        }
    }

    private static final int NODES = 5;
    private static final int GROUPS = 16;
    private static final int STEPS = 300;
    private static final long SECOND = 1_000_000_000L;
    private static final long AWAY_NANOS = 600 * SECOND;
    private static final ClusterSettings SETTINGS =
            new ClusterSettings(Duration.ofSeconds(600), 2, true, 1 << 20, 1 << 30);
    private static final JobStamp LOOP = new JobStamp(new NodeId(1), 5, false);

    private final Random random;
    private final Fixture cluster = new Fixture();
    private final List<Steward> stewards;
    private final TreeMap<NodeId, Long> silentSince = new TreeMap<>();
    private final TreeSet<Long> layoutsNotWanted = new TreeSet<>();
    private final TreeSet<NodeId> rebuildsNotWanted = new TreeSet<>();
    private int leader;
    private long leadsSince;
    private long nowNanos;

    HealingSchedule(long seed, HealingRules rules) {
        this.random = new Random(seed);
        this.stewards = List.of(new Steward(rules), new Steward(rules));
        found();
    }

    private void found() {
        cluster.applied(new Command.InitializeCluster(Fixture.CLUSTER));
        List<NodeRecord> nodes = new ArrayList<>();
        for (int id = 1; id <= NODES; id++) {
            nodes.add(Fixture.node(id, 1, "host" + id, 1));
        }
        nodes.forEach(node -> cluster.applied(new Command.RegisterNode(node)));
        cluster.applied(new Command.CreatePool("p", 2, 1, Planner.place(GROUPS, 2, nodes)));
        cluster.applied(new Command.ChangeSettings(cluster.state().settings(), SETTINGS));
        for (int i = 1; i <= 3; i++) {
            cluster.applied(
                    new Command.CreateVolume(
                            "v" + i, "p", 1 << 30, 4 << 20, 512, 0, Fixture.process(i, 1), -1));
        }
    }

    void run() {
        for (int i = 0; i < STEPS; i++) {
            nowNanos += (1 + random.nextInt(random.nextInt(10) == 0 ? 400 : 20)) * SECOND;
            switch (random.nextInt(12)) {
                case 0 -> comeOrGo();
                case 1 -> changeLeader();
                case 2 -> start();
                case 3, 4 -> wish();
                case 5 -> report();
                case 6 -> moveAReplica();
                default -> reconfigureSome();
            }
            look();
        }
    }

    // ---- what happens

    private void comeOrGo() {
        NodeId node = anyNode();
        if (silentSince.remove(node) == null && silentSince.size() < 2) {
            silentSince.put(node, nowNanos);
        }
    }

    private void changeLeader() {
        leader = 1 - leader;
        leadsSince = nowNanos;
        stewards.get(leader).restart();
    }

    private void start() {
        NodeId node = anyNode();
        switch (random.nextInt(5)) {
            case 0, 1 -> begin(new JobKind.Drain(node));
            case 2 -> {
                cluster.apply(new Command.SetAdminState(node, AdminState.ACTIVE, Fixture.STAMP));
            }
            case 3 -> begin(new JobKind.Scrub(Optional.empty(), random.nextBoolean()));
            default -> {
                if (begin(new JobKind.Rebuild(new ProcessId(node, 1)))) {
                    rebuildsNotWanted.remove(node);
                }
            }
        }
    }

    private boolean begin(JobKind kind) {
        return cluster.apply(new Command.StartJob(kind, Fixture.STAMP)) instanceof Outcome.Applied;
    }

    private void wish() {
        List<JobRecord> open = cluster.state().jobs().open().toList();
        if (open.isEmpty()) {
            return;
        }
        JobRecord job = open.get(random.nextInt(open.size()));
        Wish wish = Wish.values()[random.nextInt(Wish.values().length)];
        cluster.applied(new Command.ChangeJob(job.id(), wish, Fixture.STAMP));
        if (wish != Wish.CANCEL) {
            return;
        }
        if (job.kind() instanceof JobKind.Rebalance(long layout)) {
            layoutsNotWanted.add(layout);
        } else if (job.kind() instanceof JobKind.Rebuild(var process)) {
            rebuildsNotWanted.add(process.node());
        }
    }

    private void report() {
        cluster.state()
                .jobs()
                .open()
                .filter(job -> job.kind() instanceof JobKind.Scrub)
                .toList()
                .forEach(job -> {
                    for (PgConfig group : cluster.state().placementGroups().values()) {
                        if (hears(group.primary()) && random.nextBoolean()) {
                            cluster.applied(new Command.ReportScrubbed(job.id(), group.id()));
                        }
                    }
                });
    }

    /** Somebody else's wish, which leaves the groups uneven. */
    private void moveAReplica() {
        PgConfig group = cluster.state().placementGroups().get(new PgId(1, random.nextInt(GROUPS)));
        TreeSet<NodeId> targets = new TreeSet<>(group.targets());
        targets.remove(targets.first());
        targets.add(anyNode());
        if (targets.size() == 2) {
            cluster.apply( // refused if the other node takes nothing new
                    new Command.RetargetGroup(
                            group.id(),
                            group.placement(),
                            new Command.Placement(targets.first(), targets)));
        }
    }

    private void reconfigureSome() {
        for (PgConfig group : List.copyOf(cluster.state().placementGroups().values())) {
            if (random.nextInt(3) == 0) {
                reconfigure(group);
            }
        }
    }

    private void reconfigure(PgConfig group) {
        if (!hears(group.primary())) {
            group.members().keySet().stream()
                    .filter(this::hears)
                    .findFirst()
                    .ifPresent(backup -> change(group, backup, new Change.Petition()));
            return;
        }
        TreeSet<NodeId> missing = new TreeSet<>(group.targets());
        missing.removeAll(group.members().keySet());
        missing.removeAll(silentSince.keySet());
        TreeSet<NodeId> extra = new TreeSet<>(group.members().keySet());
        extra.removeAll(group.targets());
        TreeSet<NodeId> lost = new TreeSet<>(group.members().keySet());
        lost.retainAll(silentSince.keySet());
        if (!lost.isEmpty()) {
            change(group, group.primary(), new Change.Remove(lost));
        } else if (!missing.isEmpty()) {
            NodeRecord node = cluster.state().nodes().get(missing.first());
            Member member = new Member(node.id(), 1, node.bootId(), node.devices().getFirst());
            change(group, group.primary(), new Change.Add(member, group.targetsIndex()));
        } else if (!group.primary().equals(group.preferred())
                && group.members().containsKey(group.preferred())
                && hears(group.preferred())) {
            change(group, group.primary(), new Change.HandOver(group.preferred()));
        } else if (!extra.isEmpty() && !extra.contains(group.primary())) {
            change(group, group.primary(), new Change.Remove(extra));
        }
    }

    private void change(PgConfig group, NodeId proposer, Change change) {
        cluster.applied(
                new Command.ReconfigureGroup(
                        group.id(), group.epoch(), new ProcessId(proposer, 1), change));
    }

    private NodeId anyNode() {
        return new NodeId(1 + random.nextInt(NODES));
    }

    private boolean hears(NodeId node) {
        return !silentSince.containsKey(node);
    }

    // ---- what the loop wants of it

    private void look() {
        ControlState state = cluster.state();
        Steward.Plan plan = stewards.get(leader).step(state, p -> hears(p.node()), nowNanos, LOOP);
        plan.jobs().forEach(command -> judge(state, command));
        plan.retargets().forEach(retarget -> judge(state, retarget));
        plan.jobs().forEach(cluster::applied);
        TreeMap<NodeId, Integer> before = busy();
        plan.retargets().forEach(cluster::applied);
        busy().forEach((node, count) -> {
            if (count > SETTINGS.movesPerNodeMax() && count > before.getOrDefault(node, 0)) {
                throw new Violation(node + " has " + count + " moves at a time");
            }
        });
        plan.volumes().forEach((volume, to) -> move(state, volume, to));
    }

    /** A move is not always made. */
    private void move(ControlState state, VolumeId volume, NodeId to) {
        if (random.nextInt(4) == 0) {
            long accessEpoch = state.volumes().get(volume).accessEpoch();
            cluster.applied(new Command.TakeOwnership(volume, accessEpoch, new ProcessId(to, 1)));
        }
    }

    private TreeMap<NodeId, Integer> busy() {
        TreeMap<NodeId, Integer> busy = new TreeMap<>();
        for (PgConfig group : cluster.state().placementGroups().values()) {
            TreeSet<NodeId> receivers = receivers(group);
            if (!receivers.isEmpty()) {
                receivers.add(group.primary());
                receivers.forEach(node -> busy.merge(node, 1, Integer::sum));
            }
        }
        return busy;
    }

    private TreeSet<NodeId> receivers(PgConfig group) {
        TreeSet<NodeId> receivers = new TreeSet<>(group.targets());
        receivers.removeAll(group.members().keySet());
        receivers.removeAll(silentSince.keySet());
        return receivers;
    }

    private void judge(ControlState state, Command command) {
        switch (command) {
            case Command.StartJob(JobKind.Rebuild(var process), _) -> judgeRebuild(process.node());
            case Command.StartJob(JobKind.Rebalance(long layout), _) -> {
                if (layoutsNotWanted.contains(layout)) {
                    throw new Violation("a cancelled rebalance begins again by itself");
                }
            }
            case Command.AdvanceJob advance -> {
                JobRecord job = state.jobs().all().get(advance.job());
                if (!job.isRunning()) {
                    throw new Violation("gets on while it is " + job.state() + ": " + job);
                }
                if (advance.state() == JobRecord.State.DONE) {
                    judgeEnd(state, job);
                }
            }
            default -> {}
        }
    }

    private void judgeRebuild(NodeId node) {
        if (rebuildsNotWanted.contains(node)) {
            throw new Violation("a cancelled rebuild begins again by itself");
        }
        if (!isAway(node)) {
            throw new Violation(node + " is rebuilt too early");
        }
    }

    private boolean isAway(NodeId node) {
        Long since = silentSince.get(node);
        return since != null && nowNanos - Math.max(since, leadsSince) > AWAY_NANOS;
    }

    private static void judgeEnd(ControlState state, JobRecord job) {
        if (job.kind() instanceof JobKind.Scrub && !job.left().isEmpty()) {
            throw new Violation("a scrub is done, and lacks " + job.left());
        }
        if (job.kind() instanceof JobKind.Drain(var node)) {
            boolean isEmpty =
                    state.placementGroups().values().stream()
                                    .noneMatch(group -> Situation.holds(group, node))
                            && state.volumes().values().stream()
                                    .noneMatch(volume -> volume.owner().node().equals(node));
            if (!isEmpty) {
                throw new Violation(node + " is drained, and is not empty");
            }
        }
    }

    private void judge(ControlState state, Command.RetargetGroup retarget) {
        PgConfig group = state.placementGroups().get(retarget.pg());
        TreeSet<NodeId> given = new TreeSet<>(group.targets());
        given.removeAll(retarget.wanted().targets());
        if (given.isEmpty()) {
            return;
        }
        boolean rebalances =
                state.jobs()
                        .open()
                        .anyMatch(
                                job -> job.kind() instanceof JobKind.Rebalance && job.isRunning());
        if (!rebalances && given.stream().noneMatch(node -> mayLeave(state, node))) {
            throw new Violation(given + " give up " + retarget.pg() + ", and no job wants it");
        }
        for (NodeId node : receivers(group)) {
            if (!mayLeave(state, node)) {
                throw new Violation(node + " learns " + retarget.pg() + ", which moves again");
            }
        }
    }

    private boolean mayLeave(ControlState state, NodeId node) {
        boolean isDrained =
                state.nodes().get(node).adminState() == AdminState.DRAINING
                        && state.jobs()
                                .openLike(new JobKind.Drain(node))
                                .map(JobRecord::isRunning)
                                .orElse(true);
        if (isDrained || hears(node)) {
            return isDrained;
        }
        JobKind rebuild = new JobKind.Rebuild(new ProcessId(node, 1));
        JobRecord last = null;
        for (JobRecord job : state.jobs().all().values()) {
            last = job.kind().equals(rebuild) ? job : last;
        }
        return last != null
                && (last.isRunning() || (last.state() == JobRecord.State.DONE && isAway(node)));
    }
}
