package io.ashlar.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.Command.Placement;
import io.ashlar.metadata.MetadataConfig.Timing;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Metadata servers of one cluster within this JVM, on loopback. */
final class LocalCluster implements AutoCloseable {
    static final UUID BOOT = new UUID(9, 9);
    private static final AtomicInteger CLUSTERS = new AtomicInteger();
    final UUID clusterId = UUID.randomUUID();
    final Timing timing;
    final Path root;
    final List<Voter> voters;

    /** Those of {@link #voters} with whom the cluster is founded. */
    final List<Voter> founders;

    final Map<Integer, MetadataServer> servers = new TreeMap<>();
    final ConcurrentLinkedQueue<String> halts = new ConcurrentLinkedQueue<>();

    LocalCluster(Path root, int count, long snapshotEntries, long keepEntries) {
        this(root, count, count, snapshotEntries, keepEntries);
    }

    /**
     * @param count of nodes; the first {@code founding} of them vote from the start
     */
    LocalCluster(Path root, int count, int founding, long snapshotEntries, long keepEntries) {
        this.root = root;
        this.timing =
                new Timing(
                        Duration.ofMillis(500),
                        Duration.ofMillis(1000),
                        Duration.ofSeconds(8),
                        snapshotEntries,
                        keepEntries);
        this.voters = voters(count);
        this.founders = voters.subList(0, founding);
    }

    /**
     * Loopback addresses that were free a moment ago, no two equal. Each call takes another IP
     * address, and none that connections come from, so nobody takes a port of a server that is not
     * up at the moment.
     */
    static List<Voter> voters(int count) {
        List<ServerSocket> sockets = new ArrayList<>();
        int number = CLUSTERS.incrementAndGet();
        String ip = "127.70.%d.%d".formatted(number / 250, number % 250 + 1);
        try {
            for (int i = 0; i < count; i++) {
                sockets.add(new ServerSocket(0, 1, InetAddress.getByName(ip)));
            }
            List<Voter> voters = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                String address = ip + ":" + sockets.get(i).getLocalPort();
                voters.add(new Voter(new NodeId(i + 1), address));
                sockets.get(i).close();
            }
            return voters;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    Path directory(int node) {
        return root.resolve("node" + node);
    }

    MetadataConfig config(int node, boolean bootstrap) {
        return new MetadataConfig(
                new NodeId(node),
                clusterId,
                directory(node),
                voters.get(node - 1).raftAddress(),
                founders,
                bootstrap,
                BOOT,
                timing,
                halts::add);
    }

    MetadataServer start(int node, boolean bootstrap) {
        return start(config(node, bootstrap));
    }

    MetadataServer start(MetadataConfig config) {
        MetadataServer server = MetadataServer.start(config);
        servers.put(config.node().value(), server);
        return server;
    }

    void stop(int node) {
        servers.remove(node).close();
    }

    void wipe(int node) throws IOException {
        try (Stream<Path> files = Files.walk(directory(node))) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    static LocalCluster ofThree(Path root, long snapshotEntries, long keepEntries) {
        LocalCluster cluster = new LocalCluster(root, 3, snapshotEntries, keepEntries);
        IntStream.rangeClosed(1, 3).forEach(node -> cluster.start(node, true));
        return cluster;
    }

    /** Three that vote, and further ones that follow without a vote. */
    static LocalCluster ofThreeAndFollowers(
            Path root, int followers, long snapshotEntries, long keepEntries) {
        LocalCluster cluster =
                new LocalCluster(root, 3 + followers, 3, snapshotEntries, keepEntries);
        IntStream.rangeClosed(1, 3).forEach(node -> cluster.start(node, true));
        cluster.leader();
        for (int node = 4; node <= 3 + followers; node++) {
            cluster.start(node, false).follow();
        }
        return cluster;
    }

    /** Three, of which the first leads at first, and has an address where it does not listen. */
    static LocalCluster ofThreeWithADeafLeader(Path root) {
        LocalCluster cluster = new LocalCluster(root, 4, 3, 1000, 100);
        MetadataConfig first = cluster.config(1, true);
        cluster.start(
                new MetadataConfig(
                        first.node(),
                        first.clusterId(),
                        first.directory(),
                        cluster.voters.get(3).raftAddress(),
                        first.voters(),
                        first.bootstrap(),
                        first.bootId(),
                        first.timing(),
                        first.halted()));
        for (int node = 2; node <= 3; node++) {
            MetadataConfig other = cluster.config(node, true);
            Timing timing = other.timing();
            cluster.start(
                    new MetadataConfig(
                            other.node(),
                            other.clusterId(),
                            other.directory(),
                            other.raftAddress(),
                            other.voters(),
                            other.bootstrap(),
                            other.bootId(),
                            new Timing(
                                    timing.electionMin().multipliedBy(6),
                                    timing.electionMax().multipliedBy(6),
                                    timing.commandTimeout(),
                                    timing.snapshotEntries(),
                                    timing.keepEntries()),
                            other.halted()));
        }
        return cluster;
    }

    int leader() {
        await().atMost(20, TimeUnit.SECONDS)
                .until(() -> servers.values().stream().anyMatch(s -> s.client().isLeader()));
        return servers.entrySet().stream()
                .filter(e -> e.getValue().client().isLeader())
                .findFirst()
                .orElseThrow()
                .getKey();
    }

    int follower() {
        int leader = leader();
        return servers.keySet().stream().filter(node -> node != leader).findFirst().orElseThrow();
    }

    MetadataClient client(int node) {
        return servers.get(node).client();
    }

    CompletableFuture<Outcome> submit(int node, Command command) {
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        client(node).submit(command, Runnable::run, outcome::complete);
        return outcome;
    }

    long applied(int node, Command command) {
        Outcome outcome = submit(node, command).orTimeout(30, TimeUnit.SECONDS).join();
        assertThat(outcome).isInstanceOf(Outcome.Applied.class);
        Outcome.Applied applied = (Outcome.Applied) outcome;
        assertThat(client(node).state().index()).isGreaterThanOrEqualTo(applied.index());
        return applied.value();
    }

    long barrier(int node) {
        CompletableFuture<Long> index = new CompletableFuture<>();
        client(node).readBarrier(Runnable::run, index::complete);
        return index.orTimeout(60, TimeUnit.SECONDS).join();
    }

    /**
     * A read barrier, again until one holds: a node that came back may need a while to be heard.
     */
    long barrierHeld(int node) {
        return await().atMost(40, TimeUnit.SECONDS).until(() -> barrier(node), index -> index >= 0);
    }

    /** Registers node 1 and makes a pool of one group, so that volumes can be created. */
    void preparePool(int node) {
        applied(node, new Command.InitializeCluster(clusterId));
        applied(node, new Command.RegisterNode(Fixture.node(1, 10, "host1", 1)));
        Placement group = new Placement(new NodeId(1), Fixture.nodes(1));
        applied(node, new Command.CreatePool("p", 1, 1, List.of(group)));
    }

    static Command.CreateVolume volume(String name) {
        return new Command.CreateVolume(
                name, "p", 1 << 20, 1 << 20, 512, 0, Fixture.process(1, 10), -1);
    }

    @Override
    public void close() {
        servers.values().forEach(MetadataServer::close);
    }
}
