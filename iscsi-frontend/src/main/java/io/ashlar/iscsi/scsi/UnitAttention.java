package io.ashlar.iscsi.scsi;

/** Unit attention conditions that this target raises, the one to be told first coming first. */
enum UnitAttention {
    POWER_ON(0x2900),
    LOGICAL_UNIT_RESET(0x2903),
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
}
