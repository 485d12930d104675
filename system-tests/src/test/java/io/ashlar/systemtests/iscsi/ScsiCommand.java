package io.ashlar.systemtests.iscsi;

import java.nio.ByteBuffer;

/**
 * A SCSI command for one logical unit. Lengths and addresses are in logical blocks, data in bytes.
 *
 * @param cdb 16 bytes, padded with zeros
 * @param dataOut what it writes; empty for one that writes nothing. Not copied: leave it alone
 *     until the command ends
 * @param dataInBytes how many bytes the initiator expects to read
 */
public record ScsiCommand(int lun, byte[] cdb, byte[] dataOut, int dataInBytes) {
    private static final byte[] NONE = new byte[0];

    private static final int TEST_UNIT_READY = 0x00;
    private static final int INQUIRY = 0x12;
    private static final int READ_10 = 0x28;
    private static final int WRITE_10 = 0x2a;
    private static final int SYNCHRONIZE_CACHE_10 = 0x35;
    private static final int READ_16 = 0x88;
    private static final int WRITE_16 = 0x8a;
    private static final int SERVICE_ACTION_IN_16 = 0x9e;
    private static final int REPORT_LUNS = 0xa0;
    private static final int MAINTENANCE_IN = 0xa3;

    public static ScsiCommand testUnitReady(int lun) {
        return new ScsiCommand(lun, cdb(TEST_UNIT_READY).array(), NONE, 0);
    }

    public static ScsiCommand inquiry(int lun, int allocationLength) {
        return new ScsiCommand(
                lun,
                cdb(INQUIRY).putShort(3, (short) allocationLength).array(),
                NONE,
                allocationLength);
    }

    public static ScsiCommand inquiryPage(int lun, int page, int allocationLength) {
        return new ScsiCommand(
                lun,
                cdb(INQUIRY)
                        .put(1, (byte) 1)
                        .put(2, (byte) page)
                        .putShort(3, (short) allocationLength)
                        .array(),
                NONE,
                allocationLength);
    }

    public static ScsiCommand reportLuns(int allocationLength) {
        return new ScsiCommand(
                0, cdb(REPORT_LUNS).putInt(6, allocationLength).array(), NONE, allocationLength);
    }

    public static ScsiCommand readCapacity16(int lun) {
        return new ScsiCommand(
                lun,
                cdb(SERVICE_ACTION_IN_16).put(1, (byte) 0x10).putInt(10, 32).array(),
                NONE,
                32);
    }

    public static ScsiCommand reportTargetPortGroups(int lun, int allocationLength) {
        return new ScsiCommand(
                lun,
                cdb(MAINTENANCE_IN).put(1, (byte) 0x0a).putInt(6, allocationLength).array(),
                NONE,
                allocationLength);
    }

    public static ScsiCommand synchronizeCache(int lun) {
        return new ScsiCommand(lun, cdb(SYNCHRONIZE_CACHE_10).array(), NONE, 0);
    }

    /** READ(10) where the address and length fit, else READ(16). */
    public static ScsiCommand read(int lun, long lba, int blocks, int blockBytes) {
        return new ScsiCommand(
                lun,
                transfer(READ_10, READ_16, lba, blocks),
                NONE,
                Math.multiplyExact(blocks, blockBytes));
    }

    /** WRITE(10) where the address and length fit, else WRITE(16). */
    public static ScsiCommand write(int lun, long lba, byte[] data, int blockBytes) {
        return new ScsiCommand(
                lun, transfer(WRITE_10, WRITE_16, lba, data.length / blockBytes), data, 0);
    }

    /** WRITE(16) whatever the address. */
    public static ScsiCommand write16(int lun, long lba, byte[] data, int blockBytes) {
        return new ScsiCommand(
                lun,
                cdb(WRITE_16).putLong(2, lba).putInt(10, data.length / blockBytes).array(),
                data,
                0);
    }

    /** READ(16) whatever the address. */
    public static ScsiCommand read16(int lun, long lba, int blocks, int blockBytes) {
        return new ScsiCommand(
                lun,
                cdb(READ_16).putLong(2, lba).putInt(10, blocks).array(),
                NONE,
                Math.multiplyExact(blocks, blockBytes));
    }

    boolean isWrite() {
        return dataOut.length > 0;
    }

    boolean isRead() {
        return dataInBytes > 0;
    }

    @Override
    public String toString() {
        return "lun %d cdb %s out %d in %d"
                .formatted(
                        lun, java.util.HexFormat.of().formatHex(cdb), dataOut.length, dataInBytes);
    }

    private static byte[] transfer(int opcode10, int opcode16, long lba, int blocks) {
        if (lba >= 0 && lba <= 0xffffffffL && blocks <= 0xffff) {
            return cdb(opcode10).putInt(2, (int) lba).putShort(7, (short) blocks).array();
        }
        return cdb(opcode16).putLong(2, lba).putInt(10, blocks).array();
    }

    private static ByteBuffer cdb(int opcode) {
        return ByteBuffer.allocate(16).put(0, (byte) opcode);
    }
}
