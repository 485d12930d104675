package io.ashlar.metadata;

import static io.ashlar.metadata.Fixture.CLUSTER;
import static io.ashlar.metadata.Fixture.node;
import static io.ashlar.metadata.Fixture.nodes;
import static io.ashlar.metadata.Fixture.process;
import static io.ashlar.metadata.Outcome.Reason.EXISTS;
import static io.ashlar.metadata.Outcome.Reason.INVALID;
import static io.ashlar.metadata.Outcome.Reason.IN_USE;
import static io.ashlar.metadata.Outcome.Reason.NOT_FOUND;
import static io.ashlar.metadata.Outcome.Reason.STALE;
import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.ChapSecrets;
import io.ashlar.common.NodeId;
import io.ashlar.common.Secret;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.Command.Placement;
import io.ashlar.metadata.NodeRecord.AdminState;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Nodes, pools, volumes, owners, hosts and mappings: conditions, identities, and refusals. */
class ControlStateMachineTest {
    private static final String HOST = "iqn.2026-01.com.example:a";
    private final Fixture cluster = Fixture.withPool();

    @Test
    void clusterKeepsItsIdentity() {
        cluster.applied(new Command.InitializeCluster(CLUSTER));
        cluster.rejected(EXISTS, new Command.InitializeCluster(new UUID(1, 1)));
        cluster.rejected(INVALID, new Command.InitializeCluster(new UUID(0, 0)));
        assertThat(cluster.state().clusterId()).isEqualTo(CLUSTER);
    }

    @Test
    void nothingIsCreatedBeforeTheClusterHasAnIdentity() {
        Fixture empty = new Fixture();
        empty.rejected(STALE, new Command.CreatePool("p", 1, 1, List.of()));
        empty.rejected(STALE, cluster.volume("v", -1));
    }

    @Test
    void restartDoesNotUndoACordon() {
        cluster.applied(
                new Command.SetAdminState(new NodeId(2), AdminState.CORDONED, Fixture.STAMP));
        cluster.applied(new Command.RegisterNode(node(2, 21, "host2", 2)));
        assertThat(cluster.state().nodes().get(new NodeId(2)).adminState())
                .isEqualTo(AdminState.CORDONED);
        Placement group = new Placement(new NodeId(1), nodes(1, 2));
        assertThat(cluster.rejected(INVALID, new Command.CreatePool("q", 2, 1, List.of(group))))
                .contains("node2 is cordoned");
        cluster.rejected(
                NOT_FOUND,
                new Command.SetAdminState(new NodeId(9), AdminState.CORDONED, Fixture.STAMP));
    }

    @Test
    void aNodeIsRemovedOnlyWhenNothingIsOnIt() {
        // A node that is forgotten while it holds the last copy of something takes it along.
        cluster.rejected(NOT_FOUND, new Command.RemoveNode(new NodeId(9)));
        String message = cluster.rejected(IN_USE, new Command.RemoveNode(new NodeId(2)));
        assertThat(message).contains("4 placement groups");
        cluster.applied(new Command.RegisterNode(node(4, 40, "host4", 1)));
        cluster.applied(new Command.RemoveNode(new NodeId(4)));
        assertThat(cluster.state().nodes()).doesNotContainKey(new NodeId(4));
    }

    @Test
    void whatIsSetForANodeStandsWhateverItRegisters() {
        // Protects what an operator has set: a restart must not move a node back to another rack.
        NodeId one = new NodeId(1);
        NodeRecord before = cluster.state().nodes().get(one);
        assertThat(before.weight()).isEqualTo(2 * 1024);
        cluster.applied(new Command.SetNode(one, OptionalInt.of(7), Optional.of("other-rack")));
        cluster.applied(new Command.RegisterNode(node(1, 11, "host1", 1)));
        assertThat(cluster.state().nodes().get(one).weight()).isEqualTo(7);
        assertThat(cluster.state().nodes().get(one).failureDomain()).isEqualTo("other-rack");
        cluster.applied(new Command.SetNode(one, OptionalInt.of(0), Optional.empty()));
        assertThat(cluster.state().nodes().get(one).weight()).isEqualTo(1024);
        assertThat(cluster.state().nodes().get(one).failureDomain()).isEqualTo("other-rack");
        cluster.applied(new Command.SetNode(one, OptionalInt.empty(), Optional.of("")));
        assertThat(cluster.state().nodes().get(one).failureDomain()).isEqualTo("host1");
        cluster.rejected(INVALID, new Command.SetNode(one, OptionalInt.of(-1), Optional.empty()));
        cluster.rejected(
                INVALID, new Command.SetNode(one, OptionalInt.empty(), Optional.of("a b")));
        cluster.rejected(
                NOT_FOUND, new Command.SetNode(new NodeId(9), OptionalInt.of(1), Optional.empty()));
    }

    @Test
    void aNodeIsReplacedByAnotherThatCanTakeItsPlace() {
        // Protects an operator from a replacement by nobody; an uncordon ends it altogether.
        NodeId one = new NodeId(1);
        cluster.rejected(INVALID, new Command.ReplaceNode(one, one, Fixture.STAMP));
        cluster.rejected(NOT_FOUND, new Command.ReplaceNode(one, new NodeId(9), Fixture.STAMP));
        cluster.applied(new Command.ReplaceNode(one, new NodeId(2), Fixture.STAMP));
        NodeRecord replaced = cluster.state().nodes().get(one);
        assertThat(replaced.adminState()).isEqualTo(AdminState.DRAINING);
        assertThat(replaced.settings().heir()).contains(new NodeId(2));
        cluster.applied(new Command.SetAdminState(one, AdminState.ACTIVE, Fixture.STAMP));
        assertThat(cluster.state().nodes().get(one).settings().heir()).isEmpty();
        cluster.applied(
                new Command.SetAdminState(new NodeId(2), AdminState.CORDONED, Fixture.STAMP));
        cluster.rejected(INVALID, new Command.ReplaceNode(one, new NodeId(2), Fixture.STAMP));
    }

    @Test
    void aDeviceBelongsToOneNode() {
        NodeRecord thief = node(4, 40, "host4", 0);
        NodeRecord withDevice = thief.withDevices(Fixture.devices(1, 1));
        cluster.rejected(EXISTS, new Command.RegisterNode(withDevice));
        cluster.rejected(INVALID, new Command.RegisterNode(node(4, 40, "no name", 1)));
    }

    @Test
    void poolsAreCheckedBeforeTheyAreMade() {
        Placement good = new Placement(new NodeId(1), nodes(1, 2, 3));
        cluster.rejected(EXISTS, new Command.CreatePool("p", 3, 2, List.of(good)));
        cluster.rejected(INVALID, new Command.CreatePool("", 3, 2, List.of(good)));
        cluster.rejected(INVALID, new Command.CreatePool("q", 3, 2, List.of()));
        cluster.rejected(INVALID, new Command.CreatePool("q", 3, 2, List.of(good, good, good)));
        cluster.rejected(INVALID, new Command.CreatePool("q", 3, 4, List.of(good)));
        cluster.rejected(INVALID, new Command.CreatePool("q", 6, 4, List.of(good)));
        cluster.rejected(INVALID, new Command.CreatePool("q", 2, 1, List.of(good)));
        Placement stranger = new Placement(new NodeId(9), nodes(1, 9));
        cluster.rejected(INVALID, new Command.CreatePool("q", 2, 1, List.of(stranger)));
        Placement outside = new Placement(new NodeId(3), nodes(1, 2));
        cluster.rejected(INVALID, new Command.CreatePool("q", 2, 1, List.of(outside)));
        cluster.applied(new Command.RegisterNode(node(4, 40, "host3", 1)));
        Placement sameDomain = new Placement(new NodeId(3), nodes(3, 4));
        cluster.rejected(INVALID, new Command.CreatePool("q", 2, 1, List.of(sameDomain)));
        assertThat(cluster.applied(new Command.CreatePool("q", 3, 2, List.of(good)))).isEqualTo(2);
    }

    @Test
    void volumeIdsAndIdentitiesAreNeverReused() {
        long first = cluster.applied(cluster.volume("v", -1));
        VolumeRecord volume = cluster.state().volumes().get(new VolumeId(first));
        assertThat(volume.accessEpoch()).isEqualTo(1);
        assertThat(volume.ownerIndex()).isEqualTo(cluster.index());
        assertThat(volume.layer()).isEqualTo(1);
        // The identity is what hosts recognize a disk by: it must never change between releases.
        assertThat(volume.identity())
                .isEqualTo(UUID.fromString("0b00ba08-0b15-37d3-924f-037ddaa045c3"));
        cluster.applied(new Command.DeleteVolume(new VolumeId(first), 1));
        long second = cluster.applied(cluster.volume("v", -1));
        assertThat(second).isGreaterThan(first);
        assertThat(cluster.state().volumes().get(new VolumeId(second)).identity())
                .isNotEqualTo(volume.identity());
    }

    @Test
    void volumesAreCheckedBeforeTheyAreMade() {
        Command.CreateVolume good = cluster.volume("v", -1);
        record Bad(long bytes, int chunk, int block, int base, int lun) {}
        for (Bad bad :
                List.of(
                        new Bad(0, 4 << 20, 512, 0, -1),
                        new Bad(-4096, 4 << 20, 512, 0, -1),
                        new Bad(4095, 4 << 20, 512, 0, -1),
                        new Bad(Long.MAX_VALUE - 4095, 4 << 20, 512, 0, -1),
                        new Bad(4096, 3 << 20, 512, 0, -1),
                        new Bad(4096, 32 << 10, 512, 0, -1),
                        new Bad(4096, 32 << 20, 512, 0, -1),
                        new Bad(4096, Integer.MIN_VALUE, 512, 0, -1),
                        new Bad(4096, 4 << 20, 1024, 0, -1),
                        new Bad(4096, 4 << 20, 512, 4, -1),
                        new Bad(4096, 4 << 20, 512, -1, -1),
                        new Bad(4096, 4 << 20, 512, 0, -2),
                        new Bad(4096, 4 << 20, 512, 0, 16384))) {
            cluster.rejected(
                    INVALID,
                    new Command.CreateVolume(
                            "v",
                            "p",
                            bad.bytes,
                            bad.chunk,
                            bad.block,
                            bad.base,
                            good.owner(),
                            bad.lun));
        }
        cluster.rejected(
                NOT_FOUND,
                new Command.CreateVolume("v", "nopool", 4096, 4 << 20, 512, 0, good.owner(), -1));
        cluster.rejected(
                STALE,
                new Command.CreateVolume("v", "p", 4096, 4 << 20, 512, 0, process(1, 9), -1));
        cluster.applied(good);
        cluster.rejected(EXISTS, good);
    }

    @Test
    void ownershipMovesByCompareAndSetOnTheAccessEpoch() {
        VolumeId volume = new VolumeId(cluster.applied(cluster.volume("v", -1)));
        assertThat(cluster.applied(new Command.TakeOwnership(volume, 1, process(2, 20))))
                .isEqualTo(2);
        VolumeRecord moved = cluster.state().volumes().get(volume);
        assertThat(moved.owner()).isEqualTo(process(2, 20));
        assertThat(moved.accessEpoch()).isEqualTo(2);
        assertThat(moved.ownerIndex()).isEqualTo(cluster.index());
        cluster.rejected(STALE, new Command.TakeOwnership(volume, 1, process(3, 30)));
        cluster.rejected(STALE, new Command.TakeOwnership(volume, 2, process(3, 31)));
        cluster.rejected(NOT_FOUND, new Command.TakeOwnership(new VolumeId(99), 1, process(3, 30)));
        cluster.rejected(STALE, new Command.DeleteVolume(volume, 1));
        cluster.applied(new Command.DeleteVolume(volume, 2));
        cluster.rejected(NOT_FOUND, new Command.DeleteVolume(volume, 2));
    }

    @Test
    void aVolumeGrowsAndNeverShrinks() {
        // Protects data at the end of a volume, and hosts from a size that no block ends at.
        VolumeId volume = new VolumeId(cluster.applied(cluster.volume("v", -1)));
        VolumeRecord small = cluster.state().volumes().get(volume);
        long bytes = small.bytes();
        cluster.rejected(INVALID, new Command.GrowVolume(volume, bytes, bytes - 4096));
        cluster.rejected(INVALID, new Command.GrowVolume(volume, bytes, bytes + 512));
        cluster.rejected(INVALID, new Command.GrowVolume(volume, bytes, -4096));
        cluster.rejected(
                INVALID, new Command.GrowVolume(volume, bytes, Limits.VOLUME_BYTES_MAX + 4096));
        cluster.rejected(STALE, new Command.GrowVolume(volume, bytes - 4096, bytes + 4096));
        cluster.rejected(NOT_FOUND, new Command.GrowVolume(new VolumeId(99), bytes, bytes));
        cluster.applied(new Command.GrowVolume(volume, bytes, bytes + 4096));
        cluster.applied(new Command.GrowVolume(volume, bytes + 4096, bytes + 4096));
        assertThat(cluster.state().volumes().get(volume)).isEqualTo(small.withBytes(bytes + 4096));
    }

    @Test
    void aMoveByTheOwnerIsToldFromATakeOver() {
        // Protects tickets: only what an owner hands over itself is believed by the next one.
        VolumeId volume = new VolumeId(cluster.applied(cluster.volume("v", -1)));
        VolumeRecord created = cluster.state().volumes().get(volume);
        assertThat(created.former()).isNull();
        assertThat(created.isHandedOver()).isFalse();
        cluster.rejected(STALE, new Command.MoveOwnership(volume, 2, process(2, 20)));
        cluster.rejected(STALE, new Command.MoveOwnership(volume, 1, process(2, 21)));
        cluster.applied(
                new Command.SetAdminState(
                        new io.ashlar.common.NodeId(3),
                        NodeRecord.AdminState.CORDONED,
                        Fixture.STAMP));
        cluster.rejected(STALE, new Command.MoveOwnership(volume, 1, process(3, 30)));
        cluster.rejected(NOT_FOUND, new Command.MoveOwnership(new VolumeId(99), 1, process(2, 20)));
        cluster.applied(new Command.MoveOwnership(volume, 1, process(2, 20)));
        VolumeRecord moved = cluster.state().volumes().get(volume);
        assertThat(moved.owner()).isEqualTo(process(2, 20));
        assertThat(moved.accessEpoch()).isEqualTo(2);
        assertThat(moved.former()).isEqualTo(created.owner());
        assertThat(moved.isHandedOver()).isTrue();
        cluster.applied(new Command.TakeOwnership(volume, 2, process(1, 10)));
        VolumeRecord taken = cluster.state().volumes().get(volume);
        assertThat(taken.former()).isEqualTo(process(2, 20));
        assertThat(taken.isHandedOver()).isFalse();
    }

    @Test
    void mappingTakesTheLowestFreeLunBesideThoseOfAllHosts() {
        VolumeId a = new VolumeId(cluster.applied(cluster.volume("a", -1)));
        VolumeId b = new VolumeId(cluster.applied(cluster.volume("b", -1)));
        VolumeId everyone = new VolumeId(cluster.applied(cluster.volume("everyone", 0)));
        cluster.rejected(NOT_FOUND, new Command.MapVolume(new Mapping(HOST, a, -1)));
        cluster.applied(new Command.CreateHost(HOST));
        cluster.applied(new Command.CreateHost(HOST));
        assertThat(cluster.applied(new Command.MapVolume(new Mapping(HOST, a, -1)))).isEqualTo(1);
        assertThat(cluster.applied(new Command.MapVolume(new Mapping(HOST, a, 1)))).isEqualTo(1);
        cluster.rejected(EXISTS, new Command.MapVolume(new Mapping(HOST, a, 2)));
        cluster.rejected(EXISTS, new Command.MapVolume(new Mapping(HOST, b, 1)));
        cluster.rejected(EXISTS, new Command.MapVolume(new Mapping(HOST, b, 0)));
        cluster.rejected(EXISTS, new Command.MapVolume(new Mapping(HOST, everyone, 5)));
        cluster.rejected(INVALID, new Command.MapVolume(new Mapping(HOST, b, 16384)));
        cluster.rejected(NOT_FOUND, new Command.MapVolume(new Mapping(HOST, new VolumeId(9), 3)));
        // What every host is to see must be free at each of them.
        assertThat(cluster.rejected(EXISTS, cluster.volume("c", 1))).contains(HOST, "volume a");
        cluster.rejected(EXISTS, cluster.volume("c", 0));
        cluster.applied(cluster.volume("c", 2));
        assertThat(cluster.applied(new Command.MapVolume(new Mapping(HOST, b, -1)))).isEqualTo(3);
    }

    @Test
    void hostsGoWhenNothingIsMappedAndMappingsGoWithTheirVolume() {
        VolumeId a = new VolumeId(cluster.applied(cluster.volume("a", -1)));
        VolumeId b = new VolumeId(cluster.applied(cluster.volume("b", -1)));
        cluster.applied(new Command.CreateHost(HOST));
        cluster.applied(new Command.MapVolume(new Mapping(HOST, a, 7)));
        cluster.applied(new Command.MapVolume(new Mapping(HOST, b, 8)));
        cluster.rejected(IN_USE, new Command.DeleteHost(HOST));
        cluster.applied(new Command.DeleteVolume(a, 1));
        assertThat(cluster.state().mappings().get(HOST)).containsOnlyKeys(8);
        cluster.applied(new Command.UnmapVolume(HOST, b));
        cluster.rejected(NOT_FOUND, new Command.UnmapVolume(HOST, b));
        assertThat(cluster.state().mappings()).isEmpty();
        cluster.applied(new Command.DeleteHost(HOST));
        cluster.rejected(NOT_FOUND, new Command.DeleteHost(HOST));
        cluster.rejected(INVALID, new Command.CreateHost("with space"));
        cluster.rejected(INVALID, new Command.CreateHost("x".repeat(224)));
    }

    private static Command chap(String initiator, String target) {
        return new Command.SetChap(
                HOST,
                Optional.of(
                        new ChapSecrets(
                                Secret.of(initiator),
                                target.isEmpty()
                                        ? Optional.empty()
                                        : Optional.of(Secret.of(target)))));
    }

    /** Protects hosts from secrets that are none: too short, or the same in both directions. */
    @Test
    void secretsAreCheckedBeforeTheyHold() {
        cluster.rejected(NOT_FOUND, chap("123456789012", ""));
        cluster.applied(new Command.CreateHost(HOST));
        assertThat(cluster.state().hosts().get(HOST).chap()).isEmpty();
        cluster.rejected(INVALID, chap("12345678901", ""));
        cluster.rejected(INVALID, chap("x".repeat(129), ""));
        cluster.rejected(INVALID, chap("with a space in it", ""));
        cluster.rejected(INVALID, chap("123456789012\n", ""));
        cluster.rejected(INVALID, chap("123456789012", "short"));
        cluster.rejected(INVALID, chap("123456789012", "123456789012"));
        cluster.applied(chap("123456789012", ""));
        cluster.applied(chap("123456789012", "210987654321"));
        assertThat(cluster.state().hosts().get(HOST).chap().get().target()).isPresent();
        // Made known again, it keeps them; forgotten, it does not.
        cluster.applied(new Command.CreateHost(HOST));
        assertThat(cluster.state().hosts().get(HOST).chap()).isPresent();
        cluster.applied(new Command.DeleteHost(HOST));
        cluster.applied(new Command.CreateHost(HOST));
        assertThat(cluster.state().hosts().get(HOST).chap()).isEmpty();
        cluster.applied(chap("123456789012", ""));
        cluster.applied(new Command.SetChap(HOST, Optional.empty()));
        assertThat(cluster.state().hosts().get(HOST).chap()).isEmpty();
    }

    /** Protects secrets: neither states nor commands nor refusals print them. */
    @Test
    void nothingPrintsASecret() {
        cluster.applied(new Command.CreateHost(HOST));
        String refusal = cluster.rejected(INVALID, chap("tellnobody-of-this", "and not of this"));
        Command good = chap("tellnobody-of-this", "and-not-of-this");
        cluster.applied(good);
        assertThat(refusal + good + cluster.state() + cluster.state().hosts())
                .contains(HOST)
                .doesNotContain("tellnobody", "of this", "of-this");
    }

    @Test
    void messagesCarryNothingThatATerminalObeys() {
        String message =
                cluster.rejected(NOT_FOUND, new Command.DeleteHost("\u001b[2J" + "y".repeat(5000)));
        assertThat(message).matches("[\\x20-\\x7e]{1,400}");
    }

    @Test
    void statesCannotBeChangedFromOutside() {
        assertThat(Collections.unmodifiableSortedMap(cluster.state().nodes()).getClass())
                .isEqualTo(cluster.state().nodes().getClass());
        assertThat(cluster.state().placementGroups().getClass())
                .isEqualTo(cluster.state().nodes().getClass());
    }
}
