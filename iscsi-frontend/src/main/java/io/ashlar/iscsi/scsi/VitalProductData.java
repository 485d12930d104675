package io.ashlar.iscsi.scsi;

import io.ashlar.volume.IoRequest;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Vital product data pages, SPC-4 section 7.8 and SBC-3 section 6.5. What identifies a volume comes
 * from its identity alone, so that it is the same by every node, for ever.
 */
final class VitalProductData {
    private static final int SUPPORTED = 0x00;
    private static final int SERIAL_NUMBER = 0x80;
    private static final int IDENTIFICATION = 0x83;
    private static final int EXTENDED_INQUIRY = 0x86;
    private static final int MODE_PAGE_POLICY = 0x87;
    private static final int THIRD_PARTY_COPY = 0x8F;
    private static final int BLOCK_LIMITS = 0xB0;
    private static final int BLOCK_CHARACTERISTICS = 0xB1;
    private static final int PROVISIONING = 0xB2;
    private static final int[] PAGES = {
        SUPPORTED,
        SERIAL_NUMBER,
        IDENTIFICATION,
        EXTENDED_INQUIRY,
        MODE_PAGE_POLICY,
        THIRD_PARTY_COPY,
        BLOCK_LIMITS,
        BLOCK_CHARACTERISTICS,
        PROVISIONING
    };
    private static final int NO_UNIT = 0x7F;
    private static final int PAGE_HEADER_BYTES = 4;

    /** Fields of a designation descriptor, SPC-4 section 7.8.6. */
    static final int BINARY = 1;

    private static final int ASCII = 2;
    private static final int UTF8 = 3;
    private static final int PORT = 0x10;
    private static final int PROTOCOL_VALID = 0x80;
    private static final int PROTOCOL_ISCSI = 0x50;
    private static final int TYPE_T10_VENDOR = 1;
    static final int TYPE_NAA = 3;
    private static final int TYPE_RELATIVE_PORT = 4;
    private static final int TYPE_PORT_GROUP = 5;
    private static final int TYPE_NAME_STRING = 8;

    /**
     * NAA 6h with 24 bits of company id and 100 bits below it. As no company id is ours, it is a
     * locally assigned one: the second-lowest bit of its first byte is set, as in IEEE 802
     * addresses.
     */
    private static final long NAA_6_LOCAL = 0x602_A510L;

    private static final int NON_ROTATING = 1;
    private static final int LBPU_LBPWS_LBPWS10_LBPRZ = 0xE4;
    private static final int PROVISIONED_THIN = 2;
    private static final int WRITE_SAME_NON_ZERO = 1;
    private static final int PHYSICAL_BLOCK_BYTES = 4096;
    private static final int OPTIMAL_TRANSFER_BYTES = 1024 * 1024;

    /** HEADSUP, ORDSUP, SIMPSUP: task attributes. */
    private static final int TASK_ATTRIBUTES = 0x07;

    /** Mode page policies, SPC-4 section 7.8.9. */
    private static final int POLICY_SHARED = 0;

    private static final int POLICY_PER_NEXUS = 3;

    private VitalProductData() {}

    /** The whole page; null if there is no such page. Without a unit only page 00h is there. */
    static byte @Nullable [] page(ScsiNexus nexus, @Nullable LogicalUnit unit, int page) {
        if (unit == null) {
            return page == SUPPORTED
                    ? withHeader(NO_UNIT, SUPPORTED, new byte[] {SUPPORTED})
                    : null;
        }
        byte[] body =
                switch (page) {
                    case SUPPORTED -> supported();
                    case SERIAL_NUMBER ->
                            serial(unit.volume().identity()).getBytes(StandardCharsets.US_ASCII);
                    case IDENTIFICATION -> identification(nexus, unit);
                    case EXTENDED_INQUIRY -> extendedInquiry();
                    case MODE_PAGE_POLICY -> modePagePolicy();
                    case THIRD_PARTY_COPY -> ThirdPartyCopyPage.body();
                    case BLOCK_LIMITS -> blockLimits(unit.blockBytes());
                    case BLOCK_CHARACTERISTICS -> blockCharacteristics();
                    case PROVISIONING -> provisioning();
                    default -> null;
                };
        return body == null ? null : withHeader(0, page, body);
    }

    private static byte[] withHeader(int device, int page, byte[] body) {
        byte[] data = new byte[PAGE_HEADER_BYTES + body.length];
        data[0] = (byte) device;
        data[1] = (byte) page;
        Cdb.put16(data, 2, body.length);
        System.arraycopy(body, 0, data, PAGE_HEADER_BYTES, body.length);
        return data;
    }

    private static byte[] supported() {
        byte[] codes = new byte[PAGES.length];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = (byte) PAGES[i];
        }
        return codes;
    }

    /** The unit serial number: all of the identity, in hexadecimal. */
    static String serial(UUID identity) {
        return identity.toString().replace("-", "");
    }

    /** NAA identifier of 16 bytes; what is left of the identity after 100 bits is in the serial. */
    static byte[] naa(UUID identity) {
        byte[] naa = new byte[16];
        long high = identity.getMostSignificantBits();
        long low = identity.getLeastSignificantBits();
        // 28 bits of type and company, then the lowest 36 bits of both halves mixed with the rest
        Cdb.put64(naa, 0, (NAA_6_LOCAL << 36) | ((high ^ (high >>> 36)) & 0xF_FFFF_FFFFL));
        Cdb.put64(naa, 8, low);
        return naa;
    }

    private static byte[] identification(ScsiNexus nexus, LogicalUnit unit) {
        UUID identity = unit.volume().identity();
        int node = nexus.volumes().localNode().value();
        byte[] vendor = new byte[8 + 32];
        Inquiries.putText(vendor, 0, 8, Inquiries.VENDOR);
        Inquiries.putText(vendor, 8, 32, serial(identity));
        byte[] number = new byte[4];
        Cdb.put16(number, 2, node);
        String group = ",t,0x" + String.format("%04x", node);
        ByteArrayOutputStream page = new ByteArrayOutputStream();
        designator(page, BINARY, TYPE_NAA, naa(identity));
        designator(page, ASCII, TYPE_T10_VENDOR, vendor);
        designator(page, BINARY, PORT | TYPE_RELATIVE_PORT, number);
        designator(page, BINARY, PORT | TYPE_PORT_GROUP, number);
        designator(page, UTF8, PORT | TYPE_NAME_STRING, name(nexus.targetName() + group));
        return page.toByteArray();
    }

    /** UTF-8, ended and padded with zeros to a multiple of four, SPC-4 section 7.8.6.11. */
    private static byte[] name(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        return Arrays.copyOf(utf8, (utf8.length + 4) & ~3);
    }

    private static void designator(ByteArrayOutputStream out, int codeSet, int type, byte[] body) {
        boolean port = (type & PORT) != 0;
        out.write(codeSet | (port ? PROTOCOL_ISCSI : 0));
        out.write(type | (port ? PROTOCOL_VALID : 0));
        out.write(0);
        out.write(body.length);
        out.writeBytes(body);
    }

    /** SPC-4 section 7.8.7: no protection information, no volatile cache, no priorities. */
    private static byte[] extendedInquiry() {
        byte[] body = new byte[60];
        body[1] = TASK_ATTRIBUTES;
        body[9] = Sense.BYTES_MAX;
        return body;
    }

    /** What a host sets in the control page holds for its own nexus; no other page changes. */
    private static byte[] modePagePolicy() {
        return new byte[] {
            ModePages.CONTROL,
            0,
            POLICY_PER_NEXUS,
            0,
            ModePages.ALL,
            (byte) ModePages.ALL_SUBPAGES,
            POLICY_SHARED,
            0
        };
    }

    private static byte[] blockLimits(int blockBytes) {
        byte[] body = new byte[60];
        int granularity = PHYSICAL_BLOCK_BYTES / blockBytes;
        body[0] = WRITE_SAME_NON_ZERO;
        body[1] = CompareAndWrites.BLOCKS_MAX;
        Cdb.put16(body, 2, granularity);
        Cdb.put32(body, 4, IoRequest.TRANSFER_BYTES_MAX / blockBytes);
        Cdb.put32(body, 8, OPTIMAL_TRANSFER_BYTES / blockBytes);
        Cdb.put32(body, 16, Unmaps.BLOCKS_MAX);
        Cdb.put32(body, 20, Unmaps.DESCRIPTORS_MAX);
        Cdb.put32(body, 24, granularity);
        Cdb.put32(body, 28, 0x8000_0000L); // UGAVALID, aligned to LBA 0
        Cdb.put64(body, 32, WriteSames.blocksMax(blockBytes));
        int atomic = Transfers.ATOMIC_BYTES / blockBytes;
        Cdb.put32(body, 40, atomic); // MAXIMUM ATOMIC TRANSFER LENGTH
        Cdb.put32(body, 44, atomic); // ATOMIC ALIGNMENT
        Cdb.put32(body, 48, atomic); // ATOMIC TRANSFER LENGTH GRANULARITY; no boundaries
        return body;
    }

    private static byte[] blockCharacteristics() {
        byte[] body = new byte[60];
        Cdb.put16(body, 0, NON_ROTATING);
        return body;
    }

    private static byte[] provisioning() {
        byte[] body = new byte[4];
        body[1] = (byte) LBPU_LBPWS_LBPWS10_LBPRZ;
        body[2] = PROVISIONED_THIN;
        return body;
    }
}
