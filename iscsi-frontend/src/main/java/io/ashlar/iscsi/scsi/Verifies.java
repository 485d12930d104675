package io.ashlar.iscsi.scsi;

import io.ashlar.common.Payload;
import io.ashlar.volume.IoRequest;
import java.util.Arrays;

/**
 * VERIFY and WRITE AND VERIFY (10, 12, 16), SBC-3 sections 5.29 to 5.31 and 5.38 to 5.40. What is
 * read back was checked against its checksum below; BYTCHK compares it with the initiator's data.
 */
final class Verifies {
    private static final int PROTECT_MASK = 0xE0;
    private static final int BYTE_CHECK_MASK = 0x06;
    private static final int NO_COMPARE = 0x00;
    private static final int COMPARE_ALL = 0x02;
    private static final int RESERVED = 0x04;

    /** One block is compared with every block. */
    private static final int COMPARE_ONE = 0x06;

    /** Data read in one step of a long verification, bytes. */
    private static final int STEP_BYTES = 1024 * 1024;

    private Verifies() {}

    static void verify10(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        verify(nexus, unit, task, Cdb.u32(task.cdb(), 2), Cdb.u16(task.cdb(), 7));
    }

    static void verify12(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        verify(nexus, unit, task, Cdb.u32(task.cdb(), 2), Cdb.u32(task.cdb(), 6));
    }

    static void verify16(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        verify(nexus, unit, task, Cdb.i64(task.cdb(), 2), Cdb.u32(task.cdb(), 10));
    }

    static void write10(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        writeAndVerify(nexus, unit, task, Cdb.u32(task.cdb(), 2), Cdb.u16(task.cdb(), 7));
    }

    static void write12(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        writeAndVerify(nexus, unit, task, Cdb.u32(task.cdb(), 2), Cdb.u32(task.cdb(), 6));
    }

    static void write16(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        writeAndVerify(nexus, unit, task, Cdb.i64(task.cdb(), 2), Cdb.u32(task.cdb(), 10));
    }

    private static void verify(
            ScsiNexus nexus, LogicalUnit unit, ScsiTask task, long lba, long blocks) {
        int check = task.cdb()[1] & BYTE_CHECK_MASK;
        if ((task.cdb()[1] & PROTECT_MASK) != 0 || check == RESERVED) {
            task.check(Sense.INVALID_FIELD_IN_CDB);
            return;
        }
        if (check != COMPARE_ALL) {
            // only the compared data travels, so the range may be of any length
            if (!unit.isInRange(lba, blocks)) {
                task.check(Sense.LBA_OUT_OF_RANGE);
                return;
            }
        } else if (!Transfers.isPossible(unit, task, lba, blocks)) {
            return;
        }
        if (blocks == 0) {
            task.good();
            return;
        }
        long from = lba * unit.blockBytes();
        long to = from + blocks * unit.blockBytes();
        if (check == NO_COMPARE) {
            task.reserve(
                    (int) Math.min(STEP_BYTES, to - from),
                    () -> compare(nexus, unit, task, from, to, Payload.EMPTY));
            return;
        }
        int wanted = check == COMPARE_ONE ? unit.blockBytes() : (int) (to - from);
        task.receive(
                wanted,
                () -> {
                    Payload expected = task.received();
                    if (expected.length() == 0 || expected.length() % unit.blockBytes() != 0) {
                        task.check(Sense.INVALID_FIELD_IN_CDB);
                        return;
                    }
                    long end = check == COMPARE_ONE ? to : from + expected.length();
                    compare(nexus, unit, task, from, end, expected);
                });
    }

    private static void writeAndVerify(
            ScsiNexus nexus, LogicalUnit unit, ScsiTask task, long lba, long blocks) {
        int check = task.cdb()[1] & BYTE_CHECK_MASK;
        if ((task.cdb()[1] & PROTECT_MASK) != 0 || check == RESERVED || check == COMPARE_ONE) {
            task.check(Sense.INVALID_FIELD_IN_CDB);
            return;
        }
        if (!Transfers.isPossible(unit, task, lba, blocks)) {
            return;
        }
        if (unit.volume().readOnly()) {
            task.check(Sense.WRITE_PROTECTED);
            return;
        }
        long from = lba * unit.blockBytes();
        task.receive(
                (int) blocks * unit.blockBytes(),
                () -> {
                    if (!Transfers.isWhole(unit, task)) {
                        return;
                    }
                    Payload data = task.received();
                    nexus.submit(
                            task,
                            new IoRequest.Write(unit.volume().id(), from, data, true),
                            _ ->
                                    compare(
                                            nexus,
                                            unit,
                                            task,
                                            from,
                                            from + data.length(),
                                            check == COMPARE_ALL ? data : Payload.EMPTY));
                });
    }

    /**
     * Reads {@code from..to} step by step and compares it with {@code expected}, again and again
     * from its beginning; with nothing if that is empty.
     */
    private static void compare(
            ScsiNexus nexus,
            LogicalUnit unit,
            ScsiTask task,
            long from,
            long to,
            Payload expected) {
        compareFrom(nexus, unit, task, from, to, expected, 0);
    }

    private static void compareFrom(
            ScsiNexus nexus,
            LogicalUnit unit,
            ScsiTask task,
            long from,
            long to,
            Payload expected,
            int expectedFrom) {
        if (from == to) {
            task.good();
            return;
        }
        int bytes = (int) Math.min(STEP_BYTES, to - from);
        nexus.submit(
                task,
                new IoRequest.Read(unit.volume().id(), from, bytes),
                done -> {
                    int next = matchEnd(done.data(), expected, expectedFrom);
                    if (next < 0) {
                        task.check(Sense.MISCOMPARE);
                    } else {
                        compareFrom(nexus, unit, task, from + bytes, to, expected, next);
                    }
                });
    }

    /** Where in {@code expected} the comparison goes on; -1 if it failed. */
    private static int matchEnd(Payload data, Payload expected, int expectedFrom) {
        if (expected.length() == 0) {
            return 0;
        }
        int at = expectedFrom;
        int done = 0;
        while (done < data.length()) {
            int bytes = Math.min(data.length() - done, expected.length() - at);
            int dataAt = data.offset() + done;
            int expectedAt = expected.offset() + at;
            if (!Arrays.equals(
                    data.array(),
                    dataAt,
                    dataAt + bytes,
                    expected.array(),
                    expectedAt,
                    expectedAt + bytes)) {
                return -1;
            }
            done += bytes;
            at = (at + bytes) % expected.length();
        }
        return at;
    }
}
