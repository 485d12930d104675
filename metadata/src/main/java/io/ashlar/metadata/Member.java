package io.ashlar.metadata;

import io.ashlar.common.DeviceId;
import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import java.util.UUID;

/**
 * A member of a placement group: a process of a node with one of its devices. Another incarnation,
 * or another device, is not this member (DESIGN section 5, "Configurations").
 *
 * @param bootId the host's boot when the member was configured
 */
public record Member(NodeId node, long incarnation, UUID bootId, DeviceId device) {
    public ProcessId process() {
        return new ProcessId(node, incarnation);
    }
}
