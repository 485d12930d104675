package io.ashlar.simulation.workload;

import static io.ashlar.simulation.workload.FaultKind.Frequency.OFTEN;
import static io.ashlar.simulation.workload.FaultKind.Frequency.RARE;

/**
 * What can go wrong. A new kind is one line here, with how often runs have it, and one case in
 * {@link FaultInjector}. Everything in here is survived: what DESIGN does not promise to survive
 * (the loss of all copies, clocks beyond the bound) is a mutant of the test bed.
 */
public enum FaultKind {
    KILL(OFTEN),
    /** A process dies and its successor starts at once. */
    RESTART_AT_ONCE(OFTEN),
    /** Unsynced writes are lost, the last that survives may be torn. */
    POWER_CUT(OFTEN),
    POWER_CUT_OF_ALL(OFTEN),
    /** A process stops between two steps. */
    PAUSE(OFTEN),
    /** A process stops in the middle of a step: what it does in it comes out when it goes on. */
    PAUSE_IN_STEP(OFTEN),
    /** Packets pass in one direction only. */
    CUT_ONE_WAY(OFTEN),
    CUT_BOTH_WAYS(OFTEN),
    /** A node is heard, and hears nobody. */
    DEAFEN(OFTEN),
    ISOLATE(OFTEN),
    STALL(OFTEN),
    BREAK_STREAMS(OFTEN),
    /** A cable of a host is pulled, in one direction or both. */
    CUT_HOST(OFTEN),
    FREEZE_VIEW(OFTEN),
    MOVE_OWNER(Frequency.ALWAYS),
    /** The owner itself moves a volume away. */
    MOVE_PLANNED(OFTEN),
    /** A disk is nearly full, then perhaps full, and empties again. */
    FILL_DISK(RARE),
    /** A block no longer matches its checksum. One node's disks only, else all copies might go. */
    FLIP_BITS(RARE),
    /** Not a fault, but what an operator does about them: a deep scrub, and a wish for jobs. */
    SCRUB(OFTEN),
    /** A disk is lost with all that it held, and an empty one takes its place. Once in a run. */
    REPLACE_DISK(OFTEN),
    /**
     * A disk fails under the running process, until an empty one takes its place. Once in a run.
     */
    FAIL_DISK(OFTEN),
    /** A primary that is cut off and sees nothing new, until it is back. */
    ISOLATE_PRIMARY_BLIND(OFTEN),
    /** Answers to a primary are on their way for long, while it is deposed and sees nothing. */
    DELAY_ANSWERS_TO_BLIND_PRIMARY(OFTEN),
    /** A primary loses its backups, goes on for a moment, and dies. */
    STRAND_PRIMARY(OFTEN),
    /** A primary dies while it teaches. */
    KILL_TEACHER(OFTEN),
    /** A new primary's first messages to one node are late, and it is deposed meanwhile. */
    DELAY_NEW_PRIMARY(OFTEN),
    /** A request to a primary is long on its way, which is deposed and leads again meanwhile. */
    LATE_REQUEST(OFTEN),
    /** An owner's requests are on their way to a blind primary while another becomes the owner. */
    STALL_DEPOSED_OWNER(OFTEN),
    /** What an owner asks of a primary is long on its way. */
    STALL_OWNER(OFTEN),
    /** Hosts leave a node that stands still, and the volume moves about meanwhile. */
    LEAVE_NODE(OFTEN),
    /** A node restarts at once, beside a primary that sees and reaches nothing else. */
    RESTART_BESIDE_BLIND_PRIMARY(OFTEN),
    /** The planner wants another primary for a group. */
    PREFER_ANOTHER(OFTEN),
    /** The planner moves a replica of a group. */
    MOVE_TARGETS(OFTEN),
    /** The planner moves a replica of a group and changes its mind at once. */
    FLICKER_TARGETS(OFTEN),
    /** A primary that has handed over is cut off and does not see it. */
    HAND_OVER_BLIND(OFTEN),
    /** All members of a group restart when one has just joined, which sees the past at first. */
    RESTART_WITH_NEW_MEMBER(OFTEN),
    /** A node is drained, for a while. */
    DRAIN(OFTEN);

    /** In which share of the runs a kind is. */
    enum Frequency {
        ALWAYS,
        /** In the run's own share of the kinds. */
        OFTEN,
        RARE
    }

    private final Frequency frequency;

    FaultKind(Frequency frequency) {
        this.frequency = frequency;
    }

    Frequency frequency() {
        return frequency;
    }
}
