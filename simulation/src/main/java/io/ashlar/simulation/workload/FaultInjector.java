package io.ashlar.simulation.workload;

import io.ashlar.common.NodeId;
import io.ashlar.simulation.world.SimRandom;
import io.ashlar.simulation.world.SimWorld;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Breaks the cluster at random, within what DESIGN promises to survive, and mends it again. */
public final class FaultInjector {
    /**
     * What goes wrong, and how often.
     *
     * @param kinds what goes wrong in this run
     * @param gapNanosMin shortest time between two faults
     * @param gapNanosMax longest time between two faults
     * @param lengthNanosMax how long a fault lasts at most
     */
    public record Settings(
            Set<FaultKind> kinds, long gapNanosMin, long gapNanosMax, long lengthNanosMax) {
        /** Some of the kinds, at some pace. */
        public static Settings random(SimRandom random) {
            Set<FaultKind> kinds = EnumSet.noneOf(FaultKind.class);
            double share = random.pick(List.of(0.3, 0.6, 0.9));
            for (FaultKind kind : FaultKind.values()) {
                double chance =
                        switch (kind.frequency()) {
                            case ALWAYS -> 1;
                            case OFTEN -> share;
                            case RARE -> RARE_SHARE;
                        };
                if (random.chance(chance)) {
                    kinds.add(kind);
                }
            }
            return new Settings(
                    kinds,
                    20 * SimWorld.MILLI,
                    random.pick(List.of(500L, 1_500L, 4_000L)) * SimWorld.MILLI,
                    random.pick(List.of(1_000L, 4_000L, 9_000L)) * SimWorld.MILLI);
        }

        /** These kinds, at a pace that lets each show what it does. */
        public static Settings of(long gapNanosMax, long lengthNanosMax, FaultKind... kinds) {
            return new Settings(
                    EnumSet.copyOf(List.of(kinds)), gapNanosMax / 30, gapNanosMax, lengthNanosMax);
        }
    }

    private static final double RARE_SHARE = 0.15;
    private static final long LENGTH_NANOS_MIN = 10 * SimWorld.MILLI;

    private final SimWorld world;
    private final FaultTarget target;
    private final Settings settings;
    private final SimRandom random;
    private final List<FaultKind> kinds;
    private final Ambushes ambushes;

    /** Chooses the one node whose disks lose bits. */
    private final long decaying;

    private boolean stopped;
    private int disksLost;
    private int injected;

    public FaultInjector(SimWorld world, FaultTarget target, Settings settings) {
        this.world = world;
        this.target = target;
        this.settings = settings;
        this.random = world.random().split();
        this.kinds = List.copyOf(EnumSet.copyOf(settings.kinds()));
        this.decaying = random.nextLong();
        this.ambushes = new Ambushes(this, target, random);
    }

    public void start() {
        world.after(gap(), this::next);
    }

    /** Nothing new goes wrong; what went wrong is for the caller to heal. */
    public void stop() {
        stopped = true;
    }

    /** Faults so far. */
    public int injected() {
        return injected;
    }

    private long gap() {
        return random.skewed(settings.gapNanosMin, settings.gapNanosMax);
    }

    private long length() {
        return random.skewed(LENGTH_NANOS_MIN, settings.lengthNanosMax);
    }

    private void next() {
        if (stopped) {
            return;
        }
        injected++;
        inject(random.pick(kinds));
        world.after(gap(), this::next);
    }

    /** Undoes a fault later, unless everything has been healed by then. */
    private void later(Runnable mend) {
        world.after(
                length(),
                () -> {
                    if (!stopped) {
                        mend.run();
                    }
                });
    }

    NodeId other(NodeId node) {
        List<NodeId> others = new ArrayList<>(target.nodes());
        others.remove(node);
        return random.pick(others);
    }

    private void inject(FaultKind kind) {
        NodeId node = random.pick(target.nodes());
        NodeId other = other(node);
        switch (kind) {
            case KILL -> {
                if (target.isUp(node)) {
                    target.kill(node);
                    restartLater(node);
                }
            }
            case POWER_CUT -> {
                if (target.isUp(node)) {
                    target.cutPower(node);
                    restartLater(node);
                }
            }
            case POWER_CUT_OF_ALL -> {
                if (random.chance(0.3)) {
                    for (NodeId each : target.nodes()) {
                        if (target.isUp(each)) {
                            target.cutPower(each);
                            restartLater(each);
                        }
                    }
                }
            }
            case PAUSE -> {
                if (target.isUp(node)) {
                    target.pause(node);
                    later(() -> target.resume(node));
                }
            }
            case PAUSE_IN_STEP -> {
                if (target.isUp(node)) {
                    target.pauseInStep(node);
                    later(() -> target.resume(node));
                }
            }
            case CUT_ONE_WAY -> {
                target.network().cut(node, other);
                later(() -> target.network().heal(node, other));
            }
            case CUT_BOTH_WAYS -> {
                cutBoth(node, other);
                later(() -> healBoth(node, other));
            }
            case DEAFEN -> {
                target.network().deafen(node);
                later(() -> target.network().endDeafness(node));
            }
            case ISOLATE -> {
                for (NodeId each : target.nodes()) {
                    if (!each.equals(node)) {
                        cutBoth(node, each);
                    }
                }
                later(() -> {
                    for (NodeId each : target.nodes()) {
                        if (!each.equals(node)) {
                            healBoth(node, each);
                        }
                    }
                });
            }
            case STALL -> target.network().stall(node, other, length());
            case BREAK_STREAMS -> target.network().breakStreams(node, other);
            case FREEZE_VIEW -> {
                if (target.isUp(node)) {
                    target.freezeView(node, length());
                }
            }
            case MOVE_OWNER -> {
                if (target.isUp(node)) {
                    target.moveOwner(random.pick(target.volumes()), node);
                }
            }
            case MOVE_PLANNED -> target.planMove(random.pick(target.volumes()), node);
            case FILL_DISK -> {
                target.fillDisk(node, true, false);
                world.after(
                        300 * SimWorld.MILLI,
                        () -> {
                            if (!stopped && random.chance(0.5)) {
                                target.fillDisk(node, true, true);
                            }
                        });
                later(() -> target.fillDisk(node, false, false));
            }
            case FLIP_BITS -> {
                List<NodeId> nodes = target.nodes();
                target.flipBits(nodes.get(Math.floorMod(decaying, nodes.size())));
            }
            case SCRUB -> {
                target.disturbJobs();
                target.scrub();
            }
            case CUT_HOST -> {
                if (!target.hosts().isEmpty()) {
                    NodeId host = random.pick(target.hosts());
                    boolean toNode = random.chance(0.7);
                    boolean toHost = !toNode || random.chance(0.5);
                    if (toNode) {
                        target.network().cut(host, node);
                    }
                    if (toHost) {
                        target.network().cut(node, host);
                    }
                    later(() -> healBoth(host, node));
                }
            }
            case RESTART_AT_ONCE -> restartAtOnce(node);
            case PREFER_ANOTHER -> target.preferAnotherPrimary();
            case MOVE_TARGETS -> target.moveTargets();
            case FLICKER_TARGETS ->
                    target.moveTargetsAndBack(
                            random.skewed(SimWorld.MILLI, 3_000 * SimWorld.MILLI));
            case HAND_OVER_BLIND -> {
                ambushes.blindNextFormer();
                target.preferAnotherPrimary();
            }
            case RESTART_WITH_NEW_MEMBER -> {
                ambushes.restartNextMember();
                target.moveTargets();
            }
            case DRAIN -> {
                target.drain(node);
                later(() -> target.undrain(node));
            }
            case REPLACE_DISK -> {
                if (disksLost == 0 && target.isUp(node) && target.replaceDisk(node)) {
                    disksLost++;
                    restartLater(node);
                }
            }
            case FAIL_DISK -> {
                if (disksLost == 0 && target.isUp(node) && target.failDisk(node)) {
                    disksLost++;
                    later(() -> {
                        target.replaceFailedDisks(node);
                        restartLater(node);
                    });
                }
            }
            case ISOLATE_PRIMARY_BLIND -> ambushes.isolateBlind(primary());
            case DELAY_ANSWERS_TO_BLIND_PRIMARY -> ambushes.delayAnswers(primary());
            case STRAND_PRIMARY -> ambushes.strand(primary());
            case KILL_TEACHER -> ambushes.killTeacher();
            case DELAY_NEW_PRIMARY -> ambushes.delayNewPrimary(primary());
            case LATE_REQUEST -> ambushes.lateRequest(random.pick(target.volumes()), primary());
            case STALL_DEPOSED_OWNER ->
                    ambushes.stallDeposedOwner(random.pick(target.volumes()), primary());
            case STALL_OWNER -> ambushes.stallOwner(random.pick(target.volumes()), primary());
            case LEAVE_NODE -> ambushes.leaveNode(random.pick(target.volumes()));
            case RESTART_BESIDE_BLIND_PRIMARY -> ambushes.restartBeside(primary());
        }
    }

    private NodeId primary() {
        return random.pick(target.primaries());
    }

    /** Called when a group has a new primary, before anybody has heard of it. */
    public void onNewPrimary(NodeId primary) {
        if (!stopped) {
            ambushes.onNewPrimary(primary);
        }
    }

    /** Called when a group's primary has handed over, before anybody has heard of it. */
    public void onHandOver(NodeId former) {
        if (!stopped) {
            ambushes.onHandOver(former);
        }
    }

    /** Called when a group has a new member, before anybody has heard of it. */
    public void onNewMember(NodeId added, Collection<NodeId> members) {
        if (!stopped) {
            ambushes.onNewMember(added, members);
        }
    }

    boolean isStopped() {
        return stopped;
    }

    // ---- what kinds have in common

    void after(long nanos, Runnable action) {
        world.after(nanos, action);
    }

    void afterUnlessStopped(long nanos, Runnable action) {
        world.after(
                nanos,
                () -> {
                    if (!stopped) {
                        action.run();
                    }
                });
    }

    void restartAtOnce(NodeId node) {
        if (target.isUp(node)) {
            target.kill(node);
            world.after(random.between(0, SimWorld.MILLI), () -> restart(node));
        }
    }

    void restartLater(NodeId node) {
        later(() -> restart(node));
    }

    private void restart(NodeId node) {
        if (!target.isUp(node)) {
            target.restart(node);
        }
    }

    void cutBoth(NodeId one, NodeId other) {
        target.network().cut(one, other);
        target.network().cut(other, one);
    }

    void healBoth(NodeId one, NodeId other) {
        target.network().heal(one, other);
        target.network().heal(other, one);
    }
}
