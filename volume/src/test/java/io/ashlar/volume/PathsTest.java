package io.ashlar.volume;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.ChapSecrets;
import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Secret;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.ClusterSettings;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.HostRecord;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.volume.owner.FenceRules;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What hosts see of the cluster, and who takes the volumes of a dead owner. */
class PathsTest {
    private static final long MILLI = FakeWorld.MILLI;

    private FakeWorld world;
    private VolumeId volume;

    @BeforeEach
    void start() {
        world = new FakeWorld(1, 3, VolumeSettings.defaults(), FenceRules.ALL);
        volume = world.log.createVolume(1 << 20, world.node(1).self, 5);
        world.start();
        world.run(2_000 * MILLI);
    }

    private VolumeRecord record() {
        return world.newest().volumes().get(volume);
    }

    private List<PathState> paths(int node) {
        return List.copyOf(world.node(node).volumes.service().paths(volume).values());
    }

    @Test
    void theOwnersPathsAreOptimizedAndTheOthersForward() {
        for (int i = 1; i <= 3; i++) {
            assertThat(paths(i))
                    .containsExactly(
                            PathState.OPTIMIZED, PathState.NON_OPTIMIZED, PathState.NON_OPTIMIZED);
        }
        assertThat(world.node(1).volumes.service().paths(new VolumeId(77))).isEmpty();
    }

    @Test
    void aSilentNodeAndOneOutOfTouchAreUnavailable() {
        Front front = Front.login(world, 2, "host");
        world.node(3).stop();
        world.run(4_000 * MILLI);
        assertThat(paths(2))
                .containsExactly(
                        PathState.OPTIMIZED, PathState.NON_OPTIMIZED, PathState.UNAVAILABLE);
        assertThat(front.events).contains("paths " + volume);
        world.node(2).metadata.isInTouch = false;
        assertThat(paths(2).get(1)).isEqualTo(PathState.UNAVAILABLE);
        world.node(2).metadata.isInTouch = true;
        world.node(3).resume();
        world.run(1_000 * MILLI);
        assertThat(paths(2).get(2)).isEqualTo(PathState.NON_OPTIMIZED);
    }

    /** The owner dies: within seconds a healthy node owns and serves, and hosts are told. */
    @Test
    void aDeadOwnerIsReplaced() {
        world.node(2).metadata.isLeader = true;
        Front front = Front.login(world, 3, "host");
        front.sendUntilTaken(Front.write(volume, 0, 4096, 1));
        world.node(1).stop();
        world.run(3_000 * MILLI);
        assertThat(record().owner().node().value()).isIn(2, 3);
        assertThat(record().accessEpoch()).isEqualTo(2);
        assertThat(front.events).contains("paths " + volume);
        assertThat(front.sendUntilTaken(Front.write(volume, 0, 4096, 2)).result)
                .isEqualTo(IoResult.DONE);
        world.run(10_000 * MILLI);
        assertThat(record().accessEpoch()).isEqualTo(2);
    }

    /** Volumes of a dead owner spread over those that are left. */
    @Test
    void heirsShareTheLoad() {
        for (int i = 0; i < 9; i++) {
            world.log.createVolume(1 << 20, world.node(1).self, -1);
        }
        world.node(2).metadata.isLeader = true;
        world.node(1).stop();
        world.run(4_000 * MILLI);
        long two =
                world.newest().volumes().values().stream()
                        .filter(v -> v.owner().equals(world.node(2).self))
                        .count();
        long three =
                world.newest().volumes().values().stream()
                        .filter(v -> v.owner().equals(world.node(3).self))
                        .count();
        assertThat(two).isEqualTo(5);
        assertThat(three).isEqualTo(5);
    }

    /** A leader that was stopped itself does not blame the others for its silence. */
    @Test
    void aLeaderThatStoodStillBlamesNobody() {
        world.node(2).metadata.isLeader = true;
        world.run(1_000 * MILLI);
        world.node(2).stop();
        world.run(20_000 * MILLI);
        world.node(2).resume();
        world.run(5_000 * MILLI);
        assertThat(record().accessEpoch()).isEqualTo(1);
    }

    /** An owner that registered anew as another process has lost its volumes at once. */
    @Test
    void aRestartedOwnerIsReplacedAtOnce() {
        world.node(2).metadata.isLeader = true;
        world.run(1_000 * MILLI);
        world.log.register(new ProcessId(new NodeId(1), 4711));
        world.run(500 * MILLI);
        assertThat(record().accessEpoch()).isEqualTo(2);
        assertThat(record().owner()).isNotEqualTo(world.node(1).self);
    }

    /** Nobody acts who does not lead. */
    @Test
    void onlyTheLeaderMovesOwnership() {
        world.node(1).stop();
        world.run(20_000 * MILLI);
        assertThat(record().accessEpoch()).isEqualTo(1);
    }

    /** Explicit mappings come before the one for any host, and show a volume once. */
    @Test
    void hostsSeeWhatIsMappedToThem() {
        VolumeService service = world.node(2).volumes.service();
        assertThat(service.volumes("host").keySet()).containsExactly(5);
        Front front = Front.login(world, 2, "host");
        VolumeId other = world.log.createVolume(1 << 20, world.node(1).self, -1);
        world.log.map("host", other, 5);
        world.log.map("host", volume, 9);
        world.run(100 * MILLI);
        assertThat(service.volumes("host").get(5).id()).isEqualTo(other);
        assertThat(service.volumes("host").get(9).id()).isEqualTo(volume);
        assertThat(service.volumes("host")).hasSize(2);
        assertThat(service.volumes("stranger").keySet()).containsExactly(5);
        assertThat(front.events).contains("volumes");
    }

    /**
     * Protects sessions from attentions about others: only a host that sees a difference is told.
     */
    @Test
    void onlyHostsThatSeeADifferenceAreTold() {
        Front front = Front.login(world, 2, "host");
        Front other = Front.login(world, 3, "other");
        VolumeId second = world.log.createVolume(1 << 20, world.node(1).self, -1);
        world.run(100 * MILLI);
        assertThat(front.events).doesNotContain("volumes");
        world.log.map("host", second, 5);
        world.run(100 * MILLI);
        assertThat(front.events).contains("volumes");
        assertThat(other.events).doesNotContain("volumes");
        front.events.clear();
        world.log.unmap("host");
        world.run(100 * MILLI);
        assertThat(front.events).contains("volumes");
        assertThat(other.events).doesNotContain("volumes");
    }

    /** Protects hosts that keep what INQUIRY told them: explicit ALUA comes and goes by command. */
    @Test
    void aChangeOfTheAluaModeIsShownAndTold() {
        VolumeService service = world.node(2).volumes.service();
        Front front = Front.login(world, 2, "host");
        assertThat(service.volumes("host").get(5).explicitAlua()).isFalse();
        for (boolean isExplicit : new boolean[] {true, false}) {
            front.events.clear();
            ClusterSettings before = world.newest().settings();
            world.log.apply(
                    new Command.ChangeSettings(before, before.withExplicitAlua(isExplicit)));
            world.run(100 * MILLI);
            assertThat(service.volumes("host").get(5).explicitAlua()).isEqualTo(isExplicit);
            assertThat(front.events).contains("inquiry " + volume).doesNotContain("volumes");
        }
    }

    /** Protects who logs in: what the host must prove itself with is the newest that is known. */
    @Test
    void aHostsSecretsAreThoseOfTheView() {
        VolumeService service = world.node(2).volumes.service();
        assertThat(service.chap("host")).isEmpty();
        ChapSecrets secrets =
                new ChapSecrets(Secret.of("123456789012"), java.util.Optional.empty());
        world.log.host(new HostRecord("host", java.util.Optional.of(secrets)));
        world.run(100 * MILLI);
        assertThat(service.chap("host")).contains(secrets);
        assertThat(service.chap("stranger")).isEmpty();
    }

    @Test
    void isReadyWhenCaughtUpAndRegistered() {
        assertThat(world.node(1).volumes.service().isReady()).isTrue();
        FakeWorld young = new FakeWorld(2, 1, VolumeSettings.defaults(), FenceRules.ALL);
        assertThat(young.node(1).volumes.service().isReady()).isFalse();
        young.start();
        young.run(MILLI);
        assertThat(young.node(1).volumes.service().isReady()).isTrue();
        young.log.register(new ProcessId(new NodeId(1), 4711));
        young.run(MILLI);
        assertThat(young.node(1).volumes.service().isReady()).isFalse();
    }

    @Test
    void readsPortals() {
        assertThat(world.node(1).volumes.service().portals())
                .hasSize(3)
                .contains(new Portal(new NodeId(2), "127.0.0.1", 3260));
        assertThat(Portals.parse(new NodeId(1), "[fd00::7]:3261"))
                .isEqualTo(new Portal(new NodeId(1), "fd00::7", 3261));
    }
}
