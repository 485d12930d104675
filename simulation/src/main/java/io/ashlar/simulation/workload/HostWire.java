package io.ashlar.simulation.workload;

import io.ashlar.common.NodeId;
import io.ashlar.simulation.world.SimNetwork;
import io.ashlar.simulation.world.SimRandom;
import io.ashlar.simulation.world.SimWorld;
import java.util.ArrayDeque;

/**
 * One direction of a host's connection: what is sent arrives in its order, each after its own time;
 * while the cable is cut it waits in the sender's buffer, and is sent again.
 */
final class HostWire {
    private static final long CUT_POLL_NANOS = 20 * SimWorld.MILLI;

    private final SimWorld world;
    private final SimNetwork network;
    private final SimRandom random;
    private final NodeId from;
    private final NodeId to;
    private final ArrayDeque<Runnable> onTheWay = new ArrayDeque<>();

    HostWire(SimWorld world, SimNetwork network, SimRandom random, NodeId from, NodeId to) {
        this.world = world;
        this.network = network;
        this.random = random;
        this.from = from;
        this.to = to;
    }

    void send(Runnable arrival) {
        onTheWay.add(arrival);
        long nanos =
                random.chance(0.01)
                        ? random.skewed(SimWorld.MILLI, 200 * SimWorld.MILLI)
                        : random.between(20 * SimWorld.MICRO, 200 * SimWorld.MICRO);
        world.after(nanos, this::arrive);
    }

    /** What has not arrived never will. */
    void clear() {
        onTheWay.clear();
    }

    private void arrive() {
        if (!network.delivers(from, to)) {
            world.after(CUT_POLL_NANOS, this::arrive);
            return;
        }
        Runnable next = onTheWay.poll();
        if (next != null) {
            next.run();
        }
    }
}
