package io.ashlar.metadata.healing;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.metadata.ClusterSettings;
import io.ashlar.metadata.Command;
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
import io.ashlar.metadata.PgConfig;
import io.ashlar.metadata.Planner;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What moves when nodes come and go: as little as can be, never at once, and nothing in vain. */
class StewardTest {
    private static final int MOVES_MAX = 4;
    private static final ClusterSettings SETTINGS =
            new ClusterSettings(Duration.ofSeconds(600), MOVES_MAX, true, 1 << 20, 1 << 30);
    private static final JobStamp LOOP = new JobStamp(new NodeId(1), 5, false);
    private static final long SECOND = 1_000_000_000L;

    private final Fixture cluster = new Fixture();
    private final Steward steward = new Steward(HealingRules.ALL);
    private final Set<NodeId> silent = new TreeSet<>();
    private long nowNanos;
    private int replicasMoved;

    private void found(int nodes, int replicas) {
        cluster.applied(new Command.InitializeCluster(Fixture.CLUSTER));
        List<NodeRecord> records = new ArrayList<>();
        for (int id = 1; id <= nodes; id++) {
            records.add(Fixture.node(id, 1, "host" + id, 1));
        }
        records.forEach(node -> cluster.applied(new Command.RegisterNode(node)));
        cluster.applied(
                new Command.CreatePool("p", replicas, 1, Planner.place(64, replicas, records)));
        cluster.applied(new Command.ChangeSettings(cluster.state().settings(), SETTINGS));
    }

    private Steward.Plan step() {
        nowNanos += SECOND;
        Steward.Plan plan = steward.step(cluster.state(), this::hears, nowNanos, LOOP);
        plan.jobs().forEach(cluster::applied);
        return plan;
    }

    private boolean hears(ProcessId process) {
        return !silent.contains(process.node());
    }

    /** Steps until nothing is wanted any more; primaries do their part between the steps. */
    private void settle() {
        for (int i = 0; i < 500; i++) {
            Steward.Plan plan = step();
            plan.retargets().forEach(cluster::applied);
            assertThat(busiest(cluster.state())).isLessThanOrEqualTo(MOVES_MAX);
            if (plan.retargets().isEmpty() && !reconfigureOnce() && plan.jobs().isEmpty()) {
                return;
            }
        }
        throw new AssertionError("it goes on for ever");
    }

    private boolean reconfigureOnce() {
        boolean any = false;
        for (PgConfig group : List.copyOf(cluster.state().placementGroups().values())) {
            TreeSet<NodeId> missing = new TreeSet<>(group.targets());
            missing.removeAll(group.members().keySet());
            missing.removeAll(silent);
            TreeSet<NodeId> extra = new TreeSet<>(group.members().keySet());
            extra.removeAll(group.targets());
            if (!missing.isEmpty()) {
                NodeRecord node = cluster.state().nodes().get(missing.first());
                change(
                        group,
                        new Change.Add(
                                new Member(node.id(), 1, node.bootId(), node.devices().getFirst()),
                                group.targetsIndex()));
                replicasMoved++;
                any = true;
            } else if (!group.primary().equals(group.preferred())
                    && group.members().containsKey(group.preferred())) {
                change(group, new Change.HandOver(group.preferred()));
                any = true;
            } else if (!extra.isEmpty() && !extra.contains(group.primary())) {
                change(group, new Change.Remove(extra));
                any = true;
            }
        }
        return any;
    }

    private void change(PgConfig group, Change change) {
        cluster.applied(
                new Command.ReconfigureGroup(
                        group.id(), group.epoch(), new ProcessId(group.primary(), 1), change));
    }

    private int busiest(ControlState state) {
        TreeMap<NodeId, Integer> busy = new TreeMap<>();
        for (PgConfig group : state.placementGroups().values()) {
            SortedSet<NodeId> missing = new TreeSet<>(group.targets());
            missing.removeAll(group.members().keySet());
            missing.removeAll(silent);
            missing.forEach(node -> busy.merge(node, 1, Integer::sum));
        }
        return busy.values().stream().mapToInt(Integer::intValue).max().orElse(0);
    }

    private TreeMap<NodeId, Integer> count(boolean primaries) {
        TreeMap<NodeId, Integer> counts = new TreeMap<>();
        for (PgConfig group : cluster.state().placementGroups().values()) {
            if (primaries) {
                counts.merge(group.primary(), 1, Integer::sum);
            } else {
                group.members().keySet().forEach(node -> counts.merge(node, 1, Integer::sum));
            }
        }
        return counts;
    }

    @Test
    void aFourthNodeGetsItsShareInSmallBatchesAndAllEndsEven() {
        // Data moves once, no more of it than the new node's share, and not all at the same time.
        found(3, 3);
        assertThat(step().retargets()).isEmpty();
        cluster.applied(new Command.RegisterNode(Fixture.node(4, 1, "host4", 1)));
        settle();
        assertThat(count(false).values()).containsOnly(48);
        assertThat(count(true).values()).containsOnly(16);
        assertThat(replicasMoved).isEqualTo(48);
    }

    @Test
    void aDrainedNodeEndsEmptyAndComesBackByUncordon() {
        found(4, 3);
        cluster.applied(
                new Command.SetAdminState(new NodeId(2), AdminState.DRAINING, Fixture.STAMP));
        settle();
        assertThat(count(false)).doesNotContainKey(new NodeId(2));
        assertThat(count(false).values()).containsOnly(64);
        assertThat(replicasMoved).isEqualTo(48);
        cluster.applied(new Command.RemoveNode(new NodeId(2)));
    }

    @Test
    void aNodeThatIsAwayIsReplacedAfterItsTimeAndNotBefore() {
        found(4, 2);
        silent.add(new NodeId(3));
        for (int i = 0; i < 600; i++) {
            assertThat(step().retargets()).isEmpty();
        }
        nowNanos += 2 * SECOND;
        step(); // the rebuild begins as a job
        assertThat(step().retargets()).isNotEmpty();
        cluster.applied(new Command.ChangeJob(only().id(), Command.ChangeJob.Wish.CANCEL, LOOP));
        steward.restart();
        assertThat(step().retargets()).isEmpty(); // another leader counts from its own start
    }

    @Test
    void withNowhereToGoNothingMovesButLeads() {
        // Three nodes, three replicas: a drain can give away leads, never a replica.
        found(3, 3);
        silent.add(new NodeId(1));
        nowNanos += 700 * SECOND;
        step();
        nowNanos += 700 * SECOND;
        step();
        step();
        assertThat(only().note()).contains("wants 3 replicas");
        for (Command.RetargetGroup retarget : step().retargets()) {
            assertThat(retarget.wanted().targets()).isEqualTo(Fixture.nodes(1, 2, 3));
        }
    }

    @Test
    void volumesOfADrainingNodeGoToWhoOwnsFewest() {
        found(3, 3);
        for (int i = 0; i < 3; i++) {
            cluster.applied(
                    new Command.CreateVolume(
                            "v" + i, "p", 1 << 30, 4 << 20, 512, 0, Fixture.process(1, 1), -1));
        }
        cluster.applied(
                new Command.SetAdminState(new NodeId(1), AdminState.DRAINING, Fixture.STAMP));
        assertThat(step().volumes().values())
                .containsExactly(new NodeId(2), new NodeId(3), new NodeId(2));
    }

    private JobRecord only() {
        assertThat(cluster.state().jobs().all()).hasSize(1);
        return cluster.state().jobs().all().firstEntry().getValue();
    }

    private JobRecord last() {
        return cluster.state().jobs().all().lastEntry().getValue();
    }

    private void wish(JobRecord job, Command.ChangeJob.Wish wish) {
        cluster.applied(new Command.ChangeJob(job.id(), wish, Fixture.STAMP));
    }

    @Test
    void aDrainTellsHowFarItIsAndEndsWhenTheNodeIsEmpty() {
        // Protects operators from a drain of which nobody knows whether it gets on.
        found(4, 3);
        NodeId drained = new NodeId(2);
        cluster.applied(new Command.StartJob(new JobKind.Drain(drained), Fixture.STAMP));
        step();
        assertThat(only().total()).isEqualTo(48);
        assertThat(only().done()).isZero();
        for (int i = 0; i < 5; i++) {
            step().retargets().forEach(cluster::applied);
            reconfigureOnce();
        }
        step();
        assertThat(only().done()).isBetween(1L, 47L);
        steward.restart(); // another leader goes on where this one was
        settle();
        assertThat(only().state()).isEqualTo(JobRecord.State.DONE);
        assertThat(only().done()).isEqualTo(48);
        assertThat(cluster.state().nodes().get(drained).adminState())
                .isEqualTo(AdminState.DRAINING);
    }

    @Test
    void aPausedDrainChangesNoTargetsAndACancelledOneGivesThemBack() {
        found(4, 3);
        NodeId drained = new NodeId(2);
        cluster.applied(new Command.StartJob(new JobKind.Drain(drained), Fixture.STAMP));
        step().retargets().forEach(cluster::applied);
        wish(only(), Command.ChangeJob.Wish.PAUSE);
        for (int i = 0; i < 20; i++) {
            reconfigureOnce(); // copies under way end
            for (Command.RetargetGroup retarget : step().retargets()) {
                assertThat(retarget.wanted().targets()).isEqualTo(retarget.expected().targets());
                assertThat(retarget.wanted().primary()).isNotEqualTo(drained);
                cluster.applied(retarget);
            }
        }
        assertThat(step().retargets()).isEmpty();
        assertThat(count(false).get(drained)).isBetween(1, 47);
        wish(only(), Command.ChangeJob.Wish.RESUME);
        assertThat(step().retargets()).isNotEmpty();
        wish(only(), Command.ChangeJob.Wish.CANCEL);
        settle();
        assertThat(count(false).values()).containsOnly(48);
        assertThat(last().kind()).isInstanceOf(JobKind.Rebalance.class);
        assertThat(last().state()).isEqualTo(JobRecord.State.DONE);
    }

    @Test
    void aDrainWithNowhereToGoSaysSo() {
        found(3, 3);
        cluster.applied(new Command.StartJob(new JobKind.Drain(new NodeId(2)), Fixture.STAMP));
        step();
        assertThat(only().state()).isEqualTo(JobRecord.State.RUNNING);
        assertThat(only().note()).contains("wants 3 replicas").contains("add a node");
    }

    @Test
    void evennessIsAJobThatCanBePausedAndCancelled() {
        found(3, 3);
        cluster.applied(new Command.RegisterNode(Fixture.node(4, 1, "host4", 1)));
        assertThat(step().retargets()).isEmpty();
        assertThat(step().retargets()).isNotEmpty();
        assertThat(only().total()).isEqualTo(48);
        wish(only(), Command.ChangeJob.Wish.PAUSE);
        assertThat(step().retargets()).isEmpty();
        wish(only(), Command.ChangeJob.Wish.CANCEL);
        for (int i = 0; i < 10; i++) {
            assertThat(step().retargets()).isEmpty(); // not again while nodes are the same
        }
        cluster.applied(new Command.StartJob(new JobKind.Rebalance(0), Fixture.STAMP));
        settle();
        assertThat(last().state()).isEqualTo(JobRecord.State.DONE);
        assertThat(count(false).values()).containsOnly(48);
    }

    @Test
    void withoutAutomaticRebalanceANewNodeStaysEmptyUntilAsked() {
        found(3, 3);
        cluster.applied(
                new Command.ChangeSettings(
                        SETTINGS,
                        new ClusterSettings(SETTINGS.away(), MOVES_MAX, false, 1 << 20, 1 << 30)));
        cluster.applied(new Command.RegisterNode(Fixture.node(4, 1, "host4", 1)));
        settle();
        assertThat(cluster.state().jobs().all()).isEmpty();
        assertThat(count(false)).doesNotContainKey(new NodeId(4));
    }

    @Test
    void aRebuildBeginsAtOnceWhenAskedForAndEndsWhenTheNodeComesBack() {
        found(4, 2);
        NodeId lost = new NodeId(3);
        silent.add(lost);
        step();
        cluster.applied(
                new Command.StartJob(new JobKind.Rebuild(Fixture.process(3, 1)), Fixture.STAMP));
        step().retargets().forEach(cluster::applied);
        assertThat(only().total()).isEqualTo(32);
        silent.clear();
        step();
        JobRecord rebuild = cluster.state().jobs().all().firstEntry().getValue();
        assertThat(rebuild.state()).isEqualTo(JobRecord.State.CANCELLED);
        assertThat(rebuild.note()).contains("is back");
    }

    @Test
    void aRebuildEndsWhenAllHasItsCopiesAgain() {
        found(4, 2);
        silent.add(new NodeId(3));
        step();
        cluster.applied(
                new Command.StartJob(new JobKind.Rebuild(Fixture.process(3, 1)), Fixture.STAMP));
        for (PgConfig group : List.copyOf(cluster.state().placementGroups().values())) {
            loseIts(group, new NodeId(3));
        }
        settle();
        assertThat(only().state()).isEqualTo(JobRecord.State.DONE);
        assertThat(count(false)).doesNotContainKey(new NodeId(3));
        assertThat(count(false).values().stream().mapToInt(n -> n).sum()).isEqualTo(128);
    }

    /** What its members do when one falls silent. */
    private void loseIts(PgConfig group, NodeId gone) {
        if (group.primary().equals(gone)) {
            NodeId backup =
                    group.members().keySet().stream()
                            .filter(node -> !node.equals(gone))
                            .findFirst()
                            .orElseThrow();
            cluster.applied(
                    new Command.ReconfigureGroup(
                            group.id(),
                            group.epoch(),
                            new ProcessId(backup, 1),
                            new Change.Petition()));
        } else if (group.members().containsKey(gone)) {
            change(group, new Change.Remove(new TreeSet<>(Set.of(gone))));
        }
    }
}
