package io.ashlar.replication.group;

import io.ashlar.replication.wire.GroupMessage.LearnWait;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What the copies of one group to its learners take from the {@link CopyBudget} of the process, and
 * give back to it, whatever becomes of a learner. Owned by the group's shard, and lives as long as
 * a lead.
 */
final class CopyCharges {
    private final GroupEnvironment environment;
    private final PlacementGroup group;
    private final Primary primary;

    /** Those to which copies may be in flight; some may be learners no more. */
    private final Set<Learner> charged = new LinkedHashSet<>();

    CopyCharges(GroupEnvironment environment, PlacementGroup group, Primary primary) {
        this.environment = environment;
        this.group = group;
        this.primary = primary;
    }

    /**
     * Whether so many bytes may be copied now; they are in flight then. Else the next tick tries
     * again. What a process missed while it was away for a moment is urgent, and so is a group that
     * takes no writes for want of members.
     */
    boolean take(Learner learner, int bytes) {
        long now = environment.clock().nanos();
        boolean may =
                environment
                        .copies()
                        .begin(
                                learner.process,
                                learner.copyBytesMax,
                                bytes,
                                isUrgent(learner),
                                now);
        if (may) {
            learner.bytesInFlight += bytes;
            charged.add(learner);
        } else {
            environment.counters().heldBack.increment();
        }
        return may;
    }

    private boolean isUrgent(Learner learner) {
        return isUrgent(learner.returns);
    }

    private boolean isUrgent(boolean returns) {
        return returns || primary.config().members().size() < group.inSyncMin();
    }

    /**
     * Whether the group may take on a learner now; else it is to ask again.
     *
     * @param returns whether it lacks only what it missed while it was away for a moment
     */
    boolean mayTeach(boolean returns) {
        return isUrgent(returns)
                || environment.copies().mayTeach(group.id(), environment.clock().nanos());
    }

    /** Whether the group has learners. */
    void teaches(boolean hasLearners) {
        environment.copies().teaches(group.id(), hasLearners, environment.clock().nanos());
    }

    /**
     * So many bytes need not travel, since they are zeros, or are not to be had: others may. In the
     * learner's memory zeros are as long as anything, so they stay in flight.
     */
    void spare(Learner learner, int bytes) {
        if (!isUrgent(learner)) {
            environment.copies().spare(bytes);
        }
    }

    /** So many bytes are in flight no more. */
    void give(Learner learner, int bytes) {
        int landed = Math.clamp(bytes, 0, learner.bytesInFlight);
        learner.bytesInFlight -= landed;
        environment.copies().end(learner.process, landed);
    }

    /** What was in flight to whoever is no learner any more will never be confirmed. */
    void settle(Predicate<Learner> isCurrent) {
        for (Learner learner : List.copyOf(charged)) {
            if (!isCurrent.test(learner)) {
                environment.copies().end(learner.process, learner.bytesInFlight);
                charged.remove(learner);
            } else if (learner.bytesInFlight == 0) {
                charged.remove(learner);
            }
        }
    }

    /**
     * Asks a learner from time to time whether it is there, and tells it that it is not forgotten:
     * copies may be held back for long, and comparing many chunks takes long on either side, in
     * which nothing else may pass between the two.
     */
    void keepInTouch(Learner learner, long nowNanos) {
        if (nowNanos - learner.askedNanos >= environment.settings().resendNanos()) {
            learner.askedNanos = nowNanos;
            primary.send(learner.process.node(), new LearnWait(group.id(), learner.learnId));
        }
    }
}
