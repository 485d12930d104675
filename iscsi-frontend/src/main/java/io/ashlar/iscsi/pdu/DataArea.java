package io.ashlar.iscsi.pdu;

/**
 * Where a data segment is put while it is read from the socket: one copy, to its final place. One
 * object per decoder, valid until the next header.
 */
public final class DataArea {
    static final byte[] NONE = new byte[0];

    private byte[] array = NONE;
    private int offset;
    private int length;

    /** The receiver's choice of place; it has room for {@link #length()} bytes from there. */
    public void use(byte[] target, int targetOffset) {
        array = target;
        offset = targetOffset;
    }

    public byte[] array() {
        return array;
    }

    public int offset() {
        return offset;
    }

    /** Bytes of the data segment, without padding. */
    public int length() {
        return length;
    }

    void reset(int bytes) {
        array = NONE;
        offset = 0;
        length = bytes;
    }
}
