package io.ashlar.metadata.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.apache.ratis.protocol.RaftPeerId;
import org.junit.jupiter.api.Test;

/** Followers of a leader that has fallen silent stand one after the other. */
final class EarlyElectionTest {
    private static final Duration SILENCE = Duration.ofSeconds(1);
    private static final List<RaftPeerId> VOTERS =
            Stream.of("node1", "node3", "node4").map(RaftPeerId::valueOf).toList();

    @Test
    void followersStandInTurn() {
        // Protects a fail-over from split votes: both would wait for another time-out.
        assertThat(due("node3", "node1")).isEqualTo(1000);
        assertThat(due("node4", "node1")).isEqualTo(1300);
        assertThat(due("node1", "node4")).isEqualTo(1000);
        assertThat(due("node3", "node4")).isEqualTo(1300);
    }

    @Test
    void whoHasNoVoteNeverStands() {
        // Ratis closes a server that stands without a vote.
        assertThat(due("node2", "node1")).isEqualTo(Long.MAX_VALUE);
    }

    private static long due(String self, String leader) {
        return EarlyElection.dueMillis(
                SILENCE, RaftPeerId.valueOf(self), RaftPeerId.valueOf(leader), VOTERS);
    }
}
