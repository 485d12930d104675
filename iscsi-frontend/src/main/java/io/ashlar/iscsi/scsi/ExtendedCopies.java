package io.ashlar.iscsi.scsi;

import io.ashlar.common.Payload;
import io.ashlar.iscsi.scsi.CopyList.Extent;
import io.ashlar.volume.IoRequest;
import java.util.Iterator;

/**
 * EXTENDED COPY (LID1) and RECEIVE COPY STATUS and PARAMETERS, SPC-4 sections 6.4 and 6.17 to 6.19:
 * the array copies, and no data travels to the host. A copy is reads and writes of the host by this
 * very path: its owners admit them by the command's own stamp, so that none takes effect once the
 * host has gone on by another path, and reservations count for both units.
 *
 * <p>The command is answered when all is copied; nothing goes on behind it, so that an abort is the
 * abort of a command like any other.
 */
final class ExtendedCopies {
    /** Data of one step, bytes. */
    private static final int STEP_BYTES = 1024 * 1024;

    /** Longest list that is looked at; the most that it may hold is shorter. */
    private static final int LIST_BYTES_MAX = 64 * 1024;

    private static final int STATUS_BYTES = 12;

    /** Without the kinds of descriptors, which follow. */
    private static final int PARAMETERS_BYTES = 44;

    private static final int HELD_DATA_DISCARDED = 0x80;
    private static final int IN_KIBIBYTES = 1;
    private static final int SUPPORTS_NO_LIST_ID = 1;

    /** Log 2 of the least that is copied, in bytes. */
    static final int GRANULARITY = 9;

    private ExtendedCopies() {}

    static void copy(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        long length = Cdb.u32(task.cdb(), 10);
        if (length == 0) {
            task.good();
        } else if (length < CopyList.HEADER_BYTES || length > LIST_BYTES_MAX) {
            task.check(Sense.PARAMETER_LIST_LENGTH);
        } else {
            task.receive((int) length, () -> onList(nexus, task, (int) length));
        }
    }

    private static void onList(ScsiNexus nexus, ScsiTask task, int length) {
        if (task.received().length() < length) {
            task.check(Sense.PARAMETER_LIST_LENGTH);
            return;
        }
        CopyList list;
        try {
            list = CopyList.parse(task.received().toByteArray(), nexus.units());
        } catch (CopyList.Refusal refusal) {
            task.check(refusal.sense());
            return;
        }
        CopyLog.Copy copy = nexus.copies().begin(list.listId(), task);
        if (list.extents().isEmpty()) {
            copy.end();
            task.good();
            return;
        }
        task.reserve(STEP_BYTES, () -> next(nexus, task, copy, list.extents().iterator()));
    }

    private static void next(
            ScsiNexus nexus, ScsiTask task, CopyLog.Copy copy, Iterator<Extent> extents) {
        if (!extents.hasNext()) {
            copy.end();
            task.good();
            return;
        }
        Extent extent = extents.next();
        step(
                nexus,
                task,
                extent,
                0,
                () -> {
                    copy.copied(extent.bytes());
                    next(nexus, task, copy, extents);
                });
    }

    private static void step(
            ScsiNexus nexus, ScsiTask task, Extent extent, long done, Runnable then) {
        if (done == extent.bytes()) {
            then.run();
            return;
        }
        int bytes = (int) Math.min(STEP_BYTES, extent.bytes() - done);
        nexus.submit(
                task,
                new IoRequest.Read(extent.from().volume().id(), extent.fromByte() + done, bytes),
                read ->
                        nexus.submit(
                                task,
                                write(extent, extent.toByte() + done, read.data()),
                                _ -> step(nexus, task, extent, done + bytes, then)));
    }

    /** What is nothing but zeros takes no space at the destination either. */
    private static IoRequest write(Extent extent, long toByte, Payload data) {
        return data.isZero()
                ? new IoRequest.Zero(extent.to().volume().id(), toByte, data.length(), true)
                : new IoRequest.Write(extent.to().volume().id(), toByte, data, false);
    }

    /** RECEIVE COPY STATUS (LID1), SPC-4 section 6.17. */
    static void status(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        CopyLog.Copy copy = nexus.copies().take(Cdb.u8(task.cdb(), 2));
        if (copy == null) {
            task.check(Sense.INVALID_FIELD_IN_CDB);
            return;
        }
        byte[] data = new byte[STATUS_BYTES];
        Cdb.put32(data, 0, STATUS_BYTES - 4);
        data[4] = (byte) (HELD_DATA_DISCARDED | copy.status());
        Cdb.put16(data, 5, copy.segments());
        data[7] = IN_KIBIBYTES;
        Cdb.put32(data, 8, copy.bytes() >> 10);
        Inquiries.respond(task, data, Cdb.u32(task.cdb(), 10));
    }

    /** RECEIVE COPY OPERATING PARAMETERS, SPC-4 section 6.19. */
    static void parameters(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        byte[] kinds = {CopyList.BLOCKS_TO_BLOCKS, (byte) CopyList.BY_DESIGNATOR};
        byte[] data = new byte[PARAMETERS_BYTES + kinds.length];
        Cdb.put32(data, 0, data.length - 4L);
        data[4] = SUPPORTS_NO_LIST_ID;
        Cdb.put16(data, 8, CopyList.DEVICES_MAX);
        Cdb.put16(data, 10, CopyList.SEGMENTS_MAX);
        Cdb.put32(data, 12, CopyList.DESCRIPTOR_BYTES_MAX);
        Cdb.put32(data, 16, CopyList.BYTES_MAX);
        Cdb.put16(data, 34, CopyLog.KEPT_MAX);
        data[36] = CopyLog.KEPT_MAX;
        data[37] = GRANULARITY;
        data[43] = (byte) kinds.length;
        System.arraycopy(kinds, 0, data, PARAMETERS_BYTES, kinds.length);
        Inquiries.respond(task, data, Cdb.u32(task.cdb(), 10));
    }
}
