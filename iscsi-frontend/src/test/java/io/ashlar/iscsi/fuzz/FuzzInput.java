package io.ashlar.iscsi.fuzz;

import java.util.Arrays;

/** What a fuzzer made up, read from front to back; past its end are zeros. */
public final class FuzzInput {
    private final byte[] bytes;
    private int at;

    public FuzzInput(byte[] bytes) {
        this.bytes = bytes;
    }

    public int remaining() {
        return bytes.length - at;
    }

    public int u8() {
        return at < bytes.length ? bytes[at++] & 0xFF : 0;
    }

    public int u16() {
        return u8() << 8 | u8();
    }

    /** So many bytes. */
    public byte[] take(int count) {
        int there = Math.min(count, remaining());
        byte[] taken = Arrays.copyOf(Arrays.copyOfRange(bytes, at, at + there), count);
        at += there;
        return taken;
    }

    /** What comes before the next byte of that value, or before the end; that byte is skipped. */
    public byte[] until(int separator) {
        int end = at;
        while (end < bytes.length && (bytes[end] & 0xFF) != separator) {
            end++;
        }
        byte[] taken = Arrays.copyOfRange(bytes, at, end);
        at = Math.min(end + 1, bytes.length);
        return taken;
    }
}
