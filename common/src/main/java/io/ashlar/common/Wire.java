package io.ashlar.common;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * Pieces of our own binary formats. Every read checks the length that it is told against what
 * remains and a limit.
 */
public final class Wire {
    private Wire() {}

    /** Throws unless {@code bytes} more can be read. */
    public static void need(ByteBuf in, long bytes) {
        if (bytes < 0 || in.readableBytes() < bytes) {
            throw new WireFormatException("need " + bytes + " bytes, have " + in.readableBytes());
        }
    }

    public static int readByte(ByteBuf in) {
        need(in, 1);
        return in.readUnsignedByte();
    }

    public static int readShort(ByteBuf in) {
        need(in, 2);
        return in.readUnsignedShort();
    }

    public static int readInt(ByteBuf in) {
        need(in, 4);
        return in.readInt();
    }

    public static long readLong(ByteBuf in) {
        need(in, 8);
        return in.readLong();
    }

    public static boolean readBoolean(ByteBuf in) {
        int value = readByte(in);
        if (value > 1) {
            throw new WireFormatException("boolean is " + value);
        }
        return value == 1;
    }

    /**
     * A count that must lie in {@code 0..max}, each element taking at least {@code
     * elementBytesMin}.
     */
    public static int readCount(ByteBuf in, int max, int elementBytesMin) {
        int count = readInt(in);
        if (count < 0 || count > max) {
            throw new WireFormatException("count " + count + " is not in 0.." + max);
        }
        need(in, (long) count * elementBytesMin);
        return count;
    }

    public static void writeUuid(ByteBuf out, UUID uuid) {
        out.writeLong(uuid.getMostSignificantBits()).writeLong(uuid.getLeastSignificantBits());
    }

    public static UUID readUuid(ByteBuf in) {
        return new UUID(readLong(in), readLong(in));
    }

    /** UTF-8 with a length of two bytes. */
    public static void writeString(ByteBuf out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        Check.argument(bytes.length <= 0xFFFF, "string of %s bytes", bytes.length);
        out.writeShort(bytes.length).writeBytes(bytes);
    }

    public static String readString(ByteBuf in, int bytesMax) {
        int length = readShort(in);
        if (length > bytesMax) {
            throw new WireFormatException("string of " + length + " bytes, limit " + bytesMax);
        }
        need(in, length);
        byte[] bytes = new byte[length];
        in.readBytes(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    public static void writePayload(ByteBuf out, Payload payload) {
        out.writeInt(payload.length())
                .writeBytes(payload.array(), payload.offset(), payload.length());
    }

    public static Payload readPayload(ByteBuf in, int bytesMax) {
        int length = readInt(in);
        if (length < 0 || length > bytesMax) {
            throw new WireFormatException("payload of " + length + " bytes, limit " + bytesMax);
        }
        need(in, length);
        byte[] bytes = new byte[length];
        in.readBytes(bytes);
        return Payload.of(bytes);
    }
}
