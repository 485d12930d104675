package io.ashlar.replication.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.chunkstore.LogEntry;
import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.DeviceId;
import io.ashlar.common.PgId;
import io.ashlar.common.VolumeId;
import io.ashlar.replication.PgRules;
import io.ashlar.replication.wire.GroupMessage.Join;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class LogMatchTest {
    private static final DeviceId DEVICE = new DeviceId(new UUID(7, 8));

    /** An entry that names the block of its own number, so that what is lacking can be read off. */
    private static LogEntry entry(long epoch, long sequence) {
        return new LogEntry(epoch, sequence, LogEntry.Kind.WRITE, block((int) sequence));
    }

    private static BlockRange block(int number) {
        return new BlockRange(new ChunkId(new VolumeId(1), 1, 0), number, 1);
    }

    private static List<LogEntry> log(long epoch, long from, long to) {
        List<LogEntry> entries = new ArrayList<>();
        for (long sequence = from; sequence <= to; sequence++) {
            entries.add(entry(epoch, sequence));
        }
        return entries;
    }

    @SafeVarargs
    private static List<LogEntry> join(List<LogEntry>... parts) {
        List<LogEntry> entries = new ArrayList<>();
        for (List<LogEntry> part : parts) {
            entries.addAll(part);
        }
        return entries;
    }

    private static Join learner(List<LogEntry> entries, long committed) {
        return new Join(new PgId(1, 0), 1, 1, 1, DEVICE, entries, committed, -1, false, List.of());
    }

    /** After a short absence only what was written meanwhile is copied. */
    @Test
    void namesWhatTheLearnerMissed() {
        LogMatch match = LogMatch.of(log(1, 1, 10), true, learner(log(1, 1, 7), 7), PgRules.ALL);
        assertThat(match.full()).isFalse();
        assertThat(match.sequence()).isEqualTo(7);
        assertThat(match.lacking()).containsExactlyInAnyOrder(block(8), block(9), block(10));
    }

    /**
     * Hole P5: a deposed primary's tail of the old epoch is overwritten, not taken for the new
     * entries of the same numbers.
     */
    @Test
    void distrustsATailOfAnOlderEpoch() {
        List<LogEntry> primary = join(log(1, 1, 5), log(2, 6, 8));
        List<LogEntry> learner = join(log(1, 1, 5), log(1, 6, 9));
        LogMatch match = LogMatch.of(primary, true, learner(learner, 5), PgRules.ALL);
        assertThat(match.sequence()).isEqualTo(5);
        assertThat(match.lacking())
                .containsExactlyInAnyOrder(block(6), block(7), block(8), block(9));
    }

    /**
     * A member that got part of a reconcile shares later entries with the primary, but its own tail
     * from before was never made equal; its committed point tells.
     */
    @Test
    void distrustsWhatTheLearnerDoesNotKnowToBeCommitted() {
        List<LogEntry> learner = join(log(1, 102, 103), log(1, 104, 104), log(2, 105, 105));
        List<LogEntry> primary = join(log(1, 103, 103), log(2, 105, 110));
        LogMatch match = LogMatch.of(primary, false, learner(learner, 103), PgRules.ALL);
        assertThat(match.full()).isFalse();
        assertThat(match.lacking()).contains(block(104), block(105), block(110));
    }

    /**
     * A learner whose device had no room for one entry has a gap above its committed point; shared
     * later entries hide it.
     */
    @Test
    void comparesChunksWhenThePrimarysLogDoesNotReachTheLearnersCommittedPoint() {
        List<LogEntry> learner = join(log(1, 1, 4), log(1, 6, 6));
        assertThat(LogMatch.of(log(1, 6, 20), false, learner(learner, 4), PgRules.ALL).full())
                .isTrue();
        LogMatch reached = LogMatch.of(log(1, 5, 20), false, learner(learner, 4), PgRules.ALL);
        assertThat(reached.full() || reached.lacking().contains(block(5))).isTrue();
    }

    /** Logs that share no entry say nothing about the chunks. */
    @Test
    void comparesChunksWhenLogsDoNotReach() {
        assertThat(
                        LogMatch.of(log(3, 50, 60), false, learner(log(1, 1, 20), 20), PgRules.ALL)
                                .full())
                .isTrue();
        assertThat(LogMatch.of(log(3, 50, 60), false, learner(List.of(), 0), PgRules.ALL).full())
                .isTrue();
    }

    /** A new disk joins a young group by its log alone. */
    @Test
    void anEmptyLearnerGetsAWholeLog() {
        LogMatch match = LogMatch.of(log(1, 1, 3), true, learner(List.of(), 0), PgRules.ALL);
        assertThat(match.full()).isFalse();
        assertThat(match.sequence()).isZero();
        assertThat(match.lacking()).containsExactlyInAnyOrder(block(1), block(2), block(3));
    }

    /** Hole P6: what a half-taught learner still lacks is lacking for its next teacher too. */
    @Test
    void keepsWhatWasNotedAsLacking() {
        Join half =
                new Join(
                        new PgId(1, 0),
                        1,
                        1,
                        1,
                        DEVICE,
                        join(log(1, 1, 3), log(2, 9, 12)),
                        3,
                        3,
                        false,
                        List.of(block(40)));
        LogMatch match = LogMatch.of(join(log(1, 1, 5), log(2, 6, 12)), true, half, PgRules.ALL);
        assertThat(match.sequence()).isEqualTo(3);
        assertThat(match.lacking()).contains(block(40), block(4), block(6), block(9), block(12));
        Join anything =
                new Join(new PgId(1, 0), 1, 1, 1, DEVICE, log(1, 1, 5), 5, 0, true, List.of());
        assertThat(LogMatch.of(log(1, 1, 5), true, anything, PgRules.ALL).full()).isTrue();
    }
}
