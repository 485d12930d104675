package io.ashlar.replication.transport;

import static io.ashlar.replication.transport.TestCluster.await;
import static io.ashlar.replication.transport.TestCluster.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.replication.PeerTransport;
import io.ashlar.replication.PeerTransport.Lane;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Against a peer that is made of bare sockets: set-up of streams, and frames that are no good. */
@ExtendWith(LeakCheck.class)
class StreamProtocolTest {
    private final TestCluster cluster = new TestCluster();
    private final List<AutoCloseable> open = new ArrayList<>();
    private TestCluster.Peer victim;

    @BeforeEach
    void start() {
        victim = cluster.start(1, 1);
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
        cluster.close();
    }

    private RawPeer connect() throws IOException {
        RawPeer peer = new RawPeer(victim.transport.address(Lane.DATA));
        open.add(peer);
        return peer;
    }

    private RawPeer standing(ProcessId from, long stream) throws IOException {
        RawPeer peer = connect();
        peer.send(RawPeer.hello(from, stream));
        assertThat(peer.read().type()).isEqualTo(HelloAck.TYPE);
        return peer;
    }

    private String refusal(Hello hello) throws IOException {
        RawPeer peer = connect();
        peer.send(hello);
        RawPeer.Answer answer = peer.read();
        assertThat(answer.type()).isEqualTo(HelloRefused.TYPE);
        assertThat(peer.isClosedByPeer()).isTrue();
        return HelloRefused.decode(Unpooled.wrappedBuffer(answer.body())).reason();
    }

    /**
     * DESIGN section 5, "Streams": once a stream is answered, nothing of the former may follow, not
     * even what lies in the receiver's buffers already.
     */
    @Test
    void nothingOfAnOldStreamIsDeliveredAfterTheNewOneStands() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        CountDownLatch reached = new CountDownLatch(1);
        victim.data.onReceive =
                (_, note) -> {
                    if (note.number() == 1) {
                        reached.countDown();
                        awaitQuietly(go);
                    }
                };
        RawPeer former = standing(RawPeer.SELF, 1);
        former.send(1);
        reached.await();
        for (int i = 2; i < 5_000; i++) {
            former.send(i);
        }
        RawPeer latter = connect();
        latter.send(RawPeer.hello(RawPeer.SELF, 2));
        go.countDown();
        assertThat(latter.read().type()).isEqualTo(HelloAck.TYPE);

        List<Long> atAck = victim.data.numbers();
        try {
            former.send(6_000);
        } catch (IOException _) {
            // closed under our hands, which is as good
        }
        latter.send(10_000);
        await(() -> victim.data.numbers().contains(10_000L));
        List<Long> expected = new ArrayList<>(atAck);
        expected.add(10_000L);
        assertThat(victim.data.numbers()).isEqualTo(expected).isSorted();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A Hello that was long under way must not push out the stream that replaced it. */
    @Test
    void anOlderStreamNumberIsRefused() throws Exception {
        RawPeer present = standing(RawPeer.SELF, 5);
        assertThat(refusal(RawPeer.hello(RawPeer.SELF, 4))).contains("older than 5");
        assertThat(refusal(RawPeer.hello(RawPeer.SELF, 5))).contains("older than 5");
        present.send(1);
        await(() -> victim.data.count.get() == 1);
    }

    /** What a dead process left in the network must not mix with what its successor sends. */
    @Test
    void aNewerIncarnationEndsTheOlderOnesStream() throws Exception {
        RawPeer former = standing(RawPeer.SELF, 9);
        ProcessId newer = new ProcessId(node(2), 2);
        RawPeer latter = standing(newer, 1);
        assertThat(former.isClosedByPeer()).isTrue();
        latter.send(7);
        await(() -> victim.data.count.get() == 1);
        assertThat(victim.data.received.getFirst().from()).isEqualTo(newer);
        assertThat(refusal(RawPeer.hello(RawPeer.SELF, 10))).contains("newer process of node2");
    }

    /** Two clusters on one network must not exchange a single message. */
    @Test
    void anotherClusterIsRefused() throws Exception {
        assertThat(refusal(RawPeer.hello(new UUID(1, 1), RawPeer.SELF, 1, Lane.DATA)))
                .contains("cluster 00000000-0000-0001-0000-000000000001")
                .contains(TestCluster.CLUSTER.toString());
    }

    /** An address that leads elsewhere, or to the wrong port, is named, not guessed at. */
    @Test
    void theWrongNodeOrLaneIsRefused() throws Exception {
        UUID ours = TestCluster.CLUSTER;
        assertThat(refusal(RawPeer.hello(ours, RawPeer.SELF, 3, Lane.DATA)))
                .contains("this is node1, not node3");
        assertThat(refusal(RawPeer.hello(ours, RawPeer.SELF, 1, Lane.LIVENESS)))
                .contains("for DATA, not LIVENESS");
        assertThat(refusal(RawPeer.hello(ours, new ProcessId(new NodeId(1), 5), 1, Lane.DATA)))
                .contains("two daemons");
    }

    /** In an upgrade gone wrong, the operator must read which node to upgrade. */
    @Test
    void anUnknownVersionIsRefusedByName() throws Exception {
        RawPeer peer = connect();
        peer.write(
                RawPeer.hello(RawPeer.SELF, 1).frame(UnpooledByteBufAllocator.DEFAULT),
                frame -> {
                    frame.setShort(4, 2);
                    Frame.stamp(frame, 0);
                });
        RawPeer.Answer answer = peer.read();
        assertThat(answer.type()).isEqualTo(HelloRefused.TYPE);
        assertThat(HelloRefused.decode(Unpooled.wrappedBuffer(answer.body())).reason())
                .contains("node2 speaks version 2")
                .contains("upgrade node1");
        assertThat(peer.isClosedByPeer()).isTrue();
    }

    /** The same, when it is this node that connects: it goes on trying, and takes no messages. */
    @Test
    void aRefusedSenderHasNoStream() throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"))) {
            cluster.publish(node(2), (InetSocketAddress) listener.getLocalSocketAddress());
            victim.transport.peers(List.of(node(2)));
            for (int i = 0; i < 3; i++) {
                try (RawPeer accepted = new RawPeer(listener.accept())) {
                    assertThat(accepted.read().type()).isEqualTo(Hello.TYPE);
                    accepted.write(
                            new HelloRefused("no").frame(UnpooledByteBufAllocator.DEFAULT),
                            _ -> {});
                    assertThat(accepted.isClosedByPeer()).isTrue();
                }
            }
            assertThat(victim.send(node(2), 1)).isFalse();
            assertThat(victim.data.streams).isEmpty();
        }
    }

    /** Bits that flip on the way must never reach a family. */
    @Test
    void spoiltFramesEndTheStream() throws Exception {
        List<Consumer<ByteBuf>> spoilers = new ArrayList<>();
        for (int at = 0; at < Frame.HEADER_BYTES + 8; at += 3) {
            int index = at;
            spoilers.add(frame -> frame.setByte(index, frame.getByte(index) ^ 0x10));
        }
        long stream = 0;
        for (Consumer<ByteBuf> spoil : spoilers) {
            stream++;
            RawPeer peer = standing(RawPeer.SELF, stream);
            peer.send(stream);
            peer.send(-1, spoil);
            assertThat(peer.isClosedByPeer()).isTrue();
        }
        assertThat(victim.data.numbers()).hasSize(spoilers.size()).doesNotContain(-1L);
    }

    /** Each of these has right checksums, but breaks the rules. */
    @Test
    void wellFormedFramesThatAreNotDueEndTheStream() throws Exception {
        List<Consumer<ByteBuf>> spoilers =
                List.of(
                        frame -> Frame.stamp(frame, 5), // a gap
                        frame -> Frame.stamp(frame, 0), // a repetition
                        restamped(frame -> frame.setShort(4, 9)), // version
                        restamped(frame -> frame.setShort(6, 99)), // type of no family
                        restamped(frame -> frame.setShort(6, Hello.TYPE)),
                        restamped(frame -> frame.setInt(8, 1)), // flags
                        restamped(frame -> frame.setInt(12, PeerTransport.BODY_BYTES_MAX + 1)),
                        restamped(frame -> frame.setInt(12, Integer.MAX_VALUE)),
                        restamped(frame -> frame.setInt(12, -1)));
        long stream = 0;
        for (Consumer<ByteBuf> spoil : spoilers) {
            stream++;
            RawPeer peer = standing(RawPeer.SELF, stream);
            peer.send(-1, spoil);
            assertThat(peer.isClosedByPeer()).isTrue();
        }
        assertThat(victim.data.received).isEmpty();
    }

    private static Consumer<ByteBuf> restamped(Consumer<ByteBuf> spoil) {
        return frame -> {
            spoil.accept(frame);
            Frame.stamp(frame, 1);
        };
    }

    /** A body that its family cannot read closes the stream; the families see no exception. */
    @Test
    void aBodyThatDoesNotDecodeEndsTheStream() throws Exception {
        RawPeer peer = standing(RawPeer.SELF, 1);
        ByteBuf frame = Unpooled.buffer(64).writerIndex(Frame.HEADER_BYTES).writeInt(1);
        Frame.seal(frame, Note.TYPE);
        peer.write(frame, _ -> {});
        assertThat(peer.isClosedByPeer()).isTrue();
    }

    /** Strangers who never say Hello must not hold sockets for ever. */
    @Test
    void aConnectionWithoutAHelloIsClosed() throws Exception {
        RawPeer peer = connect();
        assertThat(peer.isClosedByPeer()).isTrue();
    }

    /** A message before the Hello comes from nobody. */
    @Test
    void messagesBeforeAHelloAreNotDelivered() throws Exception {
        RawPeer peer = connect();
        peer.send(1);
        assertThat(peer.isClosedByPeer()).isTrue();
        assertThat(victim.data.received).isEmpty();
    }
}
