package io.ashlar.systemtests.multipath;

/** Asymmetric access states (SPC-5 section 6.36), with dm-multipath's order of preference. */
public enum AccessState {
    OPTIMIZED(50),
    NON_OPTIMIZED(10),
    STANDBY(0),
    UNAVAILABLE(0),
    OFFLINE(0),
    TRANSITIONING(0);

    private final int priority;

    AccessState(int priority) {
        this.priority = priority;
    }

    /** Larger is better; 0 is not to be used. */
    public int priority() {
        return priority;
    }

    static AccessState of(int code) {
        return switch (code) {
            case 0x0 -> OPTIMIZED;
            case 0x1 -> NON_OPTIMIZED;
            case 0x2 -> STANDBY;
            case 0x3 -> UNAVAILABLE;
            case 0xf -> TRANSITIONING;
            default -> OFFLINE;
        };
    }
}
