package io.ashlar.iscsi.scsi;

import io.ashlar.volume.IoRequest;

/**
 * ORWRITE (16), SBC-3 section 5.16, which sets bits of a bitmap that hosts share: what is there, OR
 * the Data-Out buffer, as one step beside all other commands. So it lies in one stretch that the
 * volume writes as one, a mebibyte where chunks are not smaller. DPO asks for nothing that a cache
 * here could do, and what is written is on stable storage when answered, with FUA or without.
 */
final class OrWrites {
    private static final int PROTECT_MASK = 0xE0;

    private OrWrites() {}

    static void orWrite16(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        byte[] cdb = task.cdb();
        long lba = Cdb.i64(cdb, 2);
        long blocks = Cdb.u32(cdb, 10);
        if (!Transfers.isPossible(unit, task, lba, blocks)) {
            return;
        }
        if (unit.volume().readOnly()) {
            task.check(Sense.WRITE_PROTECTED);
            return;
        }
        long start = lba * unit.blockBytes();
        int bytes = (int) blocks * unit.blockBytes();
        int stretch = unit.volume().atomicBytes();
        if ((cdb[1] & PROTECT_MASK) != 0
                || bytes > stretch - start % stretch
                || task.offeredBytes() < bytes) {
            // neither in two steps nor in part
            task.check(Sense.INVALID_FIELD_IN_CDB);
            return;
        }
        if (blocks == 0) {
            task.good();
            return;
        }
        task.receive(
                bytes,
                () ->
                        nexus.submit(
                                task,
                                new IoRequest.OrWrite(unit.volume().id(), start, task.received()),
                                _ -> task.good()));
    }
}
