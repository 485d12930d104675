package io.ashlar.iscsi.scsi;

import io.ashlar.volume.IoRequest;

/** SYNCHRONIZE CACHE (10) and (16), SBC-3 sections 5.26 and 5.27. */
final class Flushes {
    private Flushes() {}

    static void sync10(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        flush(nexus, unit, task, Cdb.u32(task.cdb(), 2), Cdb.u16(task.cdb(), 7));
    }

    static void sync16(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        flush(nexus, unit, task, Cdb.i64(task.cdb(), 2), Cdb.u32(task.cdb(), 10));
    }

    /**
     * Flushes everything, whatever the range. With IMMED too the status waits for it: an earlier
     * GOOD would promise nothing, and a failure would have to be told by a deferred error.
     */
    private static void flush(
            ScsiNexus nexus, LogicalUnit unit, ScsiTask task, long lba, long blocks) {
        if (!unit.isInRange(lba, blocks)) {
            task.check(Sense.LBA_OUT_OF_RANGE);
            return;
        }
        nexus.submit(task, new IoRequest.Flush(unit.volume().id()), _ -> task.good());
    }
}
