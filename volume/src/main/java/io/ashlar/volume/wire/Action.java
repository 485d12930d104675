package io.ashlar.volume.wire;

import io.ashlar.common.CompareMark;
import io.ashlar.common.Payload;
import io.ashlar.common.Sizes;
import io.ashlar.common.Wire;
import io.ashlar.common.WireFormatException;
import io.ashlar.common.reservation.AccessKind;
import io.ashlar.common.reservation.ReservationChange;
import io.ashlar.common.reservation.ReservationCodec;
import io.netty.buffer.ByteBuf;
import java.util.List;

/** What a part of a host's command does: at most one request of one placement group. */
public sealed interface Action {
    /** Sectors are the finest unit of hosts, in bytes. */
    int SECTOR_BYTES = 512;

    /**
     * Reads inside one chunk.
     *
     * @param chunk number of the chunk in the volume
     * @param offset in the chunk, in bytes, a multiple of 512
     * @param length in bytes, a multiple of 512, at most 1 MiB
     */
    record Read(long chunk, int offset, int length) implements Action {}

    /**
     * Writes inside one chunk; units as in {@link Read}.
     *
     * @param checksums CRC-32C of each piece of the data that lies in one 4 KiB block
     */
    record Write(long chunk, int offset, Payload data, int[] checksums) implements Action {}

    /** Sets bits inside one chunk; fields as in {@link Write}. */
    record OrWrite(long chunk, int offset, Payload data, int[] checksums) implements Action {}

    /**
     * Writes one logical block if it holds what it is compared with; its place is the mark's.
     *
     * @param checksums CRC-32C of what is compared, and of what is written
     * @param answered commands for this place whose answers the host had before it sent this one
     */
    record CompareAndWrite(
            long chunk,
            Payload compared,
            Payload data,
            int[] checksums,
            CompareMark mark,
            List<CompareMark.Command> answered)
            implements Action {}

    /** The host has the answer of the command that left the mark. */
    record Settle(long chunk, CompareMark mark) implements Action {}

    /** Makes whole 4 KiB blocks of one chunk read as zeros. */
    record Trim(long chunk, int firstBlock, int blocks) implements Action {}

    /** Everything of this host that was admitted before is decided. */
    record Flush() implements Action {}

    /** Changes the volume's reservations. */
    record ChangeReservations(ReservationChange change) implements Action {}

    /** What it is to a reservation. */
    default AccessKind accessKind() {
        return switch (this) {
            case Read _ -> AccessKind.READ;
            case Write _, OrWrite _, CompareAndWrite _, Trim _, Flush _ -> AccessKind.WRITE;
            // A settling tells of what was permitted, and changes no contents.
            case Settle _, ChangeReservations _ -> AccessKind.OTHER;
        };
    }

    /** Bytes of data that it moves. */
    default int dataBytes() {
        return switch (this) {
            case Read read -> read.length();
            case Write write -> write.data().length();
            case OrWrite or -> or.data().length();
            case CompareAndWrite compare -> 2 * compare.data().length();
            case Trim _, Settle _, Flush _, ChangeReservations _ -> 0;
        };
    }

    default void encode(ByteBuf out) {
        switch (this) {
            case Read(long chunk, int offset, int length) ->
                    out.writeByte(1).writeLong(chunk).writeInt(offset).writeInt(length);
            case Write(long chunk, int offset, Payload data, int[] checksums) -> {
                out.writeByte(2).writeLong(chunk).writeInt(offset);
                Wire.writePayload(out, data);
                encodeChecksums(out, checksums);
            }
            case OrWrite(long chunk, int offset, Payload data, int[] checksums) -> {
                out.writeByte(10).writeLong(chunk).writeInt(offset);
                Wire.writePayload(out, data);
                encodeChecksums(out, checksums);
            }
            case Trim(long chunk, int firstBlock, int blocks) ->
                    out.writeByte(3).writeLong(chunk).writeInt(firstBlock).writeInt(blocks);
            case Flush() -> out.writeByte(4);
            case ChangeReservations(var change) ->
                    ReservationCodec.writeChange(out.writeByte(9), change);
            case CompareAndWrite(
                            long chunk,
                            Payload compared,
                            Payload data,
                            int[] checksums,
                            CompareMark mark,
                            var answered) -> {
                out.writeByte(5).writeLong(chunk);
                mark.encode(out);
                CompareMark.encodeAnswered(out, answered);
                Wire.writePayload(out, compared);
                Wire.writePayload(out, data);
                encodeChecksums(out, checksums);
            }
            case Settle(long chunk, CompareMark mark) -> {
                out.writeByte(6).writeLong(chunk);
                mark.encode(out);
            }
        }
    }

    static Action decode(ByteBuf in) {
        int kind = Wire.readByte(in);
        return switch (kind) {
            case 1 -> {
                Read read = new Read(Wire.readLong(in), Wire.readInt(in), Wire.readInt(in));
                checkExtent(read.chunk, read.offset, read.length, Sizes.PAYLOAD_BYTES_MAX);
                yield read;
            }
            case 2 -> decodeWrite(in);
            case 10 -> {
                Write bits = decodeWrite(in);
                yield new OrWrite(bits.chunk, bits.offset, bits.data, bits.checksums);
            }
            case 3 -> {
                Trim trim = new Trim(Wire.readLong(in), Wire.readInt(in), Wire.readInt(in));
                int blocksMax = Sizes.CHUNK_BYTES_MAX / Sizes.BLOCK_BYTES;
                if (trim.chunk < 0
                        || trim.firstBlock < 0
                        || trim.blocks <= 0
                        || trim.firstBlock > blocksMax - trim.blocks) {
                    throw new WireFormatException("trim " + trim);
                }
                yield trim;
            }
            case 4 -> new Flush();
            case 9 -> new ChangeReservations(ReservationCodec.readChange(in));
            case 5 -> {
                long chunk = Wire.readLong(in);
                CompareMark mark = CompareMark.decode(in);
                checkExtent(chunk, mark.offset(), mark.length(), Sizes.BLOCK_BYTES);
                var answered = CompareMark.decodeAnswered(in);
                Payload compared = Wire.readPayload(in, Sizes.BLOCK_BYTES);
                Payload data = Wire.readPayload(in, Sizes.BLOCK_BYTES);
                int[] checksums = decodeChecksums(in);
                if (compared.length() != mark.length()
                        || data.length() != mark.length()
                        || checksums.length != 2) {
                    throw new WireFormatException(
                            "comparison of " + compared.length() + " bytes for " + mark);
                }
                yield new CompareAndWrite(chunk, compared, data, checksums, mark, answered);
            }
            case 6 -> {
                long chunk = Wire.readLong(in);
                CompareMark mark = CompareMark.decode(in);
                checkExtent(chunk, mark.offset(), mark.length(), Sizes.BLOCK_BYTES);
                yield new Settle(chunk, mark);
            }
            default -> throw new WireFormatException("action " + kind);
        };
    }

    private static Write decodeWrite(ByteBuf in) {
        long chunk = Wire.readLong(in);
        int offset = Wire.readInt(in);
        Payload data = Wire.readPayload(in, Sizes.PAYLOAD_BYTES_MAX);
        checkExtent(chunk, offset, data.length(), Sizes.PAYLOAD_BYTES_MAX);
        int[] checksums = decodeChecksums(in);
        if (checksums.length != pieces(offset, data.length())) {
            throw new WireFormatException(
                    checksums.length + " checksums for " + data.length() + " bytes");
        }
        return new Write(chunk, offset, data, checksums);
    }

    /** How many 4 KiB blocks a range touches. */
    static int pieces(long offset, int length) {
        int head = (int) (offset % Sizes.BLOCK_BYTES);
        return (head + length + Sizes.BLOCK_BYTES - 1) / Sizes.BLOCK_BYTES;
    }

    static void encodeChecksums(ByteBuf out, int[] checksums) {
        out.writeInt(checksums.length);
        for (int checksum : checksums) {
            out.writeInt(checksum);
        }
    }

    static int[] decodeChecksums(ByteBuf in) {
        int count = Wire.readCount(in, Sizes.PAYLOAD_BYTES_MAX / Sizes.BLOCK_BYTES + 1, 4);
        int[] checksums = new int[count];
        for (int i = 0; i < count; i++) {
            checksums[i] = in.readInt();
        }
        return checksums;
    }

    private static void checkExtent(long chunk, int offset, int length, int lengthMax) {
        if (chunk < 0
                || offset < 0
                || length <= 0
                || length > lengthMax
                || offset % SECTOR_BYTES != 0
                || length % SECTOR_BYTES != 0
                || offset > Sizes.CHUNK_BYTES_MAX - length) {
            throw new WireFormatException("chunk " + chunk + ", " + offset + "+" + length);
        }
    }
}
