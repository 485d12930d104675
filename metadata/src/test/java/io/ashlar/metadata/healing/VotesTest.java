package io.ashlar.metadata.healing;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.Fixture;
import io.ashlar.metadata.NodeRecord.AdminState;
import io.ashlar.metadata.Voter;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Who votes: as many as wanted, apart from each other, and nobody who is away. */
class VotesTest {
    private static final NodeId LEADER = new NodeId(1);

    private static ControlState cluster(String... domains) {
        Fixture cluster = new Fixture();
        cluster.applied(new Command.InitializeCluster(Fixture.CLUSTER));
        for (int id = 1; id <= domains.length; id++) {
            cluster.applied(new Command.RegisterNode(Fixture.node(id, 1, domains[id - 1], 1)));
        }
        return cluster.state();
    }

    private static List<Voter> voters(int... nodes) {
        return IntStream.of(nodes).mapToObj(n -> new Voter(new NodeId(n), "10.0.0.1:3")).toList();
    }

    private static Silence.Absent absent(SortedSet<NodeId> silent, SortedSet<NodeId> away) {
        return new Silence.Absent(silent, away);
    }

    private static Votes.Step next(ControlState state, List<Voter> voters, Silence.Absent absent) {
        return Votes.next(state, voters, LEADER, absent);
    }

    private static Silence.Absent nobody() {
        return absent(Fixture.nodes(), Fixture.nodes());
    }

    @Test
    void theVoteOfANodeThatIsAwayGoesToOneInAFailureDomainOfItsOwn() {
        ControlState state = cluster("a", "b", "c", "a", "c");
        Silence.Absent silent = absent(Fixture.nodes(3), Fixture.nodes());
        assertThat(next(state, voters(1, 2, 3), silent)).isEqualTo(new Votes.Step.Keep());
        Silence.Absent away = absent(Fixture.nodes(3), Fixture.nodes(3));
        assertThat(next(state, voters(1, 2, 3), away))
                .isEqualTo(new Votes.Step.Change(voters(1, 2, 5)));
        // Whoever is silent, or gets nothing new, is given none.
        Silence.Absent both = absent(Fixture.nodes(3, 5), Fixture.nodes(3));
        assertThat(next(state, voters(1, 2, 3), both))
                .isEqualTo(new Votes.Step.Change(voters(1, 2, 4)));
        ControlState three = cluster("a", "b", "c");
        assertThat(next(three, voters(1, 2, 3), away)).isEqualTo(new Votes.Step.Keep());
    }

    @Test
    void aClusterThatGrowsHasThreeVotersAndNeverTwo() {
        ControlState two = cluster("a", "b");
        assertThat(next(two, voters(1), nobody())).isEqualTo(new Votes.Step.Keep());
        ControlState three = cluster("a", "b", "c");
        assertThat(next(three, voters(1), nobody())).isEqualTo(new Votes.Step.Change(voters(1, 2)));
        assertThat(next(three, voters(1, 2), nobody()))
                .isEqualTo(new Votes.Step.Change(voters(1, 2, 3)));
        assertThat(next(cluster("a", "b", "c", "d"), voters(1, 2, 3), nobody()))
                .isEqualTo(new Votes.Step.Keep());
    }

    @Test
    void votersThatShareAFailureDomainMoveApartAndTheLeaderStays() {
        ControlState state = cluster("a", "a", "c", "d");
        assertThat(next(state, voters(1, 2, 3), nobody()))
                .isEqualTo(new Votes.Step.Change(voters(1, 3, 4)));
        assertThat(Votes.next(state, voters(1, 2, 3), new NodeId(2), nobody()))
                .isEqualTo(new Votes.Step.Change(voters(2, 3, 4)));
        assertThat(next(cluster("a", "a", "c", "c"), voters(1, 2, 3), nobody()))
                .isEqualTo(new Votes.Step.Keep());
    }

    @Test
    void aNodeThatIsRemovedGivesItsVoteToAnotherIfThereIsOne() {
        ControlState state = cluster("a", "b", "c", "d");
        assertThat(Votes.without(state, voters(1, 2, 3), new NodeId(2), Set.of()))
                .contains(voters(1, 3, 4));
        assertThat(Votes.without(state, voters(1, 2, 3), new NodeId(4), Set.of()))
                .contains(voters(1, 2, 3));
        assertThat(Votes.without(state, voters(1, 2, 3), new NodeId(2), Fixture.nodes(4)))
                .isEmpty();
        assertThat(Votes.without(state, voters(1, 2, 3, 4), new NodeId(2), Set.of()))
                .contains(voters(1, 3, 4));
    }

    @Test
    void theVoteOfANodeThatIsReplacedGoesToItsHeirOnceTheLeadIsAnothers() {
        Fixture cluster = new Fixture();
        cluster.applied(new Command.InitializeCluster(Fixture.CLUSTER));
        for (int id = 1; id <= 5; id++) {
            cluster.applied(new Command.RegisterNode(Fixture.node(id, 1, "rack" + id, 1)));
        }
        cluster.applied(new Command.ReplaceNode(new NodeId(1), new NodeId(5), Fixture.STAMP));
        assertThat(next(cluster.state(), voters(1, 2, 3), nobody()))
                .isEqualTo(new Votes.Step.HandOver(new NodeId(2)));
        assertThat(Votes.next(cluster.state(), voters(1, 2, 3), new NodeId(2), nobody()))
                .isEqualTo(new Votes.Step.Change(voters(2, 3, 5)));
    }

    @Test
    void aCordonedNodeIsGivenNoVote() {
        Fixture cluster = new Fixture();
        cluster.applied(new Command.InitializeCluster(Fixture.CLUSTER));
        for (int id = 1; id <= 4; id++) {
            cluster.applied(new Command.RegisterNode(Fixture.node(id, 1, "rack" + id, 1)));
        }
        cluster.applied(
                new Command.SetAdminState(new NodeId(4), AdminState.CORDONED, Fixture.STAMP));
        Silence.Absent away = absent(Fixture.nodes(3), Fixture.nodes(3));
        assertThat(next(cluster.state(), voters(1, 2, 3), away)).isEqualTo(new Votes.Step.Keep());
    }
}
