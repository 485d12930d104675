package io.ashlar.metadata.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ashlar.common.RandomSource;
import io.ashlar.common.WireFormatException;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.Outcome;
import io.ashlar.metadata.wire.EntryCodec;
import io.ashlar.metadata.wire.Envelope;
import io.ashlar.metadata.wire.Samples;
import io.ashlar.metadata.wire.SnapshotCodec;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A command that reaches the log twice is applied once, whatever was snapshotted or forgotten. */
class ControlReplicaTest {
    private static final UUID CLIENT = new UUID(1, 2);
    private final ControlReplica replica = new ControlReplica();

    @Test
    void aRepeatGetsTheOutcomeOfTheFirst() {
        Envelope first = host(CLIENT, 1, 1, 0, "a");
        Outcome outcome = apply(replica, 5, first);
        assertThat(outcome).isEqualTo(new Outcome.Applied(5, 0));
        apply(replica, 6, new Envelope(CLIENT, 2, 1, 0, new Command.DeleteHost("a")));
        assertThat(apply(replica, 7, first)).isEqualTo(outcome);
        assertThat(replica.state().hosts()).isEmpty();
    }

    @Test
    void aRepeatAfterASnapshotInstallGetsTheOutcomeOfTheFirst() {
        Envelope first = host(CLIENT, 1, 1, 0, "a");
        Envelope rejected = new Envelope(CLIENT, 2, 1, 0, new Command.DeleteHost("nobody"));
        Outcome outcome = apply(replica, 5, first);
        Outcome rejection = apply(replica, 6, rejected);
        ControlReplica other = new ControlReplica();
        other.load(replica.save());
        assertThat(other.outcomeOf(CLIENT, 1)).isEqualTo(outcome);
        apply(other, 7, new Envelope(new UUID(9, 9), 1, 1, 0, new Command.DeleteHost("a")));
        assertThat(apply(other, 8, first)).isEqualTo(outcome);
        assertThat(apply(other, 9, rejected)).isEqualTo(rejection);
        assertThat(other.state().hosts()).isEmpty();
    }

    @Test
    void twoOfTheSameInOneEntryAreAppliedOnce() {
        Envelope first = host(CLIENT, 1, 1, 0, "a");
        List<ControlReplica.Done> done = replica.apply(5, entry(first, first));
        assertThat(done.get(0)).isEqualTo(done.get(1));
    }

    @Test
    void whatItsClientHasGivenUpIsNeverApplied() {
        apply(replica, 5, host(CLIENT, 3, 3, 0, "c"));
        assertThat(apply(replica, 6, host(CLIENT, 2, 1, 0, "b")))
                .isInstanceOf(Outcome.Unknown.class);
        assertThat(replica.state().hosts()).containsOnlyKeys("c");
        // Out of order within what is open is fine.
        apply(replica, 7, host(CLIENT, 5, 3, 0, "e"));
        assertThat(apply(replica, 8, host(CLIENT, 4, 3, 0, "d")))
                .isEqualTo(new Outcome.Applied(8, 0));
    }

    @Test
    void resultsOfOneClientAreBounded() {
        for (int i = 1; i <= 2 * SnapshotCodec.RESULTS_MAX; i++) {
            apply(replica, i, host(CLIENT, i, 1, 0, "a"));
        }
        assertThat(replica.outcomeOf(CLIENT, SnapshotCodec.RESULTS_MAX)).isNull();
        assertThat(replica.outcomeOf(CLIENT, SnapshotCodec.RESULTS_MAX + 1)).isNotNull();
        assertThat(apply(replica, 10_000, host(CLIENT, 7, 1, 0, "late")))
                .isInstanceOf(Outcome.Unknown.class);
        assertThat(replica.state().hosts()).containsOnlyKeys("a");
    }

    @Test
    void aLateRepeatOfAForgottenClientIsNotApplied() {
        Envelope first = host(CLIENT, 1, 1, 4, "a");
        apply(replica, 5, first);
        apply(replica, 6, new Envelope(new UUID(8, 8), 1, 1, 5, new Command.DeleteHost("a")));
        for (int i = 0; i < SnapshotCodec.SESSIONS_MAX; i++) {
            apply(replica, 7 + i, host(new UUID(3, i), 1, 1, 6 + i, "x"));
        }
        assertThat(replica.outcomeOf(CLIENT, 1)).isNull();
        assertThat(apply(replica, 5000, first)).isInstanceOf(Outcome.Unknown.class);
        assertThat(replica.state().hosts()).containsOnlyKeys("x");
        // The client itself is welcome again with what it proposes now.
        assertThat(apply(replica, 5001, host(CLIENT, 2, 2, 4999, "b")))
                .isEqualTo(new Outcome.Applied(5001, 0));
    }

    @Test
    void idleClientsAreForgottenByLogIndex() {
        Envelope first = host(CLIENT, 1, 1, 4, "a");
        apply(replica, 5, first);
        long later = 6 + Sessions.IDLE_ENTRIES_MAX;
        apply(replica, later, host(new UUID(8, 8), 1, 1, later - 1, "b"));
        assertThat(replica.outcomeOf(CLIENT, 1)).isNull();
        assertThat(apply(replica, later + 1, first)).isInstanceOf(Outcome.Unknown.class);
    }

    @Test
    void anUnreadableEntryChangesNothing() {
        ByteBuf bytes = entry(host(CLIENT, 1, 1, 0, "a"));
        bytes.setByte(20, 77);
        assertThatThrownBy(() -> replica.apply(5, bytes)).isInstanceOf(WireFormatException.class);
        assertThat(replica.state().index()).isZero();
    }

    @Test
    void replicasThatTookASnapshotAtAnyPointEndEqual() {
        for (long seed = 0; seed < 30; seed++) {
            RandomSource random = RandomSource.seeded(seed);
            Samples samples = new Samples(seed);
            ControlReplica straight = new ControlReplica();
            ControlReplica hopping = new ControlReplica();
            for (int index = 1; index < 300; index++) {
                List<Envelope> entry = new ArrayList<>();
                for (int i = random.nextInt(4); i >= 0; i--) {
                    long sequence = Math.max(1, index - random.nextInt(10));
                    entry.add(
                            new Envelope(
                                    new UUID(4, random.nextInt(3)),
                                    sequence,
                                    Math.max(1, sequence - 20),
                                    Math.max(0, index - 5),
                                    samples.command()));
                }
                Envelope[] envelopes = entry.toArray(Envelope[]::new);
                assertThat(straight.apply(index, entry(envelopes)))
                        .isEqualTo(hopping.apply(index, entry(envelopes)));
                if (random.nextInt(5) == 0) {
                    ControlReplica next = new ControlReplica();
                    next.load(hopping.save());
                    hopping = next;
                }
            }
            assertThat(hopping.save()).as("seed %s", seed).isEqualTo(straight.save());
        }
    }

    private static Envelope host(
            UUID client, long sequence, long settledBelow, long viewIndex, String host) {
        return new Envelope(
                client, sequence, settledBelow, viewIndex, new Command.CreateHost(host));
    }

    private static Outcome apply(ControlReplica replica, long index, Envelope envelope) {
        return replica.apply(index, entry(envelope)).getFirst().outcome();
    }

    private static ByteBuf entry(Envelope... envelopes) {
        ByteBuf out = Unpooled.buffer();
        EntryCodec.write(out, List.of(envelopes));
        return out;
    }
}
