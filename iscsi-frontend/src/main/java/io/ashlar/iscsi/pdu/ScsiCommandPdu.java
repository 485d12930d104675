package io.ashlar.iscsi.pdu;

import io.ashlar.common.WireFormatException;
import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * SCSI Command, RFC 7143 section 11.3. Immediate data, if any, is the data segment.
 *
 * @param last the F bit: no unsolicited Data-Out follows
 * @param attribute the task attribute: 0 untagged, 1 simple, 2 ordered, 3 head of queue, 4 ACA
 * @param expectedDataTransferLength bytes, unsigned
 * @param cdb 16 bytes, or more with an extended CDB
 */
public record ScsiCommandPdu(
        boolean immediate,
        boolean last,
        boolean read,
        boolean write,
        int attribute,
        long lun,
        int initiatorTaskTag,
        int expectedDataTransferLength,
        int cmdSn,
        int expStatSn,
        byte[] cdb)
        implements InitiatorPdu {
    static final int OPCODE = 0x01;

    /** Bytes of a CDB in the basic header. */
    static final int CDB_BYTES = 16;

    private static final int READ = 0x40;
    private static final int WRITE = 0x20;
    private static final int ATTRIBUTE_MASK = 0x07;
    private static final int EXPECTED_DATA_TRANSFER_LENGTH = 20;
    private static final int CDB = 32;

    /** Additional header: two bytes of length, one of type, one reserved, section 11.2.2.1. */
    private static final int AHS_HEADER_BYTES = 4;

    private static final int AHS_EXTENDED_CDB = 1;

    static ScsiCommandPdu decode(ByteBuf header, byte[] additional) {
        int flags = header.getByte(Bhs.FLAGS);
        byte[] cdb = new byte[CDB_BYTES];
        header.getBytes(CDB, cdb);
        return new ScsiCommandPdu(
                (header.getByte(Bhs.OPCODE) & Bhs.IMMEDIATE) != 0,
                (flags & Bhs.FINAL) != 0,
                (flags & READ) != 0,
                (flags & WRITE) != 0,
                flags & ATTRIBUTE_MASK,
                header.getLong(Bhs.LUN),
                header.getInt(Bhs.INITIATOR_TASK_TAG),
                header.getInt(EXPECTED_DATA_TRANSFER_LENGTH),
                header.getInt(Bhs.CMD_SN),
                header.getInt(Bhs.EXP_STAT_SN),
                additional.length == 0 ? cdb : withExtension(cdb, additional));
    }

    /** Walks the additional headers; a type that is not an extended CDB is passed over. */
    private static byte[] withExtension(byte[] cdb, byte[] additional) {
        byte[] whole = cdb;
        int at = 0;
        while (at < additional.length) {
            if (additional.length - at < AHS_HEADER_BYTES) {
                throw new WireFormatException("additional header is cut off");
            }
            // AHSLength counts what follows the type, that is with the reserved byte
            int length = ((additional[at] & 0xFF) << 8) | (additional[at + 1] & 0xFF);
            int type = additional[at + 2] & 0x3F;
            if (length < 1 || length > additional.length - at - 3) {
                throw new WireFormatException("additional header of " + length + " bytes");
            }
            if (type == AHS_EXTENDED_CDB) {
                int extra = length - 1;
                whole = Arrays.copyOf(cdb, CDB_BYTES + extra);
                System.arraycopy(additional, at + AHS_HEADER_BYTES, whole, CDB_BYTES, extra);
            }
            at += Bhs.padded(3 + length);
        }
        return whole;
    }

    /** Writes the basic header; an extended CDB is not written, as no target sends this PDU. */
    @Override
    public void encode(ByteBuf out) {
        int start = out.writerIndex();
        out.writeZero(Bhs.BYTES);
        int flags = (last ? Bhs.FINAL : 0) | (read ? READ : 0) | (write ? WRITE : 0) | attribute;
        out.setByte(start + Bhs.OPCODE, OPCODE | (immediate ? Bhs.IMMEDIATE : 0));
        out.setByte(start + Bhs.FLAGS, flags).setLong(start + Bhs.LUN, lun);
        out.setInt(start + Bhs.INITIATOR_TASK_TAG, initiatorTaskTag);
        out.setInt(start + EXPECTED_DATA_TRANSFER_LENGTH, expectedDataTransferLength);
        out.setInt(start + Bhs.CMD_SN, cmdSn).setInt(start + Bhs.EXP_STAT_SN, expStatSn);
        out.setBytes(start + CDB, cdb, 0, Math.min(cdb.length, CDB_BYTES));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ScsiCommandPdu that
                && header().equals(that.header())
                && Arrays.equals(cdb, that.cdb);
    }

    @Override
    public int hashCode() {
        return 31 * header().hashCode() + Arrays.hashCode(cdb);
    }

    @Override
    public String toString() {
        return "ScsiCommandPdu" + header() + ", cdb=" + HexFormat.of().formatHex(cdb) + "]";
    }

    /** All but the CDB, in words. */
    private String header() {
        return "[immediate="
                + immediate
                + ", last="
                + last
                + ", read="
                + read
                + ", write="
                + write
                + ", attribute="
                + attribute
                + ", lun="
                + lun
                + ", initiatorTaskTag="
                + initiatorTaskTag
                + ", expectedDataTransferLength="
                + expectedDataTransferLength
                + ", cmdSn="
                + cmdSn
                + ", expStatSn="
                + expStatSn;
    }
}
