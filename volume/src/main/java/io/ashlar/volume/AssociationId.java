package io.ashlar.volume;

import io.ashlar.common.NodeId;

/**
 * An I_T nexus (or NVMe host and controller). A new association with the same id replaces the
 * former one.
 *
 * @param host the host: initiator name (IQN) or host NQN. All associations of a host fence each
 *     other on a change of path
 * @param initiatorPort the initiator port: for iSCSI {@code name,i,0xISID}
 * @param ingress the node by which it enters
 */
public record AssociationId(String host, String initiatorPort, NodeId ingress)
        implements Comparable<AssociationId> {
    @Override
    public int compareTo(AssociationId other) {
        int byPort = initiatorPort.compareTo(other.initiatorPort);
        if (byPort != 0) {
            return byPort;
        }
        int byHost = host.compareTo(other.host);
        return byHost != 0 ? byHost : ingress.compareTo(other.ingress);
    }
}
