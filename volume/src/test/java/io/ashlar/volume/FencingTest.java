package io.ashlar.volume;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.ChunkId;
import io.ashlar.common.NodeId;
import io.ashlar.common.Payload;
import io.ashlar.common.ProcessId;
import io.ashlar.common.VolumeId;
import io.ashlar.replication.PeerTransport.Lane;
import io.ashlar.replication.PgReply;
import io.ashlar.replication.PgRequest;
import io.ashlar.volume.Front.Sent;
import io.ashlar.volume.owner.FenceRules;
import io.ashlar.volume.owner.FenceRules.Rule;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The rules of DESIGN section 6 one by one, each by the schedule that needs it. F numbers are those
 * of the holes that were found in drafts of the protocol.
 */
class FencingTest {
    private static final long MILLI = FakeWorld.MILLI;

    private FakeWorld world;
    private VolumeId volume;

    @BeforeEach
    void start() {
        world = new FakeWorld(1, 3, VolumeSettings.defaults(), FenceRules.ALL);
        volume = world.log.createVolume(1 << 20, world.node(1).self, 0);
        world.start();
        world.run(2_000 * MILLI);
    }

    private IoRequest write(int value) {
        return Front.write(volume, 0, 4096, value);
    }

    private int value() {
        return world.storage.chunk(new ChunkId(volume, 1, 0))[0];
    }

    private long count(Class<? extends PgRequest> kind) {
        return world.storage.applied.stream().filter(kind::isInstance).count();
    }

    // ---- rules 1 and 2: one owner, fenced by the groups

    /** F1: nothing is admitted or answered before every group has the new epoch. */
    @Test
    void aNewOwnerServesOnlyWhenEveryGroupHasItsEpoch() {
        Front front = Front.login(world, 2, "host");
        front.await(front.send(write(1)));
        world.storage.delay =
                request ->
                        request instanceof PgRequest.Fence fence && fence.pg().index() == 3
                                ? 3_000 * MILLI
                                : MILLI / 10;
        world.log.move(volume, world.node(3).self);
        Sent sent = front.send(write(2));
        boolean[] isReset = new boolean[1];
        front.on(
                () -> front.association.reset(volume, Reset.LOGICAL_UNIT, () -> isReset[0] = true));
        world.run(2_500 * MILLI);
        assertThat(count(PgRequest.Write.class)).isEqualTo(1);
        assertThat(sent.isAnswered()).isFalse();
        assertThat(isReset[0]).isFalse();
        world.run(1_000 * MILLI);
        assertThat(isReset[0]).isTrue();
        assertThat(front.await(sent).error()).isEqualTo(IoError.FENCED);
        assertThat(front.sendUntilTaken(write(3)).result).isEqualTo(IoResult.DONE);
    }

    /** Rule 2: what a deposed owner still sends is refused, and the host is asked to repeat. */
    @Test
    void aDeposedOwnerGetsNothingThrough() {
        Front front = Front.login(world, 1, "host");
        front.await(front.send(write(1)));
        world.node(1).metadata.lagNanos = Long.MAX_VALUE / 4; // it will not know
        world.log.move(volume, world.node(2).self);
        world.run(100 * MILLI);
        Sent sent = front.send(write(2));
        world.run(6_000 * MILLI);
        assertThat(sent.error()).isEqualTo(IoError.FENCED);
        assertThat(value()).isEqualTo(1);
    }

    /** F5: a new owner takes no tickets of before it served, not even its own. */
    @Test
    void aNewOwnerTakesNoTicketsOfBefore() {
        Front front = Front.login(world, 3, "host");
        long stamp = front.stamp(); // node 3 holds tickets of node 2, which owns nothing yet
        world.log.move(volume, world.node(2).self);
        world.run(100 * MILLI);
        assertThat(front.await(front.send(write(1), stamp)).error()).isEqualTo(IoError.FENCED);
        assertThat(count(PgRequest.Write.class)).isZero();
        assertThat(front.sendUntilTaken(write(2)).result).isEqualTo(IoResult.DONE);
    }

    /**
     * An owner that is deposed and does not know it answers no abort: the new owner would not know
     * of it, and would take the command when it surfaces by another path. Without the rule that
     * happens.
     */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anAbortIsAnsweredByAnOwnerThatStillIsOne(boolean hasProof) {
        // As over NVMe, where no ping masks it.
        FenceRules rules =
                hasProof
                        ? FenceRules.without(Rule.PING)
                        : FenceRules.without(Rule.PING, Rule.PROOF);
        world = new FakeWorld(1, 3, VolumeSettings.defaults(), rules);
        volume = world.log.createVolume(1 << 20, world.node(1).self, 0);
        world.start();
        world.run(2_000 * MILLI);
        Front y = Front.login(world, 1, "host");
        y.isAnswering = false;
        world.node(1).metadata.lagNanos = 10_000 * MILLI;
        world.log.move(volume, world.node(2).self);
        world.run(100 * MILLI);
        Front x = Front.login(world, 3, "host");
        long stamp = x.stamp(); // of the new owner's tickets
        // The host has sent it by node 3, where it stalls; repeats it by the former owner, where it
        // is refused for want of a ticket; and aborts it there.
        Sent repeated = y.send(write(1), 0);
        world.run(10 * MILLI);
        boolean[] isAborted = new boolean[1];
        y.on(() -> y.association.abort(repeated.number, () -> isAborted[0] = true));
        world.runUntil(() -> isAborted[0]);
        x.await(x.send(write(1), stamp));
        assertThat(value()).isEqualTo(hasProof ? 0 : 1);
    }

    // ---- rule 4: a change of path

    /** F3, F4: what surfaces by a path that the host has left is refused. */
    @Test
    void aCommandOfAFormerPathIsRefused() {
        Front a = Front.login(world, 2, "host");
        a.await(a.send(write(1)));
        long stamp = a.stamp(); // it stalls in the socket of node 2 from here on
        world.run(1_500 * MILLI);
        Front b = Front.login(world, 3, "host");
        assertThat(b.sendUntilTaken(write(2)).result).isEqualTo(IoResult.DONE);
        assertThat(b.sendUntilTaken(write(3)).result).isEqualTo(IoResult.DONE);
        assertThat(a.await(a.send(write(2), stamp)).error()).isEqualTo(IoError.FENCED);
        assertThat(value()).isEqualTo(3);
    }

    /** F6: after a change of path the connection must answer a ping before it is believed. */
    @Test
    void aCommandWaitsForItsHostsSignOfLife() {
        Front a = Front.login(world, 2, "host");
        a.await(a.send(write(1)));
        Front b = Front.login(world, 3, "host");
        assertThat(b.sendUntilTaken(write(2)).result).isEqualTo(IoResult.DONE);
        // The cable of path A heals: what the initiator's socket held arrives, with fresh stamps.
        a.isAnswering = false;
        world.run(1_500 * MILLI);
        a.on(() -> a.connection.received(0, true));
        world.run(1_500 * MILLI);
        a.on(() -> a.connection.received(0, true));
        world.run(1_500 * MILLI);
        Sent ghost = a.send(write(1));
        world.run(500 * MILLI);
        assertThat(a.pings).isNotEmpty();
        assertThat(value()).isEqualTo(2);
        assertThat(ghost.isAnswered()).isFalse();
        a.answerPings();
        assertThat(a.await(ghost).result).isEqualTo(IoResult.DONE); // it was alive after all
        assertThat(value()).isEqualTo(1);
    }

    /** Rule 4: what the former path had admitted is decided before the new one begins. */
    @Test
    void aChangeOfPathDrainsTheFormerOne() {
        Front a = Front.login(world, 2, "host");
        a.await(a.send(write(1)));
        world.storage.delay = r -> r instanceof PgRequest.Write ? 6_000 * MILLI : MILLI / 10;
        Sent first = a.send(write(2));
        world.run(1_500 * MILLI);
        world.storage.delay = _ -> MILLI / 10;
        Front b = Front.login(world, 3, "host"); // with a ticket of after that admission
        // Another block, so that only the drain holds it back.
        Sent second = b.send(Front.write(volume, 8192, 4096, 3));
        world.run(3_000 * MILLI);
        assertThat(second.isAnswered()).isFalse();
        assertThat(count(PgRequest.Write.class)).isEqualTo(1);
        assertThat(b.await(second).result).isEqualTo(IoResult.DONE);
        assertThat(a.await(first).result).isEqualTo(IoResult.DONE);
        assertThat(world.storage.applied.getLast()).isInstanceOf(PgRequest.Write.class);
        assertThat(value()).isEqualTo(2);
    }

    /** F7: an abort by one path makes tickets of before it worthless by the others. */
    @Test
    void anAbortCountsAsAnAdmission() {
        Front a = Front.login(world, 2, "host");
        Front b = Front.login(world, 3, "host");
        long stamp = a.stamp();
        world.log.move(volume, world.node(2).self); // nobody has been admitted, tickets are old
        world.run(50 * MILLI);
        a.sendUntilTaken(Front.read(volume, 0, 512));
        long fresh = a.stamp();
        assertThat(fresh).isGreaterThan(stamp);
        // The host repeats by B, where it is refused for want of a ticket, and aborts it there.
        b.isAnswering = false;
        Sent repeated = b.send(write(1));
        boolean[] isAborted = new boolean[1];
        b.on(() -> b.association.abort(repeated.number, () -> isAborted[0] = true));
        world.runUntil(() -> isAborted[0]);
        assertThat(a.await(a.send(write(1), fresh)).error()).isEqualTo(IoError.FENCED);
        assertThat(count(PgRequest.Write.class)).isZero();
    }

    /** F14: a flush, or anything that is no read or write, does not take the path over. */
    @Test
    void aFlushIsNoChangeOfPath() {
        Front a = Front.login(world, 2, "host");
        Front b = Front.login(world, 3, "host");
        a.await(a.send(write(1)));
        for (int i = 0; i < 3; i++) {
            b.sendUntilTaken(new IoRequest.Flush(volume));
            assertThat(a.await(a.send(write(2))).result).isEqualTo(IoResult.DONE);
        }
    }

    /** Two sessions of a host through one node do not fence each other. */
    @Test
    void sessionsThroughOneNodeLiveTogether() {
        Front a = Front.login(world, 2, "host");
        Front b = new Front(world, 2, "host", 2);
        world.runUntil(() -> b.association != null);
        for (int i = 1; i < 5; i++) {
            assertThat(a.await(a.send(write(i))).result).isEqualTo(IoResult.DONE);
            assertThat(b.await(b.send(write(i + 10))).result).isEqualTo(IoResult.DONE);
        }
    }

    /** Two hosts do not fence each other either. */
    @Test
    void hostsDoNotFenceEachOther() {
        Front a = Front.login(world, 2, "one");
        Front b = Front.login(world, 3, "other");
        for (int i = 1; i < 5; i++) {
            assertThat(a.await(a.send(write(i))).result).isEqualTo(IoResult.DONE);
            assertThat(b.await(b.send(write(i + 10))).result).isEqualTo(IoResult.DONE);
        }
    }

    // ---- rule 5: never repeated for the host

    /** A refused write reaches no group, however long one waits; its repetition does, at once. */
    @Test
    void aRefusedCommandGoesBackAndItsRepetitionSucceeds() {
        Front front = Front.login(world, 3, "host");
        world.log.move(volume, world.node(2).self);
        Sent sent = front.await(front.send(write(1)));
        assertThat(sent.error()).isEqualTo(IoError.FENCED);
        world.run(5_000 * MILLI);
        assertThat(count(PgRequest.Write.class)).isZero();
        world.log.move(volume, world.node(1).self);
        assertThat(front.await(front.send(write(2))).error()).isEqualTo(IoError.FENCED);
        assertThat(front.await(front.send(write(2))).result).isEqualTo(IoResult.DONE);
    }

    /** A host's retries are few: the refusal waits for the new owner, then one retry is enough. */
    @Test
    void aRefusalWaitsUntilTheNewOwnerServes() {
        Front front = Front.login(world, 3, "host");
        front.await(front.send(write(1)));
        world.node(1).stop(); // the owner
        Sent sent = front.send(write(2));
        world.run(2_000 * MILLI);
        assertThat(sent.isAnswered()).isFalse();
        world.storage.delay = r -> r instanceof PgRequest.Fence ? 1_000 * MILLI : MILLI / 10;
        world.log.move(volume, world.node(2).self);
        world.run(900 * MILLI);
        assertThat(sent.isAnswered()).isFalse();
        assertThat(front.await(sent).error()).isEqualTo(IoError.FENCED);
        assertThat(front.await(front.send(write(3))).result).isEqualTo(IoResult.DONE);
        world.node(1).resume();
        world.run(3_000 * MILLI);
        assertThat(value()).isEqualTo(3);
    }

    // ---- rule 6: age

    /** F15: age counts when a command is issued, not when it came. */
    @Test
    void anOldCommandIsRefusedWhenItWouldBeIssued() {
        Front front = Front.login(world, 1, "host");
        world.storage.delay = r -> r instanceof PgRequest.Write ? 9_000 * MILLI : MILLI / 10;
        Sent first = front.send(write(1));
        Sent second = front.send(write(2)); // waits for the first, which is slow
        assertThat(front.await(first).result).isEqualTo(IoResult.DONE);
        assertThat(front.await(second).error()).isEqualTo(IoError.FENCED);
        world.run(10_000 * MILLI);
        assertThat(value()).isEqualTo(1);
    }

    /** An idle connection's first command is refused at most once. */
    @Test
    void anIdleConnectionRecoversAtOnce() {
        Front front = Front.login(world, 2, "host");
        front.await(front.send(write(1)));
        world.run(60_000 * MILLI);
        assertThat(front.await(front.send(write(2))).error()).isEqualTo(IoError.FENCED);
        assertThat(front.await(front.send(write(2))).result).isEqualTo(IoResult.DONE);
    }

    /** With a read every five seconds, such as a NOP-Out, nothing is refused. */
    @Test
    void aConnectionThatIsLookedAtStaysYoung() {
        Front front = Front.login(world, 2, "host");
        for (int i = 0; i < 5; i++) {
            world.run(5_000 * MILLI);
            front.on(() -> front.connection.received(48, true));
        }
        assertThat(front.await(front.send(write(1))).result).isEqualTo(IoResult.DONE);
    }

    // ---- rule 8: abort means abort

    /** The answer to an abort comes when the write is decided, and after the write's own answer. */
    @Test
    void anAbortWaitsForWhatIsIssued() {
        Front front = Front.login(world, 2, "host");
        front.await(front.send(write(1)));
        world.storage.delay = _ -> 300 * MILLI;
        Sent sent = front.send(write(2));
        world.run(50 * MILLI);
        boolean[] isAborted = new boolean[1];
        front.on(() ->
                front.association.abort(
                        sent.number,
                        () -> {
                            isAborted[0] = true;
                            assertThat(sent.isAnswered()).isTrue();
                        }));
        world.run(200 * MILLI);
        assertThat(isAborted[0]).isFalse();
        world.runUntil(() -> isAborted[0]);
        assertThat(value()).isEqualTo(2);
    }

    /** A write that waits is dropped by its abort, and never happens. */
    @Test
    void anAbortDropsWhatWaits() {
        Front front = Front.login(world, 2, "host");
        front.await(front.send(write(1)));
        world.storage.delay = _ -> 300 * MILLI;
        Sent first = front.send(write(2));
        Sent second = front.send(write(3));
        world.run(50 * MILLI);
        boolean[] isAborted = new boolean[1];
        front.on(() -> front.association.abort(second.number, () -> isAborted[0] = true));
        world.runUntil(() -> isAborted[0]);
        assertThat(second.error()).isEqualTo(IoError.ABORTED);
        front.await(first);
        world.run(2_000 * MILLI);
        assertThat(value()).isEqualTo(2);
    }

    /** LUN reset: everybody's commands are gone when it is answered, and others are told. */
    @Test
    void aResetEndsEverybodysCommands() {
        Front a = Front.login(world, 2, "one");
        Front b = Front.login(world, 3, "other");
        a.await(a.send(write(1)));
        b.await(b.send(write(2)));
        world.storage.answer = r -> r instanceof PgRequest.Write ? new PgReply.Busy("test") : null;
        Sent sent = b.send(write(3));
        world.run(50 * MILLI);
        boolean[] isReset = new boolean[1];
        a.on(() -> a.association.reset(volume, Reset.LOGICAL_UNIT, () -> isReset[0] = true));
        world.runUntil(() -> isReset[0]);
        world.storage.answer = _ -> null;
        world.run(3_000 * MILLI);
        assertThat(sent.error()).isEqualTo(IoError.ABORTED);
        assertThat(value()).isEqualTo(2);
        assertThat(b.events).contains("reset " + volume + " LOGICAL_UNIT");
        assertThat(a.events).doesNotContain("reset " + volume + " LOGICAL_UNIT");
    }

    // ---- rule 9: one write at a time per block

    /** Overlapping writes are applied in the order in which they were admitted. */
    @Test
    void overlappingWritesKeepTheirOrder() {
        Front front = Front.login(world, 1, "host");
        long[] delay = {500 * MILLI};
        world.storage.delay = _ -> delay[0] /= 2; // each would overtake the one before
        List<Sent> sent = List.of(front.send(write(1)), front.send(write(2)), front.send(write(3)));
        sent.forEach(front::await);
        assertThat(value()).isEqualTo(3);
        assertThat(count(PgRequest.Write.class)).isEqualTo(3);
    }

    /** ADR 11: bits that may still be set are not set after what was written over them. */
    @Test
    void anOrWriteOfUnknownOutcomeKeepsItsRange() {
        Front front = Front.login(world, 1, "host");
        Front other = Front.login(world, 2, "other");
        boolean[] isBusy = {true};
        world.storage.answer =
                r ->
                        r instanceof PgRequest.OrWrite && isBusy[0]
                                ? new PgReply.Busy("below minimum")
                                : null;
        byte[] bits = new byte[512];
        Arrays.fill(bits, (byte) 0x70);
        Sent or = front.send(new IoRequest.OrWrite(volume, 0, Payload.of(bits)));
        world.run(100 * MILLI);
        Sent later = other.send(write(1));
        world.run(2_000 * MILLI);
        assertThat(or.isAnswered()).isFalse();
        assertThat(later.isAnswered()).isFalse();
        isBusy[0] = false;
        front.await(or);
        other.await(later);
        assertThat(value()).isEqualTo(1);
    }

    /** F12: a write of unknown outcome keeps its range, and is sent again. */
    @Test
    void aWriteOfUnknownOutcomeKeepsItsRange() {
        Front front = Front.login(world, 1, "host");
        boolean[] isBusy = {true};
        world.storage.answer =
                r ->
                        r instanceof PgRequest.Write && isBusy[0]
                                ? new PgReply.Busy("below minimum")
                                : null;
        Sent first = front.send(write(1));
        Sent second = front.send(write(2));
        Sent apart = front.send(Front.read(volume, 8192, 512));
        front.await(apart);
        world.run(2_000 * MILLI);
        assertThat(first.isAnswered()).isFalse();
        assertThat(second.isAnswered()).isFalse();
        isBusy[0] = false;
        front.await(first);
        front.await(second);
        assertThat(value()).isEqualTo(2);
    }

    /** A group that stays busy ends in FENCED at the age bound, so that the host decides. */
    @Test
    void aBusyGroupEndsAtTheAgeBound() {
        Front front = Front.login(world, 2, "host");
        world.storage.answer = r -> r instanceof PgRequest.Write ? new PgReply.Busy("test") : null;
        Sent sent = front.send(write(1));
        world.run(7_000 * MILLI);
        assertThat(sent.isAnswered()).isFalse();
        world.run(3_000 * MILLI);
        assertThat(sent.error()).isEqualTo(IoError.FENCED);
    }

    /** A flush is answered after the host's writes that came before it. */
    @Test
    void aFlushWaitsForEarlierWrites() {
        Front front = Front.login(world, 2, "host");
        front.await(front.send(write(1)));
        world.storage.delay = _ -> 300 * MILLI;
        Sent write = front.send(write(2));
        Sent flush = front.send(new IoRequest.Flush(volume));
        world.run(200 * MILLI);
        assertThat(flush.isAnswered()).isFalse();
        front.await(flush);
        assertThat(write.isAnswered()).isTrue();
        assertThat(flush.result).isEqualTo(IoResult.DONE);
    }

    // ---- streams and associations

    /** A broken stream: the host is told when the command is decided, not before. */
    @Test
    void aBrokenStreamIsSettledBeforeTheHostIsTold() {
        Front front = Front.login(world, 2, "host");
        front.await(front.send(write(1)));
        world.storage.delay = _ -> 500 * MILLI;
        Sent sent = front.send(write(2));
        world.run(50 * MILLI);
        world.node(1).transport.disconnect(Lane.DATA, new NodeId(2));
        world.node(2).transport.disconnect(Lane.DATA, new NodeId(1));
        world.run(50 * MILLI);
        world.node(1).transport.connect(Lane.DATA, new NodeId(2));
        world.node(2).transport.connect(Lane.DATA, new NodeId(1));
        world.run(300 * MILLI);
        assertThat(sent.isAnswered()).isFalse();
        front.await(sent);
        assertThat(value()).isEqualTo(2); // decided, whatever the host was told
    }

    /** Answers that are lost on their way back do not leave a command hanging. */
    @Test
    void aLostAnswerIsNoticed() {
        Front front = Front.login(world, 2, "host");
        front.await(front.send(write(1)));
        world.node(1).transport.stall(Lane.DATA, new NodeId(2), 500 * MILLI);
        Sent sent = front.send(write(2));
        world.run(100 * MILLI);
        world.node(1).transport.disconnect(Lane.DATA, new NodeId(2));
        world.node(1).transport.connect(Lane.DATA, new NodeId(2));
        assertThat(front.await(sent).error()).isEqualTo(IoError.FENCED);
        assertThat(value()).isEqualTo(2);
    }

    /** Reinstatement: the new login is answered when nothing of the former can take effect. */
    @Test
    void aLoginWaitsForTheAssociationThatItReplaces() {
        Front former = Front.login(world, 2, "host");
        former.await(former.send(write(1)));
        world.storage.delay = _ -> 500 * MILLI;
        Sent issued = former.send(write(2));
        Sent waiting = former.send(write(3));
        world.run(50 * MILLI);
        Front fresh = new Front(world, 2, "host");
        world.run(300 * MILLI);
        assertThat(fresh.association).isNull();
        world.runUntil(() -> fresh.association != null);
        assertThat(value()).isEqualTo(2);
        assertThat(former.events).anyMatch(event -> event.startsWith("must close"));
        world.run(2_000 * MILLI);
        assertThat(value()).isEqualTo(2);
        assertThat(issued.isAnswered()).isTrue();
        assertThat(waiting.error()).isEqualTo(IoError.ABORTED);
    }

    /** The same while the owner is dead: the next owner answers for it. */
    @Test
    void aLoginWaitsForTheNextOwnerIfTheOwnerIsDead() {
        Front former = Front.login(world, 2, "host");
        former.await(former.send(write(1)));
        world.node(1).stop();
        former.send(write(2));
        world.run(50 * MILLI);
        Front fresh = new Front(world, 2, "host");
        world.run(5_000 * MILLI);
        assertThat(fresh.association).isNull();
        world.log.move(volume, world.node(3).self);
        world.run(1_000 * MILLI);
        assertThat(fresh.association).isNotNull();
        assertThat(fresh.sendUntilTaken(write(4)).result).isEqualTo(IoResult.DONE);
        world.node(1).resume();
        world.run(1_000 * MILLI);
        assertThat(value()).isEqualTo(4);
    }

    /** A connection that is gone takes its commands along; the association lives on. */
    @Test
    void aClosedConnectionsCommandsEnd() {
        Front front = Front.login(world, 2, "host");
        front.await(front.send(write(1)));
        world.storage.answer = r -> r instanceof PgRequest.Write ? new PgReply.Busy("test") : null;
        Sent sent = front.send(write(2));
        world.run(10 * MILLI);
        front.on(() -> front.connection.closed());
        assertThat(front.await(sent).error()).isEqualTo(IoError.ABORTED);
        world.storage.answer = _ -> null;
        world.run(2_000 * MILLI);
        assertThat(value()).isEqualTo(1);
        front.on(() -> front.connection = front.association.openConnection(Runnable::run));
        assertThat(front.sendUntilTaken(write(3)).result).isEqualTo(IoResult.DONE);
        boolean[] isClosed = new boolean[1];
        front.on(() -> front.association.close(() -> isClosed[0] = true));
        world.runUntil(() -> isClosed[0]);
        assertThat(front.await(front.send(write(4))).error()).isEqualTo(IoError.ABORTED);
    }

    /** A former process of a node that registered anew gets nothing admitted. */
    @Test
    void aFormerProcessIsRefused() {
        Front front = Front.login(world, 2, "host");
        front.await(front.send(write(1)));
        world.log.register(new ProcessId(new NodeId(2), 999));
        world.run(10 * MILLI);
        Sent sent = front.send(write(2));
        world.run(6_000 * MILLI);
        assertThat(sent.error()).isEqualTo(IoError.FENCED);
        assertThat(value()).isEqualTo(1);
    }

    /** A volume that is deleted answers so. */
    @Test
    void aDeletedVolumeIsGone() {
        Front front = Front.login(world, 2, "host");
        front.await(front.send(write(1)));
        world.storage.answer = r -> r instanceof PgRequest.Write ? new PgReply.Busy("test") : null;
        Sent sent = front.send(write(2));
        world.run(10 * MILLI);
        world.log.delete(volume);
        front.await(sent);
        assertThat(front.await(front.send(write(3))).error()).isEqualTo(IoError.NO_SUCH_VOLUME);
        assertThat(front.events).contains("volumes");
    }
}
