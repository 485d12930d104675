package io.ashlar.iscsi.scsi;

import java.io.ByteArrayOutputStream;

/**
 * MODE SENSE (6) and (10), SPC-4 sections 6.13 and 6.14. Nothing can be changed, so MODE SELECT
 * does not exist and the changeable values are zeros.
 *
 * <pre>
 * 08h caching                          WCE=0: nothing volatile holds what was acknowledged
 * 0Ah control                          shared task set, D_SENSE=0, unrestricted reordering
 * 1Ch informational exceptions control none are reported
 * 3Fh all of them
 * </pre>
 */
final class ModePages {
    private static final int CACHING = 0x08;
    private static final int CONTROL = 0x0A;
    private static final int EXCEPTIONS = 0x1C;
    private static final int ALL = 0x3F;
    private static final int CURRENT = 0;
    private static final int CHANGEABLE = 1;
    private static final int DEFAULT = 2;
    private static final int DISABLE_BLOCK_DESCRIPTORS = 0x08;
    private static final int LONG_LBA = 0x10;
    private static final int WRITE_PROTECT = 0x80;
    private static final int DPO_FUA = 0x10;
    private static final int REORDER_FREELY = 0x10;
    private static final Sense SAVING_NOT_SUPPORTED = new Sense(Sense.ILLEGAL_REQUEST_KEY, 0x3900);

    private ModePages() {}

    static void modeSense6(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        sense(unit, task, 4, Cdb.u8(task.cdb(), 4));
    }

    static void modeSense10(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        sense(unit, task, 8, Cdb.u16(task.cdb(), 7));
    }

    private static void sense(LogicalUnit unit, ScsiTask task, int headerBytes, int allocation) {
        byte[] cdb = task.cdb();
        int control = cdb[2] >> 6 & 3;
        int page = cdb[2] & 0x3F;
        int subpage = Cdb.u8(cdb, 3);
        if (control > DEFAULT) {
            task.check(SAVING_NOT_SUPPORTED);
            return;
        }
        boolean anySubpage = page == ALL && subpage == 0xFF;
        if (subpage != 0 && !anySubpage) {
            task.check(Sense.INVALID_FIELD_IN_CDB);
            return;
        }
        ByteArrayOutputStream pages = new ByteArrayOutputStream();
        for (int code : new int[] {CACHING, CONTROL, EXCEPTIONS}) {
            if (page == ALL || page == code) {
                pages.writeBytes(page(code, control));
            }
        }
        if (pages.size() == 0) {
            task.check(Sense.INVALID_FIELD_IN_CDB);
            return;
        }
        boolean longLba = headerBytes == 8 && (cdb[1] & LONG_LBA) != 0;
        byte[] descriptor =
                (cdb[1] & DISABLE_BLOCK_DESCRIPTORS) != 0
                        ? new byte[0]
                        : blockDescriptor(unit, longLba, control);
        byte[] data = new byte[headerBytes + descriptor.length + pages.size()];
        int device = (unit.volume().readOnly() ? WRITE_PROTECT : 0) | DPO_FUA;
        if (headerBytes == 4) {
            data[0] = (byte) (data.length - 1);
            data[2] = (byte) device;
            data[3] = (byte) descriptor.length;
        } else {
            Cdb.put16(data, 0, data.length - 2);
            data[3] = (byte) device;
            data[4] = (byte) (longLba ? 1 : 0);
            Cdb.put16(data, 6, descriptor.length);
        }
        System.arraycopy(descriptor, 0, data, headerBytes, descriptor.length);
        System.arraycopy(
                pages.toByteArray(), 0, data, headerBytes + descriptor.length, pages.size());
        Inquiries.respond(task, data, allocation);
    }

    private static byte[] blockDescriptor(LogicalUnit unit, boolean longLba, int control) {
        byte[] descriptor = new byte[longLba ? 16 : 8];
        if (control == CHANGEABLE) {
            return descriptor;
        }
        if (longLba) {
            Cdb.put64(descriptor, 0, unit.blocks());
            Cdb.put32(descriptor, 12, unit.blockBytes());
        } else {
            Cdb.put32(descriptor, 0, Math.min(unit.blocks(), 0xFFFF_FFFFL));
            Cdb.put32(descriptor, 4, unit.blockBytes());
        }
        return descriptor;
    }

    private static byte[] page(int code, int control) {
        byte[] page =
                switch (code) {
                    case CACHING -> new byte[20];
                    case CONTROL -> new byte[12];
                    default -> new byte[12];
                };
        page[0] = (byte) code;
        page[1] = (byte) (page.length - 2);
        if (control == CURRENT || control == DEFAULT) {
            if (code == CONTROL) {
                page[3] = REORDER_FREELY;
            }
        }
        return page;
    }
}
