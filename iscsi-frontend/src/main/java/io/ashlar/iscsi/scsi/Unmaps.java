package io.ashlar.iscsi.scsi;

import io.ashlar.common.Payload;
import io.ashlar.volume.IoRequest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;

/** UNMAP, SBC-3 section 5.28. */
final class Unmaps {
    /** Reported as MAXIMUM UNMAP LBA COUNT, over all descriptors. */
    static final int BLOCKS_MAX = 1024 * 1024;

    /** Reported as MAXIMUM UNMAP BLOCK DESCRIPTOR COUNT. */
    static final int DESCRIPTORS_MAX = 256;

    private static final int ANCHOR = 0x01;
    private static final int HEADER_BYTES = 8;
    private static final int DESCRIPTOR_BYTES = 16;

    /** Of one descriptor, or of several that touch. */
    private record Extent(long lba, long blocks) {
        long end() {
            return lba + blocks;
        }
    }

    private Unmaps() {}

    static void unmap(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        byte[] cdb = task.cdb();
        if ((cdb[1] & ANCHOR) != 0) {
            task.check(Sense.INVALID_FIELD_IN_CDB);
            return;
        }
        int length = Cdb.u16(cdb, 7);
        if (length == 0) {
            task.good();
            return;
        }
        if (length < HEADER_BYTES) {
            task.check(Sense.PARAMETER_LIST_LENGTH);
            return;
        }
        if (unit.volume().readOnly()) {
            task.check(Sense.WRITE_PROTECTED);
            return;
        }
        task.receive(length, () -> onList(nexus, unit, task, length));
    }

    private static void onList(ScsiNexus nexus, LogicalUnit unit, ScsiTask task, int length) {
        Payload received = task.received();
        if (received.length() < length) {
            task.check(Sense.PARAMETER_LIST_LENGTH);
            return;
        }
        byte[] list = received.toByteArray();
        int descriptorBytes = Cdb.u16(list, 2);
        // a list that says to be longer than it is, is cut off; parts of descriptors do not count
        int count = Math.min(descriptorBytes, list.length - HEADER_BYTES) / DESCRIPTOR_BYTES;
        if (count > DESCRIPTORS_MAX) {
            task.check(Sense.INVALID_FIELD_IN_LIST);
            return;
        }
        List<Extent> extents = new ArrayList<>();
        long total = 0;
        for (int i = 0; i < count; i++) {
            int at = HEADER_BYTES + i * DESCRIPTOR_BYTES;
            Extent extent = new Extent(Cdb.i64(list, at), Cdb.u32(list, at + 8));
            if (!unit.isInRange(extent.lba, extent.blocks)) {
                task.check(Sense.LBA_OUT_OF_RANGE);
                return;
            }
            total += extent.blocks;
            if (extent.blocks > 0) {
                extents.add(extent);
            }
        }
        if (total > BLOCKS_MAX) {
            task.check(Sense.INVALID_FIELD_IN_LIST);
            return;
        }
        unmap(nexus, unit, task, merged(extents));
    }

    /** The same blocks in as few extents as can be: hosts send many that lie side by side. */
    private static Deque<Extent> merged(List<Extent> extents) {
        extents.sort(Comparator.comparingLong(Extent::lba));
        Deque<Extent> merged = new ArrayDeque<>();
        for (Extent extent : extents) {
            Extent last = merged.peekLast();
            if (last != null && extent.lba <= last.end()) {
                merged.removeLast();
                long end = Math.max(last.end(), extent.end());
                merged.addLast(new Extent(last.lba, end - last.lba));
            } else {
                merged.addLast(extent);
            }
        }
        return merged;
    }

    /** One extent after the other. */
    private static void unmap(
            ScsiNexus nexus, LogicalUnit unit, ScsiTask task, Deque<Extent> extents) {
        Extent next = extents.pollFirst();
        if (next == null) {
            task.good();
            return;
        }
        IoRequest request =
                new IoRequest.Zero(
                        unit.volume().id(),
                        next.lba * unit.blockBytes(),
                        next.blocks * unit.blockBytes(),
                        true);
        nexus.submit(task, request, _ -> unmap(nexus, unit, task, extents));
    }
}
