package io.ashlar.metadata.healing;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.Fixture;
import io.ashlar.metadata.Hearing;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import org.junit.jupiter.api.Test;

/** A leader that nobody can reach hands over, and one that only seems so does it seldom. */
class DeafLeadTest {
    private static final long STEP = DeafLead.PATIENCE.toNanos();
    private static final NodeId SELF = new NodeId(1);
    private static final List<NodeId> THREE = List.copyOf(Fixture.nodes(1, 2, 3));

    private final DeafLead rule = new DeafLead(SELF);
    private long now;

    private Optional<NodeId> look(boolean leads, SortedSet<NodeId> heard) {
        now += STEP;
        return rule.look(THREE, leads, Hearing.isDeaf(THREE, SELF, heard::contains), now);
    }

    @Test
    void theLeadGoesToEachOfTheOthersInTurnOnce() {
        assertThat(look(true, Fixture.nodes(2, 3))).isEmpty();
        assertThat(look(true, Fixture.nodes())).as("a moment of silence").isEmpty();
        assertThat(look(true, Fixture.nodes())).contains(new NodeId(2));
        assertThat(look(true, Fixture.nodes())).contains(new NodeId(3));
        assertThat(look(true, Fixture.nodes())).isEmpty();
        // It is heard again, and then not: from the beginning.
        assertThat(look(true, Fixture.nodes(3))).isEmpty();
        assertThat(look(true, Fixture.nodes())).isEmpty();
        assertThat(look(true, Fixture.nodes())).contains(new NodeId(2));
    }

    @Test
    void whoFindsNobodyToTakeTheLeadAsksAgainAfterAWhile() {
        assertThat(look(true, Fixture.nodes(2, 3))).isEmpty();
        assertThat(look(true, Fixture.nodes())).isEmpty();
        for (int round = 0; round < 3; round++) {
            long began = now;
            assertThat(look(true, Fixture.nodes())).contains(new NodeId(2));
            assertThat(look(true, Fixture.nodes())).contains(new NodeId(3));
            while (now < began + DeafLead.ROUND.toNanos()) {
                assertThat(look(true, Fixture.nodes())).isEmpty();
            }
        }
    }

    @Test
    void whoHearsAMajorityKeepsTheLead() {
        for (int i = 0; i < 5; i++) {
            assertThat(look(true, Fixture.nodes(2))).isEmpty();
            assertThat(look(true, Fixture.nodes(3))).isEmpty();
        }
    }

    @Test
    void whoHasHeardNobodyYetOrDoesNotLeadHandsNothingOver() {
        assertThat(look(true, Fixture.nodes())).isEmpty();
        assertThat(look(true, Fixture.nodes())).isEmpty();
        assertThat(look(false, Fixture.nodes(2, 3))).isEmpty();
        assertThat(look(false, Fixture.nodes())).isEmpty();
        assertThat(look(false, Fixture.nodes())).isEmpty();
        assertThat(look(true, Fixture.nodes())).as("deaf for long").contains(new NodeId(2));
    }
}
