package io.ashlar.metadata;

/**
 * How much of everything the control state may hold. A command that would exceed one is rejected.
 */
public final class Limits {
    public static final int NODES_MAX = 1024;
    public static final int DEVICES_PER_NODE_MAX = 64;

    /** Weight of a node; the sum over all nodes times all replicas fits a long. */
    public static final int WEIGHT_MAX = 1 << 30;

    /** Capacity of a device: 1 EiB. */
    public static final long DEVICE_BYTES_MAX = 1L << 60;

    public static final int POOLS_MAX = 256;

    /** Placement groups of one pool; a power of two. */
    public static final int GROUPS_PER_POOL_MAX = 16_384;

    /** Placement groups of all pools. */
    public static final int GROUPS_MAX = 65_536;

    public static final int REPLICAS_MAX = 5;

    /** Members of one group while replicas move: old and new ones together. */
    public static final int MEMBERS_MAX = 2 * REPLICAS_MAX;

    public static final int VOLUMES_MAX = 65_536;

    /** Bytes of one volume: 1 PiB. */
    public static final long VOLUME_BYTES_MAX = 1L << 50;

    public static final int HOSTS_MAX = 16_384;
    public static final int MAPPINGS_PER_HOST_MAX = 16_384;

    /** Mappings of all hosts together. */
    public static final int MAPPINGS_MAX = 262_144;

    /** Registrations of reservations of all volumes together. */
    public static final int REGISTRATIONS_MAX = 131_072;

    public static final int HOST_GROUPS_MAX = 1024;
    public static final int HOSTS_PER_HOST_GROUP_MAX = 256;

    public static final int LUN_MAX = 16_383;

    /** Letters of the name of a pool, a volume or a failure domain. */
    public static final int NAME_MAX = 63;

    /** Letters of an initiator name (RFC 7143 section 4.2.7.1; an NQN has at most as many). */
    public static final int HOST_MAX = 223;

    /** Letters of an address. */
    public static final int ADDRESS_MAX = 300;

    /** Scrubs that run or wait at a time. */
    public static final int SCRUBS_OPEN_MAX = 16;

    /**
     * Jobs that run or are paused: a drain and a rebuild for each node, one rebalance, the scrubs.
     */
    public static final int JOBS_OPEN_MAX = 2 * NODES_MAX + 1 + SCRUBS_OPEN_MAX;

    /** Ended jobs that are remembered. */
    public static final int JOBS_ENDED_MAX = 256;

    /** Letters of a job's note. */
    public static final int NOTE_MAX = 300;

    private Limits() {}
}
