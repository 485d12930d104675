package io.ashlar.simulation.workload;

/** How a host behaves when a command takes too long. */
public enum HostStyle {
    /**
     * As dm-multipath over iSCSI: abort, then a LUN reset, then the session is dropped and made
     * anew; bytes stay in the send buffer of a path that was given up, and pings are answered.
     */
    MULTIPATH(0.01, true, true),
    /**
     * The same through the iSCSI sessions that ship: logins, command window, data by R2T, task
     * management, unit attentions, logouts.
     */
    ISCSI(0.01, true, true),
    /**
     * As Linux over NVMe/TCP: no aborts; the controller and all in flight on it are given up, and
     * with them the send buffer; there is no ping.
     */
    NVME(0.03, false, false),
    /** As hosts that send the NVMe command Abort first. */
    NVME_WITH_ABORT(0.03, false, true);

    private final double stallChance;
    private final boolean answersPings;
    private final boolean aborts;

    HostStyle(double stallChance, boolean answersPings, boolean aborts) {
        this.stallChance = stallChance;
        this.answersPings = answersPings;
        this.aborts = aborts;
    }

    /** How often the front end is long in reading a command of its. */
    double stallChance() {
        return stallChance;
    }

    /** Whether it answers pings, and leaves its send buffer on a path that it gave up. */
    public boolean answersPings() {
        return answersPings;
    }

    boolean aborts() {
        return aborts;
    }

    /** Whether it resets the unit when an abort is not answered. */
    boolean resets() {
        return this == MULTIPATH || this == ISCSI;
    }
}
