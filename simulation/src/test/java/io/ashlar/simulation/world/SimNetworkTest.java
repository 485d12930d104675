package io.ashlar.simulation.world;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.replication.MessageFamily;
import io.ashlar.replication.PeerMessage;
import io.ashlar.replication.PeerTransport.Lane;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Streams of the simulated network: what the protocol may rely on, and what it may not. */
final class SimNetworkTest {
    private static final NodeId ONE = new NodeId(1);
    private static final NodeId TWO = new NodeId(2);

    private record Number(int value) implements PeerMessage {
        @Override
        public int type() {
            return 5;
        }

        @Override
        public void encode(ByteBuf out) {
            out.writeInt(value);
        }
    }

    /** Notes what it hears. */
    private static final class Listener implements MessageFamily {
        final List<Integer> received = new ArrayList<>();
        final List<String> callbacks = new ArrayList<>();

        @Override
        public int firstType() {
            return 5;
        }

        @Override
        public int lastType() {
            return 5;
        }

        @Override
        public PeerMessage decode(int type, ByteBuf body) {
            return new Number(body.readInt());
        }

        @Override
        public void receive(ProcessId from, PeerMessage message) {
            received.add(((Number) message).value());
        }

        @Override
        public void connected(ProcessId peer) {
            callbacks.add("connected");
        }

        @Override
        public void disconnected(ProcessId peer) {
            callbacks.add("disconnected");
        }
    }

    private static final class Pair {
        final SimWorld world;
        final SimNetwork network;
        final SimProcess first;
        final SimProcess second;
        final SimTransport sender;
        final Listener sending = new Listener();
        final Listener receiving = new Listener();

        Pair(long seed) {
            world = new SimWorld(seed, false);
            network =
                    new SimNetwork(
                            world,
                            new SimNetwork.Settings(
                                    10 * SimWorld.MICRO,
                                    2 * SimWorld.MILLI,
                                    0.1,
                                    100 * SimWorld.MILLI,
                                    3,
                                    true));
            first = new SimProcess(world, new ProcessId(ONE, 1), new UUID(0, 1), 0);
            second = new SimProcess(world, new ProcessId(TWO, 1), new UUID(0, 2), 0);
            sender = network.transport(first);
            SimTransport receiver = network.transport(second);
            sender.register(Lane.DATA, sending);
            sender.register(Lane.LIVENESS, new Listener());
            receiver.register(Lane.DATA, receiving);
            receiver.register(Lane.LIVENESS, new Listener());
            sender.start(List.of(ONE, TWO));
            receiver.start(List.of(ONE, TWO));
            world.runFor(SimWorld.SECOND);
        }

        void send(int from, int to) {
            for (int i = from; i < to; i++) {
                sender.send(Lane.DATA, TWO, new Number(i));
            }
        }
    }

    @Test
    void keepsOrderAndLosesNothingInsideAStream() {
        // What acknowledgements by count and the order of copies and writes rest on.
        for (long seed = 1; seed <= 50; seed++) {
            Pair pair = new Pair(seed);
            pair.send(0, 100);
            pair.network.cut(ONE, TWO);
            pair.world.runFor(50 * SimWorld.MILLI);
            pair.network.heal(ONE, TWO);
            pair.world.runFor(SimWorld.SECOND);
            List<Integer> received = pair.receiving.received;
            assertThat(received).isSorted().doesNotHaveDuplicates();
            assertThat(received).hasSize(100);
        }
    }

    @Test
    void aBrokenStreamDeliversAPrefixAndNothingAfterTheNextStands() {
        // The numbered streams of DESIGN section 5: an unknown tail is lost, nothing comes late.
        int lossy = 0;
        for (long seed = 1; seed <= 200; seed++) {
            Pair pair = new Pair(seed);
            long former = pair.sender.streamNumber(Lane.DATA, TWO);
            pair.send(0, 50);
            pair.network.breakStreams(ONE, TWO);
            boolean renewed =
                    pair.world.runUntil(
                            () -> pair.sender.streamNumber(Lane.DATA, TWO) > former,
                            10 * SimWorld.SECOND);
            int before = pair.receiving.received.size();
            for (int i = 0; i < before; i++) {
                assertThat(pair.receiving.received.get(i)).isEqualTo(i);
            }
            pair.send(1_000, 1_010);
            pair.world.runFor(SimWorld.SECOND);
            List<Integer> after =
                    pair.receiving.received.subList(before, pair.receiving.received.size());
            if (renewed) {
                lossy += before < 50 ? 1 : 0;
                assertThat(pair.sending.callbacks)
                        .startsWith("connected", "disconnected", "connected");
                assertThat(after).hasSize(10).allMatch(value -> value >= 1_000);
            }
        }
        assertThat(lossy).isGreaterThan(20);
    }

    @Test
    void aPausedProcessHearsEverythingWhenItGoesOn() {
        // A long pause delays messages; it does not lose them while the stream stands.
        Pair pair = new Pair(7);
        pair.second.pause();
        pair.send(0, 20);
        pair.world.runFor(3 * SimWorld.SECOND);
        assertThat(pair.receiving.received).isEmpty();
        pair.second.resume();
        pair.world.runFor(SimWorld.SECOND);
        assertThat(pair.receiving.received).hasSize(20).isSorted();
    }
}
