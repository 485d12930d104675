package io.ashlar.systemtests.failover;

import io.ashlar.systemtests.cluster.DevCluster;
import io.ashlar.systemtests.cluster.Waiting;
import java.time.Duration;

/**
 * The sixty seconds of the failover tests: the owner of a volume is killed and comes back in sync,
 * then another node likewise.
 */
final class OneNodeDown {
    private static final Duration QUIET = Duration.ofSeconds(8);
    private static final Duration DOWN = Duration.ofSeconds(8);
    private static final Duration AT_LEAST = Duration.ofSeconds(60);
    private static final Duration IN_SYNC_TIMEOUT = Duration.ofMinutes(3);
    private static final long NANOS_PER_MILLI = 1_000_000;

    /** Whether the load is still well; asked every moment. */
    interface Load {
        void check() throws Exception;
    }

    private final DevCluster cluster;
    private final String volume;
    private final Load load;
    private final long began = System.nanoTime();

    OneNodeDown(DevCluster cluster, String volume, Load load) {
        this.cluster = cluster;
        this.volume = volume;
        this.load = load;
    }

    /** Kills the owner, then {@code backup} or, should that own the volume by now, the first. */
    void run(int owner, int backup) throws Exception {
        pause(QUIET);
        killAndReturn(owner, "owner");
        pause(QUIET);
        int second = cluster.owner(owner, volume) == backup ? owner : backup;
        killAndReturn(second, "backup");
        long left = AT_LEAST.toNanos() - (System.nanoTime() - began);
        pause(Duration.ofNanos(Math.max(left, QUIET.toNanos())));
    }

    private void killAndReturn(int node, String role) throws Exception {
        say("kill -9 of node " + node + ", the " + role);
        cluster.killNode(node);
        pause(DOWN);
        cluster.startNode(node);
        say("node " + node + " started");
        Waiting.until(
                "node " + node + " is in sync again",
                IN_SYNC_TIMEOUT,
                () -> {
                    load.check();
                    return cluster.isHealthy();
                });
        say("all in sync; the owner is node " + cluster.owner(node, volume));
    }

    private void pause(Duration duration) throws Exception {
        long end = System.nanoTime() + duration.toNanos();
        while (System.nanoTime() - end < 0) {
            load.check();
            Thread.sleep(100);
        }
    }

    private void say(String what) {
        System.out.printf(
                "%6.1f s %s%n", (System.nanoTime() - began) / NANOS_PER_MILLI / 1e3, what);
    }
}
