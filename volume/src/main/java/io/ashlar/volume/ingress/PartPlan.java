package io.ashlar.volume.ingress;

import io.ashlar.common.Payload;
import io.ashlar.common.Sizes;
import io.ashlar.volume.IoRequest;
import io.ashlar.volume.wire.Action;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Splits a command into actions that each lie in one chunk and, where data travels, in one aligned
 * mebibyte. Actions are made one by one, since zeroing a whole volume has many.
 */
final class PartPlan {
    private static final Payload ZEROS = Payload.zeros(Sizes.BLOCK_BYTES);

    private final IoRequest request;
    private final Comparisons.@Nullable Comparison comparison;
    private final int[] checksums;
    private final int chunkBytes;
    private final long start;
    private final long end;
    private long position;
    private boolean isMade;

    /**
     * @param comparison of a COMPARE AND WRITE
     * @param checksums of what is written, as {@link #checksums} gives them
     */
    PartPlan(
            IoRequest request,
            Comparisons.@Nullable Comparison comparison,
            int[] checksums,
            int chunkBytes) {
        this.request = request;
        this.comparison = comparison;
        this.checksums = checksums;
        this.chunkBytes = chunkBytes;
        this.start =
                switch (request) {
                    case IoRequest.Read read -> read.offset();
                    case IoRequest.Write write -> write.offset();
                    case IoRequest.OrWrite or -> or.offset();
                    case IoRequest.CompareAndWrite compare -> compare.offset();
                    case IoRequest.Settle settle -> settle.offset();
                    case IoRequest.Zero zero -> zero.offset();
                    case IoRequest.Flush _, IoRequest.ChangeReservations _ -> 0;
                };
        this.end =
                switch (request) {
                    case IoRequest.Read read -> start + read.length();
                    case IoRequest.Write write -> start + write.data().length();
                    case IoRequest.OrWrite or -> start + or.data().length();
                    case IoRequest.CompareAndWrite compare -> start + compare.data().length();
                    case IoRequest.Settle settle -> start + settle.mark().length();
                    case IoRequest.Zero zero -> start + zero.length();
                    case IoRequest.Flush _, IoRequest.ChangeReservations _ -> 0;
                };
        this.position = start;
    }

    /** CRC-32C of each piece of data that lies in one 4 KiB block of the volume. */
    static int[] checksums(long offset, Payload data) {
        int[] sums = new int[Action.pieces(offset, data.length())];
        int at = 0;
        for (int i = 0; i < sums.length; i++) {
            int room = Sizes.BLOCK_BYTES - (int) ((offset + at) % Sizes.BLOCK_BYTES);
            int bytes = Math.min(room, data.length() - at);
            sums[i] = data.crc32c(at, bytes);
            at += bytes;
        }
        return sums;
    }

    /**
     * How long the stretches are that no part goes beyond, whether it reads or writes. A part is
     * one entry of its group's log, or one look at the store.
     */
    static int atomicBytes(int chunkBytes) {
        return Math.min(chunkBytes, Sizes.PAYLOAD_BYTES_MAX);
    }

    boolean hasNext() {
        return switch (request) {
            case IoRequest.Flush _, IoRequest.ChangeReservations _ -> !isMade;
            default -> position < end;
        };
    }

    Action next() {
        long chunk = position / chunkBytes;
        int offset = (int) (position % chunkBytes);
        int inChunk = (int) Math.min(chunkBytes - offset, end - position);
        int travelling =
                Math.min(
                        inChunk,
                        Sizes.PAYLOAD_BYTES_MAX - (int) (position % Sizes.PAYLOAD_BYTES_MAX));
        return switch (request) {
            case IoRequest.Read _ -> {
                position += travelling;
                yield new Action.Read(chunk, offset, travelling);
            }
            case IoRequest.Write write -> {
                Payload data = write.data().slice((int) (position - start), travelling);
                yield new Action.Write(chunk, offset, data, nextSums(travelling));
            }
            case IoRequest.OrWrite or -> {
                Payload data = or.data().slice((int) (position - start), travelling);
                yield new Action.OrWrite(chunk, offset, data, nextSums(travelling));
            }
            case IoRequest.CompareAndWrite compare -> {
                position = end;
                Comparisons.Comparison knowing = Objects.requireNonNull(comparison);
                yield new Action.CompareAndWrite(
                        chunk,
                        compare.compared(),
                        compare.data(),
                        checksums,
                        knowing.mark().at(offset),
                        knowing.answered());
            }
            case IoRequest.Settle settle -> {
                position = end;
                yield new Action.Settle(chunk, settle.mark().at(offset));
            }
            case IoRequest.Zero _ -> zero(chunk, offset, inChunk);
            case IoRequest.Flush _ -> {
                isMade = true;
                yield new Action.Flush();
            }
            case IoRequest.ChangeReservations(_, var change) -> {
                isMade = true;
                yield new Action.ChangeReservations(change);
            }
        };
    }

    /** The checksums of the next bytes, which are taken by that. */
    private int[] nextSums(int bytes) {
        int first = (int) (position / Sizes.BLOCK_BYTES - start / Sizes.BLOCK_BYTES);
        int[] sums = Arrays.copyOfRange(checksums, first, first + Action.pieces(position, bytes));
        position += bytes;
        return sums;
    }

    /** Edges of blocks become writes of zeros, whole blocks give their space back. */
    private Action zero(long chunk, int offset, int inChunk) {
        int head = offset % Sizes.BLOCK_BYTES;
        int bytes =
                head != 0
                        ? Math.min(Sizes.BLOCK_BYTES - head, inChunk)
                        : Math.min(inChunk, Sizes.BLOCK_BYTES);
        if (bytes < Sizes.BLOCK_BYTES) {
            position += bytes;
            Payload zeros = ZEROS.slice(0, bytes);
            return new Action.Write(chunk, offset, zeros, new int[] {zeros.crc32c(0, bytes)});
        }
        int blocks = inChunk / Sizes.BLOCK_BYTES;
        position += (long) blocks * Sizes.BLOCK_BYTES;
        return new Action.Trim(chunk, offset / Sizes.BLOCK_BYTES, blocks);
    }
}
