package io.ashlar.iscsi.session;

/** How much data a CDB allows to be sent back, where it says so. */
final class AllocationLength {
    private AllocationLength() {}

    /** In bytes; very much if the CDB has no such field. */
    static long of(byte[] cdb) {
        return switch (cdb[0] & 0xFF) {
            case 0x03, 0x1A -> cdb[4] & 0xFF; // REQUEST SENSE, MODE SENSE (6)
            case 0x12 -> bigEndian(cdb, 3, 2); // INQUIRY
            case 0x4D, 0x5A, 0x5E -> bigEndian(cdb, 7, 2); // LOG and MODE SENSE, RESERVE IN
            case 0xA0, 0xA3 -> bigEndian(cdb, 6, 4); // REPORT LUNS, MAINTENANCE IN
            case 0x84, 0x9E -> bigEndian(cdb, 10, 4); // RECEIVE COPY, SERVICE ACTION IN
            default -> Long.MAX_VALUE;
        };
    }

    private static long bigEndian(byte[] bytes, int at, int count) {
        long number = 0;
        for (int i = 0; i < count; i++) {
            number = number << 8 | bytes[at + i] & 0xFF;
        }
        return number;
    }
}
