package io.ashlar.replication.transport;

import static io.ashlar.replication.transport.TestCluster.await;
import static io.ashlar.replication.transport.TestCluster.node;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ashlar.common.BootTimeClock;
import io.ashlar.common.Clock;
import io.ashlar.common.RandomSource;
import io.ashlar.replication.PeerTransport.Lane;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class TcpTransportTest {
    private final Clock clock = new BootTimeClock();

    /** Everything above the transport counts on order, with nothing lost while a stream stands. */
    @Test
    void messagesArriveInOrderBetweenThreeNodes() {
        try (TestCluster cluster = new TestCluster()) {
            var peers = List.of(cluster.start(1, 1), cluster.start(2, 1), cluster.start(3, 1));
            for (var peer : peers) {
                peer.transport.peers(List.of(node(1), node(2), node(3)));
            }
            for (var peer : peers) {
                for (var other : peers) {
                    await(() ->
                            other == peer
                                    || (peer.data.isConnected(other.id())
                                            && peer.liveness.isConnected(other.id())));
                }
            }
            int count = 2_000;
            for (int i = 0; i < count; i++) {
                for (var from : peers) {
                    for (var to : peers) {
                        assertThat(from.send(to.id().node(), i)).isTrue();
                    }
                }
            }
            for (var to : peers) {
                await(() -> to.data.count.get() == 3L * count);
                for (var from : peers) {
                    assertThat(
                                    to.data.received.stream()
                                            .filter(it -> it.from().equals(from.id()))
                                            .map(NoteFamily.Received::number))
                            .containsExactlyElementsOf(LongStream.range(0, count).boxed().toList());
                }
                assertThat(to.liveness.received).isEmpty();
            }
        }
    }

    /** A family repeats what it must from within connected(); that may not be refused. */
    @Test
    void aFamilyMaySendFromWithinConnected() {
        try (TestCluster cluster = new TestCluster()) {
            var first = cluster.start(1, 1);
            var second = cluster.start(2, 1);
            List<Boolean> sent = new ArrayList<>();
            first.data.onConnected =
                    peer -> {
                        synchronized (sent) {
                            sent.add(first.send(peer.node(), 5));
                        }
                    };
            first.transport.peers(List.of(node(2)));
            await(() -> second.data.count.get() == 1);
            synchronized (sent) {
                assertThat(sent).containsExactly(true);
            }
        }
    }

    /** An owner is often the primary too: the object itself goes round, in order, on the loop. */
    @Test
    void messagesToSelfAreHandedOverAsTheyAre() {
        try (TestCluster cluster = new TestCluster()) {
            var peer = cluster.start(1, 1);
            List<Note> seen = new ArrayList<>();
            List<String> threads = new ArrayList<>();
            peer.data.onReceive =
                    (from, note) -> {
                        assertThat(from).isEqualTo(peer.id());
                        seen.add(note);
                        threads.add(Thread.currentThread().getName());
                    };
            List<Note> sent = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                Note note = new Note(i);
                sent.add(note);
                assertThat(peer.transport.send(Lane.DATA, node(1), note)).isTrue();
            }
            await(() -> peer.data.count.get() == 1_000);
            assertThat(seen).usingElementComparator((a, b) -> a == b ? 0 : 1).isEqualTo(sent);
            assertThat(threads).containsOnly("ashlar-data");
        }
    }

    /** What a process cannot store yet stays where it comes from, and the stream stands. */
    @Test
    void aLadenProcessIsSentNoMoreThanItTakes() {
        try (TestCluster cluster = new TestCluster()) {
            var first = cluster.start(1, 1);
            var second = cluster.start(2, 1);
            first.transport.peers(List.of(node(2)));
            await(() -> first.data.isConnected(second.id()));
            cluster.isLaden.set(true);
            int count = 60;
            for (int i = 0; i < count; i++) {
                Note note = new Note(i, new byte[512 * 1024]);
                assertThat(first.transport.send(Lane.DATA, node(2), note)).isTrue();
            }
            await(() -> second.data.count.get() > 0);
            long taken = second.data.count.get();
            await(() -> second.data.count.get() > taken); // a little, now and then
            assertThat(second.data.count.get()).isLessThan(count);
            cluster.isLaden.set(false);
            await(() -> second.data.count.get() == count);
            assertThat(second.data.numbers()).isSorted();
            assertThat(first.data.streams).containsExactly("+" + second.id());
        }
    }

    /** A tail may be lost with a stream, but order and uniqueness hold over many of them. */
    @Test
    void nothingComesTwiceOverReconnects() throws Exception {
        try (TestCluster cluster = new TestCluster();
                BreakingProxy proxy = new BreakingProxy()) {
            var first = cluster.start(1, 1);
            var second = cluster.create(2, 1, TestCluster.CLUSTER, SendQueue.BYTES_MAX);
            second.transport.start();
            proxy.target(second.transport.address(Lane.DATA));
            cluster.publish(node(2), proxy.address());
            first.transport.peers(List.of(node(2)));
            long next = 0;
            for (int round = 0; round < 8; round++) {
                int stood = 2 * round + 1;
                await(() -> first.data.streams.size() >= stood);
                for (int i = 0; i < 3_000; i++) {
                    first.send(node(2), next++);
                }
                proxy.breakAll();
                await(() -> first.data.streams.size() > stood);
            }
            await(() -> first.send(node(2), 1_000_000));
            await(() -> second.data.numbers().contains(1_000_000L));
            assertThat(second.data.numbers()).isSorted().doesNotHaveDuplicates();
            assertThat(second.data.count.get()).isGreaterThan(1);
            List<String> news = first.data.streams;
            for (int i = 0; i < news.size(); i++) {
                assertThat(news.get(i)).isEqualTo((i % 2 == 0 ? "+" : "-") + second.id());
            }
        }
    }

    /**
     * Only the stream back broke: an answer may have gone with it, so whoever waits for one must
     * hear of a new beginning, and an answer to what is then sent again must find the new stream.
     */
    @Test
    void anAnswerLostWithTheStreamBackIsAskedForAgain() throws Exception {
        try (TestCluster cluster = new TestCluster();
                BreakingProxy back = new BreakingProxy()) {
            var first = cluster.create(1, 1, TestCluster.CLUSTER, SendQueue.BYTES_MAX);
            first.transport.start();
            back.target(first.transport.address(Lane.DATA));
            cluster.publish(node(1), back.address());
            var second = cluster.start(2, 1);
            List<Boolean> answered = new CopyOnWriteArrayList<>();
            second.data.onReceive =
                    (from, note) -> answered.add(second.send(from.node(), note.number()));
            AtomicLong questions = new AtomicLong();
            first.data.onConnected = peer -> first.send(peer.node(), questions.incrementAndGet());
            second.transport.peers(List.of(node(1)));
            first.transport.peers(List.of(node(2)));
            for (int round = 0; round < 5; round++) {
                await(() -> !answered.isEmpty() && answered.getLast());
                await(() -> first.data.numbers().contains(questions.get()));
                long asked = questions.get();
                back.breakAll();
                await(() -> questions.get() > asked);
            }
            await(() -> first.data.numbers().contains(questions.get()));
        }
    }

    /** A new process of a node is another peer: families must learn of it by name. */
    @Test
    void aRestartedPeerIsANewProcess() {
        try (TestCluster cluster = new TestCluster()) {
            var first = cluster.start(1, 1);
            var second = cluster.start(2, 1);
            first.transport.peers(List.of(node(2)));
            second.transport.peers(List.of(node(1)));
            await(() -> first.data.isConnected(second.id()) && second.send(node(1), 1));
            await(() -> first.data.count.get() == 1);
            second.transport.close();
            await(() -> !first.data.isConnected(second.id()));
            assertThat(first.send(node(2), 1)).isFalse();

            var again = cluster.start(2, 2);
            again.transport.peers(List.of(node(1)));
            await(() -> first.data.isConnected(again.id()) && again.send(node(1), 2));
            await(() -> first.data.count.get() == 2);
            assertThat(first.data.isConnected(second.id())).isFalse();
            assertThat(first.data.received.getLast().from()).isEqualTo(again.id());
        }
    }

    /** An address that the view does not know yet must not keep a node out for ever. */
    @Test
    void anAddressMayComeLater() {
        try (TestCluster cluster = new TestCluster()) {
            var first = cluster.start(1, 1);
            first.transport.peers(List.of(node(2)));
            assertThat(first.send(node(2), 1)).isFalse();
            cluster.start(2, 1);
            await(() -> first.send(node(2), 1));
        }
    }

    /** A node that left the cluster is not to be kept busy, nor kept in mind. */
    @Test
    void streamsToFormerPeersEnd() {
        try (TestCluster cluster = new TestCluster()) {
            var first = cluster.start(1, 1);
            cluster.start(2, 1);
            first.transport.peers(List.of(node(2)));
            await(() -> first.send(node(2), 1));
            first.transport.peers(List.of());
            await(() -> first.data.streams.size() == 2 && first.liveness.streams.size() == 2);
            assertThat(first.send(node(2), 1)).isFalse();
        }
    }

    /** Whoever starts a second daemon by mistake must read what is wrong and what to do. */
    @Test
    void aPortInUseIsNamedWithItsRemedy() {
        try (TestCluster cluster = new TestCluster()) {
            var first = cluster.start(1, 1);
            InetSocketAddress taken = first.transport.address(Lane.LIVENESS);
            TcpTransport second =
                    new TcpTransport(
                            first.id(),
                            TestCluster.CLUSTER,
                            new InetSocketAddress("127.0.0.1", 0),
                            taken,
                            (_, _) -> Optional.empty(),
                            RandomSource.system(),
                            EventLoopShard::haltOnBug,
                            () -> false);
            assertThatThrownBy(second::start)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("LIVENESS lane cannot listen on address 127.0.0.1")
                    .hasMessageContaining("port " + taken.getPort())
                    .hasMessageContaining("configure another port");
            second.close();
        }
    }

    /** A peer that reads nothing must cost its stream, not this node's memory. */
    @Test
    void aPeerThatIsTooSlowLosesItsStream() throws Exception {
        try (TestCluster cluster = new TestCluster();
                BreakingProxy proxy = new BreakingProxy()) {
            var first = cluster.create(1, 1, TestCluster.CLUSTER, 4 * 1024 * 1024);
            cluster.start(first);
            var second = cluster.create(2, 1, TestCluster.CLUSTER, SendQueue.BYTES_MAX);
            second.transport.start();
            proxy.target(second.transport.address(Lane.DATA));
            cluster.publish(node(2), proxy.address());
            first.transport.peers(List.of(node(2)));
            await(() -> first.data.streams.size() == 1);
            proxy.stopReading();
            byte[] bytes = new byte[64 * 1024];
            int sent = 0;
            while (first.transport.send(Lane.DATA, node(2), new Note(sent, bytes))) {
                sent++;
                assertThat(sent * 64L / 1024).as("MiB taken").isLessThan(64);
            }
            await(() -> first.data.streams.size() >= 2);
            assertThat(first.data.streams.get(1)).isEqualTo("-node2#1");
        }
    }

    /** A host without power sends no FIN: its silence must end the stream. */
    @Test
    void aSilentPeerLosesItsStream() throws Exception {
        try (TestCluster cluster = new TestCluster();
                BreakingProxy proxy = new BreakingProxy()) {
            var first = cluster.start(1, 1);
            var second = cluster.create(2, 1, TestCluster.CLUSTER, SendQueue.BYTES_MAX);
            second.transport.start();
            proxy.target(second.transport.address(Lane.DATA));
            cluster.publish(node(2), proxy.address());
            first.transport.peers(List.of(node(2)));
            await(() -> first.data.streams.size() == 1);
            long start = clock.nanos();
            proxy.stopReading();
            await(() -> first.data.streams.size() == 2);
            assertThat((clock.nanos() - start) / 1_000_000_000L).isBetween(3L, 9L);
        }
    }

    /** A body over the limit is the sender's bug, and must not reach, or break, the stream. */
    @Test
    void aMessageOverTheLimitIsRefusedAtTheSender() {
        try (TestCluster cluster = new TestCluster()) {
            var first = cluster.start(1, 1);
            var second = cluster.start(2, 1);
            first.transport.peers(List.of(node(2)));
            await(() -> first.send(node(2), 1));
            byte[] tooMany = new byte[2 * 1024 * 1024];
            assertThatThrownBy(() -> first.transport.send(Lane.DATA, node(2), new Note(2, tooMany)))
                    .isInstanceOf(RuntimeException.class);
            byte[] largest = new byte[2 * 1024 * 1024 - 8];
            assertThat(first.transport.send(Lane.DATA, node(2), new Note(3, largest))).isTrue();
            await(() -> second.data.numbers().equals(List.of(1L, 3L)));
            assertThat(second.data.bytes.get()).isEqualTo(largest.length);
            assertThat(first.data.streams).hasSize(1);
        }
    }

    /** Not asserted: what one stream carries on the machine at hand. */
    @Test
    void printsItsThroughput() {
        try (TestCluster cluster = new TestCluster()) {
            var first = cluster.start(1, 1);
            var second = cluster.start(2, 1);
            second.data.keep = false;
            first.transport.peers(List.of(node(2)));
            await(() -> first.send(node(2), 1));
            byte[] bytes = new byte[4096];
            int count = 100_000;
            long start = clock.nanos();
            for (int i = 0; i < count; i++) {
                while (i - second.data.count.get() > 2_000) {
                    Thread.onSpinWait();
                }
                assertThat(first.transport.send(Lane.DATA, node(2), new Note(i, bytes))).isTrue();
            }
            await(() -> second.data.count.get() == count + 1);
            double seconds = (clock.nanos() - start) / 1e9;
            System.out.printf(
                    "throughput: %.0f messages of 4 KiB per second, epoll %s%n",
                    count / seconds, EventLoops.EPOLL);
        }
    }
}
