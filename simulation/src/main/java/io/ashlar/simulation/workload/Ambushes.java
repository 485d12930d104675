package io.ashlar.simulation.workload;

import io.ashlar.common.NodeId;
import io.ashlar.common.VolumeId;
import io.ashlar.simulation.world.SimRandom;
import io.ashlar.simulation.world.SimWorld;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Faults that wait for their moment: several of the simple ones in the order in which they once
 * hurt some draft of the protocols. Chance alone would take thousands of runs to repeat them.
 */
final class Ambushes {
    private static final long TEACHER_POLL_NANOS = 10 * SimWorld.MILLI;
    private static final long TEACHER_POLLS = 5 * SimWorld.SECOND / TEACHER_POLL_NANOS;

    private static final long LATE_NANOS_MIN = 7 * SimWorld.SECOND;
    private static final long LATE_NANOS_MAX = 12 * SimWorld.SECOND;

    private final FaultInjector faults;
    private final FaultTarget target;
    private final SimRandom random;
    private boolean hidesNextPrimary;
    private boolean isRequestLate;
    private boolean blindsNextFormer;
    private boolean restartsNextMember;

    Ambushes(FaultInjector faults, FaultTarget target, SimRandom random) {
        this.faults = faults;
        this.target = target;
        this.random = random;
    }

    private List<NodeId> others(NodeId node) {
        List<NodeId> others = new ArrayList<>(target.nodes());
        others.remove(node);
        return others;
    }

    private void blind(NodeId node, long nanos) {
        if (target.isUp(node)) {
            target.freezeView(node, nanos);
        }
    }

    /** Longer than the grace, so that others lead by the time it is back. */
    void isolateBlind(NodeId primary) {
        long away = random.between(2_000, 4_500) * SimWorld.MILLI;
        blind(primary, away + random.between(100, 3_000) * SimWorld.MILLI);
        others(primary).forEach(each -> faults.cutBoth(primary, each));
        faults.afterUnlessStopped(
                away, () -> others(primary).forEach(each -> faults.healBoth(primary, each)));
    }

    void delayAnswers(NodeId primary) {
        long late = random.between(3_000, 7_000) * SimWorld.MILLI;
        blind(primary, late + random.between(100, 2_000) * SimWorld.MILLI);
        others(primary).forEach(each -> target.network().stall(each, primary, late));
        faults.afterUnlessStopped(
                random.between(100, 700) * SimWorld.MILLI,
                () -> {
                    others(primary).forEach(each -> target.network().cut(primary, each));
                    faults.afterUnlessStopped(
                            random.between(2_000, 5_000) * SimWorld.MILLI,
                            () ->
                                    others(primary)
                                            .forEach(each -> target.network().heal(primary, each)));
                });
    }

    void restartBeside(NodeId primary) {
        NodeId beside = faults.other(primary);
        long nanos = random.between(2_500, 5_000) * SimWorld.MILLI;
        blind(primary, nanos);
        for (NodeId each : others(primary)) {
            if (!each.equals(beside)) {
                faults.cutBoth(primary, each);
                faults.afterUnlessStopped(nanos, () -> faults.healBoth(primary, each));
            }
        }
        faults.restartAtOnce(beside);
    }

    /** Who leads meanwhile dies, too, so that the first one leads again when the request comes. */
    void lateRequest(VolumeId volume, NodeId primary) {
        NodeId asker = target.owner(volume);
        if (isRequestLate) {
            return;
        }
        if (asker.equals(primary)) {
            NodeId other = faults.other(primary);
            if (target.isUp(other)) {
                target.moveOwner(volume, other); // for the next time
            }
            return;
        }
        isRequestLate = true;
        faults.after(LATE_NANOS_MAX, () -> isRequestLate = false);
        target.network().stall(asker, primary, random.between(LATE_NANOS_MIN, LATE_NANOS_MAX));
        if (target.isUp(primary)) {
            target.pause(primary);
            faults.afterUnlessStopped(
                    random.between(2_300, 3_500) * SimWorld.MILLI, () -> target.resume(primary));
        }
        faults.afterUnlessStopped(
                random.between(4_500, 6_500) * SimWorld.MILLI,
                () -> {
                    for (NodeId leader : target.primaries()) {
                        if (!leader.equals(primary)) {
                            killForAWhile(leader);
                        }
                    }
                });
    }

    void stallDeposedOwner(VolumeId volume, NodeId primary) {
        NodeId owner = target.owner(volume);
        if (owner.equals(primary)) {
            return;
        }
        long nanos = random.between(1_500, 5_000) * SimWorld.MILLI;
        target.network().stall(owner, primary, nanos);
        blind(primary, nanos + random.between(100, 1_000) * SimWorld.MILLI);
        NodeId successor = faults.other(owner);
        faults.afterUnlessStopped(
                random.between(20, 400) * SimWorld.MILLI,
                () -> {
                    if (target.isUp(successor)) {
                        target.moveOwner(volume, successor);
                    }
                });
    }

    void stallOwner(VolumeId volume, NodeId primary) {
        NodeId owner = target.owner(volume);
        if (!owner.equals(primary)) {
            target.network().stall(owner, primary, random.between(500, 3_000) * SimWorld.MILLI);
            return;
        }
        NodeId other = faults.other(primary);
        if (target.isUp(other)) {
            target.moveOwner(volume, other); // for the next time
        }
    }

    /**
     * Hosts use a node that has nothing to do with the volume, which stops reading. They go on by
     * others. About the time at which it reads on, the volume changes its owner.
     */
    void leaveNode(VolumeId volume) {
        List<NodeId> bystanders = target.bystanders();
        if (bystanders.isEmpty()) {
            return;
        }
        NodeId left = random.pick(bystanders);
        long herded = random.between(700, 1_200) * SimWorld.MILLI;
        long changed = herded + random.skewed(SimWorld.MILLI, 2_500 * SimWorld.MILLI);
        long back = changed + random.skewed(SimWorld.MILLI, 3_000 * SimWorld.MILLI);
        herdTo(left, herded);
        faults.afterUnlessStopped(herded, () -> pauseFor(left, back - herded));
        faults.afterUnlessStopped(changed, () -> changeOwner(volume, left));
    }

    /** For a while hosts reach this node only. */
    private void herdTo(NodeId node, long nanos) {
        for (NodeId host : target.hosts()) {
            others(node).forEach(each -> faults.cutBoth(host, each));
            faults.afterUnlessStopped(
                    nanos, () -> others(node).forEach(each -> faults.healBoth(host, each)));
        }
    }

    private void pauseFor(NodeId node, long nanos) {
        if (target.isUp(node)) {
            target.pause(node);
            faults.afterUnlessStopped(nanos, () -> target.resume(node));
        }
    }

    /** By plan, or not; to anybody but one. */
    private void changeOwner(VolumeId volume, NodeId except) {
        List<NodeId> able = others(except);
        able.remove(target.owner(volume));
        able.removeIf(node -> !target.isUp(node));
        if (able.isEmpty()) {
            return;
        }
        if (random.chance(0.7)) {
            target.planMove(volume, random.pick(able));
        } else {
            target.moveOwner(volume, random.pick(able));
        }
    }

    void strand(NodeId primary) {
        List<NodeId> lost = others(primary);
        if (lost.size() > 1 && random.chance(0.5)) {
            lost.remove(random.nextInt(lost.size()));
        }
        lost.forEach(each -> faults.cutBoth(primary, each));
        faults.afterUnlessStopped(
                random.between(5, 300) * SimWorld.MILLI,
                () -> {
                    killForAWhile(primary);
                    lost.forEach(each -> faults.healBoth(primary, each));
                });
    }

    private void killForAWhile(NodeId node) {
        if (target.isUp(node)) {
            target.kill(node);
            faults.restartLater(node);
        }
    }

    void killTeacher() {
        killTeacher(TEACHER_POLLS);
    }

    private void killTeacher(long pollsLeft) {
        if (faults.isStopped() || pollsLeft == 0) {
            return;
        }
        Optional<NodeId> teacher = target.teacher();
        if (teacher.isEmpty()) {
            faults.after(TEACHER_POLL_NANOS, () -> killTeacher(pollsLeft - 1));
            return;
        }
        faults.afterUnlessStopped(
                random.skewed(SimWorld.MILLI, 400 * SimWorld.MILLI),
                () -> killForAWhile(teacher.get()));
    }

    /** Kills a primary to get a new one, whose first messages to one node will be late. */
    void delayNewPrimary(NodeId victim) {
        hidesNextPrimary = true;
        killForAWhile(victim);
    }

    void blindNextFormer() {
        blindsNextFormer = true;
    }

    void restartNextMember() {
        restartsNextMember = true;
    }

    /** A group's primary has handed over, of which nobody has heard yet. */
    void onHandOver(NodeId former) {
        if (!blindsNextFormer || !target.isUp(former)) {
            return;
        }
        blindsNextFormer = false;
        long away = random.between(1_500, 4_000) * SimWorld.MILLI;
        blind(former, away + random.between(100, 1_000) * SimWorld.MILLI);
        others(former).forEach(each -> faults.cutBoth(former, each));
        faults.afterUnlessStopped(
                away, () -> others(former).forEach(each -> faults.healBoth(former, each)));
    }

    /** A group has a new member, of which nobody has heard yet. */
    void onNewMember(NodeId added, Collection<NodeId> members) {
        if (!restartsNextMember || !members.stream().allMatch(target::isUp)) {
            return;
        }
        restartsNextMember = false;
        faults.after(
                random.skewed(0, 20 * SimWorld.MILLI),
                () -> {
                    members.stream().filter(target::isUp).forEach(target::kill);
                    members.stream().filter(n -> !target.isUp(n)).forEach(target::restart);
                    blind(added, random.between(100, 1_500) * SimWorld.MILLI);
                });
    }

    /** A group has a new primary, of which nobody has heard yet. */
    void onNewPrimary(NodeId primary) {
        if (!hidesNextPrimary || !target.isUp(primary)) {
            return;
        }
        hidesNextPrimary = false;
        NodeId late = faults.other(primary);
        long nanos = random.between(3_000, 6_000) * SimWorld.MILLI;
        target.network().stall(primary, late, nanos);
        faults.afterUnlessStopped(
                random.between(30, 100) * SimWorld.MILLI,
                () -> {
                    blind(primary, nanos + SimWorld.SECOND);
                    others(primary).forEach(each -> faults.cutBoth(primary, each));
                });
        faults.afterUnlessStopped(
                nanos, () -> others(primary).forEach(each -> faults.healBoth(primary, each)));
    }
}
