package io.ashlar.iscsi.scsi;

import io.ashlar.common.Payload;
import io.ashlar.iscsi.scsi.CommandTable.Command;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The commands of SPC-4 that tell what is there, and the few that only check. */
final class Inquiries {
    static final String VENDOR = "ASHLAR";
    private static final String PRODUCT = "Volume";
    private static final String REVISION = "0001";
    private static final int OPCODE_REQUEST_SENSE = 0x03;
    private static final int OPCODE_INQUIRY = 0x12;
    private static final int OPCODE_REPORT_LUNS = 0xA0;

    /** Peripheral qualifier 011b and device type 1Fh: no unit can be here, SPC-4 section 6.4.2. */
    private static final int NO_UNIT = 0x7F;

    private static final int STANDARD_BYTES = 96;
    private static final int VERSION_SPC4 = 0x06;
    private static final int RESPONSE_FORMAT = 0x02;
    private static final int HIERARCHICAL = 0x10;
    private static final int TPGS_IMPLICIT = 0x10;
    private static final int TPGS_EXPLICIT = 0x20;
    private static final int THIRD_PARTY_COPY = 0x08;
    private static final int MULTIPORT = 0x10;
    private static final int COMMAND_QUEUEING = 0x02;

    /** SAM-5, SPC-4, SBC-3, iSCSI: version descriptors of SPC-4 section 6.4.2. */
    private static final int[] VERSIONS = {0x00A0, 0x0460, 0x04C0, 0x0960};

    private static final int LUNS_ADDRESSABLE = 0;
    private static final int LUNS_WELL_KNOWN = 1;
    private static final int LUNS_ALL = 2;
    private static final int REPORT_LUNS_BYTES_MIN = 16;

    private Inquiries() {}

    /** Answers with at most as much as there is room for. */
    static void respond(ScsiTask task, byte[] data, long allocation) {
        int bytes = (int) Math.min(data.length, allocation);
        task.goodWith(Payload.of(data).slice(0, bytes));
    }

    /** What a LUN without a logical unit answers, SAM-5 section 5.11. */
    static void withoutUnit(ScsiNexus nexus, Command command, ScsiTask task) {
        switch (command.opcode()) {
            case OPCODE_INQUIRY -> inquiry(nexus, null, task);
            case OPCODE_REPORT_LUNS -> listLuns(nexus, task);
            case OPCODE_REQUEST_SENSE ->
                    respond(
                            task,
                            Sense.NO_SUCH_LUN.encode((task.cdb()[1] & 1) != 0),
                            Cdb.u8(task.cdb(), 4));
            default -> task.check(Sense.NO_SUCH_LUN);
        }
    }

    static void testUnitReady(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        task.good();
    }

    static void requestSense(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        Sense attention = unit.takeAttention();
        Sense sense = attention == null ? Sense.NONE : attention;
        respond(task, sense.encode((task.cdb()[1] & 1) != 0), Cdb.u8(task.cdb(), 4));
    }

    static void inquiry(ScsiNexus nexus, @Nullable LogicalUnit unit, ScsiTask task) {
        byte[] cdb = task.cdb();
        boolean vital = (cdb[1] & 1) != 0;
        int page = Cdb.u8(cdb, 2);
        if (!vital && page != 0) {
            task.check(Sense.INVALID_FIELD_IN_CDB);
            return;
        }
        byte[] data = vital ? VitalProductData.page(nexus, unit, page) : standard(unit);
        if (data == null) {
            task.check(Sense.INVALID_FIELD_IN_CDB);
            return;
        }
        respond(task, data, Cdb.u16(cdb, 3));
    }

    private static byte[] standard(@Nullable LogicalUnit unit) {
        byte[] data = new byte[STANDARD_BYTES];
        data[0] = (byte) (unit == null ? NO_UNIT : 0);
        data[2] = VERSION_SPC4;
        data[3] = HIERARCHICAL | RESPONSE_FORMAT;
        data[4] = STANDARD_BYTES - 5;
        boolean isExplicit = unit != null && unit.volume().explicitAlua();
        data[5] = (byte) (TPGS_IMPLICIT | (isExplicit ? TPGS_EXPLICIT : 0) | THIRD_PARTY_COPY);
        data[6] = MULTIPORT;
        data[7] = COMMAND_QUEUEING;
        putText(data, 8, 8, VENDOR);
        putText(data, 16, 16, PRODUCT);
        putText(data, 32, 4, REVISION);
        for (int i = 0; i < VERSIONS.length; i++) {
            Cdb.put16(data, 58 + 2 * i, VERSIONS[i]);
        }
        return data;
    }

    /** ASCII, padded with blanks. */
    static void putText(byte[] data, int at, int bytes, String text) {
        byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < bytes; i++) {
            data[at + i] = i < ascii.length ? ascii[i] : (byte) ' ';
        }
    }

    static void reportLuns(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        listLuns(nexus, task);
    }

    /** REPORT LUNS, SPC-4 section 6.33. There are no well-known logical units. */
    private static void listLuns(ScsiNexus nexus, ScsiTask task) {
        byte[] cdb = task.cdb();
        int select = Cdb.u8(cdb, 2);
        long allocation = Cdb.u32(cdb, 6);
        if (select > LUNS_ALL || allocation < REPORT_LUNS_BYTES_MIN) {
            task.check(Sense.INVALID_FIELD_IN_CDB);
            return;
        }
        List<Long> luns = new ArrayList<>();
        if (select == LUNS_ADDRESSABLE || select == LUNS_ALL) {
            nexus.units().keySet().forEach(number -> luns.add(Lun.encode(number)));
        }
        if (select != LUNS_WELL_KNOWN) {
            nexus.units().values().forEach(unit -> unit.clear(UnitAttention.LUNS_CHANGED));
        }
        byte[] data = new byte[8 + 8 * luns.size()];
        Cdb.put32(data, 0, 8L * luns.size());
        for (int i = 0; i < luns.size(); i++) {
            Cdb.put64(data, 8 + 8 * i, luns.get(i));
        }
        respond(task, data, allocation);
    }

    /** START STOP UNIT, SBC-3 section 5.25: there is nothing to spin, load or eject. */
    static void startStopUnit(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        task.good();
    }

    /** PREVENT ALLOW MEDIUM REMOVAL: the medium cannot be removed anyway. */
    static void prevent(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        task.good();
    }

    /** PRE-FETCH, SBC-3 section 5.8: reads are cached below as they come. */
    static void prefetch10(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        prefetch(unit, task, Cdb.u32(task.cdb(), 2), Cdb.u16(task.cdb(), 7));
    }

    static void prefetch16(ScsiNexus nexus, LogicalUnit unit, ScsiTask task) {
        prefetch(unit, task, Cdb.i64(task.cdb(), 2), Cdb.u32(task.cdb(), 10));
    }

    private static void prefetch(LogicalUnit unit, ScsiTask task, long lba, long blocks) {
        if (unit.isInRange(lba, blocks)) {
            task.good();
        } else {
            task.check(Sense.LBA_OUT_OF_RANGE);
        }
    }
}
