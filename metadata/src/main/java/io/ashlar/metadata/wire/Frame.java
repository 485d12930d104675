package io.ashlar.metadata.wire;

import io.ashlar.common.Check;
import io.ashlar.common.Crc32c;
import io.ashlar.common.Wire;
import io.ashlar.common.WireFormatException;
import io.netty.buffer.ByteBuf;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What stands around each of the module's formats. This layout is the same in every version, so
 * that any version can tell damage from novelty. Big-endian:
 *
 * <pre>
 *  0  magic, 4 letters that name the format
 *  4  version of the body, 2 bytes
 *  6  zero, 2 bytes
 *  8  length of the body, 4 bytes
 * 12  CRC32C of bytes 0 to 11 and the body, 4 bytes
 * 16  body
 * </pre>
 *
 * @param magic names the format
 * @param name for messages
 * @param version that this build writes, and the newest that it reads
 * @param bodyBytesMax largest body
 */
public record Frame(int magic, String name, int version, int bodyBytesMax) {
    private static final int VERSION = 4;
    private static final int LENGTH = 8;
    private static final int CRC = 12;
    static final int HEADER_BYTES = 16;

    /** The magic of four ASCII letters. */
    static int magic(String letters) {
        int magic = 0;
        for (int i = 0; i < 4; i++) {
            magic = magic << 8 | letters.charAt(i);
        }
        return magic;
    }

    /**
     * Appends a frame around what {@code body} writes.
     *
     * @throws IllegalArgumentException if the body is longer than the format allows; {@code out} is
     *     then as it was
     */
    void write(ByteBuf out, Consumer<ByteBuf> body) {
        int start = out.writerIndex();
        out.writeInt(magic).writeShort(version).writeShort(0).writeLong(0);
        body.accept(out);
        int length = out.writerIndex() - start - HEADER_BYTES;
        if (length > bodyBytesMax) {
            out.writerIndex(start);
        }
        Check.argument(
                length <= bodyBytesMax, "%s of %s bytes, limit %s", name, length, bodyBytesMax);
        out.setInt(start + LENGTH, length);
        out.setInt(start + CRC, crc(out, start, length));
    }

    /**
     * Reads one frame; all of its body must be used.
     *
     * @throws WireFormatException for damage, and by name for a version that this build does not
     *     know
     */
    <T> T read(ByteBuf in, Function<ByteBuf, T> body) {
        return read(in, (slice, _) -> body.apply(slice));
    }

    /** Reads a body of any version that this build knows. */
    @FunctionalInterface
    interface Body<T> {
        /**
         * @param version {@code 1..} the frame's
         */
        T read(ByteBuf in, int version);
    }

    /** The same for a format that has older versions. */
    <T> T read(ByteBuf in, Body<T> body) {
        Wire.need(in, HEADER_BYTES);
        int start = in.readerIndex();
        if (in.getInt(start) != magic) {
            throw new WireFormatException("this is no " + name);
        }
        int length = in.getInt(start + LENGTH);
        if (length < 0 || length > bodyBytesMax) {
            throw new WireFormatException(name + " of " + length + " bytes, limit " + bodyBytesMax);
        }
        Wire.need(in, HEADER_BYTES + (long) length);
        if (in.getInt(start + CRC) != crc(in, start, length)) {
            throw new WireFormatException("checksum of " + name + " does not match");
        }
        int found = in.getUnsignedShort(start + VERSION);
        if (found == 0 || found > version || in.getUnsignedShort(start + VERSION + 2) != 0) {
            throw new WireFormatException(
                    name
                            + " of version "
                            + found
                            + " was written by a newer Ashlar, this one knows up to "
                            + version
                            + ": upgrade this node");
        }
        in.skipBytes(HEADER_BYTES);
        ByteBuf slice = in.readSlice(length);
        T value;
        try {
            value = body.read(slice, found);
        } catch (IllegalArgumentException e) {
            // The ids' own checks of range.
            throw new WireFormatException(name + ": " + e.getMessage());
        }
        if (slice.isReadable()) {
            throw new WireFormatException(
                    name + " has " + slice.readableBytes() + " bytes too many");
        }
        return value;
    }

    private static int crc(ByteBuf buffer, int start, int length) {
        byte[] bytes = new byte[CRC + length];
        buffer.getBytes(start, bytes, 0, CRC);
        buffer.getBytes(start + HEADER_BYTES, bytes, CRC, length);
        return Crc32c.of(bytes, 0, bytes.length);
    }
}
