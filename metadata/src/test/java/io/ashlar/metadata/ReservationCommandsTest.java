package io.ashlar.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.RandomSource;
import io.ashlar.common.VolumeId;
import io.ashlar.common.reservation.AccessKind;
import io.ashlar.common.reservation.LegacyReservation;
import io.ashlar.common.reservation.Nexus;
import io.ashlar.common.reservation.Notice;
import io.ashlar.common.reservation.ReservationChange;
import io.ashlar.common.reservation.ReservationTable;
import io.ashlar.common.reservation.ReservationType;
import io.ashlar.common.reservation.ReservationVerdict;
import io.ashlar.metadata.wire.ReservationSamples;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Reservations change as SPC-4 says, and by nobody but the present owner's command. */
class ReservationCommandsTest {
    private static final List<Integer> PORTS = List.of(1, 2);
    private static final Nexus A = new Nexus("iqn.a,i,0x1", 1);
    private static final Nexus A2 = new Nexus("iqn.a,i,0x1", 2);
    private static final Nexus B = new Nexus("iqn.b,i,0x1", 1);
    private static final Nexus C = new Nexus("iqn.c,i,0x1", 2);

    private ReservationTable table = ReservationTable.EMPTY;

    private ReservationVerdict apply(ReservationChange change) {
        ReservationTable.Result result = table.apply(change, PORTS);
        table = result.table();
        return result.verdict();
    }

    private void done(ReservationChange change) {
        assertThat(apply(change)).as("%s", change).isEqualTo(ReservationVerdict.DONE);
    }

    private void conflicts(ReservationChange change) {
        ReservationTable before = table;
        assertThat(apply(change)).as("%s", change).isEqualTo(ReservationVerdict.CONFLICT);
        assertThat(table).isEqualTo(before);
    }

    private static ReservationChange register(Nexus nexus, long key, long newKey) {
        return new ReservationChange.Register(nexus, false, key, newKey, false, List.of());
    }

    private static ReservationChange reserve(Nexus nexus, long key, ReservationType type) {
        return new ReservationChange.Reserve(nexus, key, type);
    }

    private static ReservationChange preempt(
            Nexus nexus, long key, long victim, ReservationType type) {
        return new ReservationChange.Preempt(nexus, key, victim, type, false);
    }

    private void registerAll() {
        done(register(A, 0, 1));
        done(register(B, 0, 2));
        done(register(C, 0, 3));
    }

    /** Protects a host whose answer was lost: what it repeats does not conflict with itself. */
    @Test
    void aRepeatedCommandDoesNotConflictWithItself() {
        done(register(A, 0, 1));
        done(register(B, 0, 2));
        long generation = table.generation();
        done(register(A, 0, 1));
        assertThat(table.generation()).isEqualTo(generation);
        conflicts(register(A, 0, 7));
        conflicts(register(A, 5, 1));
        done(register(A, 1, 4));
        done(register(B, 2, 5));
        done(register(A, 1, 4));
        done(preempt(A, 4, 5, ReservationType.WRITE_EXCLUSIVE));
        done(preempt(A, 4, 5, ReservationType.WRITE_EXCLUSIVE));
        done(register(B, 0, 2));
        conflicts(preempt(A, 4, 5, ReservationType.WRITE_EXCLUSIVE));
        done(register(A, 4, 0));
        done(register(A, 4, 0));
        done(new ReservationChange.Clear(B, 2));
        done(new ReservationChange.Clear(B, 2));
        conflicts(new ReservationChange.Clear(A, 4));
    }

    /** Protects the meaning of each type: who may read and write while B holds. */
    @Test
    void eachTypePermitsWhomItSays() {
        for (ReservationType type : ReservationType.values()) {
            table = ReservationTable.EMPTY;
            done(register(A, 0, 1));
            done(register(B, 0, 2));
            done(reserve(B, 2, type));
            boolean registrants = type.admitsRegistrants();
            assertThat(table.permits(B, AccessKind.WRITE)).isTrue();
            assertThat(table.permits(A, AccessKind.WRITE)).as("%s", type).isEqualTo(registrants);
            assertThat(table.permits(A, AccessKind.READ))
                    .as("%s", type)
                    .isEqualTo(registrants || !type.isExclusiveAccess());
            // Another port of a registrant is another nexus.
            assertThat(table.permits(A2, AccessKind.WRITE)).isFalse();
            assertThat(table.permits(A2, AccessKind.READ)).isEqualTo(!type.isExclusiveAccess());
            done(reserve(B, 2, type));
            assertThat(apply(reserve(A, 1, type)))
                    .isEqualTo(
                            type.isAllRegistrants()
                                    ? ReservationVerdict.DONE
                                    : ReservationVerdict.CONFLICT);
        }
    }

    @Test
    void whoTakesTheReservationOverTellsTheOthers() {
        registerAll();
        done(reserve(B, 2, ReservationType.WRITE_EXCLUSIVE_REGISTRANTS_ONLY));
        assertThat(apply(preempt(A, 1, 0, ReservationType.EXCLUSIVE_ACCESS)))
                .isEqualTo(ReservationVerdict.INVALID);
        done(preempt(A, 1, 2, ReservationType.EXCLUSIVE_ACCESS));
        assertThat(table.isHolder(A)).isTrue();
        assertThat(table.isRegistered(B)).isFalse();
        assertThat(table.notices().get(B).kind()).isEqualTo(Notice.Kind.PREEMPTED);
        assertThat(table.notices().get(C).kind()).isEqualTo(Notice.Kind.RELEASED);
        assertThat(table.notices()).doesNotContainKey(A);
        done(preempt(A, 1, 3, ReservationType.WRITE_EXCLUSIVE));
        assertThat(table.reservation().type()).isEqualTo(ReservationType.EXCLUSIVE_ACCESS);
    }

    @Test
    void allRegistrantsHoldUntilTheLastIsGone() {
        registerAll();
        done(reserve(A, 1, ReservationType.EXCLUSIVE_ACCESS_ALL_REGISTRANTS));
        done(register(A, 1, 0));
        assertThat(table.isHolder(C)).isTrue();
        done(preempt(B, 2, 3, ReservationType.WRITE_EXCLUSIVE));
        assertThat(table.reservation().type())
                .isEqualTo(ReservationType.EXCLUSIVE_ACCESS_ALL_REGISTRANTS);
        done(register(B, 2, 0));
        assertThat(table.reservation()).isNull();
        registerAll();
        done(reserve(A, 1, ReservationType.WRITE_EXCLUSIVE_ALL_REGISTRANTS));
        done(preempt(B, 2, 0, ReservationType.WRITE_EXCLUSIVE));
        assertThat(table.registrations()).containsOnlyKeys(B);
        assertThat(table.isHolder(B)).isTrue();
    }

    @Test
    void aHolderThatLeavesReleases() {
        registerAll();
        done(reserve(A, 1, ReservationType.WRITE_EXCLUSIVE_REGISTRANTS_ONLY));
        assertThat(apply(new ReservationChange.Release(A, 1, ReservationType.WRITE_EXCLUSIVE)))
                .isEqualTo(ReservationVerdict.INVALID_RELEASE);
        done(new ReservationChange.Release(B, 2, ReservationType.WRITE_EXCLUSIVE));
        assertThat(table.isHolder(A)).isTrue();
        done(register(A, 1, 0));
        assertThat(table.reservation()).isNull();
        assertThat(table.notices().get(B).kind()).isEqualTo(Notice.Kind.RELEASED);
    }

    @Test
    void aReservationMovesWithItsRegistration() {
        registerAll();
        done(reserve(A, 1, ReservationType.EXCLUSIVE_ACCESS));
        Nexus nobody = new Nexus("iqn.d,i,0x1", 9);
        assertThat(apply(new ReservationChange.Move(A, 1, 8, nobody, true)))
                .isEqualTo(ReservationVerdict.INVALID);
        done(new ReservationChange.Move(A, 1, 8, C, true));
        assertThat(table.isHolder(C)).isTrue();
        assertThat(table.registrations().get(C).key()).isEqualTo(8);
        assertThat(table.isRegistered(A)).isFalse();
    }

    @Test
    void registrationsForAllPortsAndOthersAreMadeTogether() {
        done(new ReservationChange.Register(A, false, 0, 1, true, List.of("iqn.b,i,0x1")));
        assertThat(table.registrations()).containsKeys(A, A2, B, new Nexus("iqn.b,i,0x1", 2));
        assertThat(
                        apply(
                                new ReservationChange.Register(
                                        A, false, 1, 2, false, List.of("iqn.c,i,0x1"))))
                .isEqualTo(ReservationVerdict.INVALID);
        done(register(A2, 1, 0));
        assertThat(table.isRegistered(A)).isTrue();
    }

    @Test
    void bothKindsOfReservationsExcludeEachOther() {
        LegacyReservation session = new LegacyReservation(new ProcessId(new NodeId(1), 1), 5);
        LegacyReservation other = new LegacyReservation(new ProcessId(new NodeId(1), 1), 6);
        done(new ReservationChange.LegacyReserve(A, session));
        conflicts(new ReservationChange.LegacyReserve(B, other));
        conflicts(register(B, 0, 2));
        done(new ReservationChange.LegacyRelease(B, other));
        assertThat(table.legacy()).isEqualTo(session);
        done(new ReservationChange.LegacyRelease(A, session));
        registerAll();
        conflicts(new ReservationChange.LegacyReserve(A, session));
        done(reserve(A, 1, ReservationType.WRITE_EXCLUSIVE));
        done(new ReservationChange.LegacyReserve(A, session));
        assertThat(table.legacy()).isNull();
        conflicts(new ReservationChange.LegacyReserve(B, other));
    }

    @Test
    void registrationsAreBounded() {
        for (int i = 0; i < ReservationTable.REGISTRATIONS_MAX; i++) {
            done(register(new Nexus("iqn." + i, 1), 0, 1));
        }
        assertThat(apply(register(A, 0, 1))).isEqualTo(ReservationVerdict.NO_ROOM);
        assertThat(table.registrations()).hasSize(ReservationTable.REGISTRATIONS_MAX);
    }

    /** Protects F4: a late command of a former owner changes nothing, whatever it asks for. */
    @Test
    void onlyTheOwnerOfThatAccessEpochChangesReservations() {
        Fixture cluster = Fixture.withPool();
        VolumeId volume = new VolumeId(cluster.applied(cluster.volume("v", -1)));
        assertThat(cluster.applied(new Command.ChangeReservations(volume, 1, register(A, 0, 1))))
                .isEqualTo(ReservationVerdict.DONE.code());
        assertThat(cluster.applied(new Command.ChangeReservations(volume, 1, register(A, 7, 9))))
                .isEqualTo(ReservationVerdict.CONFLICT.code());
        cluster.applied(new Command.TakeOwnership(volume, 1, Fixture.process(2, 20)));
        cluster.rejected(
                Outcome.Reason.STALE, new Command.ChangeReservations(volume, 1, register(B, 0, 2)));
        ReservationTable kept = cluster.state().volumes().get(volume).reservations();
        assertThat(kept.registrations()).containsOnlyKeys(A);
        cluster.applied(new Command.DeleteVolume(volume, 2));
        cluster.rejected(
                Outcome.Reason.NOT_FOUND,
                new Command.ChangeReservations(volume, 2, register(B, 0, 2)));
    }

    /** Protects against registrants, holders and keys that a slow model does not know. */
    @Test
    void aSmallModelAgrees() {
        for (long seed = 0; seed < 2_000; seed++) {
            RandomSource random = RandomSource.seeded(seed);
            table = ReservationTable.EMPTY;
            Map<Nexus, Long> keys = new TreeMap<>();
            for (int i = 0; i < 60; i++) {
                ReservationChange change = ReservationSamples.change(random);
                ReservationTable before = table;
                ReservationVerdict verdict = apply(change);
                if (verdict != ReservationVerdict.DONE) {
                    assertThat(table).isSameAs(before);
                    continue;
                }
                if (table != before) {
                    ReservationModel.apply(keys, before, change, PORTS);
                }
                Map<Nexus, Long> actual = new TreeMap<>();
                table.registrations().forEach((nexus, r) -> actual.put(nexus, r.key()));
                assertThat(actual).as("seed %s, after %s", seed, change).isEqualTo(keys);
                assertThat(table.generation()).isGreaterThanOrEqualTo(before.generation());
                ReservationModel.check(table);
            }
        }
    }
}
