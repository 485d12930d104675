package io.ashlar.iscsi.scsi;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.UUID;

/**
 * The parameter list of EXTENDED COPY (LID1), SPC-4 section 6.4.3: who copies what where. It is
 * looked at as a whole before anything is copied.
 *
 * @param listId by which RECEIVE COPY STATUS asks for the outcome; negative if nobody will
 * @param extents what is to be copied, in this order
 */
record CopyList(int listId, List<Extent> extents) {
    /** Most descriptors of devices (CSCDs) and of segments. */
    static final int DEVICES_MAX = 16;

    static final int SEGMENTS_MAX = 16;

    /** Most bytes of one segment, and of one command, so that it ends in good time. */
    static final int BYTES_MAX = 16 * 1024 * 1024;

    static final int HEADER_BYTES = 16;
    static final int DEVICE_BYTES = 32;
    static final int SEGMENT_BYTES = 28;

    /** Most bytes of all descriptors together. */
    static final int DESCRIPTOR_BYTES_MAX =
            DEVICES_MAX * DEVICE_BYTES + SEGMENTS_MAX * SEGMENT_BYTES;

    /** The one kind of device descriptor: a designator as VPD page 83h has it. */
    static final int BY_DESIGNATOR = 0xE4;

    /** The one kind of segment descriptor: from block device to block device. */
    static final int BLOCKS_TO_BLOCKS = 0x02;

    private static final int NUL = 0x20;
    private static final int RESERVED_LIST_ID_USAGE = 1;
    private static final int NO_LIST_ID = 3;
    private static final int BY_DESTINATION_BLOCKS = 0x02;

    /** Bytes that are copied from one unit to another, or within one. */
    record Extent(LogicalUnit from, long fromByte, LogicalUnit to, long toByte, long bytes) {
        /** Whether it overwrites what another one reads. */
        boolean overwritesSourceOf(Extent other) {
            return to == other.from
                    && toByte < other.fromByte + other.bytes
                    && other.fromByte < toByte + bytes;
        }
    }

    /** What is wrong with a list. */
    static final class Refusal extends Exception {
        private static final long serialVersionUID = 1;
        private final transient Sense sense;

        Refusal(Sense sense) {
            super(sense.toString(), null, false, false);
            this.sense = sense;
        }

        Sense sense() {
            return sense;
        }
    }

    /**
     * Reads a list.
     *
     * @param units that the host may name
     */
    static CopyList parse(byte[] list, SortedMap<Integer, LogicalUnit> units) throws Refusal {
        int usage = (list[1] >> 3) & 3;
        int deviceBytes = Cdb.u16(list, 2);
        long segmentBytes = Cdb.u32(list, 8);
        if (usage == RESERVED_LIST_ID_USAGE || (usage == NO_LIST_ID && list[0] != 0)) {
            throw new Refusal(Sense.INVALID_FIELD_IN_LIST);
        }
        if (deviceBytes + segmentBytes > DESCRIPTOR_BYTES_MAX) {
            throw new Refusal(Sense.PARAMETER_LIST_LENGTH);
        }
        if (deviceBytes / DEVICE_BYTES > DEVICES_MAX) {
            throw new Refusal(Sense.TOO_MANY_COPY_DEVICES);
        }
        if (segmentBytes > (long) SEGMENTS_MAX * SEGMENT_BYTES) {
            throw new Refusal(Sense.TOO_MANY_COPY_SEGMENTS);
        }
        if (Cdb.u32(list, 12) != 0) {
            throw new Refusal(Sense.INLINE_DATA_TOO_LONG);
        }
        if (deviceBytes % DEVICE_BYTES != 0
                || HEADER_BYTES + deviceBytes + segmentBytes > list.length) {
            throw new Refusal(Sense.PARAMETER_LIST_LENGTH);
        }
        List<LogicalUnit> devices = new ArrayList<>();
        int end = HEADER_BYTES + deviceBytes;
        for (int at = HEADER_BYTES; at < end; at += DEVICE_BYTES) {
            devices.add(device(list, at, units));
        }
        List<Extent> extents = new ArrayList<>();
        long bytes = 0;
        int segmentsEnd = end + (int) segmentBytes;
        for (int at = end; at < segmentsEnd; at += SEGMENT_BYTES) {
            Extent extent = extent(list, at, segmentsEnd, devices);
            bytes += extent.bytes;
            if (bytes > BYTES_MAX) {
                throw new Refusal(Sense.INVALID_FIELD_IN_LIST);
            }
            extents.add(extent);
        }
        checkRepeatable(extents);
        return new CopyList(usage == NO_LIST_ID ? -1 : Cdb.u8(list, 0), extents);
    }

    /**
     * A host repeats a command whose answer is lost, though part of it was done. Then nothing may
     * be read that was overwritten; so no list may overwrite what it reads.
     */
    private static void checkRepeatable(List<Extent> extents) throws Refusal {
        for (Extent one : extents) {
            for (Extent other : extents) {
                if (one.overwritesSourceOf(other)) {
                    throw new Refusal(Sense.INVALID_FIELD_IN_LIST);
                }
            }
        }
    }

    /** SPC-4 section 6.4.5: only what is mapped to the host is there. */
    private static LogicalUnit device(byte[] list, int at, SortedMap<Integer, LogicalUnit> units)
            throws Refusal {
        if (Cdb.u8(list, at) != BY_DESIGNATOR) {
            throw new Refusal(Sense.COPY_DEVICE_KIND);
        }
        if ((list[at + 1] & NUL) != 0) {
            throw new Refusal(Sense.INVALID_FIELD_IN_LIST);
        }
        if ((list[at + 1] & 0x1F) != 0) { // LU ID TYPE says nothing about a designator
            throw new Refusal(Sense.COPY_DEVICE_TYPE);
        }
        int codeSet = list[at + 4] & 0x0F;
        int association = (list[at + 5] >> 4) & 3;
        int type = list[at + 5] & 0x0F;
        int bytes = Cdb.u8(list, at + 7);
        if (association != 0 || bytes > 20) {
            throw new Refusal(Sense.INVALID_FIELD_IN_LIST);
        }
        byte[] designator = Arrays.copyOfRange(list, at + 8, at + 8 + bytes);
        for (LogicalUnit unit : units.values()) {
            if (isNamed(unit.volume().identity(), codeSet, type, designator)) {
                int block = Cdb.u24(list, at + 29);
                if (block != 0 && block != unit.blockBytes()) {
                    throw new Refusal(Sense.INVALID_FIELD_IN_LIST);
                }
                return unit;
            }
        }
        throw new Refusal(Sense.COPY_DEVICE_NOT_REACHABLE);
    }

    /** By its NAA name; the others of VPD page 83h are longer than a descriptor has room for. */
    private static boolean isNamed(UUID identity, int codeSet, int type, byte[] designator) {
        return type == VitalProductData.TYPE_NAA
                && codeSet == VitalProductData.BINARY
                && Arrays.equals(designator, VitalProductData.naa(identity));
    }

    private static Extent extent(byte[] list, int at, int end, List<LogicalUnit> devices)
            throws Refusal {
        if (Cdb.u8(list, at) != BLOCKS_TO_BLOCKS) {
            throw new Refusal(Sense.COPY_SEGMENT_KIND);
        }
        if (at + SEGMENT_BYTES > end) {
            throw new Refusal(Sense.PARAMETER_LIST_LENGTH);
        }
        if (Cdb.u16(list, at + 2) != SEGMENT_BYTES - 4) {
            throw new Refusal(Sense.INVALID_FIELD_IN_LIST);
        }
        LogicalUnit from = byIndex(devices, Cdb.u16(list, at + 4));
        LogicalUnit to = byIndex(devices, Cdb.u16(list, at + 6));
        boolean byDestination = (list[at + 1] & BY_DESTINATION_BLOCKS) != 0;
        long bytes = (long) Cdb.u16(list, at + 10) * (byDestination ? to : from).blockBytes();
        long fromLba = Cdb.i64(list, at + 12);
        long toLba = Cdb.i64(list, at + 20);
        if (bytes % from.blockBytes() != 0 || bytes % to.blockBytes() != 0) {
            throw new Refusal(Sense.INEXACT_COPY_SEGMENT);
        }
        if (!from.isInRange(fromLba, bytes / from.blockBytes())
                || !to.isInRange(toLba, bytes / to.blockBytes())) {
            throw new Refusal(Sense.COPY_OUT_OF_RANGE);
        }
        if (to.volume().readOnly()) {
            throw new Refusal(Sense.WRITE_PROTECTED);
        }
        return new Extent(from, fromLba * from.blockBytes(), to, toLba * to.blockBytes(), bytes);
    }

    private static LogicalUnit byIndex(List<LogicalUnit> devices, int index) throws Refusal {
        if (index >= devices.size()) {
            throw new Refusal(Sense.COPY_DEVICE_NOT_REACHABLE);
        }
        return devices.get(index);
    }
}
