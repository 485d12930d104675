package io.ashlar.iscsi.scsi;

import java.io.ByteArrayOutputStream;
import java.util.List;

/**
 * The mode pages, SPC-4 section 7.5 and SBC-3 section 6.4, and MODE SENSE (6) and (10), SPC-4
 * sections 6.13 and 6.14. {@link ModeSelects} changes what can be changed. Nothing is saved.
 *
 * <pre>
 * 01h     read-write error recovery     AWRE, ARRE: what is damaged is replaced from another copy
 * 08h     caching                       WCE=0: nothing volatile holds what was acknowledged
 * 0Ah     control                       shared task set, unrestricted reordering; D_SENSE and TAS
 *                                       can be changed, for the I_T nexus that does (VPD page 87h)
 * 0Ah/01h control extension             IALUAE: the target changes access states by itself
 * 1Ch     informational exceptions      DEXCPT: none are reported
 * 3Fh     all of them; subpage FFh: with subpages
 * </pre>
 */
final class ModePages {
    /** Any page, SPC-4 table 453. */
    static final int ALL = 0x3F;

    /** Any subpage. */
    static final int ALL_SUBPAGES = 0xFF;

    static final int CONTROL = 0x0A;

    /** Where the control page has D_SENSE. */
    static final int D_SENSE_AT = 2;

    static final int D_SENSE = 0x04;

    /** Where it has TAS. */
    static final int TAS_AT = 5;

    static final int TAS = 0x40;

    /** Whoever's commands are aborted by others is told at once (docs/adr/0012). */
    static final boolean TAS_BY_DEFAULT = true;

    private static final int ERROR_RECOVERY = 0x01;
    private static final int CACHING = 0x08;
    private static final int EXTENSION_SUBPAGE = 0x01;
    private static final int EXCEPTIONS = 0x1C;
    private static final int AWRE_ARRE = 0xC0;
    private static final int REORDER_FREELY = 0x10;
    private static final int IALUAE = 0x01;
    private static final int DEXCPT = 0x08;

    /** SPF: the page has a subpage code and a length of two bytes. */
    static final int SUBPAGE_FORMAT = 0x40;

    private static final int DISABLE_BLOCK_DESCRIPTORS = 0x08;
    private static final int LONG_LBA = 0x10;
    private static final int WRITE_PROTECT = 0x80;
    private static final int DPO_FUA = 0x10;
    static final Sense SAVING_NOT_SUPPORTED = new Sense(Sense.ILLEGAL_REQUEST_KEY, 0x3900);

    /** Which values MODE SENSE asks for; saved ones (3) do not exist. */
    enum Values {
        CURRENT,
        CHANGEABLE,
        DEFAULT
    }

    /**
     * A page that is there.
     *
     * @param bytes of the whole page
     */
    record Page(int code, int subpage, int bytes) {
        /** Whether a page and a subpage code, each perhaps standing for all, mean this one. */
        boolean isMeantBy(int page, int sub) {
            return (page == ALL || page == code) && (sub == ALL_SUBPAGES || sub == subpage);
        }

        /** The page as it is read, its header included. */
        byte[] encode(Values values, LogicalUnit unit) {
            byte[] page = new byte[bytes];
            page[0] = (byte) code;
            if (subpage == 0) {
                page[1] = (byte) (bytes - 2);
            } else {
                page[0] |= SUBPAGE_FORMAT;
                page[1] = (byte) subpage;
                Cdb.put16(page, 2, bytes - 4);
            }
            if (values == Values.CHANGEABLE) {
                if (code == CONTROL && subpage == 0) {
                    page[D_SENSE_AT] = D_SENSE;
                    page[TAS_AT] = TAS;
                }
                return page;
            }
            switch (code) {
                case ERROR_RECOVERY -> page[2] = (byte) AWRE_ARRE;
                case CONTROL -> {
                    if (subpage == EXTENSION_SUBPAGE) {
                        page[4] = IALUAE;
                        page[6] = Sense.BYTES_MAX;
                    } else {
                        boolean isCurrent = values == Values.CURRENT;
                        boolean hasDescriptors = isCurrent && unit.hasDescriptorSense();
                        page[D_SENSE_AT] = (byte) (hasDescriptors ? D_SENSE : 0);
                        page[3] = REORDER_FREELY;
                        boolean isTold = isCurrent ? unit.hasTaskAborted() : TAS_BY_DEFAULT;
                        page[TAS_AT] = (byte) (isTold ? TAS : 0);
                    }
                }
                case EXCEPTIONS -> page[2] = DEXCPT;
                default -> {
                    // caching: all zeros
                }
            }
            return page;
        }
    }

    /** In the order in which they are told. */
    static final List<Page> PAGES =
            List.of(
                    new Page(ERROR_RECOVERY, 0, 12),
                    new Page(CACHING, 0, 20),
                    new Page(CONTROL, 0, 12),
                    new Page(CONTROL, EXTENSION_SUBPAGE, 32),
                    new Page(EXCEPTIONS, 0, 12));

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
        if (control >= Values.values().length) {
            task.check(SAVING_NOT_SUPPORTED);
            return;
        }
        Values values = Values.values()[control];
        ByteArrayOutputStream pages = new ByteArrayOutputStream();
        boolean isOneSubpageOfAll = page == ALL && subpage != 0 && subpage != ALL_SUBPAGES;
        for (Page each : PAGES) {
            if (!isOneSubpageOfAll && each.isMeantBy(page, subpage)) {
                pages.writeBytes(each.encode(values, unit));
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
                        : blockDescriptor(unit, longLba, values);
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

    private static byte[] blockDescriptor(LogicalUnit unit, boolean longLba, Values values) {
        byte[] descriptor = new byte[longLba ? 16 : 8];
        if (values == Values.CHANGEABLE) {
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
}
