package io.ashlar.iscsi.scsi;

import io.ashlar.common.NodeId;
import io.ashlar.volume.MoveResult;
import io.ashlar.volume.PathState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * SET TARGET PORT GROUPS, SPC-4 section 6.45: a host chooses the volume's owner, where the cluster
 * lets hosts do that. A volume has one owner, so exactly one group may be active/optimized
 * afterwards, and what else a list asks for must be what follows from that.
 */
final class PortGroupChanges {
    private static final int HEADER_BYTES = 4;
    private static final int DESCRIPTOR_BYTES = 4;
    private static final int STATE_MASK = 0x0F;

    /** A descriptor for each group that a target can have, and then some. */
    private static final int LIST_BYTES_MAX = 64 * 1024;

    private PortGroupChanges() {}

    static void set(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        long length = Cdb.u32(task.cdb(), 6);
        if (length == 0) {
            task.good(); // no change is asked for, and that is no error
            return;
        }
        if (length > LIST_BYTES_MAX
                || length < HEADER_BYTES
                || (length - HEADER_BYTES) % DESCRIPTOR_BYTES != 0) {
            task.check(Sense.PARAMETER_LIST_LENGTH);
            return;
        }
        task.receive((int) length, () -> onList(nexus, unit, task, (int) length));
    }

    private static void onList(ScsiNexus nexus, LogicalUnit unit, ScsiTask task, int length) {
        byte[] list = task.received().toByteArray();
        if (list.length < length) {
            task.check(Sense.PARAMETER_LIST_LENGTH);
            return;
        }
        SortedMap<NodeId, PathState> paths = nexus.volumes().paths(unit.volume().id());
        SortedMap<NodeId, Integer> wanted = wanted(list, paths);
        NodeId target = wanted == null ? null : optimized(wanted, paths);
        if (target == null) {
            task.check(Sense.INVALID_FIELD_IN_LIST);
        } else if (paths.get(target) == PathState.OPTIMIZED) {
            task.good();
        } else {
            task.move(unit.volume().id(), target, result -> onResult(task, result));
        }
    }

    /** The state asked for, by group; null if the list asks for what cannot be. */
    private static @Nullable SortedMap<NodeId, Integer> wanted(
            byte[] list, SortedMap<NodeId, PathState> paths) {
        SortedMap<NodeId, Integer> wanted = new TreeMap<>();
        for (int at = HEADER_BYTES; at < list.length; at += DESCRIPTOR_BYTES) {
            int state = list[at] & STATE_MASK;
            int group = Cdb.u16(list, at + 2);
            boolean isPossible =
                    (list[at] & ~STATE_MASK) == 0
                            && list[at + 1] == 0
                            && group > 0
                            && paths.containsKey(new NodeId(group))
                            && (state == PortGroups.OPTIMIZED || state == PortGroups.NON_OPTIMIZED);
            if (!isPossible || wanted.put(new NodeId(group), state) != null) {
                return null;
            }
        }
        return wanted;
    }

    /** The one group that is to be active/optimized; null if it would be none, or many. */
    private static @Nullable NodeId optimized(
            SortedMap<NodeId, Integer> wanted, SortedMap<NodeId, PathState> paths) {
        List<NodeId> asked = new ArrayList<>();
        wanted.forEach((group, state) -> {
            if (state == PortGroups.OPTIMIZED) {
                asked.add(group);
            }
        });
        if (!asked.isEmpty()) {
            return asked.size() == 1 ? asked.getFirst() : null;
        }
        // the present one stays if nobody wants it to be something else
        for (Map.Entry<NodeId, PathState> path : paths.entrySet()) {
            if (path.getValue() == PathState.OPTIMIZED && !wanted.containsKey(path.getKey())) {
                return path.getKey();
            }
        }
        return null;
    }

    private static void onResult(ScsiTask task, MoveResult result) {
        switch (result.code()) {
            case MOVED, ALREADY_OWNER -> task.good();
            // it may still happen: the host looks again
            case IN_PROGRESS, NOT_SERVING, UNKNOWN -> task.check(Sense.IN_TRANSITION);
            case NO_SUCH_VOLUME -> task.check(Sense.NO_SUCH_LUN);
            case NO_SUCH_NODE -> task.check(Sense.INVALID_FIELD_IN_LIST);
            case NOT_ACTIVE, SILENT, NOT_READY, NOT_DRAINED, REJECTED, GIVEN_UP, OVERTAKEN ->
                    task.check(Sense.SET_PORT_GROUPS_FAILED);
        }
    }
}
