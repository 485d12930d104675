package io.ashlar.node.startup;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.ClusterSettings;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.Planner;
import io.ashlar.node.FakeMetadata;
import io.ashlar.node.Fixtures;
import io.ashlar.node.QueueShard;
import io.ashlar.node.configuration.HostPort;
import io.ashlar.node.configuration.NodeConfiguration;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FoundingTest {
    private final FakeMetadata metadata = new FakeMetadata();
    private final QueueShard shard = new QueueShard();

    private static NodeConfiguration configuration(int voters) {
        List<NodeConfiguration.Voter> list = new ArrayList<>();
        for (int id = 1; id <= voters; id++) {
            list.add(new NodeConfiguration.Voter(new NodeId(id), new HostPort("127.0.0.1", id)));
        }
        HostPort any = new HostPort("127.0.0.1", 1);
        return new NodeConfiguration(
                Path.of("node.yaml"),
                Fixtures.CLUSTER,
                new NodeId(1),
                "rack-1",
                new NodeConfiguration.Addresses(any, any, any, any, any),
                list,
                true,
                Path.of("metadata"),
                List.of(Path.of("data")),
                new NodeConfiguration.FirstPool(64, 3, 2),
                new NodeConfiguration.Log(Path.of("node.log"), "info"),
                new NodeConfiguration.Limits(1L << 40, 1 << 28, 1 << 26, 1 << 26, 85));
    }

    private void start(int voters) {
        new Founding(metadata, configuration(voters), Planner::place, shard).start();
        shard.run();
    }

    private void register(int node) {
        metadata.apply(new Command.RegisterNode(Fixtures.node(node, 100 + node)));
    }

    /** Protects the first placement: it waits for every voter, then spreads over all. */
    @Test
    void waitsForEveryVoterAndMakesThePoolOnce() {
        start(3);
        shard.fireTimers();
        assertThat(metadata.state().clusterId()).isEqualTo(Fixtures.CLUSTER);
        register(1);
        register(2);
        shard.fireTimers();
        shard.fireTimers();
        assertThat(metadata.state().pools()).isEmpty();
        register(3);
        shard.fireTimers();
        assertThat(metadata.state().poolNamed("default")).isPresent();
        assertThat(metadata.state().placementGroups()).hasSize(64);
        assertThat(metadata.state().placementGroups().values())
                .allMatch(group -> group.members().size() == 3);
        int submitted = metadata.submitted.size();
        shard.fireTimers();
        assertThat(metadata.submitted).hasSize(submitted);
    }

    /** Protects small clusters: they get as many replicas as they have nodes. */
    @Test
    void foundsAClusterOfOne() {
        register(1);
        start(1);
        shard.fireTimers();
        shard.fireTimers();
        assertThat(metadata.state().pools().get(1).replicas()).isEqualTo(1);
        assertThat(metadata.state().pools().get(1).inSyncMin()).isEqualTo(1);
    }

    /** Protects clusters of two versions: what a log means follows from the log alone. */
    @Test
    void writesTheSettingsAsACommand() {
        ClusterSettings later =
                new ClusterSettings(Duration.ofMinutes(20), 16, true, 1 << 20, 1 << 30);
        new Founding(metadata, configuration(1), later, Planner::place, shard).start();
        shard.run();
        shard.fireTimers();
        assertThat(metadata.submitted)
                .contains(new Command.ChangeSettings(ClusterSettings.VERSION_1, later));
        assertThat(metadata.state().settings()).isEqualTo(later);
    }

    /** Protects what an operator has set before the first pool was made. */
    @Test
    void leavesSettingsThatSomebodyHasChanged() {
        ClusterSettings theirs =
                new ClusterSettings(Duration.ofMinutes(2), 4, true, 1 << 20, 1 << 30);
        metadata.apply(new Command.ChangeSettings(ClusterSettings.VERSION_1, theirs));
        register(1);
        start(1);
        shard.fireTimers();
        shard.fireTimers();
        assertThat(metadata.state().settings()).isEqualTo(theirs);
        assertThat(metadata.state().poolNamed("default")).isPresent();
    }

    /** Protects against every node founding at the same time. */
    @Test
    void leavesItToTheLeader() {
        metadata.leader = false;
        start(1);
        shard.fireTimers();
        assertThat(metadata.submitted).isEmpty();
    }
}
