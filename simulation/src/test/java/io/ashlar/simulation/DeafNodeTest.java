package io.ashlar.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ashlar.common.NodeId;
import io.ashlar.iscsi.SessionRules;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.PgConfig;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.replication.PgRules;
import io.ashlar.simulation.world.SimNetwork;
import io.ashlar.simulation.world.SimWorld;
import io.ashlar.volume.owner.FenceRules;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A node is heard by all others, and hears nobody, for half a minute: an owner, a primary, and the
 * leader of the control plane (docs/protocol-findings.md, 32).
 */
final class DeafNodeTest {
    private static final long SEED = 32;
    private static final long LONG = 90 * SimWorld.SECOND;
    private static final long NOTICED = 10 * SimWorld.SECOND;
    private static final long DEAF = 20 * SimWorld.SECOND;

    @ParameterizedTest
    @ValueSource(
            longs = {SEED, SEED + 1, SEED + 2, SEED + 3, SEED + 4, SEED + 5, SEED + 6, SEED + 7})
    void othersTakeOverFromADeafNodeAndNobodyElseIsTakenOut(long seed) {
        // Protects hosts that reach the other nodes, and copies that are well.
        run(seed, true, PgRules.ALL, FenceRules.ALL);
        run(seed, false, PgRules.ALL, FenceRules.ALL);
    }

    @Test
    void aDeafNodeWouldTakeTheOthersOut() {
        // Protects the test above: without the rule it fails.
        PgRules judging = PgRules.without(PgRules.Rule.DEAF_JUDGES_NOBODY);
        assertThatThrownBy(() -> run(SEED, true, judging, FenceRules.ALL))
                .hasMessageContaining("members");
    }

    @Test
    void aDeafNodeWouldGoOnLeadingGroups() {
        // Protects the test above: without the rule it fails.
        PgRules heard = PgRules.without(PgRules.Rule.DEAF_IS_SILENT);
        assertThatThrownBy(() -> run(SEED, false, heard, FenceRules.ALL))
                .hasMessageContaining("primary");
    }

    @Test
    void aDeafNodeWouldGoOnOwningVolumes() {
        // Protects the test above: without the rule it fails.
        FenceRules heard = FenceRules.without(FenceRules.Rule.DEAF_IS_SILENT);
        assertThatThrownBy(() -> run(SEED, false, PgRules.ALL, heard))
                .hasMessageContaining("owner");
    }

    private static void run(long seed, boolean leads, PgRules groups, FenceRules fences) {
        Options drawn = Options.random(seed).on(3, 3, 2, 4).withPowerCut(false);
        Options options = drawn.with(withoutSpikes(drawn.network()));
        SimulatedCluster cluster =
                new SimulatedCluster(
                        seed,
                        options,
                        new VolumeProgram(
                                new ReplicationProgram(groups, ReplicationProgram.settings(seed)),
                                options.load().style().answersPings()
                                        ? fences
                                        : fences.andWithout(FenceRules.Rule.PING),
                                SessionRules.ALL),
                        false);
        SimWorld world = cluster.world();
        world.runFor(SimWorld.SECOND);
        cluster.convergence().await(LONG);
        NodeId deaf = cluster.owner(cluster.volumes().getFirst());
        TreeSet<NodeId> others = new TreeSet<>(cluster.nodes());
        others.remove(deaf);
        cluster.log().handOver(leads ? deaf : others.first());
        cluster.network().deafen(deaf);
        boolean[] isOver = new boolean[1];
        cluster.log()
                .observe(state -> {
                    if (!isOver[0]) {
                        nobodyElseIsTakenOut(state, others);
                    }
                });
        world.runFor(NOTICED);
        long before = cluster.statistics().writes();
        world.runFor(DEAF);
        ControlState newest = cluster.log().newest();
        for (PgConfig group : newest.placementGroups().values()) {
            assertThat(group.primary()).as("primary of %s", group).isNotEqualTo(deaf);
        }
        for (VolumeRecord volume : newest.volumes().values()) {
            assertThat(volume.owner().node()).as("owner of %s", volume).isNotEqualTo(deaf);
        }
        assertThat(cluster.statistics().writes()).as("writes of hosts").isGreaterThan(before);
        isOver[0] = true;
        cluster.healAllFaults();
        cluster.convergence().await(LONG);
        cluster.convergence().quiesce(LONG);
        cluster.convergence().verifyEverything(LONG);
    }

    /** A message that is late enough makes its sender silent, too. */
    private static SimNetwork.Settings withoutSpikes(SimNetwork.Settings drawn) {
        return new SimNetwork.Settings(
                drawn.delayNanosMin(),
                drawn.delayNanosMax(),
                0,
                drawn.spikeNanosMax(),
                drawn.codecEvery(),
                drawn.closeFormerStreams());
    }

    private static void nobodyElseIsTakenOut(ControlState state, TreeSet<NodeId> others) {
        for (PgConfig group : state.placementGroups().values()) {
            assertThat(group.members().keySet()).as("members of %s", group).containsAll(others);
        }
    }
}
