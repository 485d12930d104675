package io.ashlar.simulation.workload;

import io.ashlar.common.Payload;
import io.ashlar.common.Sizes;
import io.ashlar.common.VolumeId;
import io.ashlar.simulation.check.Violation;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A part of a volume that the workload writes and reads as a whole: one register. Every eight bytes
 * of it hold the value, so that a torn one shows.
 *
 * @param volume the volume
 * @param chunk index of the chunk
 * @param offset byte offset in the chunk
 * @param length bytes, a multiple of 512
 * @param trimmable whether trims are mixed in, which write zero
 */
public record Region(VolumeId volume, long chunk, int offset, int length, boolean trimmable) {
    /** Bits that no counted value has; ORWRITE sets one after the other. */
    private static final int FIRST_BIT = 40;

    private static final int LAST_BIT = 62;

    /** Regions begin and end at these. */
    public static final int SECTOR_BYTES = 512;

    /** Regions of one chunk of 64 KiB: whole blocks, neighbouring sectors, and a wide one. */
    public static List<Region> ofChunk(VolumeId volume, long chunk) {
        int block = Sizes.BLOCK_BYTES;
        return List.of(
                new Region(volume, chunk, 0, block, false),
                new Region(volume, chunk, block, block, false),
                new Region(volume, chunk, 2 * block, block, true),
                new Region(volume, chunk, 3 * block, SECTOR_BYTES, false),
                new Region(volume, chunk, 3 * block + SECTOR_BYTES, SECTOR_BYTES, false),
                new Region(volume, chunk, 3 * block + 5 * SECTOR_BYTES, SECTOR_BYTES, false),
                new Region(volume, chunk, 8 * block, 8 * block, false));
    }

    public String register() {
        return volume + "/" + chunk + "@" + offset + "+" + length;
    }

    public int end() {
        return offset + length;
    }

    /** Whether the other one begins where this one ends. */
    boolean isFollowedBy(Region other) {
        return volume.equals(other.volume)
                && chunk == other.chunk
                && end() == other.offset
                && !trimmable
                && !other.trimmable;
    }

    /** The contents that stand for a value. */
    void fill(ByteBuffer into, long value) {
        for (int i = 0; i < length; i += Long.BYTES) {
            into.putLong(value);
        }
    }

    /** The next bit to be set in a value; 0 if it has them all. */
    static long nextBit(long value) {
        for (int bit = FIRST_BIT; bit <= LAST_BIT; bit++) {
            if ((value & 1L << bit) == 0) {
                return 1L << bit;
            }
        }
        return 0;
    }

    /**
     * The value that contents stand for.
     *
     * @param from where the region begins in the data
     */
    public long value(Payload data, int from) {
        ByteBuffer buffer = ByteBuffer.wrap(data.array(), data.offset() + from, length);
        long value = buffer.getLong();
        while (buffer.hasRemaining()) {
            long next = buffer.getLong();
            if (next != value) {
                throw new Violation(
                        "R5",
                        register()
                                + " is torn: it begins with "
                                + value
                                + ", and "
                                + (buffer.position() - from - data.offset())
                                + " bytes on comes "
                                + next);
            }
        }
        return value;
    }

    /** CRC-32C of each part of the data that lies in one block. */
    static int[] checksums(int offset, Payload data) {
        List<Integer> checksums = new ArrayList<>();
        int at = 0;
        while (at < data.length()) {
            int left = Sizes.BLOCK_BYTES - (offset + at) % Sizes.BLOCK_BYTES;
            int part = Math.min(left, data.length() - at);
            checksums.add(data.crc32c(at, part));
            at += part;
        }
        return checksums.stream().mapToInt(Integer::intValue).toArray();
    }
}
