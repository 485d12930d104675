package io.ashlar.iscsi.scsi;

/** Logical unit numbers of eight bytes, SAM-5 section 4.7. */
public final class Lun {
    private static final int PERIPHERAL = 0;
    private static final int FLAT = 1;
    private static final int PERIPHERAL_MAX = 0xFF;

    private Lun() {}

    /** The number, or -1 if it is written in a way that this target does not use. */
    public static int decode(long lun) {
        if ((lun & 0xFFFF_FFFF_FFFFL) != 0) {
            return -1;
        }
        int first = (int) (lun >>> 48);
        int method = first >> 14;
        int number = first & 0x3FFF;
        return switch (method) {
            case PERIPHERAL -> number <= PERIPHERAL_MAX ? number : -1; // bus 0 only
            case FLAT -> number;
            default -> -1;
        };
    }

    /** Peripheral addressing where it can be, as initiators expect, else flat. */
    public static long encode(int number) {
        int method = number <= PERIPHERAL_MAX ? PERIPHERAL : FLAT;
        return (long) (method << 14 | number) << 48;
    }
}
