package io.ashlar.volume;

/** How a volume is reached through one node: ALUA's asymmetric access state, NVMe's ANA state. */
public enum PathState {
    /** The node owns the volume. */
    OPTIMIZED,
    /** The node is healthy and forwards to the owner. */
    NON_OPTIMIZED,
    /** The node has lost touch with the cluster, or is down. */
    UNAVAILABLE,
    /** The volume is changing owners. */
    TRANSITIONING
}
