package io.ashlar.iscsi.scsi;

/**
 * Unit attention conditions that this target raises, the one to be told first coming first (SAM-5
 * section 5.14.2). One is pending once, however often it is raised: no host can make the queue of
 * another grow.
 */
enum UnitAttention {
    /** A session begins: anything may have happened before it. */
    POWER_ON(0x2900),
    /** A target cold reset, by another nexus. */
    POWER_ON_OCCURRED(0x2901),
    /** A target warm reset. */
    HARD_RESET(0x2902),
    LOGICAL_UNIT_RESET(0x2903),
    NEXUS_LOSS(0x2907),
    /** Another nexus aborted commands of this one, which ended without a status. */
    COMMANDS_CLEARED(0x2F00),
    LUNS_CHANGED(0x3F0E),
    RESERVATIONS_PREEMPTED(0x2A03),
    RESERVATIONS_RELEASED(0x2A04),
    REGISTRATIONS_PREEMPTED(0x2A05),
    INQUIRY_CHANGED(0x3F03),
    CAPACITY_CHANGED(0x2A09),
    PATHS_CHANGED(0x2A06);

    private final Sense sense;

    UnitAttention(int code) {
        sense = new Sense(Sense.UNIT_ATTENTION_KEY, code);
    }

    Sense sense() {
        return sense;
    }

    int bit() {
        return 1 << ordinal();
    }

    /**
     * The bits of those that this one tells of, too: a reset ends all that a lesser one does, and
     * commands with it. What has changed meanwhile (paths, sizes, reservations) it does not tell.
     */
    int covered() {
        return Math.max(0, (COMMANDS_CLEARED.bit() - bit()) << 1);
    }

    /** Whether mode parameters are as by default after it, SPC-4 section 5.10. */
    boolean isReset() {
        return compareTo(NEXUS_LOSS) < 0;
    }
}
