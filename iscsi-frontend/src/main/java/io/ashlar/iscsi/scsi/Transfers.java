package io.ashlar.iscsi.scsi;

import io.ashlar.volume.IoRequest;

/** READ and WRITE (6, 10, 12, 16), SBC-3 sections 5.10 to 5.13 and 5.34 to 5.37. */
final class Transfers {
    private static final int PROTECT_MASK = 0xE0;
    private static final int FUA = 0x08;

    /** READ (6) and WRITE (6) mean 256 by 0. */
    private static final int SIX_BYTE_BLOCKS_MAX = 256;

    /** What VPD page B0h tells of atomic writes: most, least, and alignment, in bytes. */
    static final int ATOMIC_BYTES = 16 * 1024;

    private Transfers() {}

    static void read6(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        byte[] cdb = task.cdb();
        read(nexus, unit, task, lba6(cdb), blocks6(cdb));
    }

    static void read10(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        byte[] cdb = task.cdb();
        readProtected(nexus, unit, task, Cdb.u32(cdb, 2), Cdb.u16(cdb, 7));
    }

    static void read12(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        byte[] cdb = task.cdb();
        readProtected(nexus, unit, task, Cdb.u32(cdb, 2), Cdb.u32(cdb, 6));
    }

    static void read16(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        byte[] cdb = task.cdb();
        readProtected(nexus, unit, task, Cdb.i64(cdb, 2), Cdb.u32(cdb, 10));
    }

    static void write6(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        byte[] cdb = task.cdb();
        write(nexus, unit, task, lba6(cdb), blocks6(cdb), false);
    }

    static void write10(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        byte[] cdb = task.cdb();
        writeProtected(nexus, unit, task, Cdb.u32(cdb, 2), Cdb.u16(cdb, 7));
    }

    static void write12(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        byte[] cdb = task.cdb();
        writeProtected(nexus, unit, task, Cdb.u32(cdb, 2), Cdb.u32(cdb, 6));
    }

    static void write16(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        byte[] cdb = task.cdb();
        writeProtected(nexus, unit, task, Cdb.i64(cdb, 2), Cdb.u32(cdb, 10));
    }

    /**
     * WRITE ATOMIC (16), SBC-4 section 5.49. What is promised in VPD page B0h is one stretch of
     * {@link #ATOMIC_BYTES}, no more and no less: a host that merges two commands cannot make one
     * of them that would have to be refused. Longer ones are taken if they are one step.
     */
    static void writeAtomic16(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        byte[] cdb = task.cdb();
        long lba = Cdb.i64(cdb, 2);
        int blocks = Cdb.u16(cdb, 12);
        if (!isPossible(unit, task, lba, blocks)) {
            return;
        }
        long start = lba * unit.blockBytes();
        int bytes = blocks * unit.blockBytes();
        int room = unit.volume().atomicBytes() - (int) (start % unit.volume().atomicBytes());
        if ((cdb[1] & PROTECT_MASK) != 0
                || start % ATOMIC_BYTES != 0
                || bytes % ATOMIC_BYTES != 0
                || bytes > room
                || task.offeredBytes() < bytes) {
            task.check(Sense.INVALID_FIELD_IN_CDB);
            return;
        }
        write(nexus, unit, task, lba, blocks, (cdb[1] & FUA) != 0);
    }

    private static long lba6(byte[] cdb) {
        return Cdb.u24(cdb, 1) & 0x1F_FFFF;
    }

    private static int blocks6(byte[] cdb) {
        int blocks = Cdb.u8(cdb, 4);
        return blocks == 0 ? SIX_BYTE_BLOCKS_MAX : blocks;
    }

    /** Whether the range and the amount are possible; if not, the task has ended. */
    static boolean isPossible(LogicalUnit unit, ScsiTask task, long lba, long blocks) {
        if (!unit.isInRange(lba, blocks)) {
            task.check(Sense.LBA_OUT_OF_RANGE);
            return false;
        }
        if (blocks * unit.blockBytes() > IoRequest.TRANSFER_BYTES_MAX) {
            // above the maximum transfer length of VPD page B0h, SBC-3 section 6.5.3
            task.check(Sense.INVALID_FIELD_IN_CDB);
            return false;
        }
        return true;
    }

    private static void readProtected(
            ScsiNexus nexus, LogicalUnit unit, ScsiTask task, long lba, long blocks) {
        if ((task.cdb()[1] & PROTECT_MASK) != 0) {
            task.check(Sense.INVALID_FIELD_IN_CDB);
            return;
        }
        read(nexus, unit, task, lba, blocks);
    }

    /** DPO asks for nothing that a cache here could do, and FUA reads are what all reads are. */
    private static void read(
            ScsiNexus nexus, LogicalUnit unit, ScsiTask task, long lba, long blocks) {
        if (!isPossible(unit, task, lba, blocks)) {
            return;
        }
        if (blocks == 0) {
            task.good();
            return;
        }
        int bytes = (int) blocks * unit.blockBytes();
        IoRequest request = new IoRequest.Read(unit.volume().id(), lba * unit.blockBytes(), bytes);
        task.reserve(bytes, () -> nexus.submit(task, request, done -> task.goodWith(done.data())));
    }

    private static void writeProtected(
            ScsiNexus nexus, LogicalUnit unit, ScsiTask task, long lba, long blocks) {
        byte[] cdb = task.cdb();
        if ((cdb[1] & PROTECT_MASK) != 0) {
            task.check(Sense.INVALID_FIELD_IN_CDB);
            return;
        }
        write(nexus, unit, task, lba, blocks, (cdb[1] & FUA) != 0);
    }

    /**
     * Whether there is something to write; if not, the task has ended. An initiator that offers
     * less than the command would write gets that written. Part of a block cannot be written, and
     * GOOD would say that it was.
     */
    static boolean isWhole(LogicalUnit unit, ScsiTask task) {
        int bytes = task.received().length();
        if (bytes % unit.blockBytes() != 0) {
            task.check(Sense.INVALID_FIELD_IN_INFORMATION_UNIT);
            return false;
        }
        if (bytes == 0) {
            task.good();
            return false;
        }
        return true;
    }

    private static void write(
            ScsiNexus nexus,
            LogicalUnit unit,
            ScsiTask task,
            long lba,
            long blocks,
            boolean forceUnitAccess) {
        if (!isPossible(unit, task, lba, blocks)) {
            return;
        }
        if (unit.volume().readOnly()) {
            task.check(Sense.WRITE_PROTECTED);
            return;
        }
        task.receive(
                (int) blocks * unit.blockBytes(),
                () -> {
                    if (!isWhole(unit, task)) {
                        return;
                    }
                    nexus.submit(
                            task,
                            new IoRequest.Write(
                                    unit.volume().id(),
                                    lba * unit.blockBytes(),
                                    task.received(),
                                    forceUnitAccess),
                            _ -> task.good());
                });
    }
}
