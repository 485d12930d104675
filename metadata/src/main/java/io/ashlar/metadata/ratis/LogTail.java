package io.ashlar.metadata.ratis;

import io.ashlar.metadata.engine.EngineException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells a torn tail of the log from damage, before Ratis reads it. A power cut may leave the last
 * record half written: it was never on stable storage, so nobody was told that it is, and it may
 * go. Ratis itself would refuse to start, on every node at once after a power cut of all.
 *
 * <p>A record is cut off only if it is the last one of the open segment, nothing but zeros follow,
 * and a piece of it that a disk writes as a whole (a sector) is missing: still the zeros of
 * preallocation. Anything else is damage to what may have been acknowledged; then the node must
 * rejoin.
 *
 * <p>A segment is {@code "RaftLog1"}, then records: length as a protobuf varint, as many bytes,
 * CRC32C of both in 4 bytes; then zeros.
 */
final class LogTail {
    private static final Logger LOG = LoggerFactory.getLogger(LogTail.class);
    private static final String OPEN_SEGMENT = "log_inprogress_";
    private static final int HEADER_BYTES = 8;
    private static final int CRC_BYTES = 4;
    private static final int SECTOR_BYTES = 512;
    private static final int VARINT_BYTES_MAX = 5;
    private static final long SEGMENT_BYTES_MAX = 1L << 30;

    private LogTail() {}

    /**
     * Cuts a torn record off the end of the log.
     *
     * @return whether it did
     * @throws EngineException if the end of the log is damaged otherwise
     */
    static boolean repair(Path directory) throws IOException {
        List<Path> open = new ArrayList<>();
        try (Stream<Path> files = Files.list(directory)) {
            files.filter(file -> file.getFileName().toString().startsWith(OPEN_SEGMENT))
                    .forEach(open::add);
        }
        if (open.isEmpty()) {
            return false;
        }
        open.sort(Comparator.comparingLong(LogTail::startIndex));
        Path last = open.getLast();
        if (Files.size(last) > SEGMENT_BYTES_MAX) {
            throw damaged(last, SEGMENT_BYTES_MAX, "the segment is too long");
        }
        byte[] bytes = Files.readAllBytes(last);
        int end = endOfGoodRecords(bytes);
        int written = endOfNonZeros(bytes);
        if (written <= end) {
            return false;
        }
        String problem = whyNotTorn(bytes, end, written);
        if (problem != null) {
            throw damaged(last, end, problem);
        }
        try (FileChannel channel = FileChannel.open(last, StandardOpenOption.WRITE)) {
            channel.truncate(end);
            channel.force(true);
        }
        LOG.warn(
                "{}: cut {} bytes of a record off at {} that was being written when the power went;"
                        + " it was never acknowledged",
                last,
                written - end,
                end);
        return true;
    }

    private static int endOfGoodRecords(byte[] bytes) {
        int at = Math.min(HEADER_BYTES, bytes.length);
        while (true) {
            long total = recordBytes(bytes, at);
            if (total < 0 || at + total > bytes.length) {
                return at;
            }
            int length = (int) total - CRC_BYTES;
            CRC32C crc = new CRC32C();
            crc.update(bytes, at, length);
            if (ByteBuffer.wrap(bytes).getInt(at + length) != (int) crc.getValue()) {
                return at;
            }
            at += (int) total;
        }
    }

    /** Why what lies between the good records and the zeros is no torn record, or null. */
    private static @org.jspecify.annotations.Nullable String whyNotTorn(
            byte[] bytes, int start, int written) {
        long total = recordBytes(bytes, start);
        if (total < 0) {
            return "there is no length of a record";
        }
        if (start + total < written) {
            return "more follows the bad record";
        }
        long end = Math.min(start + total, bytes.length);
        if (start + total > bytes.length) {
            return null; // the file ends within it, which Ratis takes for torn as well
        }
        for (int sector = start - start % SECTOR_BYTES; sector < end; sector += SECTOR_BYTES) {
            int from = Math.max(sector, start);
            int to = (int) Math.min(sector + SECTOR_BYTES, end);
            if (isZero(bytes, from, to)) {
                return null;
            }
        }
        return "every sector of the bad record was written";
    }

    /** Bytes of a record with length and checksum, or -1 if no length starts here. */
    private static long recordBytes(byte[] bytes, int at) {
        long length = 0;
        for (int i = 0; i < VARINT_BYTES_MAX && at + i < bytes.length; i++) {
            byte b = bytes[at + i];
            length |= (long) (b & 0x7F) << (7 * i);
            if (b >= 0) {
                return length == 0 || length > RatisEngine.RECORD_BYTES_MAX
                        ? -1
                        : i + 1 + length + CRC_BYTES;
            }
        }
        return -1;
    }

    private static int endOfNonZeros(byte[] bytes) {
        int end = bytes.length;
        while (end > 0 && bytes[end - 1] == 0) {
            end--;
        }
        return end;
    }

    private static boolean isZero(byte[] bytes, int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] != 0) {
                return false;
            }
        }
        return true;
    }

    private static long startIndex(Path segment) {
        String number = segment.getFileName().toString().substring(OPEN_SEGMENT.length());
        try {
            return Long.parseLong(number);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    private static EngineException damaged(Path segment, long at, String problem) {
        return new EngineException(
                "metadata log "
                        + segment
                        + " is damaged at byte "
                        + at
                        + " ("
                        + problem
                        + "), where it may hold what was acknowledged. Rejoin: remove the node from"
                        + " the voters, empty its metadata directory, start it without a vote, and"
                        + " add it again");
    }
}
