package io.ashlar.iscsi.scsi;

import io.ashlar.common.Payload;
import io.ashlar.volume.IoRequest;

/** WRITE SAME (10) and (16), SBC-3 sections 5.45 and 5.46. */
final class WriteSames {
    /** Most bytes of one command, so that one of another pattern than zeros ends in good time. */
    private static final int BYTES_MAX = 32 * 1024 * 1024;

    /** What WRITE SAME (10) can say. */
    private static final int BLOCKS_MAX = 0xFFFF;

    private static final int PROTECT_MASK = 0xE0;
    private static final int ANCHOR = 0x10;
    private static final int UNMAP = 0x08;
    private static final int NO_DATA_OUT = 0x01;

    /** Data of one step where a pattern other than zeros is written, bytes. */
    private static final int STEP_BYTES = 1024 * 1024;

    private WriteSames() {}

    /** Reported as MAXIMUM WRITE SAME LENGTH, in blocks. */
    static int blocksMax(int blockBytes) {
        return Math.min(BLOCKS_MAX, BYTES_MAX / blockBytes);
    }

    static void same10(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        byte[] cdb = task.cdb();
        same(nexus, unit, task, Cdb.u32(cdb, 2), Cdb.u16(cdb, 7), false);
    }

    static void same16(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        byte[] cdb = task.cdb();
        boolean noData = (cdb[1] & NO_DATA_OUT) != 0;
        same(nexus, unit, task, Cdb.i64(cdb, 2), Cdb.u32(cdb, 10), noData);
    }

    private static void same(
            ScsiNexus nexus,
            LogicalUnit unit,
            ScsiTask task,
            long lba,
            long blocks,
            boolean noData) {
        int flags = task.cdb()[1];
        if ((flags & PROTECT_MASK) != 0 || (flags & ANCHOR) != 0) {
            // nothing can be anchored here: ANC_SUP is 0
            task.check(Sense.INVALID_FIELD_IN_CDB);
            return;
        }
        if (!unit.isInRange(lba, blocks)) {
            task.check(Sense.LBA_OUT_OF_RANGE);
            return;
        }
        // no blocks would mean all to the end, which WSNZ in VPD page B0h rules out
        if (blocks == 0 || blocks > blocksMax(unit.blockBytes())) {
            task.check(Sense.INVALID_FIELD_IN_CDB);
            return;
        }
        if (unit.volume().readOnly()) {
            task.check(Sense.WRITE_PROTECTED);
            return;
        }
        boolean unmap = (flags & UNMAP) != 0;
        long offset = lba * unit.blockBytes();
        long bytes = blocks * unit.blockBytes();
        if (noData) {
            zero(nexus, unit, task, offset, bytes, unmap);
            return;
        }
        if (task.offeredBytes() != unit.blockBytes()) {
            // one block is all that there is to send; other amounts are a mistake of the host
            task.check(Sense.INVALID_FIELD_IN_CDB);
            return;
        }
        task.receive(
                unit.blockBytes(),
                () -> {
                    Payload block = task.received();
                    if (block.isZero()) {
                        zero(nexus, unit, task, offset, bytes, unmap);
                        return;
                    }
                    // UNMAP with other data than unmapped blocks read as means to write it (5.46)
                    int step = (int) Math.min(bytes, STEP_BYTES);
                    byte[] pattern = new byte[step];
                    for (int at = 0; at < step; at += block.length()) {
                        block.copyTo(0, pattern, at, block.length());
                    }
                    repeat(nexus, unit, task, offset, bytes, Payload.of(pattern));
                });
    }

    private static void zero(
            ScsiNexus nexus,
            LogicalUnit unit,
            ScsiTask task,
            long offset,
            long bytes,
            boolean unmap) {
        nexus.submit(
                task,
                new IoRequest.Zero(unit.volume().id(), offset, bytes, unmap),
                _ -> task.good());
    }

    private static void repeat(
            ScsiNexus nexus,
            LogicalUnit unit,
            ScsiTask task,
            long offset,
            long left,
            Payload pattern) {
        if (left == 0) {
            task.good();
            return;
        }
        int step = (int) Math.min(left, pattern.length());
        nexus.submit(
                task,
                new IoRequest.Write(unit.volume().id(), offset, pattern.slice(0, step), false),
                _ -> repeat(nexus, unit, task, offset + step, left - step, pattern));
    }
}
