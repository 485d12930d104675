package io.ashlar.common;

import java.util.zip.CRC32C;

/** CRC-32C (Castagnoli), as iSCSI digests and our own formats use it. */
public final class Crc32c {
    private static final ThreadLocal<CRC32C> CRC = ThreadLocal.withInitial(CRC32C::new);
    private static final byte[] ZERO_BLOCK = new byte[Sizes.BLOCK_BYTES];

    /** The checksum of a block of zeros, which is what an unwritten block reads as. */
    public static final int OF_ZERO_BLOCK = of(ZERO_BLOCK, 0, Sizes.BLOCK_BYTES);

    private Crc32c() {}

    public static int of(byte[] bytes, int offset, int length) {
        CRC32C crc = CRC.get();
        crc.reset();
        crc.update(bytes, offset, length);
        return (int) crc.getValue();
    }

    /** Over the buffer's remaining bytes; its position does not change. */
    public static int of(java.nio.ByteBuffer buffer) {
        CRC32C crc = CRC.get();
        crc.reset();
        crc.update(buffer.duplicate());
        return (int) crc.getValue();
    }
}
