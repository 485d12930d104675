package io.ashlar.systemtests.failover;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.systemtests.cluster.DevCluster;
import io.ashlar.systemtests.cluster.Waiting;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * What becomes of nodes that an operator looks after: one takes another's place, one is away for
 * long, and one leads while a scrub is paused and dies. Stages of a test; no host needs to wait for
 * them.
 */
final class NodeCare {
    private static final Duration TIMEOUT = Duration.ofMinutes(3);

    private NodeCare() {}

    /** Replica for replica, and the vote; nothing else moves. */
    static void aNodeIsReplaced(DevCluster cluster, int old, int heir, List<Integer> voters)
            throws Exception {
        cluster.addNode();
        Waiting.until(
                "node " + heir + " is up",
                TIMEOUT,
                () -> cluster.api(1).node(heir).path("up").asBoolean());
        Set<String> wanted = new TreeSet<>();
        for (String replica : Placement.replicas(cluster)) {
            wanted.add(replica.replaceAll(" on " + old + "$", " on " + heir));
        }
        long began = System.nanoTime();
        cluster.ashlar(1, "node", "replace", Integer.toString(old), Integer.toString(heir))
                .orThrow();
        Waiting.until(
                "node " + heir + " has taken the place of node " + old,
                TIMEOUT,
                () ->
                        Placement.replicas(cluster).equals(wanted)
                                && Placement.voters(cluster).equals(voters)
                                && cluster.api(1).node(old).path("volumes").asInt() == 0);
        System.out.printf("replaced after %.1f s%n", (System.nanoTime() - began) / 1e9);
        JsonNode drain = lastJob(cluster, "DRAIN");
        assertThat(drain.path("node").asInt()).isEqualTo(old);
        Waiting.until("the drain is done", TIMEOUT, () -> isIn(cluster, 1, drain, "DONE"));
    }

    /** Its vote goes to a node that follows, and stays there; its data is as good as any. */
    static void aVoterIsAwayAndComesBack(
            DevCluster cluster, int voter, int follower, List<Integer> voters) throws Exception {
        cluster.ashlar(1, "node", "uncordon", Integer.toString(follower)).orThrow();
        cluster.ashlar(1, "cluster", "set", "--away", "5s").orThrow();
        long began = System.nanoTime();
        cluster.killNode(voter);
        Waiting.until(
                "the vote of node " + voter + " has gone to node " + follower,
                TIMEOUT,
                () -> Placement.voters(cluster).equals(voters));
        System.out.printf("another votes after %.1f s%n", (System.nanoTime() - began) / 1e9);
        cluster.ashlar(1, "cluster", "set", "--away", "10min").orThrow();
        cluster.startNode(voter);
        Waiting.until(
                "node " + voter + " is back, and all is whole",
                TIMEOUT,
                () ->
                        cluster.api(voter).status().path("inTouch").asBoolean()
                                && cluster.api(1).node(voter).path("up").asBoolean()
                                && cluster.isWhole());
        assertThat(Placement.voters(cluster)).isEqualTo(voters);
        JsonNode rebuild = lastJob(cluster, "REBUILD");
        Waiting.until(
                "its rebuild has ended",
                TIMEOUT,
                () -> isIn(cluster, 1, rebuild, "DONE") || isIn(cluster, 1, rebuild, "CANCELLED"));
    }

    /** A job is what operators made of it, whoever leads. */
    static void aScrubOutlivesTheLeader(DevCluster cluster, int witness, int groups)
            throws Exception {
        int leader = cluster.api(1).status().path("leader").asInt();
        int other = leader == 1 ? witness : 1;
        long job = cluster.api(other).startPausedScrub();
        cluster.killNode(leader);
        Waiting.until(
                "another node leads",
                TIMEOUT,
                () -> {
                    int now = cluster.api(other).status().path("leader").asInt(0);
                    return now != 0 && now != leader;
                });
        JsonNode paused = cluster.ashlarJson(other, "job", "show", Long.toString(job));
        assertThat(paused.path("state").asString()).isEqualTo("PAUSED");
        assertThat(paused.path("done").asInt()).isLessThan(groups);
        cluster.ashlar(other, "job", "resume", Long.toString(job)).orThrow();
        Waiting.until("the scrub is done", TIMEOUT, () -> isIn(cluster, other, paused, "DONE"));
        JsonNode done = cluster.api(other).job(job);
        assertThat(done.path("done").asInt()).isEqualTo(groups);
        System.out.printf(
                "scrub: %d groups when its leader was killed, %d in the end%n",
                paused.path("done").asInt(), done.path("done").asInt());

        String second = Long.toString(cluster.api(other).startPausedScrub());
        JsonNode cancelled = cluster.ashlarJson(other, "job", "cancel", second);
        assertThat(cancelled.path("state").asString()).isEqualTo("CANCELLED");
        cluster.startNode(leader);
        Waiting.until("all is whole", TIMEOUT, () -> cluster.isWhole());
        Waiting.until(
                "nothing is scrubbed",
                TIMEOUT,
                () -> !cluster.api(1).scrub().path("running").asBoolean());
        assertThat(isIn(cluster, 1, cancelled, "CANCELLED")).isTrue();
    }

    private static JsonNode lastJob(DevCluster cluster, String kind) throws Exception {
        JsonNode last = null;
        for (JsonNode job : cluster.ashlarJson(1, "job", "list", "--all")) {
            boolean isLater = last == null || job.path("id").asLong() > last.path("id").asLong();
            last = job.path("kind").asString().equals(kind) && isLater ? job : last;
        }
        assertThat(last).as("a job that is a %s", kind).isNotNull();
        return Objects.requireNonNull(last);
    }

    private static boolean isIn(DevCluster cluster, int node, JsonNode job, String state)
            throws Exception {
        JsonNode now = cluster.api(node).job(job.path("id").asLong());
        return now.path("state").asString().equals(state);
    }
}
