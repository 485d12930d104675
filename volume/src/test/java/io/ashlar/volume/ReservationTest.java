package io.ashlar.volume;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.ChunkId;
import io.ashlar.common.Payload;
import io.ashlar.common.VolumeId;
import io.ashlar.common.reservation.LegacyReservation;
import io.ashlar.common.reservation.Nexus;
import io.ashlar.common.reservation.ReservationChange;
import io.ashlar.common.reservation.ReservationTable;
import io.ashlar.common.reservation.ReservationType;
import io.ashlar.replication.PgRequest;
import io.ashlar.volume.Front.Sent;
import io.ashlar.volume.owner.FenceRules;
import io.ashlar.volume.owner.FenceRules.Rule;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * F4: a reservation holds on every node at the moment that its command is answered. Node 1 owns the
 * volume, the holder comes by node 2, the other host by node 3.
 */
class ReservationTest {
    private static final long MILLI = FakeWorld.MILLI;

    private FakeWorld world;
    private VolumeId volume;
    private Front holder;
    private Front other;

    @BeforeEach
    void start() {
        start(FenceRules.ALL);
    }

    private void start(FenceRules rules) {
        world = new FakeWorld(1, 3, VolumeSettings.defaults(), rules);
        volume = world.log.createVolume(1 << 20, world.node(1).self, 0);
        world.start();
        world.run(2_000 * MILLI);
        holder = Front.login(world, 2, "holder");
        other = Front.login(world, 3, "other");
    }

    private IoRequest write(int value) {
        return Front.write(volume, 0, 4096, value);
    }

    private IoRequest read() {
        return Front.read(volume, 0, 4096);
    }

    private int value() {
        return world.storage.chunk(new ChunkId(volume, 1, 0))[0];
    }

    private static Nexus nexus(Front front) {
        return new Nexus(front.association.id().initiatorPort(), front.node.self.node().value());
    }

    private IoRequest change(ReservationChange change) {
        return new IoRequest.ChangeReservations(volume, change);
    }

    private IoRequest register(Front front, long key) {
        return change(
                new ReservationChange.Register(nexus(front), false, 0, key, false, List.of()));
    }

    private IoRequest reserve(Front front, long key, ReservationType type) {
        return change(new ReservationChange.Reserve(nexus(front), key, type));
    }

    private IoRequest preempt(boolean isAborting) {
        return change(
                new ReservationChange.Preempt(
                        nexus(holder), 1, 2, ReservationType.WRITE_EXCLUSIVE, isAborting));
    }

    private void bothRegister() {
        assertThat(holder.sendUntilTaken(register(holder, 1)).result).isEqualTo(IoResult.DONE);
        assertThat(other.sendUntilTaken(register(other, 2)).result).isEqualTo(IoResult.DONE);
    }

    private void done(Front front, IoRequest request) {
        assertThat(front.sendUntilTaken(request).result).isEqualTo(IoResult.DONE);
    }

    private void conflicts(Front front, IoRequest request) {
        assertThat(front.sendUntilTaken(request).error()).isEqualTo(IoError.RESERVATION_CONFLICT);
    }

    /** What holds at one node holds for what comes by another, and at the next owner. */
    @Test
    void aReservationHoldsOnEveryNodeAndAtEveryOwner() {
        bothRegister();
        done(other, write(1));
        done(holder, reserve(holder, 1, ReservationType.EXCLUSIVE_ACCESS));
        conflicts(other, write(2));
        conflicts(other, read());
        conflicts(other, new IoRequest.Flush(volume));
        done(holder, write(3));
        for (int owner : new int[] {3, 2}) {
            world.log.move(volume, world.node(owner).self);
            conflicts(other, write(4));
            conflicts(other, read());
        }
        done(holder, write(5));
        assertThat(value()).isEqualTo(5);
        assertThat(
                        other.association.isPermitted(
                                volume, io.ashlar.common.reservation.AccessKind.READ))
                .isFalse();
    }

    /** SBC-3 table 13: COMPARE AND WRITE conflicts as a write does. */
    @Test
    void aReservationKeepsOthersFromComparingAndWriting() {
        Payload block = Payload.zeros(512);
        IoRequest compare = new IoRequest.CompareAndWrite(volume, 0, block, block);
        bothRegister();
        done(holder, reserve(holder, 1, ReservationType.WRITE_EXCLUSIVE));
        conflicts(other, compare);
        done(holder, compare);
    }

    /** Without the check a command that is forwarded gets in. */
    @Test
    void theCheckIsMadeForForwardedCommandsToo() {
        start(FenceRules.without(Rule.RESERVATION_CHECK));
        bothRegister();
        done(holder, reserve(holder, 1, ReservationType.WRITE_EXCLUSIVE));
        done(other, write(2));
    }

    /**
     * A write that is under way when its host is preempted is decided before the answer. Without
     * the rule it takes effect after it.
     */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aPreemptionIsAnsweredWhenNothingOfThePreemptedIsUnderWay(boolean isKept) {
        start(isKept ? FenceRules.ALL : FenceRules.without(Rule.RESERVATION_DRAIN));
        bothRegister();
        done(other, reserve(other, 2, ReservationType.WRITE_EXCLUSIVE));
        world.storage.delay =
                request -> request instanceof PgRequest.Write ? 3_000 * MILLI : MILLI / 10;
        Sent slow = other.send(write(7));
        world.run(500 * MILLI);
        Sent preemption = holder.send(preempt(false));
        world.run(1_000 * MILLI);
        assertThat(preemption.isAnswered()).isEqualTo(!isKept);
        holder.await(preemption);
        assertThat(preemption.result).isEqualTo(IoResult.DONE);
        assertThat(value()).isEqualTo(isKept ? 7 : 0);
        other.await(slow);
        world.run(5_000 * MILLI);
        conflicts(other, write(8));
    }

    /** What is not in flight is aborted, and told to nobody but as an abort. */
    @Test
    void preemptAndAbortAbortsWhatIsNotInFlight() {
        bothRegister();
        done(other, reserve(other, 2, ReservationType.WRITE_EXCLUSIVE));
        world.storage.delay =
                request -> request instanceof PgRequest.Write ? 3_000 * MILLI : MILLI / 10;
        Sent first = other.send(write(7));
        Sent behind = other.send(write(8)); // to the same block: it waits for the first
        world.run(500 * MILLI);
        Sent preemption = holder.send(preempt(true));
        world.run(1_000 * MILLI);
        assertThat(preemption.isAnswered()).isFalse();
        assertThat(behind.error()).isEqualTo(IoError.ABORTED);
        holder.await(preemption);
        assertThat(value()).isEqualTo(7);
        assertThat(other.await(first).result).isEqualTo(IoResult.DONE);
        world.run(100 * MILLI);
        assertThat(other.events).contains("reservations PREEMPTED");
        assertThat(holder.events).doesNotContain("reservations PREEMPTED");
    }

    /**
     * A reservation whose command reaches the log late is answered late. Without the rule it is
     * answered while the other host can still write.
     */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aReservationIsAnsweredWhenTheOwnersViewShowsIt(boolean isKept) {
        start(isKept ? FenceRules.ALL : FenceRules.without(Rule.RESERVATION_SHOWN));
        bothRegister();
        world.run(1_000 * MILLI);
        world.node(1).metadata.lagNanos = 2_000 * MILLI;
        Sent reservation = holder.send(reserve(holder, 1, ReservationType.WRITE_EXCLUSIVE));
        world.run(500 * MILLI);
        assertThat(reservation.isAnswered()).isEqualTo(!isKept);
        Sent late = other.send(write(9));
        other.await(late);
        if (!isKept) {
            assertThat(late.result).isEqualTo(IoResult.DONE);
        }
        holder.await(reservation);
        world.run(5_000 * MILLI);
        conflicts(other, write(10));
    }

    /** A host whose answer was lost with the owner repeats, and hears the truth. */
    @Test
    void whatTheOwnerTookWithItIsToldToWhoRepeatsIt() {
        bothRegister();
        done(holder, reserve(holder, 1, ReservationType.WRITE_EXCLUSIVE));
        Sent preemption = holder.send(preempt(true));
        world.run(MILLI);
        world.log.move(volume, world.node(3).self);
        world.run(3_000 * MILLI);
        if (!preemption.isAnswered()
                || preemption.result instanceof IoResult.Failed(IoError error)
                        && error == IoError.FENCED) {
            done(holder, preempt(true));
        }
        conflicts(other, write(1));
        done(holder, register(holder, 1));
    }

    /** RESERVE of SPC-2 excludes everybody else, and ends with its session. */
    @Test
    void aReservationOfASessionEndsWithIt() {
        done(
                holder,
                change(
                        new ReservationChange.LegacyReserve(
                                nexus(holder), LegacyReservation.OF_SENDER)));
        conflicts(other, read());
        done(holder, write(1));
        holder.on(() -> holder.association.close(() -> {}));
        world.run(5_000 * MILLI);
        done(other, write(2));
    }

    /** The loss of its nexus ends it, that of another one does not. */
    @Test
    void aReservationOfASessionEndsWithItsNexus() {
        done(
                holder,
                change(
                        new ReservationChange.LegacyReserve(
                                nexus(holder), LegacyReservation.OF_SENDER)));
        resetNexus(other);
        conflicts(other, write(1));
        resetNexus(holder);
        done(other, write(2));
    }

    private void resetNexus(Front front) {
        boolean[] isReset = new boolean[1];
        front.on(() -> front.association.resetNexus(List.of(volume), () -> isReset[0] = true));
        world.runUntil(() -> isReset[0]);
    }

    /** A reset of the volume ends it as well. */
    @Test
    void aReservationOfASessionEndsWithAReset() {
        done(
                holder,
                change(
                        new ReservationChange.LegacyReserve(
                                nexus(holder), LegacyReservation.OF_SENDER)));
        boolean[] isReset = new boolean[1];
        other.on(
                () -> other.association.reset(volume, Reset.LOGICAL_UNIT, () -> isReset[0] = true));
        world.runUntil(() -> isReset[0]);
        done(other, write(2));
        assertThat(holder.events).contains("reset " + volume + " LOGICAL_UNIT");
    }

    /** What one node changed is told by another, though its view lags. */
    @Test
    void aReportIsNotOlderThanItsCommand() {
        world.node(3).metadata.lagNanos = 1_000 * MILLI;
        done(holder, register(holder, 1));
        ReservationTable[] told = new ReservationTable[1];
        other.on(() ->
                other.association.reservations(
                        volume, (Optional<ReservationTable> table) -> told[0] = table.get()));
        world.runUntil(() -> told[0] != null);
        assertThat(told[0].registrations()).containsOnlyKeys(nexus(holder));
    }
}
