package io.ashlar.common;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;

/**
 * What a COMPARE AND WRITE leaves in the log entry by which it wrote, so that its repetition is
 * known for what it is, also by the next owner and the next primary (DESIGN section 6, rule 9; ADR
 * 9).
 *
 * @param offset where it wrote, in bytes in the chunk, a multiple of 512
 * @param length how much, in bytes: one logical block
 * @param host digest of the host's name, the same by every path
 * @param operandsHigh upper half of a digest of what it compared and what it wrote
 * @param operandsLow lower half
 * @param origin which association of the host sent it, and after how many failures: two of the same
 *     origin are two commands, since the host had no reason to repeat the first
 * @param command the command itself
 */
public record CompareMark(
        int offset,
        int length,
        long host,
        long operandsHigh,
        long operandsLow,
        long origin,
        long command) {
    /** Encoded size, in bytes. */
    public static final int BYTES = 2 * Integer.BYTES + 5 * Long.BYTES;

    /** Most commands that another may name as answered. */
    public static final int ANSWERED_MAX = 8;

    /** Which command it was, in the whole cluster and for all time. */
    public record Command(long origin, long number) {
        private static final int BYTES = 2 * Long.BYTES;
    }

    public CompareMark {
        if (offset < 0
                || length <= 0
                || offset % 512 != 0
                || length % 512 != 0
                || length > Sizes.BLOCK_BYTES
                || offset % Sizes.BLOCK_BYTES > Sizes.BLOCK_BYTES - length
                || offset > Sizes.CHUNK_BYTES_MAX - length) {
            throw new WireFormatException("mark of " + offset + "+" + length);
        }
    }

    /** The mark of a command whose place in its chunk is not known yet. */
    public static CompareMark of(
            String host, Payload compared, Payload written, long origin, long command) {
        ByteBuffer name = digest(host.getBytes(StandardCharsets.UTF_8), new byte[0]);
        ByteBuffer operands = digest(compared.toByteArray(), written.toByteArray());
        return new CompareMark(
                0,
                written.length(),
                name.getLong(),
                operands.getLong(),
                operands.getLong(),
                origin,
                command);
    }

    private static ByteBuffer digest(byte[] first, byte[] second) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(first);
            return ByteBuffer.wrap(sha.digest(second));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** The same at another place. */
    public CompareMark at(int newOffset) {
        return new CompareMark(newOffset, length, host, operandsHigh, operandsLow, origin, command);
    }

    /** The command that left it. */
    public Command ofCommand() {
        return new Command(origin, command);
    }

    /** Writes at most {@value #ANSWERED_MAX} commands, behind their count. */
    public static void encodeAnswered(ByteBuf out, List<Command> answered) {
        out.writeInt(answered.size());
        answered.forEach(each -> out.writeLong(each.origin).writeLong(each.number));
    }

    /** Reads what {@link #encodeAnswered} wrote. */
    public static List<Command> decodeAnswered(ByteBuf in) {
        int count = Wire.readCount(in, ANSWERED_MAX, Command.BYTES);
        List<Command> answered = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            answered.add(new Command(Wire.readLong(in), Wire.readLong(in)));
        }
        return List.copyOf(answered);
    }

    /** Whether it compared and wrote the same. */
    public boolean hasOperandsOf(CompareMark other) {
        return operandsHigh == other.operandsHigh && operandsLow == other.operandsLow;
    }

    public void encode(ByteBuf out) {
        out.writeInt(offset).writeInt(length).writeLong(host);
        out.writeLong(operandsHigh).writeLong(operandsLow).writeLong(origin).writeLong(command);
    }

    /** Reads what {@link #encode} wrote. */
    public static CompareMark decode(ByteBuf in) {
        return new CompareMark(
                Wire.readInt(in),
                Wire.readInt(in),
                Wire.readLong(in),
                Wire.readLong(in),
                Wire.readLong(in),
                Wire.readLong(in),
                Wire.readLong(in));
    }

    public void encode(ByteBuffer out) {
        out.putInt(offset).putInt(length).putLong(host);
        out.putLong(operandsHigh).putLong(operandsLow).putLong(origin).putLong(command);
    }

    /** Reads what {@link #encode} wrote. */
    public static CompareMark decode(ByteBuffer in) {
        return new CompareMark(
                in.getInt(),
                in.getInt(),
                in.getLong(),
                in.getLong(),
                in.getLong(),
                in.getLong(),
                in.getLong());
    }
}
