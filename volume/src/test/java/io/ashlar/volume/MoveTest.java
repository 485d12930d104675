package io.ashlar.volume;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.ChunkId;
import io.ashlar.common.NodeId;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.replication.PeerTransport.Lane;
import io.ashlar.replication.PgRequest;
import io.ashlar.volume.FenceCertificate.Cause;
import io.ashlar.volume.FenceCertificate.IngressSwitch;
import io.ashlar.volume.FenceCertificate.OwnerChange;
import io.ashlar.volume.Front.Sent;
import io.ashlar.volume.MoveResult.Code;
import io.ashlar.volume.owner.FenceRules;
import io.ashlar.volume.owner.FenceRules.Rule;
import io.ashlar.volume.wire.Transfer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Planned moves of a volume's owner (DESIGN section 6, rule 7), each by the schedule it needs. */
class MoveTest {
    private static final long MILLI = FakeWorld.MILLI;

    private FakeWorld world;
    private VolumeId volume;
    private final List<MoveResult> results = new ArrayList<>();

    @BeforeEach
    void start() {
        start(FenceRules.ALL);
    }

    private void start(FenceRules rules) {
        world = new FakeWorld(1, 3, VolumeSettings.defaults(), rules);
        volume = world.log.createVolume(1 << 20, world.node(1).self, 0);
        world.start();
        world.run(2_000 * MILLI);
    }

    private VolumeRecord record() {
        return world.newest().volumes().get(volume);
    }

    private int owner() {
        return record().owner().node().value();
    }

    private IoRequest write(int value) {
        return Front.write(volume, 0, 4096, value);
    }

    private int value() {
        return world.storage.chunk(new ChunkId(volume, 1, 0))[0];
    }

    private void ask(int by, int target) {
        world.node(by)
                .volumes
                .moves()
                .move(volume, new NodeId(target), Runnable::run, results::add);
    }

    private MoveResult move(int by, int target) {
        ask(by, target);
        world.runUntil(() -> !results.isEmpty());
        return results.removeFirst();
    }

    /** Protects explicit ALUA: a host hears of its move when the new owner serves, not before. */
    @Test
    void aHostIsAnsweredWhenTheNewOwnerServes() {
        Front front = Front.login(world, 3, "host");
        front.on(() -> front.association.move(volume, new NodeId(2), results::add));
        world.runUntil(() -> !results.isEmpty());
        assertThat(results).containsExactly(new MoveResult(Code.MOVED, 2, ""));
        assertThat(owner()).isEqualTo(2);
        assertThat(front.events).contains("paths " + volume);
        world.log.cordon(new NodeId(1));
        front.on(() -> front.association.move(volume, new NodeId(1), results::add));
        world.runUntil(() -> results.size() > 1);
        assertThat(results.getLast().code()).isEqualTo(Code.NOT_ACTIVE);
        assertThat(owner()).isEqualTo(2);
    }

    private OwnerChange change(int node) {
        return (OwnerChange)
                world.node(node).volumes.moves().certificates(volume).stream()
                        .filter(OwnerChange.class::isInstance)
                        .reduce((_, later) -> later)
                        .orElseThrow();
    }

    private long refused(int node) {
        return world.node(node)
                .volumes
                .moves()
                .counters()
                .refusedByVolume()
                .getOrDefault(volume, 0L);
    }

    // ---- what hosts notice: nothing

    /**
     * Commands by all nodes, before, during and after: none fails, none is BUSY, none is pinged.
     */
    @Test
    void aMoveHoldsCommandsAndFailsNone() {
        List<Front> fronts = new ArrayList<>();
        for (int node = 1; node <= 3; node++) {
            Front front = Front.login(world, node, "host" + node);
            assertThat(front.sendUntilTaken(write(1)).result).isEqualTo(IoResult.DONE);
            fronts.add(front);
        }
        int pings = fronts.stream().mapToInt(front -> front.pinged).sum();
        world.storage.delay = r -> r instanceof PgRequest.Write ? 25 * MILLI : MILLI / 10;
        List<Sent> sent = new ArrayList<>();
        ask(3, 2);
        for (int i = 0; i < 40; i++) {
            for (Front front : fronts) {
                sent.add(front.send(Front.write(volume, 8192L * i, 4096, i)));
                sent.add(front.send(Front.read(volume, 4096, 4096)));
                sent.add(front.send(new IoRequest.Flush(volume)));
            }
            world.run(10 * MILLI);
        }
        world.runUntil(() -> sent.stream().allMatch(Sent::isAnswered));
        assertThat(results).containsExactly(new MoveResult(Code.MOVED, 2, ""));
        assertThat(owner()).isEqualTo(2);
        assertThat(record().isHandedOver()).isTrue();
        assertThat(sent.stream().map(s -> s.result)).hasOnlyElementsOfType(IoResult.Done.class);
        assertThat(fronts.stream().mapToInt(front -> front.pinged).sum()).isEqualTo(pings);
        assertThat(fronts)
                .allSatisfy(front -> assertThat(front.events).contains("paths " + volume));

        OwnerChange proof = change(2);
        assertThat(proof.cause()).isEqualTo(Cause.REQUESTED);
        assertThat(proof.former()).isEqualTo(world.node(1).self);
        assertThat(proof.owner()).isEqualTo(world.node(2).self);
        assertThat(proof.formerEpoch()).isEqualTo(1);
        assertThat(proof.accessEpoch()).isEqualTo(2);
        assertThat(proof.ticketsTaken()).isTrue();
        assertThat(proof.drained()).isPositive();
        assertThat(proof.held()).isPositive();
        assertThat(proof.confirmations())
                .hasSize(FakeLog.PG_COUNT)
                .extracting(FenceCertificate.Confirmation::group)
                .containsExactlyInAnyOrder(0, 1, 2, 3);
        assertThat(proof.times().requested()).isLessThanOrEqualTo(proof.times().held());
        assertThat(proof.times().held()).isLessThan(proof.times().drained());
        assertThat(proof.times().drained()).isLessThan(proof.times().committed());
        assertThat(proof.times().committed()).isLessThan(proof.times().installed());
        assertThat(proof.pauseNanos()).isLessThan(200 * MILLI);
    }

    /** Back and forth: each owner takes the tickets of the one before it only. */
    @Test
    void movesFollowOneAnother() {
        Front front = Front.login(world, 3, "host");
        for (int round = 1; round <= 6; round++) {
            Sent before = front.send(write(2 * round));
            assertThat(move(1 + round % 3, 1 + round % 3).code()).isEqualTo(Code.MOVED);
            assertThat(front.await(before).result).isEqualTo(IoResult.DONE);
            assertThat(front.await(front.send(write(2 * round + 1))).result)
                    .isEqualTo(IoResult.DONE);
            assertThat(owner()).isEqualTo(1 + round % 3);
            assertThat(value()).isEqualTo(2 * round + 1);
        }
        assertThat(refused(1) + refused(2) + refused(3)).isZero();
    }

    /**
     * An owner's own path goes on being one: the host logged in at the new owner notices nothing.
     */
    @Test
    void aViewThatLagsIsWaitedFor() {
        Front ahead = Front.login(world, 3, "host");
        ahead.await(ahead.send(write(1)));
        world.node(2).metadata.lagNanos = 300 * MILLI; // the new owner hears of it late
        ask(1, 2);
        List<Sent> sent = new ArrayList<>();
        for (int i = 0; i < 50; i++) { // over half a second
            sent.add(ahead.send(Front.write(volume, 8192L * i, 4096, i)));
            world.run(10 * MILLI);
        }
        world.runUntil(() -> sent.stream().allMatch(Sent::isAnswered));
        assertThat(sent.stream().map(s -> s.result)).containsOnly(IoResult.DONE);
        assertThat(results).extracting(MoveResult::code).containsExactly(Code.MOVED);
    }

    // ---- what must not happen: tickets that are worth too much

    /** F3 over a move: what was stalled before it is refused after it, by the marks of before. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void marksOfTheFormerOwnerBindAtTheNewOne(boolean hasMarks) {
        FenceRules rules = FenceRules.without(Rule.PING);
        start(hasMarks ? rules : rules.andWithout(Rule.HAND_OVER_MARKS));
        Front a = Front.login(world, 2, "host");
        a.await(a.send(write(1)));
        long stalled = a.stamp();
        world.run(1_500 * MILLI);
        Front b = Front.login(world, 3, "host");
        assertThat(b.sendUntilTaken(write(2)).result).isEqualTo(IoResult.DONE);
        assertThat(b.sendUntilTaken(write(3)).result).isEqualTo(IoResult.DONE);
        assertThat(move(1, 3).code()).isEqualTo(Code.MOVED);
        a.send(write(2), stalled);
        world.run(6_000 * MILLI);
        assertThat(value()).isEqualTo(hasMarks ? 3 : 2);
        assertThat(refused(3)).isEqualTo(hasMarks ? 1 : 0);
    }

    /** Tickets of before count less than anything that the new owner has done. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatTheNewOwnerAdmittedBindsTicketsOfBefore(boolean hasOrder) {
        FenceRules rules = FenceRules.without(Rule.PING);
        start(hasOrder ? rules : rules.andWithout(Rule.HAND_OVER_ORDER, Rule.TICK_SWITCH));
        Front a = Front.login(world, 2, "host");
        a.await(a.send(write(1)));
        long stalled = a.stamp();
        assertThat(move(1, 3).code()).isEqualTo(Code.MOVED);
        Front b = Front.login(world, 3, "host");
        assertThat(b.sendUntilTaken(write(2)).result).isEqualTo(IoResult.DONE);
        assertThat(b.sendUntilTaken(write(3)).result).isEqualTo(IoResult.DONE);
        a.send(write(2), stalled);
        world.run(6_000 * MILLI);
        assertThat(value()).isEqualTo(hasOrder ? 3 : 2);
    }

    /** Likewise an abort, and a reset, by any path. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anAbortAtTheNewOwnerBindsTicketsOfBefore(boolean isReset) {
        start(FenceRules.without(Rule.PING));
        Front a = Front.login(world, 2, "host");
        a.await(a.send(write(1)));
        long stalled = a.stamp();
        assertThat(move(1, 3).code()).isEqualTo(Code.MOVED);
        Front b = isReset ? a : Front.login(world, 3, "host");
        boolean[] isDone = new boolean[1];
        if (isReset) {
            b.on(() -> b.association.reset(volume, Reset.LOGICAL_UNIT, () -> isDone[0] = true));
        } else {
            world.storage.delay = _ -> 50 * MILLI;
            Sent repeated = b.send(write(2), 0); // refused for its ticket, and aborted meanwhile
            b.on(() -> b.association.abort(repeated.number, () -> isDone[0] = true));
        }
        world.runUntil(() -> isDone[0]);
        a.send(write(2), stalled);
        world.run(6_000 * MILLI);
        assertThat(value()).isEqualTo(1);
    }

    /** F6 over a move: a connection that was not alive since the host was elsewhere is pinged. */
    @Test
    void aConnectionIsBelievedOnlyIfItsProofIsNewerThanTheMarksOfBefore() {
        Front a = Front.login(world, 2, "host");
        a.await(a.send(write(1)));
        Front b = Front.login(world, 3, "host");
        assertThat(b.sendUntilTaken(write(2)).result).isEqualTo(IoResult.DONE);
        assertThat(move(1, 3).code()).isEqualTo(Code.MOVED);
        // The cable heals: what lay in the initiator's socket arrives, with fresh tickets.
        a.isAnswering = false;
        for (int i = 0; i < 3; i++) {
            world.run(1_500 * MILLI);
            a.on(() -> a.connection.received(0, true));
        }
        Sent ghost = a.send(write(1));
        world.run(500 * MILLI);
        assertThat(ghost.isAnswered()).isFalse();
        assertThat(a.pings).isNotEmpty();
        assertThat(value()).isEqualTo(2);
    }

    /** Rule 6 over a move: tickets age, whoever issued them, counted from before they were told. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void handedOverTicketsAge(boolean hasAge) {
        FenceRules rules = FenceRules.without(Rule.PING);
        start(hasAge ? rules : rules.andWithout(Rule.HAND_OVER_AGE));
        Front a = Front.login(world, 2, "host");
        a.await(a.send(write(1)));
        long stalled = a.stamp();
        assertThat(move(1, 3).code()).isEqualTo(Code.MOVED);
        world.run(5_000 * MILLI);
        a.send(write(2), stalled);
        world.run(100 * MILLI);
        assertThat(value()).isEqualTo(2);
        world.run(3_500 * MILLI);
        a.send(write(3), stalled);
        world.run(6_000 * MILLI);
        assertThat(value()).isEqualTo(hasAge ? 2 : 3);
    }

    /**
     * What was handed over for a move that was not made is nothing to the owner of a later epoch.
     * Without the rule it would take tickets, and not know what was admitted since.
     */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aStaleHandOverIsIgnored(boolean hasEpoch) {
        FenceRules rules = FenceRules.without(Rule.PING);
        start(hasEpoch ? rules : rules.andWithout(Rule.HAND_OVER_EPOCH));
        Front a = Front.login(world, 2, "host");
        a.await(a.send(write(1)));
        long stalled = a.stamp();
        // The new owner gets the state; the former one does not hear that, and goes on.
        ask(1, 3);
        awaitHandOver();
        world.node(3).transport.stall(Lane.DATA, new NodeId(1), 1_500 * MILLI);
        world.runUntil(() -> !results.isEmpty());
        assertThat(results.removeFirst().code()).isEqualTo(Code.NOT_READY);
        assertThat(owner()).isEqualTo(1);
        Front b = Front.login(world, 1, "host");
        assertThat(b.sendUntilTaken(write(2)).result).isEqualTo(IoResult.DONE);
        assertThat(b.sendUntilTaken(write(3)).result).isEqualTo(IoResult.DONE);
        world.log.move(volume, world.node(3).self); // taken over, not moved
        world.run(200 * MILLI);
        a.send(write(2), stalled);
        world.run(6_000 * MILLI);
        assertThat(value()).isEqualTo(3);
        assertThat(change(3).cause()).isEqualTo(Cause.FAILOVER);
        assertThat(change(3).ticketsTaken()).isEqualTo(!hasEpoch);
    }

    /**
     * While nobody knows whether the command for the log will be applied, the former owner admits
     * nothing. Without the rule it would go on, and the new owner would not know what it admitted.
     */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aLateMoveBringsNoLateTickets(boolean hasOutcome) {
        FenceRules rules = FenceRules.without(Rule.PING);
        start(hasOutcome ? rules : rules.andWithout(Rule.MOVE_OUTCOME));
        Front a = Front.login(world, 2, "host");
        a.await(a.send(write(1)));
        long stalled = a.stamp();
        Front b = Front.login(world, 1, "host");
        world.run(1_500 * MILLI);
        world.lateCommands = 1;
        world.lateNanosMin = 3_000 * MILLI;
        ask(1, 3);
        awaitHandOver();
        world.run(2 * MILLI); // the command is under way, and late
        world.lateCommands = 0;
        world.run(1_200 * MILLI);
        assertThat(b.sendUntilTaken(write(2)).result).isEqualTo(IoResult.DONE);
        assertThat(b.sendUntilTaken(write(3)).result).isEqualTo(IoResult.DONE);
        world.runUntil(() -> record().accessEpoch() == 2);
        world.run(2_000 * MILLI);
        assertThat(owner()).isEqualTo(hasOutcome ? 1 : 3);
        a.send(write(2), stalled);
        world.run(6_000 * MILLI);
        assertThat(value()).isEqualTo(hasOutcome ? 3 : 2);
    }

    private void awaitHandOver() {
        world.runUntil(() ->
                world.node(1).transport.sent.stream().anyMatch(Transfer.State.class::isInstance));
    }

    // ---- what may go wrong

    /**
     * An abort during the hold drops what is held, and is answered; so is one after the hand-over.
     */
    @ParameterizedTest
    @ValueSource(longs = {2, 70, 130})
    void anAbortDuringAMoveIsAnsweredAndMeansIt(long afterMillis) {
        Front a = Front.login(world, 2, "host");
        a.await(a.send(write(1)));
        world.storage.delay = _ -> 60 * MILLI;
        Sent inFlight = a.send(Front.write(volume, 8192, 4096, 9));
        world.run(MILLI);
        ask(1, 3);
        world.run(MILLI);
        Sent held = a.send(write(2));
        world.run(afterMillis * MILLI);
        boolean[] isAborted = new boolean[1];
        a.on(() -> a.association.abort(held.number, () -> isAborted[0] = true));
        world.runUntil(() -> isAborted[0]);
        int before = value();
        assertThat(held.isAnswered()).isTrue();
        assertThat(before == 2).isEqualTo(held.result instanceof IoResult.Done);
        world.run(3_000 * MILLI);
        assertThat(value()).isEqualTo(before);
        assertThat(a.await(inFlight).result).isEqualTo(IoResult.DONE);
        assertThat(owner()).isEqualTo(3);
    }

    /** What cannot be decided in time keeps the volume where it is; held commands go on there. */
    @Test
    void aMoveThatDoesNotDrainIsGivenUp() {
        Front a = Front.login(world, 2, "host");
        a.await(a.send(write(1)));
        world.storage.delay = r -> r instanceof PgRequest.Write ? 900 * MILLI : MILLI / 10;
        Sent slow = a.send(Front.write(volume, 8192, 4096, 9));
        world.run(MILLI);
        ask(2, 3);
        world.run(2 * MILLI);
        Sent held = a.send(Front.read(volume, 0, 4096));
        world.runUntil(() -> !results.isEmpty());
        assertThat(results.removeFirst().code()).isEqualTo(Code.NOT_DRAINED);
        assertThat(owner()).isEqualTo(1);
        assertThat(a.await(held).result).isInstanceOf(IoResult.Done.class);
        assertThat(slow.isAnswered()).isFalse();
        assertThat(a.await(slow).result).isEqualTo(IoResult.DONE);
    }

    /**
     * A command of unknown outcome: nothing is admitted, the move is made impossible, all goes on.
     */
    @Test
    void aMoveOfUnknownOutcomeIsGivenUpInTheLog() {
        Front a = Front.login(world, 2, "host");
        a.await(a.send(write(1)));
        world.lateCommands = 1;
        world.lateNanosMin = 3_000 * MILLI;
        world.lateNanos = 6_000 * MILLI;
        ask(1, 3);
        world.run(20 * MILLI);
        Sent held = a.send(write(2));
        world.runUntil(() -> record().accessEpoch() > 1);
        assertThat(value()).isEqualTo(1);
        world.lateCommands = 0;
        world.runUntil(() -> !results.isEmpty());
        int after = owner();
        assertThat(results.removeFirst().code())
                .isIn(after == 3 ? List.of(Code.MOVED) : List.of(Code.GIVEN_UP, Code.UNKNOWN));
        a.await(held);
        assertThat(a.sendUntilTaken(write(3)).result).isEqualTo(IoResult.DONE);
        world.run(20_000 * MILLI);
        assertThat(record().accessEpoch()).isEqualTo(2);
        assertThat(value()).isEqualTo(3);
    }

    /** The new owner dies before it has the state: the former one goes on at once. */
    @Test
    void aMoveToANodeThatDoesNotAnswerIsGivenUp() {
        Front a = Front.login(world, 2, "host");
        a.await(a.send(write(1)));
        world.node(3).stop();
        assertThat(move(2, 3).code()).isEqualTo(Code.NOT_READY);
        assertThat(a.await(a.send(write(2))).result).isEqualTo(IoResult.DONE);
        world.run(3_000 * MILLI);
        assertThat(move(2, 3).code()).isEqualTo(Code.SILENT);
    }

    /** The former owner stops after the hand-over: another takes the volume, nothing is lost. */
    @Test
    void aFormerOwnerThatStopsInTheMiddleHoldsNobodyUp() {
        world.node(2).metadata.isLeader = true;
        Front a = Front.login(world, 2, "host");
        a.await(a.send(write(1)));
        world.storage.delay = _ -> 20 * MILLI;
        Sent inFlight = a.send(Front.write(volume, 8192, 4096, 9));
        world.run(MILLI);
        ask(2, 3);
        Sent held = a.send(write(2));
        world.runUntil(
                () -> world.node(1).transport.sent.stream().anyMatch(m -> m.type() == 0x422));
        world.node(1).stop();
        world.runUntil(() -> record().accessEpoch() == 2);
        world.runUntil(held::isAnswered);
        world.runUntil(inFlight::isAnswered);
        assertThat(a.sendUntilTaken(write(3)).result).isEqualTo(IoResult.DONE);
        world.node(1).resume();
        world.run(5_000 * MILLI);
        assertThat(value()).isEqualTo(3);
    }

    /** Each reason that keeps a volume from moving has a name. */
    @Test
    void requestsThatCannotBeMetAreToldWhy() {
        assertThat(move(2, 1).code()).isEqualTo(Code.ALREADY_OWNER);
        assertThat(move(2, 9).code()).isEqualTo(Code.NO_SUCH_NODE);
        world.log.cordon(new NodeId(3));
        world.run(100 * MILLI);
        assertThat(move(2, 3).code()).isEqualTo(Code.NOT_ACTIVE);
        ask(1, 2);
        ask(3, 2);
        world.runUntil(() -> results.size() == 2);
        assertThat(results)
                .extracting(MoveResult::code)
                .containsExactlyInAnyOrder(Code.MOVED, Code.IN_PROGRESS);
        world.node(1)
                .volumes
                .moves()
                .move(new VolumeId(77), new NodeId(2), Runnable::run, results::add);
        world.runUntil(() -> results.size() == 3);
        assertThat(results.getLast().code()).isEqualTo(Code.NO_SUCH_VOLUME);
    }

    // ---- implicit moves

    private void load(int seconds, Front... fronts) {
        for (int i = 0; i < 20 * seconds; i++) {
            for (Front front : fronts) {
                front.send(Front.write(volume, 0, 4096, 7));
            }
            world.run(50 * MILLI);
        }
    }

    /** Sustained I/O by one other node draws the volume there; then it stays for the dwell time. */
    @Test
    void aVolumeFollowsSustainedIo() {
        Front a = Front.login(world, 2, "host");
        load(4, a);
        assertThat(owner()).isEqualTo(1);
        load(3, a);
        assertThat(owner()).isEqualTo(2);
        assertThat(change(2).cause()).isEqualTo(Cause.IMPLICIT);
        Front b = Front.login(world, 3, "other");
        load(25, b);
        assertThat(owner()).isEqualTo(2);
        load(10, b);
        assertThat(owner()).isEqualTo(3);
        load(55, a); // soon again: now it stays for twice as long
        assertThat(owner()).isEqualTo(3);
        load(15, a);
        assertThat(owner()).isEqualTo(2);
    }

    /** I/O that is spread evenly, or goes to a node that takes no volumes, draws it nowhere. */
    @Test
    void evenIoMovesNothing() {
        Front a = Front.login(world, 2, "host-a");
        Front b = Front.login(world, 3, "host-b");
        load(30, a, b);
        assertThat(record().accessEpoch()).isEqualTo(1);
        world.log.cordon(new NodeId(2));
        load(15, a);
        assertThat(record().accessEpoch()).isEqualTo(1);
    }

    // ---- evidence

    /** A change of a host's ingress leaves a certificate, too, and refusals are counted. */
    @Test
    void aChangeOfIngressLeavesACertificate() {
        Front a = Front.login(world, 2, "host");
        a.await(a.send(write(1)));
        long stalled = a.stamp();
        world.run(1_500 * MILLI);
        Front b = Front.login(world, 3, "host");
        assertThat(b.sendUntilTaken(write(2)).result).isEqualTo(IoResult.DONE);
        long before = refused(1);
        a.await(a.send(write(2), stalled));
        assertThat(refused(1)).isEqualTo(before + 1);
        IngressSwitch change =
                (IngressSwitch) world.node(1).volumes.moves().certificates(volume).getFirst();
        assertThat(change.host()).isEqualTo("host");
        assertThat(change.former()).isEqualTo(world.node(2).self);
        assertThat(change.ingress()).isEqualTo(world.node(3).self);
        assertThat(change.mark()).isPositive();
    }
}
