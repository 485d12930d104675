package io.ashlar.metadata;

import static io.ashlar.metadata.Fixture.device;
import static io.ashlar.metadata.Fixture.node;
import static io.ashlar.metadata.Fixture.nodes;
import static io.ashlar.metadata.Fixture.process;
import static io.ashlar.metadata.Fixture.reconfigure;
import static io.ashlar.metadata.Outcome.Reason.EXISTS;
import static io.ashlar.metadata.Outcome.Reason.INVALID;
import static io.ashlar.metadata.Outcome.Reason.NOT_FOUND;
import static io.ashlar.metadata.Outcome.Reason.STALE;
import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.metadata.Command.ReconfigureGroup.Change;
import java.util.List;
import java.util.SortedSet;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Who may change a group, and to what: a wrong answer here loses acknowledged writes. */
class GroupRulesTest {
    private final Fixture cluster = Fixture.withPool();

    @Test
    void firstConfigurationHoldsTheRegisteredProcessesWithADeviceOfEach() {
        PgConfig group = cluster.group();
        assertThat(group.epoch()).isEqualTo(1);
        assertThat(group.leadEpoch()).isEqualTo(1);
        assertThat(group.primary()).isEqualTo(new NodeId(1));
        assertThat(group.index()).isEqualTo(cluster.index());
        assertThat(group.members().keySet()).isEqualTo(nodes(1, 2, 3));
        assertThat(group.isMember(process(2, 20))).isTrue();
        // Four groups over two devices of each node: two each.
        assertThat(cluster.state().placementGroups().values())
                .filteredOn(g -> g.members().get(new NodeId(2)).device().equals(device(2, 0)))
                .hasSize(2);
    }

    @Test
    void primaryRemovesBackupsAndStaysInLead() {
        cluster.applied(reconfigure(1, process(1, 10), new Change.Remove(nodes(2, 3))));
        assertThat(cluster.group().members().keySet()).isEqualTo(nodes(1));
        assertThat(cluster.group().epoch()).isEqualTo(2);
        assertThat(cluster.group().leadEpoch()).isEqualTo(1);
        assertThat(cluster.group().index()).isEqualTo(cluster.index());
        assertThat(cluster.group().targets()).isEqualTo(nodes(1, 2, 3));
    }

    @Test
    void removalIsRefusedToOthersAndOfThePrimaryAndOfStrangers() {
        cluster.rejected(STALE, reconfigure(1, process(2, 20), new Change.Remove(nodes(3))));
        cluster.rejected(INVALID, reconfigure(1, process(1, 10), new Change.Remove(nodes(1))));
        cluster.rejected(INVALID, reconfigure(1, process(1, 10), new Change.Remove(nodes())));
        cluster.rejected(INVALID, reconfigure(1, process(1, 10), new Change.Remove(nodes(9))));
        assertThat(cluster.group().epoch()).isEqualTo(1);
    }

    @Test
    void anOldEpochChangesNothing() {
        cluster.applied(reconfigure(1, process(1, 10), new Change.Remove(nodes(3))));
        cluster.rejected(STALE, reconfigure(1, process(1, 10), new Change.Remove(nodes(2))));
        cluster.rejected(STALE, reconfigure(1, process(2, 20), new Change.Petition()));
        cluster.rejected(STALE, reconfigure(3, process(2, 20), new Change.Petition()));
        assertThat(cluster.group().members().keySet()).isEqualTo(nodes(1, 2));
    }

    @Test
    void aProcessThatIsNotRegisteredProposesNothing() {
        cluster.applied(new Command.RegisterNode(node(1, 11, "host1", 2)));
        cluster.rejected(STALE, reconfigure(1, process(1, 10), new Change.Remove(nodes(3))));
        cluster.rejected(STALE, reconfigure(1, process(7, 70), new Change.Petition()));
        // The new process is no member by its registration, so it is not the primary either.
        cluster.rejected(STALE, reconfigure(1, process(1, 11), new Change.Remove(nodes(3))));
    }

    @Test
    void learnerIsAddedAsItRegistered() {
        cluster.applied(reconfigure(1, process(1, 10), new Change.Remove(nodes(3))));
        cluster.applied(new Command.RegisterNode(node(3, 31, "host3", 2)));
        Member learner = new Member(new NodeId(3), 31, new UUID(3, 77), device(3, 1));
        cluster.applied(reconfigure(2, process(1, 10), add(learner)));
        assertThat(cluster.group().members()).containsEntry(new NodeId(3), learner);
        assertThat(cluster.group().epoch()).isEqualTo(3);
        assertThat(cluster.group().leadEpoch()).isEqualTo(1);
    }

    @Test
    void learnerIsRefusedWithAnotherIncarnationBootOrDevice() {
        cluster.applied(reconfigure(1, process(1, 10), new Change.Remove(nodes(3))));
        NodeId three = new NodeId(3);
        UUID boot = new UUID(3, 77);
        for (Member wrong :
                List.of(
                        new Member(three, 29, boot, device(3, 0)),
                        new Member(three, 30, new UUID(3, 78), device(3, 0)),
                        new Member(three, 30, boot, device(3, 5)),
                        new Member(new NodeId(4), 30, boot, device(3, 0)))) {
            cluster.rejected(STALE, reconfigure(2, process(1, 10), add(wrong)));
        }
        Member right = new Member(three, 30, boot, device(3, 0));
        cluster.rejected(STALE, reconfigure(2, process(2, 20), add(right)));
        cluster.applied(reconfigure(2, process(1, 10), add(right)));
        cluster.rejected(EXISTS, reconfigure(3, process(1, 10), add(right)));
    }

    @Test
    void petitioningBackupLeadsWithoutTheFormerPrimary() {
        cluster.applied(reconfigure(1, process(3, 30), new Change.Petition()));
        assertThat(cluster.group().primary()).isEqualTo(new NodeId(3));
        assertThat(cluster.group().members().keySet()).isEqualTo(nodes(2, 3));
        assertThat(cluster.group().epoch()).isEqualTo(2);
        assertThat(cluster.group().leadEpoch()).isEqualTo(2);
        cluster.rejected(STALE, reconfigure(2, process(3, 30), new Change.Petition()));
        cluster.rejected(STALE, reconfigure(2, process(1, 10), new Change.Petition()));
    }

    @Test
    void restartedBackupDoesNotPetition() {
        cluster.applied(new Command.RegisterNode(node(3, 31, "host3", 2)));
        cluster.rejected(STALE, reconfigure(1, process(3, 31), new Change.Petition()));
    }

    @Test
    void returningMembersLeadTogetherAfterAllWentDown() {
        cluster.applied(new Command.RegisterNode(node(2, 21, "host2", 2)));
        cluster.applied(new Command.RegisterNode(node(3, 31, "host3", 2)));
        cluster.applied(reconfigure(1, process(3, 31), new Change.Lead()));
        PgConfig group = cluster.group();
        assertThat(group.primary()).isEqualTo(new NodeId(3));
        assertThat(group.members().keySet()).isEqualTo(nodes(2, 3));
        assertThat(group.isMember(process(2, 21))).isTrue();
        assertThat(group.leadEpoch()).isEqualTo(2);
        assertThat(group.epoch()).isEqualTo(2);
    }

    @Test
    void aMemberThatDidNotRestartAndAStrangerDoNotLead() {
        cluster.rejected(STALE, reconfigure(1, process(2, 20), new Change.Lead()));
        cluster.applied(new Command.RegisterNode(node(4, 40, "host4", 2)));
        cluster.rejected(STALE, reconfigure(1, process(4, 40), new Change.Lead()));
    }

    @Test
    void whoLostItsDeviceNeitherLeadsNorJoinsTheLeader() {
        cluster.applied(reconfigure(1, process(1, 10), new Change.Remove(nodes(2))));
        NodeRecord blank = node(3, 31, "host3", 0);
        cluster.applied(new Command.RegisterNode(blank));
        cluster.rejected(STALE, reconfigure(2, process(3, 31), new Change.Lead()));
        cluster.applied(new Command.RegisterNode(node(1, 11, "host1", 2)));
        // Node 2 was no member of the last configuration, though it comes back with its device.
        cluster.applied(new Command.RegisterNode(node(2, 21, "host2", 2)));
        cluster.rejected(STALE, reconfigure(2, process(2, 21), new Change.Lead()));
        cluster.applied(reconfigure(2, process(1, 11), new Change.Lead()));
        assertThat(cluster.group().members().keySet()).isEqualTo(nodes(1));
    }

    @Test
    void unknownGroupIsNamed() {
        String message =
                cluster.rejected(
                        NOT_FOUND,
                        new Command.ReconfigureGroup(
                                new PgId(1, 4), 1, process(1, 10), new Change.Petition()));
        assertThat(message).contains("1.4");
    }

    @Test
    void retargetingKeepsTheConfiguration() {
        cluster.applied(new Command.RegisterNode(node(4, 40, "host4", 1)));
        PgConfig before = cluster.group();
        cluster.rejected(STALE, retarget(1, nodes(1, 2), 1, nodes(1, 2, 4)));
        cluster.rejected(STALE, retarget(2, nodes(1, 2, 3), 1, nodes(1, 2, 4)));
        cluster.applied(retarget(1, nodes(1, 2, 3), 4, nodes(1, 2, 4)));
        PgConfig after = cluster.group();
        assertThat(after.targets()).isEqualTo(nodes(1, 2, 4));
        assertThat(after.preferred()).isEqualTo(new NodeId(4));
        assertThat(after.targetsIndex()).isEqualTo(cluster.index());
        assertThat(after.epoch()).isEqualTo(before.epoch());
        assertThat(after.index()).isEqualTo(before.index());
        assertThat(after.members()).isEqualTo(before.members());
        cluster.applied(retarget(4, nodes(1, 2, 4), 2, nodes(1, 2, 4)));
        assertThat(cluster.group().targetsIndex()).isEqualTo(after.targetsIndex());
        cluster.applied(new Command.RegisterNode(node(5, 50, "host4", 1)));
        cluster.rejected(INVALID, retarget(2, nodes(1, 2, 4), 1, nodes(1, 4, 5)));
        cluster.rejected(INVALID, retarget(2, nodes(1, 2, 4), 1, nodes()));
        cluster.rejected(INVALID, retarget(2, nodes(1, 2, 4), 1, nodes(1, 2, 3, 4)));
        cluster.rejected(INVALID, retarget(2, nodes(1, 2, 4), 3, nodes(1, 2, 4)));
    }

    @Test
    void whoeverWasNoTargetForAMomentIsNotTakenIn() {
        // It may have dropped what it had in that moment, and its teacher may not know.
        cluster.applied(reconfigure(1, process(1, 10), new Change.Remove(nodes(3))));
        Member learner = new Member(new NodeId(3), 30, new UUID(3, 77), device(3, 0));
        Change learnedBefore = add(learner);
        cluster.applied(retarget(1, nodes(1, 2, 3), 1, nodes(1, 2)));
        cluster.rejected(STALE, reconfigure(2, process(1, 10), learnedBefore));
        cluster.applied(retarget(1, nodes(1, 2), 1, nodes(1, 2, 3)));
        cluster.rejected(STALE, reconfigure(2, process(1, 10), learnedBefore));
        cluster.applied(reconfigure(2, process(1, 10), add(learner)));
    }

    @Test
    void aPrimaryHandsOverToABackupAndStaysAMember() {
        cluster.rejected(STALE, reconfigure(1, process(2, 20), handOver(3)));
        cluster.rejected(INVALID, reconfigure(1, process(1, 10), handOver(1)));
        cluster.rejected(INVALID, reconfigure(1, process(1, 10), handOver(4)));
        cluster.applied(reconfigure(1, process(1, 10), handOver(3)));
        PgConfig group = cluster.group();
        assertThat(group.primary()).isEqualTo(new NodeId(3));
        assertThat(group.members().keySet()).isEqualTo(nodes(1, 2, 3));
        assertThat(group.epoch()).isEqualTo(2);
        assertThat(group.leadEpoch()).isEqualTo(2);
        cluster.rejected(STALE, reconfigure(2, process(1, 10), handOver(2)));
        cluster.applied(new Command.RegisterNode(node(2, 21, "host2", 2)));
        cluster.rejected(STALE, reconfigure(2, process(3, 30), handOver(2)));
    }

    private static Change handOver(int to) {
        return new Change.HandOver(new NodeId(to));
    }

    private Change add(Member member) {
        return new Change.Add(member, cluster.group().targetsIndex());
    }

    private static Command retarget(
            int preferred, SortedSet<NodeId> expected, int lead, SortedSet<NodeId> targets) {
        return new Command.RetargetGroup(
                new PgId(1, 0),
                new Command.Placement(new NodeId(preferred), expected),
                new Command.Placement(new NodeId(lead), targets));
    }
}
