package io.ashlar.iscsi.scsi;

import io.ashlar.common.Sizes;

/** READ CAPACITY (10) and (16): SBC-3 sections 5.15 and 5.16. */
final class Capacity {
    private static final int BYTES_10 = 8;
    private static final int BYTES_16 = 32;
    private static final long LBA_MAX_10 = 0xFFFF_FFFFL;

    /** Unmapped blocks exist (LBPME) and read as zeros (LBPRZ). */
    private static final int LBPME_LBPRZ = 0xC0;

    private Capacity() {}

    static void read10(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        byte[] data = new byte[BYTES_10];
        Cdb.put32(data, 0, Math.min(unit.blocks() - 1, LBA_MAX_10));
        Cdb.put32(data, 4, unit.blockBytes());
        Inquiries.respond(task, data, BYTES_10);
    }

    static void read16(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        byte[] data = new byte[BYTES_16];
        Cdb.put64(data, 0, unit.blocks() - 1);
        Cdb.put32(data, 8, unit.blockBytes());
        data[13] = (byte) Integer.numberOfTrailingZeros(Sizes.BLOCK_BYTES / unit.blockBytes());
        data[14] = (byte) LBPME_LBPRZ;
        Inquiries.respond(task, data, Cdb.u32(task.cdb(), 10));
    }
}
