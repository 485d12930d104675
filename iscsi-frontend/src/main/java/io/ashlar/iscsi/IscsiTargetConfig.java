package io.ashlar.iscsi;

import io.ashlar.common.Check;

/**
 * How a node serves iSCSI.
 *
 * @param address IP address to listen on, as text
 * @param port TCP port; 0 lets the system choose
 * @param targetName IQN of the target, the same on every node: {@code
 *     iqn.2026-11.io.ashlar:<cluster id>}
 * @param limits bounds of memory and time
 */
public record IscsiTargetConfig(String address, int port, String targetName, IscsiLimits limits) {
    /** The port that IANA assigned to iSCSI. */
    public static final int DEFAULT_PORT = 3260;

    public IscsiTargetConfig {
        Check.argument(port >= 0 && port <= 0xFFFF, "port %s is not in 0..65535", port);
        Check.argument(
                targetName.startsWith("iqn.") && targetName.length() <= 223,
                "target name %s is no IQN of at most 223 characters",
                targetName);
    }
}
