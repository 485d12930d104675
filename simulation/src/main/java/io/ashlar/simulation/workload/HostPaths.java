package io.ashlar.simulation.workload;

import io.ashlar.common.NodeId;
import io.ashlar.common.VolumeId;
import io.ashlar.simulation.world.SimNetwork;
import io.ashlar.simulation.world.SimRandom;
import io.ashlar.simulation.world.SimWorld;
import io.ashlar.volume.PathState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A host's paths, one to every node: made, watched by keep-alives, given up, made anew; and which
 * of them its commands take, by the states that the nodes report.
 */
final class HostPaths {
    private static final long RECONNECT_NANOS = 200 * SimWorld.MILLI;
    private static final double STUCK_LOGIN_CHANCE = 0.1;

    /** How often an administrator takes a path out, for a while. */
    private static final double LOGOUT_CHANCE = 0.02;

    /** Now and then a host tries another path without a reason, as path groups are balanced. */
    private static final double WANDER_CHANCE = 0.01;

    /** How often it believes the reported states; a host may also have them from before. */
    private static final double BELIEVES_CHANCE = 0.7;

    private final SimWorld world;
    private final SimNetwork network;
    private final SimRandom random;
    private final NodeId host;
    private final HostStyle style;
    private final SimulatedHost.Targets targets;
    private final HostPath.Listener listener;
    private final long keepAliveNanos;
    private final Map<NodeId, HostPath> paths = new TreeMap<>();
    private final Map<NodeId, HostPath> standing = new TreeMap<>();
    private @Nullable NodeId preferred;

    HostPaths(
            SimWorld world,
            SimNetwork network,
            SimRandom random,
            NodeId host,
            HostStyle style,
            SimulatedHost.Targets targets,
            HostPath.Listener listener) {
        this.world = world;
        this.network = network;
        this.random = random;
        this.host = host;
        this.style = style;
        this.targets = targets;
        this.listener = listener;
        this.keepAliveNanos = random.between(1_500, 10_000) * SimWorld.MILLI;
    }

    void start() {
        targets.nodes().forEach(this::connect);
    }

    private void connect(NodeId node) {
        SimulatedHost.Target target = targets.at(node);
        if (target == null
                || !target.process().isAlive()
                || !network.delivers(host, node)
                || !network.passes(node, host)) {
            world.after(RECONNECT_NANOS, () -> connect(node));
            return;
        }
        HostPath path = path(target);
        paths.put(node, path);
        path.login();
        watch(node, path);
    }

    private HostPath path(SimulatedHost.Target target) {
        if (style == HostStyle.ISCSI) {
            return new IscsiPath(network, random, host, target.process(), target.iscsi(), listener);
        }
        return new DirectPath(
                style, network, random, host, target.process(), target.service(), listener);
    }

    /**
     * A dead process resets its connections; a login that takes too long is tried again; a path on
     * which no keep-alive is answered is given up with everything on it.
     */
    private void watch(NodeId node, HostPath path) {
        world.after(
                random.between(200, 1_000) * SimWorld.MILLI,
                () -> {
                    if (!isPath(path)) {
                        return;
                    }
                    boolean stands = standing.get(node) == path;
                    boolean silent = world.nowNanos() - path.heardAtNanos() > keepAliveNanos;
                    boolean stuck = !stands && random.chance(STUCK_LOGIN_CHANCE);
                    if (!path.process().isAlive() || stuck || (stands && silent)) {
                        listener.onLost(path);
                    } else {
                        if (stands && random.chance(LOGOUT_CHANCE) && path.logout()) {
                            standing.remove(node);
                        } else if (stands) {
                            path.askIfThere();
                        }
                        watch(node, path);
                    }
                });
    }

    boolean isPath(HostPath path) {
        return paths.get(node(path)) == path;
    }

    private static NodeId node(HostPath path) {
        return path.process().id().node();
    }

    /** The login is answered. */
    void onUp(HostPath path) {
        if (isPath(path)) {
            standing.put(node(path), path);
        }
    }

    /** It is dropped, and made anew a little later. */
    void giveUp(HostPath path) {
        NodeId node = node(path);
        world.trace("%s gives up its path to %s", host, path.process());
        path.abandon();
        paths.remove(node);
        standing.remove(node, path);
        if (node.equals(preferred)) {
            preferred = null;
        }
        world.after(random.skewed(SimWorld.MILLI, SimWorld.SECOND), () -> connect(node));
    }

    /** The next command chooses anew. */
    void chooseAnew() {
        preferred = null;
    }

    /** The path for a command; null while none stands. */
    @Nullable HostPath choose(VolumeId volume) {
        if (standing.isEmpty()) {
            return null;
        }
        HostPath path = preferred == null ? null : standing.get(preferred);
        if (path == null || random.chance(WANDER_CHANCE)) {
            path = random.pick(candidates(volume));
            preferred = node(path);
        }
        return path;
    }

    /** Those of the best priority, by what one of them reports; or all. */
    private List<HostPath> candidates(VolumeId volume) {
        List<HostPath> all = List.copyOf(standing.values());
        if (!random.chance(BELIEVES_CHANCE)) {
            return all;
        }
        Map<NodeId, PathState> states = random.pick(all).paths(volume);
        List<HostPath> optimized = new ArrayList<>();
        standing.forEach((node, path) -> {
            if (states.get(node) == PathState.OPTIMIZED) {
                optimized.add(path);
            }
        });
        return optimized.isEmpty() ? all : optimized;
    }
}
