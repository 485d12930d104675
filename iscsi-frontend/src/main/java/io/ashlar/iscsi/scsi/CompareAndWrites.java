package io.ashlar.iscsi.scsi;

import io.ashlar.common.Payload;
import io.ashlar.volume.IoRequest;
import io.ashlar.volume.IoResult;

/**
 * COMPARE AND WRITE, SBC-3 section 5.2, of one logical block: the Data-Out buffer is what the block
 * must hold, then what it is to hold. DPO asks for nothing that a cache here could do, and what is
 * written is on stable storage when answered, with FUA or without.
 */
final class CompareAndWrites {
    /** The maximum compare and write length of VPD page B0h, in logical blocks. */
    static final int BLOCKS_MAX = 1;

    private static final int PROTECT_MASK = 0xE0;

    private CompareAndWrites() {}

    static void run(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        byte[] cdb = task.cdb();
        long lba = Cdb.i64(cdb, 2);
        int blocks = Cdb.u8(cdb, 13);
        if ((cdb[1] & PROTECT_MASK) != 0 || blocks > BLOCKS_MAX) {
            task.check(Sense.INVALID_FIELD_IN_CDB);
            return;
        }
        if (!unit.isInRange(lba, blocks)) {
            task.check(Sense.LBA_OUT_OF_RANGE);
            return;
        }
        if (unit.volume().readOnly()) {
            task.check(Sense.WRITE_PROTECTED);
            return;
        }
        int bytes = unit.blockBytes();
        if (task.offeredBytes() != 2L * blocks * bytes) {
            // neither half a comparison nor half a write; and 256 blocks look like none
            task.check(Sense.INVALID_FIELD_IN_CDB);
            return;
        }
        if (blocks == 0) {
            task.good();
            return;
        }
        task.receive(
                2 * bytes,
                () -> {
                    Payload both = task.received();
                    submit(
                            task,
                            new IoRequest.CompareAndWrite(
                                    unit.volume().id(),
                                    lba * bytes,
                                    both.slice(0, bytes),
                                    both.slice(bytes, bytes)));
                });
    }

    private static void submit(ScsiTask task, IoRequest.CompareAndWrite request) {
        task.submit(
                request,
                result -> {
                    switch (result) {
                        case IoResult.Done _ -> task.good();
                        case IoResult.Miscompared(int offset) ->
                                task.check(Sense.MISCOMPARE.with(offset));
                        case IoResult.Failed(var error) ->
                                ErrorMapping.fail(task, error, task.hasCompany());
                    }
                });
    }
}
