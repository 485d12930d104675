package io.ashlar.node.startup;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.node.FakeMetadata;
import io.ashlar.node.Fixtures;
import io.ashlar.node.OperatorException;
import io.ashlar.node.QueueShard;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class RegistrationTest {
    private final FakeMetadata metadata = new FakeMetadata();
    private final QueueShard shard = new QueueShard();
    private final List<OperatorException> fatal = new ArrayList<>();

    private Runnable start(UUID cluster) {
        Runnable end =
                new Registration(metadata, cluster, Fixtures.node(1, 101), shard, fatal::add)
                        .start();
        shard.run();
        return end;
    }

    /** Protects a node that starts before there is a leader: it repeats until the view shows it. */
    @Test
    void repeatsUntilTheViewShowsIt() {
        metadata.inTouch = false;
        start(Fixtures.CLUSTER);
        shard.fireTimers();
        shard.fireTimers();
        assertThat(metadata.state().nodes()).isEmpty();
        assertThat(metadata.submitted).hasSizeGreaterThan(1);
        metadata.inTouch = true;
        shard.fireTimers();
        assertThat(metadata.state().nodes()).hasSize(1);
        int submitted = metadata.submitted.size();
        shard.fireTimers();
        shard.fireTimers();
        assertThat(metadata.submitted).hasSize(submitted);
        assertThat(fatal).isEmpty();
    }

    /** Protects groups from a device that has failed: the cluster learns that it is gone. */
    @Test
    void registersAgainWithoutADeviceThatHasFailed() {
        Registration registration =
                new Registration(
                        metadata, Fixtures.CLUSTER, Fixtures.node(1, 101), shard, fatal::add);
        registration.start();
        shard.run();
        shard.fireTimers();
        registration.devicesAre(new LinkedHashMap<>());
        shard.run();
        shard.fireTimers();
        NodeRecord node = metadata.state().nodes().get(new NodeId(1));
        assertThat(node.devices()).isEmpty();
        assertThat(node.incarnation()).isEqualTo(101);
        assertThat(fatal).isEmpty();
    }

    /** Protects against two processes that play one node: the one that was replaced goes. */
    @Test
    void givesUpWhenAnotherProcessRegistersAsThisNode() {
        start(Fixtures.CLUSTER);
        assertThat(metadata.state().nodes()).hasSize(1);
        metadata.apply(new Command.RegisterNode(Fixtures.node(1, 202)));
        shard.run();
        assertThat(fatal).hasSize(1);
        assertThat(fatal.getFirst()).hasMessageContaining("another process has registered");
    }

    /** Protects against a node of another cluster that was given the wrong voters. */
    @Test
    void givesUpInAnotherCluster() {
        metadata.apply(new Command.InitializeCluster(new UUID(9, 9)));
        start(Fixtures.CLUSTER);
        assertThat(fatal).hasSize(1);
        assertThat(metadata.state().nodes()).isEmpty();
    }

    /** Protects an orderly stop: nothing is submitted after it. */
    @Test
    void endsWhenToldTo() {
        Runnable end = start(Fixtures.CLUSTER);
        end.run();
        shard.run();
        metadata.apply(new Command.RegisterNode(Fixtures.node(1, 202)));
        shard.run();
        assertThat(fatal).isEmpty();
    }
}
