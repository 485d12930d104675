package io.ashlar.systemtests.iscsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.systemtests.cluster.DevCluster;
import io.ashlar.systemtests.cluster.WithCluster;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * How soon an abort is answered while a path of its host hangs: the node is stopped (SIGSTOP) with
 * all that is in it. ESXi expects an answer within a second, repeats, and then drops the session.
 */
@Order(47)
@ExtendWith(WithCluster.class)
final class AbortsIT {
    private static final String VOLUME = "aborts";
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int BLOCK_BYTES = 512;
    private static final int BLOCKS = 8;
    private static final long SOON_MILLIS = 1_000;

    /** Nodes look each quarter of a second whether something is to be explained. */
    private static final long EXPLAINED_MILLIS = 1_500;

    private static final long TAKE_OVER_MILLIS = 8_000;
    private static final int ATTEMPTS = 20;

    /** What the logs of owner and ingress say of an abort that takes longer. */
    private static final String[] REASONS = {"ABORT asked by", "ABORT by"};

    private static IscsiSession login(DevCluster cluster, int node, int lun) throws Exception {
        IscsiSession session =
                IscsiSession.login(
                        SessionOptions.of(cluster.portal(node), cluster.targetName())
                                .withInitiatorName("iqn.2026-11.io.ashlar:aborts"));
        ScsiResult result;
        do {
            result = session.execute(write(lun, 1), PATIENCE);
        } while (result.senseKey() == ScsiResult.UNIT_ATTENTION
                || result.status() == ScsiResult.BUSY);
        assertThat(result.isGood()).as("%s", result).isTrue();
        return session;
    }

    private static ScsiCommand write(int lun, int value) {
        byte[] data = new byte[BLOCKS * BLOCK_BYTES];
        Arrays.fill(data, (byte) value);
        return ScsiCommand.write(lun, 0, data, BLOCK_BYTES);
    }

    /** How long it takes until the target says that a write has no effect any more. */
    private static long abortMillis(IscsiSession session, int lun, int value) throws Exception {
        PendingCommand pending = session.start(write(lun, value), PATIENCE);
        long began = System.nanoTime();
        session.abort(pending, PATIENCE);
        return (System.nanoTime() - began) / 1_000_000;
    }

    private static long explanations(DevCluster cluster) throws Exception {
        long count = 0;
        for (int node = 1; node <= DevCluster.NODES; node++) {
            Path log = cluster.directory().resolve("node" + node).resolve("node.log");
            for (String line : Files.readAllLines(log)) {
                for (String reason : REASONS) {
                    count += line.contains(reason) ? 1 : 0;
                }
            }
        }
        return count;
    }

    @Test
    void anAbortIsAnsweredSoonWhileAnotherPathHangs(DevCluster cluster) throws Exception {
        // Protects hosts from escalating: what hangs elsewhere keeps no answer for long.
        int lun = cluster.volume(VOLUME, "64MiB");
        cluster.own(1, VOLUME);
        long explained = explanations(cluster);
        long longest = 0;
        long last = 0;
        try (IscsiSession other = login(cluster, 3, lun);
                IscsiSession hanging = login(cluster, 2, lun)) {
            cluster.pauseNode(2);
            try {
                hanging.start(write(lun, 2), PATIENCE);
                for (int i = 0; i < ATTEMPTS; i++) {
                    last = abortMillis(other, lun, 3 + i);
                    longest = Math.max(longest, last);
                    Thread.sleep(100);
                }
            } finally {
                cluster.resumeNode(2);
            }
        }
        System.out.printf(
                "aborts beside a path that hangs: longest %d, last %d ms%n", longest, last);
        assertThat(last).isLessThan(SOON_MILLIS);
        if (longest > EXPLAINED_MILLIS) {
            // the placement groups were waiting for the silent node, too
            assertThat(explanations(cluster)).isGreaterThan(explained);
        }
        cluster.awaitHealthy();
    }

    @Test
    void anAbortIsAnsweredWhenAnOwnerThatHangsIsReplaced(DevCluster cluster) throws Exception {
        // Protects the truth of the answer, and who wants to know why it takes its time.
        int lun = cluster.volume(VOLUME, "64MiB");
        cluster.own(1, VOLUME);
        long explained = explanations(cluster);
        long millis;
        try (IscsiSession session = login(cluster, 3, lun)) {
            cluster.pauseNode(1);
            try {
                millis = abortMillis(session, lun, 2);
            } finally {
                cluster.resumeNode(1);
            }
        }
        System.out.printf("an abort while the owner hangs: %d ms%n", millis);
        assertThat(millis).isLessThan(TAKE_OVER_MILLIS);
        if (millis > EXPLAINED_MILLIS) {
            assertThat(explanations(cluster)).isGreaterThan(explained);
        }
        cluster.awaitHealthy();
    }
}
