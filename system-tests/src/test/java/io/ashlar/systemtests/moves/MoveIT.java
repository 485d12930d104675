package io.ashlar.systemtests.moves;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.systemtests.cluster.DevCluster;
import io.ashlar.systemtests.cluster.Waiting;
import io.ashlar.systemtests.cluster.WithCluster;
import io.ashlar.systemtests.load.LoadPlan;
import io.ashlar.systemtests.load.LoadReport;
import io.ashlar.systemtests.load.VerifyingLoad;
import io.ashlar.systemtests.multipath.HostLog.Event;
import io.ashlar.systemtests.multipath.MultipathClient;
import io.ashlar.systemtests.multipath.MultipathOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/** Volumes move from node to node under load; their hosts notice a pause at most. */
@Order(35)
@ExtendWith(WithCluster.class)
final class MoveIT {
    private static final Duration STOP_TIMEOUT = Duration.ofMinutes(1);
    private static final int MOVES = 6;

    /** What a planned move may take. On a machine that is busy with other things it may be more. */
    private static final Duration PAUSE_AIM = Duration.ofMillis(200);

    private static final int PAUSE_LENIENCE = 5;

    @Test
    void movesUnderLoadAreAPauseAtMost(DevCluster cluster) throws Exception {
        // Protects rule 7: commands are held, not failed; and F1 and R5 while owners change.
        int lun = cluster.volume("moves", "128MiB");
        VerifyingLoad load = new VerifyingLoad(LoadPlan.DEFAULT.withSeed(7));
        List<Duration> pauses = new ArrayList<>();
        try (MultipathClient host = cluster.host("moves", lun, MultipathOptions.DEFAULT, 1, 2, 3)) {
            load.fill(host);
            load.start(host);
            for (int i = 0; i < MOVES; i++) {
                Thread.sleep(Duration.ofMillis(700));
                int target = cluster.owner(1, "moves") % DevCluster.NODES + 1;
                int asked = i % DevCluster.NODES + 1;
                load.takeLongestPause();
                // Not by the command: its start would take a processor from whom it measures.
                cluster.api(asked).move("moves", target);
                assertThat(cluster.owner(asked, "moves")).isEqualTo(target);
                Thread.sleep(Duration.ofMillis(300));
                Duration pause = load.takeLongestPause();
                System.out.printf(
                        "move %d to node %d: no completion for %d ms%n",
                        i + 1, target, pause.toMillis());
                pauses.add(pause);
                load.check();
            }
            LoadReport report = load.stop(STOP_TIMEOUT);
            System.out.println(report);
            load.verifyAll(host);
            System.out.println(host.log());
            assertThat(host.log().violations()).isEmpty();
            assertThat(host.log().count(Event.COMMAND_TIMEOUT, Event.SESSION_LOST)).isZero();
            assertThat(host.log().count(Event.UNIT_ATTENTION)).isPositive();
        }
        Duration longest = pauses.stream().max(Duration::compareTo).orElseThrow();
        System.out.printf(
                "planned move: under 200 ms; longest pause of %d moves: %d ms%n",
                MOVES, longest.toMillis());
        assertThat(longest).isLessThan(PAUSE_AIM.multipliedBy(PAUSE_LENIENCE));
        int next = cluster.owner(1, "moves") % DevCluster.NODES + 1;
        cluster.ashlar(1, "volume", "move", "moves", Integer.toString(next)).orThrow();
        proveFences(cluster);
    }

    private static void proveFences(DevCluster cluster) throws Exception {
        System.out.println(cluster.ashlar(2, "volume", "fence-proof", "moves").orThrow().output());
        JsonNode proof = cluster.ashlarJson(2, "volume", "fence-proof", "moves");
        int groups = cluster.api(1).placementGroups().size();
        int requested = 0;
        for (JsonNode change : proof.path("ownerChanges")) {
            assertThat(change.path("confirmations").size()).isEqualTo(groups);
            if (change.path("cause").asString().equals("REQUESTED")) {
                requested++;
                assertThat(change.path("ticketsTaken").asBoolean()).isTrue();
            }
        }
        assertThat(requested).isGreaterThanOrEqualTo(MOVES);
        assertThat(cluster.ashlar(1, "volume", "move", "moves", "77").exitCode()).isNotZero();
        cluster.assertReplicasEqual();
    }

    @Test
    void aVolumeFollowsIoByOneOtherNode(DevCluster cluster) throws Exception {
        // Protects implicit moves: a host that has one path gets its owner there, unasked.
        int lun = cluster.volume("follows", "128MiB");
        int other = cluster.owner(1, "follows") % DevCluster.NODES + 1;
        VerifyingLoad load = new VerifyingLoad(LoadPlan.DEFAULT.withSeed(8));
        try (MultipathClient host = cluster.host("follows", lun, MultipathOptions.DEFAULT, other)) {
            load.fill(host);
            load.start(host);
            Waiting.until(
                    "the volume has followed its host",
                    Duration.ofSeconds(30),
                    () -> {
                        load.check();
                        return cluster.owner(other, "follows") == other;
                    });
            System.out.println(load.stop(STOP_TIMEOUT));
            load.verifyAll(host);
            assertThat(host.log().violations()).isEmpty();
            JsonNode proof = cluster.ashlarJson(1, "volume", "fence-proof", "follows");
            assertThat(proof.path("ownerChanges").findValuesAsString("cause")).contains("IMPLICIT");
        }
    }
}
