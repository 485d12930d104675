package io.ashlar.iscsi.scsi;

import io.ashlar.iscsi.scsi.ModePages.Page;
import io.ashlar.iscsi.scsi.ModePages.Values;
import org.jspecify.annotations.Nullable;

/**
 * MODE SELECT (6) and (10), SPC-4 sections 6.11 and 6.12. All pages of a list are checked before
 * any takes effect. A page must be whole, and equal to the current one but for what {@link
 * ModePages} tells as changeable; anything else is INVALID FIELD IN PARAMETER LIST.
 */
final class ModeSelects {
    private static final int PAGE_FORMAT = 0x10;
    private static final int LONG_LBA = 0x01;

    private static final int PAGE_CODE_MASK = 0x3F;

    private ModeSelects() {}

    static void select6(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        receive(unit, task, 4, Cdb.u8(task.cdb(), 4));
    }

    static void select10(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        receive(unit, task, 8, Cdb.u16(task.cdb(), 7));
    }

    private static void receive(LogicalUnit unit, ScsiTask task, int headerBytes, int length) {
        if (length == 0) {
            task.good();
            return;
        }
        if ((task.cdb()[1] & PAGE_FORMAT) == 0) {
            // the list would be of a vendor's own format
            task.check(Sense.INVALID_FIELD_IN_CDB);
            return;
        }
        if (length < headerBytes) {
            task.check(Sense.PARAMETER_LIST_LENGTH);
            return;
        }
        task.receive(
                length,
                () -> {
                    byte[] list = task.received().toByteArray();
                    Sense fault =
                            list.length < length
                                    ? Sense.PARAMETER_LIST_LENGTH
                                    : select(unit, list, headerBytes);
                    if (fault == null) {
                        task.good();
                    } else {
                        task.check(fault);
                    }
                });
    }

    /** Takes a list over, or says why not; null if it is taken over. */
    private static @Nullable Sense select(LogicalUnit unit, byte[] list, int headerBytes) {
        boolean isLong = headerBytes == 8 && (list[4] & LONG_LBA) != 0;
        int mediumType = list[headerBytes == 4 ? 1 : 2];
        int descriptorBytes = headerBytes == 4 ? Cdb.u8(list, 3) : Cdb.u16(list, 6);
        if (mediumType != 0 || (descriptorBytes != 0 && descriptorBytes != (isLong ? 16 : 8))) {
            return Sense.INVALID_FIELD_IN_LIST;
        }
        int at = headerBytes + descriptorBytes;
        if (at > list.length) {
            return Sense.PARAMETER_LIST_LENGTH;
        }
        if (descriptorBytes != 0 && !isAsItIs(unit, list, headerBytes, isLong)) {
            return Sense.INVALID_FIELD_IN_LIST;
        }
        boolean descriptorSense = unit.hasDescriptorSense();
        boolean taskAborted = unit.hasTaskAborted();
        while (at < list.length) {
            boolean hasSubpage = (list[at] & ModePages.SUBPAGE_FORMAT) != 0;
            int header = hasSubpage ? 4 : 2;
            if (list.length - at < header) {
                return Sense.PARAMETER_LIST_LENGTH;
            }
            Page page = find(list[at] & PAGE_CODE_MASK, hasSubpage ? Cdb.u8(list, at + 1) : 0);
            int bytes = header + (hasSubpage ? Cdb.u16(list, at + 2) : Cdb.u8(list, at + 1));
            if (page == null || bytes != page.bytes()) {
                return Sense.INVALID_FIELD_IN_LIST;
            }
            if (list.length - at < bytes) {
                return Sense.PARAMETER_LIST_LENGTH;
            }
            byte[] current = page.encode(Values.CURRENT, unit);
            byte[] changeable = page.encode(Values.CHANGEABLE, unit);
            for (int i = header; i < bytes; i++) {
                if (((current[i] ^ list[at + i]) & ~changeable[i]) != 0) {
                    return Sense.INVALID_FIELD_IN_LIST;
                }
            }
            if (page.code() == ModePages.CONTROL && page.subpage() == 0) {
                descriptorSense = (list[at + ModePages.D_SENSE_AT] & ModePages.D_SENSE) != 0;
                taskAborted = (list[at + ModePages.TAS_AT] & ModePages.TAS) != 0;
            }
            at += bytes;
        }
        unit.descriptorSense(descriptorSense);
        unit.taskAborted(taskAborted);
        return null;
    }

    private static @Nullable Page find(int code, int subpage) {
        for (Page page : ModePages.PAGES) {
            if (page.code() == code && page.subpage() == subpage) {
                return page;
            }
        }
        return null;
    }

    /**
     * Whether a block descriptor asks for what there is, SBC-3 section 6.4.2: neither size nor
     * length of block can be changed. No blocks, or all ones, mean the present size.
     */
    private static boolean isAsItIs(LogicalUnit unit, byte[] list, int at, boolean isLong) {
        long blocks = isLong ? Cdb.i64(list, at) : Cdb.u32(list, at);
        long blockBytes = isLong ? Cdb.u32(list, at + 12) : Cdb.u24(list, at + 5);
        long allOnes = isLong ? -1 : 0xFFFF_FFFFL;
        return blockBytes == unit.blockBytes()
                && (blocks == 0 || blocks == allOnes || blocks == unit.blocks());
    }
}
