package io.ashlar.volume;

import io.ashlar.common.Payload;
import io.ashlar.common.VolumeId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/** A front end with one association and one connection, driven by hand. */
final class Front implements AssociationListener {
    /** A command and what became of it. */
    static final class Sent {
        long number;
        IoResult result;

        boolean isAnswered() {
            return result != null;
        }

        IoError error() {
            return ((IoResult.Failed) result).error();
        }

        byte[] data() {
            return ((IoResult.Done) result).data().toByteArray();
        }
    }

    final FakeWorld world;
    final FakeWorld.FakeNode node;
    final Deque<Runnable> pings = new ArrayDeque<>();
    final List<String> events = new ArrayList<>();

    int pinged;

    /** Whether the host answers pings at once. */
    boolean isAnswering = true;

    Association association;
    HostConnection connection;

    Front(FakeWorld world, int node, String host) {
        this(world, node, host, 1);
    }

    Front(FakeWorld world, int node, String host, int session) {
        this.world = world;
        this.node = world.node(node);
        AssociationId id = new AssociationId(host, host + ",i,0x" + session, this.node.self.node());
        this.node
                .volumes
                .service()
                .associate(
                        id,
                        this,
                        this.node.frontShard,
                        given -> {
                            association = given;
                            connection = given.openConnection(this::ping);
                            events.add("associated");
                        });
    }

    /** One that is logged in. */
    static Front login(FakeWorld world, int node, String host) {
        Front front = new Front(world, node, host);
        world.runUntil(() -> front.association != null);
        return front;
    }

    private void ping(Runnable answered) {
        pinged++;
        if (isAnswering) {
            node.frontShard.execute(answered);
        } else {
            pings.add(answered);
        }
    }

    void answerPings() {
        isAnswering = true;
        while (!pings.isEmpty()) {
            node.frontShard.execute(pings.poll());
        }
    }

    /** Runs something on the front end's shard. */
    void on(Runnable task) {
        node.frontShard.execute(task);
    }

    /** Reads a command from the socket, whose queue is empty after it, and submits it. */
    Sent send(IoRequest request) {
        Sent sent = new Sent();
        on(() -> {
            connection.received(48, true);
            submit(sent, request, connection.stamp());
        });
        return sent;
    }

    /** The same, with a stamp that was taken before. */
    Sent send(IoRequest request, long stamp) {
        Sent sent = new Sent();
        on(() -> submit(sent, request, stamp));
        return sent;
    }

    private void submit(Sent sent, IoRequest request, long stamp) {
        sent.number = connection.submit(request, stamp, result -> sent.result = result);
    }

    /** Repeats until it is not FENCED; how many attempts it took stands in the events. */
    Sent sendUntilTaken(IoRequest request) {
        for (int attempt = 1; ; attempt++) {
            Sent sent = send(request);
            world.runUntil(sent::isAnswered);
            if (!(sent.result instanceof IoResult.Failed(IoError error))
                    || error != IoError.FENCED) {
                events.add("attempts " + attempt);
                return sent;
            }
        }
    }

    Sent await(Sent sent) {
        world.runUntil(sent::isAnswered);
        return sent;
    }

    /** The stamp that a command would have that is read now. */
    long stamp() {
        long[] stamp = {-1};
        on(() -> stamp[0] = connection.stamp());
        world.runUntil(() -> stamp[0] >= 0);
        return stamp[0];
    }

    static IoRequest.Write write(VolumeId volume, long offset, int bytes, int value) {
        byte[] data = new byte[bytes];
        Arrays.fill(data, (byte) value);
        return new IoRequest.Write(volume, offset, Payload.of(data), false);
    }

    static IoRequest.Read read(VolumeId volume, long offset, int bytes) {
        return new IoRequest.Read(volume, offset, bytes);
    }

    @Override
    public void volumeReset(VolumeId volume, Reset reset) {
        events.add("reset " + volume + " " + reset);
    }

    @Override
    public void pathsChanged(VolumeId volume) {
        events.add("paths " + volume);
    }

    @Override
    public void volumesChanged() {
        events.add("volumes");
    }

    @Override
    public void capacityChanged(VolumeId volume) {
        events.add("capacity " + volume);
    }

    @Override
    public void inquiryChanged(VolumeId volume) {
        events.add("inquiry " + volume);
    }

    @Override
    public void reservationsChanged(
            VolumeId volume, io.ashlar.common.reservation.Notice.Kind kind) {
        events.add("reservations " + kind);
    }

    @Override
    public void mustClose(String reason) {
        events.add("must close: " + reason);
    }
}
