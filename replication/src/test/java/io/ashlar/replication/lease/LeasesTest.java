package io.ashlar.replication.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.replication.PgRules;
import io.ashlar.replication.ReplicationSettings;
import io.ashlar.replication.wire.LeaseMessage.Beacon;
import io.ashlar.replication.wire.LeaseMessage.BeaconAnswer;
import org.junit.jupiter.api.Test;

class LeasesTest {
    private static final ReplicationSettings SETTINGS = ReplicationSettings.DEFAULT;
    private final ProcessId other = new ProcessId(new NodeId(2), 7);
    private long now = 1_000_000_000_000L;
    private final ProcessId self = new ProcessId(new NodeId(1), 4);
    private final Leases leases = new Leases(self, () -> now, SETTINGS, PgRules.ALL);

    /** Hole P3: an answer that waited in a stopped process's socket is as old as its beacon. */
    @Test
    void countsFromWhenTheBeaconWasSent() {
        long sent = now;
        now += SETTINGS.leaseNanos() - 1;
        leases.onAnswer(other, new BeaconAnswer(4, sent, 5, true));
        assertThat(leases.holds(other, 5)).isTrue();
        now += 1;
        assertThat(leases.holds(other, 5)).isFalse();
    }

    /**
     * Hole P2: who answers with a newer configuration in mind does not vouch for a reader that has
     * not seen it.
     */
    @Test
    void countsOnlyOnceTheViewHasReachedTheAnswersIndex() {
        leases.onAnswer(other, new BeaconAnswer(4, now, 6, true));
        assertThat(leases.holds(other, 5)).isFalse();
        assertThat(leases.holds(other, 6)).isTrue();
    }

    /** What another incarnation of the node answers says nothing about the member. */
    @Test
    void anotherIncarnationDoesNotCount() {
        leases.onAnswer(new ProcessId(other.node(), 8), new BeaconAnswer(4, now, 1, true));
        assertThat(leases.holds(other, 5)).isFalse();
    }

    /**
     * An answer to a former process of this node comes late: that had a clock of its own, if the
     * machine was started anew, and the lease would never end.
     */
    @Test
    void anAnswerToAFormerProcessDoesNotCount() {
        long clockOfBefore = now + 1_000 * SETTINGS.leaseNanos();
        leases.onAnswer(other, new BeaconAnswer(3, clockOfBefore, 5, true));
        assertThat(leases.holds(other, 5)).isFalse();
    }

    /**
     * A backup waits out the grace since it last answered, and answers nothing while its petition
     * is undecided.
     */
    @Test
    void petitionsOnlyAfterTheGraceAndThenStaysSilent() {
        assertThat(leases.onBeacon(other, new Beacon(1, false), 5, true)).isPresent();
        now += SETTINGS.graceNanos();
        assertThat(leases.beginPetition(other, 0)).isFalse();
        now += 1;
        assertThat(leases.beginPetition(other, 0)).isTrue();
        assertThat(leases.onBeacon(other, new Beacon(2, false), 5, true)).isEmpty();
        leases.petitionDecided(other);
        assertThat(leases.onBeacon(other, new Beacon(3, false), 5, true)).isPresent();
    }

    /** A primary that was never heard has the grace from its configuration on. */
    @Test
    void graceRunsFromTheConfigurationForWhoWasNeverHeard() {
        assertThat(leases.beginPetition(other, now)).isFalse();
        now += SETTINGS.graceNanos() + 1;
        assertThat(leases.beginPetition(other, now - SETTINGS.graceNanos() - 1)).isTrue();
    }

    /** One that dies right after it was given the lead is not waited for any longer than others. */
    @Test
    void aNewConfigurationGivesNoNewGraceToWhoIsSilent() {
        assertThat(leases.onBeacon(other, new Beacon(1, false), 5, true)).isPresent();
        now += SETTINGS.graceNanos() + 1;
        assertThat(leases.beginPetition(other, now)).isTrue();
    }
}
