package io.ashlar.volume;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.ChunkId;
import io.ashlar.common.NodeId;
import io.ashlar.common.VolumeId;
import io.ashlar.replication.PeerTransport.Lane;
import io.ashlar.replication.PgReply;
import io.ashlar.replication.PgRequest;
import io.ashlar.volume.Front.Sent;
import io.ashlar.volume.owner.FenceRules;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What ends commands of all hosts, or all of one nexus (DESIGN section 6, rule 8), who is told, and
 * how soon. What ends one command is in {@link FencingTest}.
 */
class TaskManagementTest {
    private static final long MILLI = FakeWorld.MILLI;

    private FakeWorld world;
    private VolumeId volume;
    private VolumeId second;

    @BeforeEach
    void start() {
        world = new FakeWorld(1, 3, VolumeSettings.defaults(), FenceRules.ALL);
        volume = world.log.createVolume(1 << 20, world.node(1).self, 0);
        second = world.log.createVolume(1 << 20, world.node(1).self, 1);
        world.start();
        world.run(2_000 * MILLI);
    }

    private IoRequest write(int value) {
        return Front.write(volume, 0, 4096, value);
    }

    private int value() {
        return world.storage.chunk(new ChunkId(volume, 1, 0))[0];
    }

    private void writesAreBusy(boolean isOn) {
        world.storage.answer =
                request ->
                        isOn && request instanceof PgRequest.Write
                                ? new PgReply.Busy("test")
                                : null;
    }

    /** CLEAR TASK SET reaches the commands of all hosts by all nodes; nothing else is told. */
    @Test
    void aClearedTaskSetIsEmptyOnAllNodes() {
        Front a = Front.login(world, 2, "one");
        Front b = Front.login(world, 3, "other");
        a.await(a.send(write(1)));
        b.await(b.send(write(2)));
        writesAreBusy(true);
        Sent own = a.send(write(3));
        Sent others = b.send(write(4));
        world.run(50 * MILLI);
        boolean[] isClear = new boolean[1];
        a.on(() -> a.association.clear(volume, () -> isClear[0] = true));
        world.runUntil(() -> isClear[0]);
        writesAreBusy(false);
        world.run(3_000 * MILLI);
        assertThat(own.error()).isEqualTo(IoError.ABORTED);
        assertThat(others.error()).isEqualTo(IoError.ABORTED);
        assertThat(value()).isEqualTo(2);
        assertThat(b.events).noneMatch(event -> event.startsWith("reset"));
        assertThat(b.sendUntilTaken(write(5)).result).isEqualTo(IoResult.DONE);
    }

    /** ... also those that are on their way to the owner: they come too late, and are refused. */
    @Test
    void whatIsOnItsWayWhenTheTaskSetIsClearedComesTooLate() {
        Front a = Front.login(world, 2, "one");
        Front b = Front.login(world, 3, "other");
        a.await(a.send(write(1)));
        b.await(b.send(write(2)));
        world.node(3).transport.stall(Lane.DATA, new NodeId(1), 2_000 * MILLI);
        Sent others = b.send(write(4));
        world.run(50 * MILLI);
        boolean[] isClear = new boolean[1];
        a.on(() -> a.association.clear(volume, () -> isClear[0] = true));
        world.runUntil(() -> isClear[0]);
        assertThat(b.await(others).error()).isEqualTo(IoError.FENCED);
        assertThat(value()).isEqualTo(2);
    }

    /** Who resets, and how, decides what all other nexuses on all nodes are told. */
    @ParameterizedTest
    @EnumSource(Reset.class)
    void othersAreToldOfTheResetThatWas(Reset reset) {
        Front a = Front.login(world, 2, "one");
        List<Front> others =
                List.of(
                        Front.login(world, 1, "one"),
                        Front.login(world, 2, "other"),
                        Front.login(world, 3, "third"));
        boolean[] isReset = new boolean[1];
        a.on(() -> a.association.reset(volume, reset, () -> isReset[0] = true));
        world.runUntil(() -> isReset[0]);
        world.run(100 * MILLI);
        for (Front other : others) {
            assertThat(other.events).contains("reset " + volume + " " + reset);
        }
        assertThat(a.events).noneMatch(event -> event.startsWith("reset"));
    }

    /** A node whose stream broke when the owner told of a reset is told again, and once. */
    @Test
    void aResetThatANodeMissedIsToldAgain() {
        Front a = Front.login(world, 2, "one");
        Front b = Front.login(world, 3, "other");
        NodeId third = new NodeId(3);
        world.node(1).transport.stall(Lane.DATA, third, 500 * MILLI);
        boolean[] isReset = new boolean[1];
        a.on(() -> a.association.reset(volume, Reset.LOGICAL_UNIT, () -> isReset[0] = true));
        world.runUntil(() -> isReset[0]);
        world.node(1).transport.disconnect(Lane.DATA, third);
        world.run(1_000 * MILLI);
        assertThat(b.events).noneMatch(event -> event.startsWith("reset"));
        for (int i = 0; i < 2; i++) {
            world.node(1).transport.connect(Lane.DATA, third);
            world.run(1_000 * MILLI);
            assertThat(b.events).containsOnlyOnce("reset " + volume + " LOGICAL_UNIT");
            world.node(1).transport.disconnect(Lane.DATA, third);
        }
    }

    /** I_T NEXUS RESET ends what is this nexus's on all of its volumes, and nobody else's. */
    @Test
    void aNexusResetEndsOnlyItsOwnCommands() {
        Front a = Front.login(world, 2, "one");
        Front b = Front.login(world, 3, "other");
        a.await(a.send(write(1)));
        b.await(b.send(Front.write(second, 0, 4096, 1)));
        writesAreBusy(true);
        Sent own = a.send(write(3));
        Sent others = b.send(Front.write(second, 0, 4096, 2));
        world.run(50 * MILLI);
        boolean[] isReset = new boolean[1];
        a.on(() -> a.association.resetNexus(List.of(volume, second), () -> isReset[0] = true));
        world.runUntil(() -> isReset[0]);
        assertThat(own.error()).isEqualTo(IoError.ABORTED);
        writesAreBusy(false);
        assertThat(b.await(others).result).isEqualTo(IoResult.DONE);
        assertThat(value()).isEqualTo(1);
        assertThat(b.events).noneMatch(event -> event.startsWith("reset"));
        assertThat(a.sendUntilTaken(write(5)).result).isEqualTo(IoResult.DONE);
    }

    /** ... and is answered when what its host sent by another path can take no effect either. */
    @Test
    void aNexusResetWaitsForOtherPathsOfItsHost() {
        Front a = Front.login(world, 2, "host");
        Front b = Front.login(world, 3, "host");
        a.await(a.send(write(1)));
        world.storage.delay = _ -> 300 * MILLI;
        Sent sent = a.send(write(2));
        world.run(50 * MILLI);
        boolean[] isReset = new boolean[1];
        b.on(() -> b.association.resetNexus(List.of(volume), () -> isReset[0] = true));
        world.run(200 * MILLI);
        assertThat(isReset[0]).isFalse();
        world.runUntil(() -> isReset[0]);
        assertThat(a.await(sent).result).isEqualTo(IoResult.DONE);
        assertThat(value()).isEqualTo(2);
    }

    // ---- how soon

    private long nanosOf(Consumer<Runnable> asked) {
        long from = world.nanos();
        boolean[] isDone = new boolean[1];
        world.node(3).frontShard.execute(() -> asked.accept(() -> isDone[0] = true));
        world.runUntil(() -> isDone[0]);
        return world.nanos() - from;
    }

    /** A host gives up a path that hangs, and aborts by another one what it repeats there. */
    @Test
    void anAbortIsAnsweredWithinASecondWhenAnotherPathHangs() {
        Front a = Front.login(world, 2, "host");
        Front b = Front.login(world, 3, "host");
        a.await(a.send(write(1)));
        world.storage.delay = _ -> 300 * MILLI;
        Sent stuck = a.send(write(2));
        world.run(50 * MILLI);
        world.node(2).stop();
        long nanos = nanosOf(done -> b.association.abortUnsubmitted(volume, done));
        assertThat(nanos).isBetween(200 * MILLI, 1_000 * MILLI);
        int decided = value();
        world.node(2).resume();
        world.run(10_000 * MILLI);
        assertThat(stuck.isAnswered()).isTrue();
        assertThat(value()).isEqualTo(decided).isEqualTo(2);
    }

    /**
     * When the owner itself hangs, the answer comes when another node owns the volume, which takes
     * the owner's silence and no more: nobody could say before what it still does.
     */
    @Test
    void anAbortIsAnsweredSoonAfterAnOwnerThatHangsIsReplaced() {
        world.node(2).metadata.isLeader = true;
        Front front = Front.login(world, 3, "host");
        front.await(front.send(write(1)));
        world.node(1).stop();
        Sent stuck = front.send(write(2));
        world.run(50 * MILLI);
        long silence = world.settings.ownerSilenceMax().toNanos();
        assertThat(nanosOf(done -> front.association.abort(stuck.number, done)))
                .isLessThan(silence + 1_000 * MILLI);
        assertThat(stuck.error()).isEqualTo(IoError.ABORTED);
        world.node(1).resume();
        world.run(10_000 * MILLI);
        assertThat(value()).isEqualTo(1);
    }
}
