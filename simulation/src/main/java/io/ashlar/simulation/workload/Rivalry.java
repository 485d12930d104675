package io.ashlar.simulation.workload;

import io.ashlar.common.NodeId;
import io.ashlar.simulation.check.Violation;
import io.ashlar.simulation.world.SimWorld;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Judges two {@link Rival}s (F4). From the answer to a preemption on, the block is the preemptor's
 * alone, until the other begins to take it: if the other was idle from before the preemption was
 * sent, nothing of it can be under way but reads and writes. Meanwhile no write of the other that
 * was sent later is done, under exclusive access no read, and what the preemptor reads is what it
 * read or wrote before.
 */
public final class Rivalry {
    /**
     * When something was sent.
     *
     * @param window the window that was open, -1 for none
     * @param seen what the preemptor had read last in it; null if nothing
     * @param hasWritten whether a write of the preemptor in it was done
     */
    record Moment(long window, @Nullable Long seen, boolean hasWritten) {}

    private final SimWorld world;
    private final List<NodeId> rivals = new ArrayList<>();
    private final Set<NodeId> busy = new HashSet<>();
    private long begun;
    private long begunAtPreempt = -1;
    private long windows;
    private @Nullable NodeId owner;

    /** What the preemptor has read last in this window. */
    private @Nullable Long seen;

    private boolean hasWritten;
    private long judged;

    public Rivalry(SimWorld world) {
        this.world = world;
    }

    void join(NodeId rival) {
        rivals.add(rival);
    }

    /** The key of the other one. */
    long other(NodeId rival) {
        return rivals.getFirst().equals(rival)
                ? rivals.getLast().value()
                : rivals.getFirst().value();
    }

    /** How many windows were open. */
    public long windows() {
        return windows;
    }

    /** How many answers were judged in them. */
    public long judged() {
        return judged;
    }

    boolean isOwner(NodeId rival) {
        return rival.equals(owner);
    }

    /** A rival begins to take the block; nothing is certain any more. */
    void begins(NodeId rival) {
        busy.add(rival);
        begun++;
        owner = null;
    }

    void ends(NodeId rival) {
        busy.remove(rival);
    }

    void preempts(NodeId rival) {
        boolean isAlone = busy.size() == 1 && busy.contains(rival);
        if (!isAlone) {
            begunAtPreempt = -1;
        } else if (begunAtPreempt != begun) {
            begunAtPreempt = begun;
        }
    }

    void preempted(NodeId rival) {
        if (begunAtPreempt == begun) {
            owner = rival;
            windows++;
            seen = null;
            hasWritten = false;
            world.trace("%s has the block for itself", rival);
        }
    }

    /** Of something that is sent now. */
    Moment now(NodeId rival) {
        return new Moment(owner == null ? -1 : windows, seen, hasWritten);
    }

    private boolean isInWindow(Moment moment) {
        return owner != null && moment.window() == windows;
    }

    void wrote(NodeId rival, long value, Moment sent) {
        if (!isInWindow(sent)) {
            return;
        }
        judged++;
        if (!rival.equals(owner)) {
            throw new Violation(
                    "F4", rival + " wrote " + value + " after " + owner + " had preempted it");
        }
        hasWritten = true;
    }

    void read(NodeId rival, long value, Moment sent, boolean isExclusive) {
        if (!isInWindow(sent)) {
            return;
        }
        judged++;
        if (!rival.equals(owner)) {
            if (isExclusive) {
                throw new Violation("F4", rival + " read after " + owner + " had preempted it");
            }
            return;
        }
        Long before = sent.seen();
        boolean isOwn = value >>> 32 == rival.value();
        if (!isOwn && (sent.hasWritten() || (before != null && before != value))) {
            throw new Violation(
                    "F4",
                    rival + " reads " + value + " of the other, whom it preempted, not " + before);
        }
        seen = value;
    }
}
