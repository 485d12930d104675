package io.ashlar.iscsi.scsi;

/**
 * Why a command got CHECK CONDITION, SPC-4 section 4.5.
 *
 * @param key the sense key
 * @param code additional sense code in the high byte, its qualifier in the low
 * @param information what the INFORMATION field tells, 0 or more; negative if it tells nothing
 */
public record Sense(int key, int code, long information) {
    public static final int NO_SENSE_KEY = 0x0;
    static final int NOT_READY_KEY = 0x2;
    static final int MEDIUM_ERROR_KEY = 0x3;
    static final int HARDWARE_ERROR_KEY = 0x4;
    static final int ILLEGAL_REQUEST_KEY = 0x5;
    static final int UNIT_ATTENTION_KEY = 0x6;
    static final int DATA_PROTECT_KEY = 0x7;
    static final int COPY_ABORTED_KEY = 0xA;
    static final int ABORTED_COMMAND_KEY = 0xB;
    static final int MISCOMPARE_KEY = 0xE;

    public static final Sense NONE = new Sense(NO_SENSE_KEY, 0x0000);
    public static final Sense INVALID_OPCODE = new Sense(ILLEGAL_REQUEST_KEY, 0x2000);
    public static final Sense INVALID_FIELD_IN_CDB = new Sense(ILLEGAL_REQUEST_KEY, 0x2400);

    /** FCP-4 section 9.4.2, which iSCSI has no word on: part of a block was offered. */
    static final Sense INVALID_FIELD_IN_INFORMATION_UNIT = new Sense(ILLEGAL_REQUEST_KEY, 0x0E03);

    public static final Sense INVALID_FIELD_IN_LIST = new Sense(ILLEGAL_REQUEST_KEY, 0x2600);
    public static final Sense INVALID_RELEASE = new Sense(ILLEGAL_REQUEST_KEY, 0x2604);
    public static final Sense NO_REGISTRATION_ROOM = new Sense(ILLEGAL_REQUEST_KEY, 0x5504);
    public static final Sense PARAMETER_LIST_LENGTH = new Sense(ILLEGAL_REQUEST_KEY, 0x1A00);
    public static final Sense LBA_OUT_OF_RANGE = new Sense(ILLEGAL_REQUEST_KEY, 0x2100);
    public static final Sense NO_SUCH_LUN = new Sense(ILLEGAL_REQUEST_KEY, 0x2500);
    public static final Sense UNRECOVERED_READ = new Sense(MEDIUM_ERROR_KEY, 0x1100);
    public static final Sense WRITE_FAULT = new Sense(MEDIUM_ERROR_KEY, 0x0300);
    public static final Sense MISCOMPARE = new Sense(MISCOMPARE_KEY, 0x1D00);
    public static final Sense OUT_OF_SPACE = new Sense(DATA_PROTECT_KEY, 0x2707);
    public static final Sense WRITE_PROTECTED = new Sense(DATA_PROTECT_KEY, 0x2700);
    public static final Sense UNAVAILABLE = new Sense(NOT_READY_KEY, 0x040C);
    public static final Sense IN_TRANSITION = new Sense(NOT_READY_KEY, 0x040A);
    static final Sense TOO_MANY_COPY_DEVICES = new Sense(ILLEGAL_REQUEST_KEY, 0x2606);
    static final Sense COPY_DEVICE_KIND = new Sense(ILLEGAL_REQUEST_KEY, 0x2607);
    static final Sense TOO_MANY_COPY_SEGMENTS = new Sense(ILLEGAL_REQUEST_KEY, 0x2608);
    static final Sense COPY_SEGMENT_KIND = new Sense(ILLEGAL_REQUEST_KEY, 0x2609);
    static final Sense INEXACT_COPY_SEGMENT = new Sense(COPY_ABORTED_KEY, 0x260A);
    static final Sense INLINE_DATA_TOO_LONG = new Sense(ILLEGAL_REQUEST_KEY, 0x260B);
    static final Sense COPY_DEVICE_NOT_REACHABLE = new Sense(COPY_ABORTED_KEY, 0x0D02);
    static final Sense COPY_DEVICE_TYPE = new Sense(COPY_ABORTED_KEY, 0x0D03);
    static final Sense COPY_OUT_OF_RANGE = new Sense(COPY_ABORTED_KEY, 0x0000);
    static final Sense SET_PORT_GROUPS_FAILED = new Sense(HARDWARE_ERROR_KEY, 0x670A);
    public static final Sense INTERNAL = new Sense(HARDWARE_ERROR_KEY, 0x4400);

    /** RFC 7143 section 11.4.7.2: data that arrived broken or out of order. */
    public static final Sense PROTOCOL_SERVICE_CRC_ERROR = new Sense(ABORTED_COMMAND_KEY, 0x4705);

    /** RFC 7143 section 11.4.7.2: unsolicited data where none may be. */
    public static final Sense UNEXPECTED_UNSOLICITED_DATA = new Sense(ABORTED_COMMAND_KEY, 0x0C0C);

    /** RFC 7143 section 11.4.7.2: more or less data than announced. */
    public static final Sense INCORRECT_AMOUNT_OF_DATA = new Sense(ABORTED_COMMAND_KEY, 0x0C0D);

    /** Most bytes that {@link #encode} gives. */
    static final int BYTES_MAX = 20;

    private static final long NO_INFORMATION = -1;
    private static final int FIXED_BYTES = 18;
    private static final int DESCRIPTOR_BYTES = 8;
    private static final int INFORMATION_BYTES = 12;
    private static final int VALID = 0x80;
    private static final int FIXED_CURRENT = 0x70;
    private static final int DESCRIPTOR_CURRENT = 0x72;

    public Sense(int key, int code) {
        this(key, code, NO_INFORMATION);
    }

    /** The same, with what the INFORMATION field tells. */
    Sense with(long newInformation) {
        return new Sense(key, code, newInformation);
    }

    /**
     * Sense data, SPC-4 sections 4.5.2 and 4.5.3. Information that does not fit into the four bytes
     * of the fixed format is left out there, and VALID is 0.
     */
    public byte[] encode(boolean descriptorFormat) {
        if (descriptorFormat) {
            byte[] bytes = new byte[DESCRIPTOR_BYTES + (information < 0 ? 0 : INFORMATION_BYTES)];
            if (information >= 0) {
                bytes[7] = INFORMATION_BYTES;
                bytes[9] = INFORMATION_BYTES - 2;
                bytes[10] = (byte) VALID;
                Cdb.put64(bytes, 12, information);
            }
            bytes[0] = DESCRIPTOR_CURRENT;
            bytes[1] = (byte) key;
            bytes[2] = (byte) (code >> 8);
            bytes[3] = (byte) code;
            return bytes;
        }
        byte[] bytes = new byte[FIXED_BYTES];
        bytes[0] = FIXED_CURRENT;
        if (information >= 0 && information <= 0xFFFF_FFFFL) {
            bytes[0] |= (byte) VALID;
            Cdb.put32(bytes, 3, information);
        }
        bytes[2] = (byte) key;
        bytes[7] = FIXED_BYTES - 8;
        bytes[12] = (byte) (code >> 8);
        bytes[13] = (byte) code;
        return bytes;
    }
}
