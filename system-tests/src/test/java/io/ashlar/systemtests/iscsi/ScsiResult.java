package io.ashlar.systemtests.iscsi;

import java.nio.ByteBuffer;

/**
 * How a SCSI command ended.
 *
 * @param status the SAM status byte
 * @param sense sense data as sent, without its length; empty when there is none
 * @param dataIn what was read; shorter than expected when the target sent less
 */
public record ScsiResult(int status, byte[] sense, byte[] dataIn) {
    public static final int GOOD = 0x00;
    public static final int CHECK_CONDITION = 0x02;
    public static final int BUSY = 0x08;
    public static final int RESERVATION_CONFLICT = 0x18;
    public static final int TASK_SET_FULL = 0x28;
    public static final int TASK_ABORTED = 0x40;

    public static final int NOT_READY = 0x2;
    public static final int ILLEGAL_REQUEST = 0x5;
    public static final int UNIT_ATTENTION = 0x6;
    public static final int ABORTED_COMMAND = 0xb;

    public boolean isGood() {
        return status == GOOD;
    }

    /** The sense key, or -1 without sense data. Fixed and descriptor formats (SPC-4 4.5). */
    public int senseKey() {
        return switch (responseCode()) {
            case 0x70, 0x71 -> sense.length > 2 ? sense[2] & 0xf : -1;
            case 0x72, 0x73 -> sense.length > 1 ? sense[1] & 0xf : -1;
            default -> -1;
        };
    }

    /** Additional sense code in the high byte, its qualifier in the low one; -1 without. */
    public int asc() {
        ByteBuffer buffer = ByteBuffer.wrap(sense);
        return switch (responseCode()) {
            case 0x70, 0x71 -> sense.length >= 14 ? buffer.getShort(12) & 0xffff : -1;
            case 0x72, 0x73 -> sense.length >= 4 ? buffer.getShort(2) & 0xffff : -1;
            default -> -1;
        };
    }

    private int responseCode() {
        return sense.length == 0 ? -1 : sense[0] & 0x7f;
    }

    @Override
    public String toString() {
        return senseKey() < 0
                ? "status %02Xh".formatted(status)
                : "status %02Xh sense %Xh/%02Xh/%02Xh"
                        .formatted(status, senseKey(), asc() >> 8, asc() & 0xff);
    }
}
