package io.ashlar.systemtests.iscsi;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.HexFormat;

/**
 * One iSCSI PDU without digests: a basic header segment and its data (RFC 7143 section 11.1). Field
 * accessors take the byte offsets of the RFC's drawings.
 */
final class Pdu {
    static final int BHS_BYTES = 48;
    static final int RESERVED_TAG = 0xffffffff;

    /** More than this in one PDU was never declared by us: the target is broken. */
    private static final int DATA_BYTES_MAX = 1 << 20;

    private static final byte[] PADDING = new byte[3];

    private final ByteBuffer bhs;
    private final byte[] data;
    private final int dataOffset;
    private final int dataBytes;

    private Pdu(ByteBuffer bhs, byte[] data, int dataOffset, int dataBytes) {
        this.bhs = bhs;
        this.data = data;
        this.dataOffset = dataOffset;
        this.dataBytes = dataBytes;
    }

    /** An outgoing PDU; the data segment is a part of {@code data}, not a copy of it. */
    static Pdu of(int opcode, boolean immediate, byte[] data, int dataOffset, int dataBytes) {
        ByteBuffer bhs = ByteBuffer.allocate(BHS_BYTES);
        bhs.put(0, (byte) (opcode | (immediate ? 0x40 : 0)));
        bhs.putInt(4, dataBytes); // TotalAHSLength 0, DataSegmentLength
        return new Pdu(bhs, data, dataOffset, dataBytes);
    }

    static Pdu of(int opcode, boolean immediate) {
        return of(opcode, immediate, PADDING, 0, 0);
    }

    /** Reads one whole PDU, or throws {@link IOException}: then the stream is of no more use. */
    static Pdu read(DataInputStream in) throws IOException {
        byte[] header = new byte[BHS_BYTES];
        in.readFully(header);
        ByteBuffer bhs = ByteBuffer.wrap(header);
        int ahsBytes = (bhs.getInt(4) >>> 24) * 4;
        int dataBytes = bhs.getInt(4) & 0xffffff;
        if (dataBytes > DATA_BYTES_MAX) {
            throw new ProtocolViolation("data segment of " + dataBytes + " bytes: " + hex(header));
        }
        in.skipNBytes(ahsBytes);
        byte[] data = new byte[dataBytes];
        in.readFully(data);
        in.skipNBytes(-dataBytes & 3);
        return new Pdu(bhs, data, 0, dataBytes);
    }

    void write(OutputStream out) throws IOException {
        out.write(bhs.array());
        out.write(data, dataOffset, dataBytes);
        out.write(PADDING, 0, -dataBytes & 3);
    }

    int opcode() {
        return bhs.get(0) & 0x3f;
    }

    boolean isImmediate() {
        return (bhs.get(0) & 0x40) != 0;
    }

    int int8(int offset) {
        return bhs.get(offset) & 0xff;
    }

    int int16(int offset) {
        return bhs.getShort(offset) & 0xffff;
    }

    int int32(int offset) {
        return bhs.getInt(offset);
    }

    Pdu set8(int offset, int value) {
        bhs.put(offset, (byte) value);
        return this;
    }

    Pdu set16(int offset, int value) {
        bhs.putShort(offset, (short) value);
        return this;
    }

    Pdu set32(int offset, int value) {
        bhs.putInt(offset, value);
        return this;
    }

    Pdu setBytes(int offset, byte[] value) {
        bhs.put(offset, value);
        return this;
    }

    /** A single-level LUN in peripheral device or flat addressing (SAM-5 section 4.7). */
    Pdu setLun(int lun) {
        if (lun < 256) {
            set8(9, lun);
        } else {
            set16(8, 0x4000 | lun);
        }
        return this;
    }

    Pdu copyLun(Pdu from) {
        bhs.putLong(8, from.bhs.getLong(8));
        return this;
    }

    int initiatorTaskTag() {
        return int32(16);
    }

    int targetTransferTag() {
        return int32(20);
    }

    /** The data segment of a PDU that was read. */
    byte[] data() {
        return data;
    }

    int dataBytes() {
        return dataBytes;
    }

    @Override
    public String toString() {
        return hex(bhs.array()) + " +" + dataBytes;
    }

    private static String hex(byte[] header) {
        return HexFormat.of().formatHex(header);
    }
}
