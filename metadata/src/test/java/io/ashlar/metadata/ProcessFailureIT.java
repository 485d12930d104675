package io.ashlar.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three real processes that are killed, paused and started on damaged logs. */
class ProcessFailureIT {
    @TempDir Path root;
    private final UUID clusterId = UUID.randomUUID();
    private final List<Voter> voters = LocalCluster.voters(3);
    private final Map<Integer, RemoteNode> nodes = new TreeMap<>();
    private final ConcurrentLinkedQueue<String> outcomes = new ConcurrentLinkedQueue<>();
    private int volumes;

    @BeforeEach
    void startAll() throws IOException {
        for (int node = 1; node <= 3; node++) {
            start(node, true);
        }
        for (RemoteNode node : nodes.values()) {
            node.answer("started");
        }
        nodes.get(1).say("prepare");
        awaitOutcome("applied pool");
    }

    @AfterEach
    void stopAll() {
        nodes.values().forEach(RemoteNode::close);
    }

    @Test
    void killedLeadersAndAKillOfAllLoseNothingAndRepeatNothing() throws IOException {
        for (int round = 0; round < 2; round++) {
            submitSome(60);
            int leader = leader();
            submitSome(20);
            nodes.remove(leader).kill();
            submitSome(60);
            awaitOutcome("applied v" + (volumes - 1));
            start(leader, false);
            nodes.get(leader).answer("started");
        }
        submitSome(60);
        awaitOutcome("applied v" + (volumes - 1));
        for (int node = 1; node <= 3; node++) {
            nodes.remove(node).kill();
        }
        for (int node = 1; node <= 3; node++) {
            start(node, false);
        }
        TreeSet<String> acknowledged = new TreeSet<>();
        for (String outcome : outcomes) {
            // A command that was applied twice would see its own volume.
            assertThat(outcome).doesNotStartWith("rejected");
            if (outcome.startsWith("applied v")) {
                acknowledged.add(outcome.substring("applied ".length()));
            }
        }
        assertThat(acknowledged).hasSizeGreaterThan(200);
        for (RemoteNode node : nodes.values()) {
            node.answer("started");
            node.barrierHeld();
            String[] answer = node.ask("volumes", "volumes").split(" ");
            List<String> present = Arrays.asList(answer[2].split(","));
            assertThat(present).containsAll(acknowledged).doesNotHaveDuplicates();
            assertThat(present).hasSize(Integer.parseInt(answer[1]) - 1);
        }
    }

    @Test
    void aLeaderThatWasPausedServesNoOldState() throws IOException {
        int paused = leader();
        RemoteNode stale = nodes.remove(paused);
        stale.signal("STOP");
        try {
            RemoteNode other = nodes.values().iterator().next();
            other.say("volume new");
            awaitOutcome("applied new");
            // Waits in its pipe; it is read when the process wakes as the leader that it was.
            stale.say("barrier");
            stale.say("volume fromTheStaleLeader");
        } finally {
            stale.signal("CONT");
            nodes.put(paused, stale);
        }
        String barrier = stale.answer("barrier");
        assertThat(barrier).matches(b -> b.startsWith("barrier -1") || b.contains("new"));
        awaitOutcome("applied fromTheStaleLeader");
        for (RemoteNode node : nodes.values()) {
            assertThat(node.barrierHeld()).endsWith("new,fromTheStaleLeader");
        }
    }

    @Test
    void aTornTailIsCutOffAndADamagedRecordIsNot() throws IOException {
        submitSome(30);
        awaitOutcome("applied v" + (volumes - 1));
        int victim = leader() % 3 + 1;
        nodes.remove(victim).kill();
        Path log = openSegment(victim);
        int end = endOfRecords(log);
        // A record of 1500 bytes of which only the first sector was written.
        byte[] torn = new byte[512 - end % 512];
        Arrays.fill(torn, (byte) 0x5A);
        torn[0] = (byte) (1500 & 0x7F | 0x80);
        if (torn.length > 1) {
            torn[1] = 1500 >> 7;
        }
        write(log, end, torn);
        start(victim, false);
        nodes.get(victim).answer("started");
        assertThat(nodes.get(victim).barrierHeld()).contains("v" + (volumes - 1));

        submitSome(10);
        awaitOutcome("applied v" + (volumes - 1));
        nodes.remove(victim).kill();
        log = openSegment(victim);
        write(log, endOfRecords(log) - 10, new byte[] {0x77, 0x66});
        start(victim, false);
        assertThat(nodes.get(victim).answer("refused")).contains("is damaged at byte", "Rejoin");
        assertThat(nodes.remove(victim).exitCode()).isEqualTo(4);
        submitSome(10);
        awaitOutcome("applied v" + (volumes - 1));
    }

    private void start(int node, boolean bootstrap) throws IOException {
        nodes.put(
                node,
                new RemoteNode(
                        node, clusterId, root.resolve("node" + node), bootstrap, voters, outcomes));
    }

    /** Submits volumes with names never used before, in turn at every node that lives. */
    private void submitSome(int count) {
        List<RemoteNode> living = new ArrayList<>(nodes.values());
        for (int i = 0; i < count; i++) {
            living.get(i % living.size()).say("volume v" + volumes++);
        }
    }

    private void awaitOutcome(String outcome) {
        await().atMost(40, TimeUnit.SECONDS).until(() -> outcomes.contains(outcome));
    }

    private int leader() {
        return await().atMost(40, TimeUnit.SECONDS)
                .until(
                        () ->
                                nodes.entrySet().stream()
                                        .filter(e -> e.getValue().isLeader())
                                        .map(Map.Entry::getKey)
                                        .findFirst()
                                        .orElse(0),
                        leader -> leader > 0);
    }

    private Path openSegment(int node) throws IOException {
        Path current = root.resolve("node" + node + "/raft/" + clusterId + "/current");
        try (Stream<Path> files = Files.list(current)) {
            return files.filter(f -> f.getFileName().toString().startsWith("log_inprogress"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static int endOfRecords(Path log) throws IOException {
        byte[] bytes = Files.readAllBytes(log);
        int end = bytes.length;
        while (bytes[end - 1] == 0) {
            end--;
        }
        return end;
    }

    private static void write(Path file, long at, byte[] bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(bytes), at);
        }
    }
}
