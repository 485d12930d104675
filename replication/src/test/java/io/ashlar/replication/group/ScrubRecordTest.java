package io.ashlar.replication.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.PgId;
import io.ashlar.replication.ScrubSettings;
import io.ashlar.replication.ScrubStatus;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A pass that a job wants is made once, tried again when it fails, and not made in vain. */
class ScrubRecordTest {
    private static final long SECOND = 1_000_000_000L;
    private static final ScrubRecord.Order ORDER = new ScrubRecord.Order(7, Optional.empty(), true);

    /** Far from any pass of its own. */
    private final ScrubRecord record =
            new ScrubRecord(
                    new PgId(1, 1),
                    new ScrubSettings(
                            1L << 60, 1L << 60, 600 * SECOND, 1, 1, SECOND, 256 * 1024, 2),
                    0,
                    5);

    private ScrubStatus.State state() {
        return record.status(0, null, 0).state();
    }

    /** Protects a job from passes that are made again while their report is under way. */
    @Test
    void aPassForAJobIsMadeOnceHoweverLateTheView() {
        assertThat(record.due(SECOND)).isNull();
        record.want(ORDER);
        assertThat(record.due(SECOND)).isEqualTo(ORDER);
        assertThat(state()).isEqualTo(ScrubStatus.State.WAITING);
        record.ended(ORDER, 2 * SECOND);
        record.want(ORDER); // a view that does not show the report yet
        assertThat(record.due(3 * SECOND)).isNull();
        assertThat(state()).isEqualTo(ScrubStatus.State.IDLE);
        ScrubRecord.Order next = new ScrubRecord.Order(8, Optional.empty(), true);
        record.want(next);
        assertThat(record.due(3 * SECOND)).isEqualTo(next);
    }

    /** Protects a job from standing still after a member was silent, and members from a storm. */
    @Test
    void aPassThatFailedIsTriedAgainAfterAWhile() {
        record.want(ORDER);
        record.broken("node2 did not answer in time", SECOND);
        assertThat(record.due(2 * SECOND)).isNull();
        assertThat(record.due(7 * SECOND)).isEqualTo(ORDER);
    }

    /** Protects disks from work that nobody wants any more. */
    @Test
    void aPausedOrCancelledJobWantsNoPass() {
        record.want(ORDER);
        assertThat(record.isWanted(ORDER)).isTrue();
        record.want(null);
        assertThat(record.isWanted(ORDER)).isFalse();
        assertThat(record.isWanted(new ScrubRecord.Order(0, Optional.empty(), false))).isTrue();
    }
}
