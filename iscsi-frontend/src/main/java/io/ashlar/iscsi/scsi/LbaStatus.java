package io.ashlar.iscsi.scsi;

import io.ashlar.common.Payload;
import io.ashlar.common.Sizes;
import io.ashlar.volume.IoRequest;
import java.util.ArrayList;
import java.util.List;

/**
 * GET LBA STATUS, SBC-3 section 5.5. The store keeps every physical block of 4 KiB that is not
 * zero, and none that is (ADR 2), so a block is mapped if and only if it reads as something else
 * than zeros. What a host asks about is therefore read, at most {@link #SCANNED_BYTES_MAX} by one
 * command; the answer covers that much, and the host asks again from its end, as it must anyway.
 */
final class LbaStatus {
    /** Most that one command looks at, bytes, so that it ends in good time. */
    static final int SCANNED_BYTES_MAX = 32 * 1024 * 1024;

    /** Data read in one step, bytes; a multiple of the physical block. */
    private static final int STEP_BYTES = 1024 * 1024;

    /** Most extents of one answer, however much the host has room for. */
    private static final int EXTENTS_MAX = 1024;

    private static final int MAPPED = 0;
    private static final int DEALLOCATED = 1;
    private static final int HEADER_BYTES = 8;
    private static final int DESCRIPTOR_BYTES = 16;

    /** Bytes of the volume in one state. */
    private record Extent(long from, long to, int status) {}

    /** One command on its way. */
    private static final class Scan {
        final ScsiNexus nexus;
        final LogicalUnit unit;
        final ScsiTask task;

        /** What the host asks from, and where the scan ends at the latest, in bytes. */
        final long from;

        final long to;

        final int extentsMax;
        final List<Extent> extents = new ArrayList<>();

        Scan(ScsiNexus nexus, LogicalUnit unit, ScsiTask task, long from, int extentsMax) {
            this.nexus = nexus;
            this.unit = unit;
            this.task = task;
            this.from = from;
            this.extentsMax = extentsMax;
            // up to where a physical block begins, so that none is judged by a part of it
            long scanned = alignedDown(from) + SCANNED_BYTES_MAX;
            this.to = Math.min(scanned, unit.volume().bytes());
        }

        /** Reads on from a physical block's beginning. */
        void step(long at) {
            if (at >= to) {
                answer();
                return;
            }
            int bytes = (int) Math.min(STEP_BYTES, to - at);
            nexus.submit(
                    task,
                    new IoRequest.Read(unit.volume().id(), at, bytes),
                    done -> {
                        if (add(at, done.data())) {
                            step(at + bytes);
                        } else {
                            answer();
                        }
                    });
        }

        /** Adds what was read; false if there is room for no more. */
        private boolean add(long at, Payload data) {
            for (int i = 0; i < data.length(); i += Sizes.BLOCK_BYTES) {
                int bytes = Math.min(Sizes.BLOCK_BYTES, data.length() - i);
                int status = data.slice(i, bytes).isZero() ? DEALLOCATED : MAPPED;
                long begin = Math.max(at + i, from);
                long end = at + i + bytes;
                Extent last = extents.isEmpty() ? null : extents.getLast();
                if (last != null && last.status == status) {
                    extents.set(extents.size() - 1, new Extent(last.from, end, status));
                } else if (extents.size() == extentsMax) {
                    return false;
                } else {
                    extents.add(new Extent(begin, end, status));
                }
            }
            return true;
        }

        private void answer() {
            byte[] data = new byte[HEADER_BYTES + extents.size() * DESCRIPTOR_BYTES];
            Cdb.put32(data, 0, data.length - 4L);
            int at = HEADER_BYTES;
            for (Extent extent : extents) {
                Cdb.put64(data, at, extent.from / unit.blockBytes());
                Cdb.put32(data, at + 8, (extent.to - extent.from) / unit.blockBytes());
                data[at + 12] = (byte) extent.status;
                at += DESCRIPTOR_BYTES;
            }
            Inquiries.respond(task, data, Cdb.u32(task.cdb(), 10));
        }
    }

    private LbaStatus() {}

    static void report(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        long lba = Cdb.i64(task.cdb(), 2);
        if (!unit.isInRange(lba, 1)) {
            task.check(Sense.LBA_OUT_OF_RANGE);
            return;
        }
        long room = (Cdb.u32(task.cdb(), 10) - HEADER_BYTES) / DESCRIPTOR_BYTES;
        int extentsMax = Math.clamp(room, 1, EXTENTS_MAX);
        long from = lba * unit.blockBytes();
        Scan scan = new Scan(nexus, unit, task, from, extentsMax);
        task.reserve(
                (int) Math.min(STEP_BYTES, scan.to - alignedDown(from)),
                () -> scan.step(alignedDown(from)));
    }

    private static long alignedDown(long bytes) {
        return bytes / Sizes.BLOCK_BYTES * Sizes.BLOCK_BYTES;
    }
}
