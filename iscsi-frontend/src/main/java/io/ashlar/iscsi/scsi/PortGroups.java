package io.ashlar.iscsi.scsi;

import io.ashlar.common.NodeId;
import io.ashlar.volume.PathState;
import java.util.Map;
import java.util.SortedMap;

/**
 * REPORT TARGET PORT GROUPS, SPC-4 section 6.37: one group per node, the group's number and its
 * only port's being the node's id, so every node tells the same.
 */
final class PortGroups {
    private static final int PARAMETER_FORMAT_MASK = 0xE0;
    private static final int EXTENDED = 0x20;
    static final int OPTIMIZED = 0x0;
    static final int NON_OPTIMIZED = 0x1;
    private static final int UNAVAILABLE = 0x3;
    private static final int TRANSITIONING = 0xF;

    /** T_SUP, U_SUP, AN_SUP, AO_SUP: the states that a group can be in. */
    private static final int SUPPORTED_STATES = 0x80 | 0x08 | 0x02 | 0x01;

    /** The state was changed by the target itself (implicitly). With explicit ALUA nobody knows. */
    private static final int CHANGED_BY_TARGET = 2;

    /** How long a change may take, in seconds, for the initiator's patience. */
    private static final int TRANSITION_SECONDS = 30;

    private static final int DESCRIPTOR_BYTES = 12;

    private PortGroups() {}

    static void report(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        byte[] cdb = task.cdb();
        int format = cdb[1] & PARAMETER_FORMAT_MASK;
        if (format != 0 && format != EXTENDED) {
            task.check(Sense.INVALID_FIELD_IN_CDB);
            return;
        }
        SortedMap<NodeId, PathState> paths = nexus.volumes().paths(unit.volume().id());
        int header = format == EXTENDED ? 8 : 4;
        byte[] data = new byte[header + paths.size() * DESCRIPTOR_BYTES];
        Cdb.put32(data, 0, data.length - 4L);
        if (format == EXTENDED) {
            data[4] = 0x10; // the extended format
            data[5] = TRANSITION_SECONDS;
        }
        int status = unit.volume().explicitAlua() ? 0 : CHANGED_BY_TARGET;
        int at = header;
        for (Map.Entry<NodeId, PathState> path : paths.entrySet()) {
            data[at] = (byte) state(path.getValue());
            data[at + 1] = (byte) SUPPORTED_STATES;
            Cdb.put16(data, at + 2, path.getKey().value());
            data[at + 5] = (byte) status;
            data[at + 7] = 1; // ports in the group
            Cdb.put16(data, at + 10, path.getKey().value());
            at += DESCRIPTOR_BYTES;
        }
        Inquiries.respond(task, data, Cdb.u32(cdb, 6));
    }

    private static int state(PathState state) {
        return switch (state) {
            case OPTIMIZED -> OPTIMIZED;
            case NON_OPTIMIZED -> NON_OPTIMIZED;
            case UNAVAILABLE -> UNAVAILABLE;
            case TRANSITIONING -> TRANSITIONING;
        };
    }
}
