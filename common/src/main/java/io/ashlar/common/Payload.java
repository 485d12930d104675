package io.ashlar.common;

import java.util.Arrays;

/**
 * Data on its way between socket and store: immutable, memory of the heap, no reference count.
 * Whoever makes one hands over the array and never writes to it again.
 */
public final class Payload {
    public static final Payload EMPTY = new Payload(new byte[0], 0, 0);

    private final byte[] array;
    private final int offset;
    private final int length;

    private Payload(byte[] array, int offset, int length) {
        this.array = array;
        this.offset = offset;
        this.length = length;
    }

    /** Takes the array over without copying it. */
    public static Payload of(byte[] array) {
        return new Payload(array, 0, array.length);
    }

    public static Payload zeros(int length) {
        return new Payload(new byte[length], 0, length);
    }

    /** Bytes. */
    public int length() {
        return length;
    }

    /** The backing array; read only, between {@link #offset()} and {@code offset() + length()}. */
    public byte[] array() {
        return array;
    }

    public int offset() {
        return offset;
    }

    /** A part of it, sharing memory. */
    public Payload slice(int from, int bytes) {
        Check.argument(
                from >= 0 && bytes >= 0 && from <= length - bytes,
                "slice %s+%s of %s",
                from,
                bytes,
                length);
        return new Payload(array, offset + from, bytes);
    }

    public byte byteAt(int index) {
        Check.argument(index >= 0 && index < length, "index %s of %s", index, length);
        return array[offset + index];
    }

    public void copyTo(int from, byte[] target, int targetOffset, int bytes) {
        Check.argument(
                from >= 0 && bytes >= 0 && from <= length - bytes,
                "copy %s+%s of %s",
                from,
                bytes,
                length);
        System.arraycopy(array, offset + from, target, targetOffset, bytes);
    }

    public byte[] toByteArray() {
        return Arrays.copyOfRange(array, offset, offset + length);
    }

    /** CRC-32C of {@code bytes} bytes from {@code from}. */
    public int crc32c(int from, int bytes) {
        Check.argument(
                from >= 0 && bytes >= 0 && from <= length - bytes,
                "crc %s+%s of %s",
                from,
                bytes,
                length);
        return Crc32c.of(array, offset + from, bytes);
    }

    public boolean isZero() {
        for (int i = offset; i < offset + length; i++) {
            if (array[i] != 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Payload that
                && Arrays.equals(
                        array,
                        offset,
                        offset + length,
                        that.array,
                        that.offset,
                        that.offset + that.length);
    }

    @Override
    public int hashCode() {
        int hash = 1;
        for (int i = offset; i < offset + length; i++) {
            hash = 31 * hash + array[i];
        }
        return hash;
    }

    @Override
    public String toString() {
        return "Payload[" + length + "]";
    }
}
