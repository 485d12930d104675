package io.ashlar.chunkstore.rocks;

import io.ashlar.common.Crc32c;
import io.ashlar.common.WireFormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.rocksdb.WALRecoveryMode;

/**
 * Tells a write-ahead log that a crash tore at its end from one that is damaged, before RocksDB
 * replays it. RocksDB cannot tell: a damaged length in the last 32 KiB looks to it like the end,
 * and drops what follows without a word; an append of many pages of which the first did not reach
 * the disk looks like damage.
 *
 * <p>We can, since every record is fsynced before the next is written and log files are not reused:
 * what a crash tore is the last record, nothing begins after it, and what is missing of it reads as
 * zeros or lies beyond the end.
 *
 * <p>A log is a row of blocks of 32 KiB with fragments of records: CRC-32C, masked, of the rest 4,
 * length 2, type 1, data; little-endian. The data of a record begins with its sequence number.
 */
final class WalCheck {
    private static final int BLOCK_BYTES = 32 * 1024;
    private static final int HEADER_BYTES = 7;
    private static final int SECTOR_BYTES = 512;
    private static final byte PADDING = 0;
    private static final byte FULL = 1;
    private static final byte FIRST = 2;
    private static final byte LAST = 4;
    private static final int CRC_MASK_DELTA = 0xa282ead8;

    /** Far more operations than one batch can have. */
    private static final long SEQUENCE_STEP_MAX = 1L << 32;

    /** Read at a time; whole blocks. */
    private static final int WINDOW_BYTES = 32 * BLOCK_BYTES;

    /** More than any record takes: a group commit of one largest batch, with its framing. */
    private static final int RECORD_BYTES_MAX =
            PendingWrite.BATCH_BYTES_MAX + PendingWrite.BATCH_BYTES_MAX / 4;

    private final Path file;
    private final FileChannel channel;
    private final long size;

    /** What is looked at: the file from {@code windowStart}, which begins a block. */
    private ByteBuffer log = ByteBuffer.allocate(WINDOW_BYTES).limit(0);

    private long windowStart;
    private long lastSequence = -1;

    private WalCheck(Path file, FileChannel channel) throws IOException {
        this.file = file;
        this.channel = channel;
        this.size = channel.size();
    }

    /**
     * How the logs in a database directory are to be replayed.
     *
     * @throws WireFormatException if one is damaged other than by a crash
     */
    static WALRecoveryMode recoveryMode(Path directory) throws IOException {
        List<Path> files;
        try (Stream<Path> paths = Files.list(directory)) {
            files = paths.filter(path -> path.toString().endsWith(".log")).sorted().toList();
        }
        boolean isNewestTorn = false;
        for (Path file : files) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
                WalCheck check = new WalCheck(file, channel);
                boolean isTorn = check.isTornAtTheEnd();
                isNewestTorn = isTorn || (isNewestTorn && check.lastSequence < 0);
            }
        }
        return isNewestTorn
                ? WALRecoveryMode.PointInTimeRecovery
                : WALRecoveryMode.TolerateCorruptedTailRecords;
    }

    private boolean isTornAtTheEnd() throws IOException {
        while (windowStart + log.limit() < size) {
            load(windowStart + log.limit(), log);
            int at = 0;
            while (at < log.limit()) {
                int left = BLOCK_BYTES - at % BLOCK_BYTES;
                if (left < HEADER_BYTES) {
                    at += left;
                } else if (isFragment(at)) {
                    noteSequence(at);
                    at += HEADER_BYTES + length(at);
                } else {
                    return isTornFrom(windowStart + at);
                }
            }
        }
        return false;
    }

    private void load(long from, ByteBuffer into) throws IOException {
        into.clear().order(ByteOrder.LITTLE_ENDIAN);
        while (into.hasRemaining() && channel.read(into, from + into.position()) >= 0) {
            // A read may be short.
        }
        into.flip();
        if (from + into.limit() < size && into.limit() < into.capacity()) {
            throw new IOException(file + " became shorter while it was read");
        }
        windowStart = from;
        log = into;
    }

    private int length(int at) {
        return log.getShort(at + 4) & 0xFFFF;
    }

    private boolean isFragment(int at) {
        int left = Math.min(log.limit() - at, BLOCK_BYTES - at % BLOCK_BYTES);
        if (left < HEADER_BYTES || length(at) > left - HEADER_BYTES) {
            return false;
        }
        if (log.get(at + 6) == PADDING) {
            return false;
        }
        int crc = Crc32c.of(log.slice(at + 6, 1 + length(at)));
        return log.getInt(at) == Integer.rotateRight(crc, 15) + CRC_MASK_DELTA;
    }

    private boolean beginsRecord(int at) {
        byte type = log.get(at + 6);
        return (type == FULL || type == FIRST) && length(at) >= Long.BYTES;
    }

    private void noteSequence(int at) {
        if (beginsRecord(at)) {
            lastSequence = log.getLong(at + HEADER_BYTES);
        }
    }

    /** Whether the log really ends here, and not well: it may also just be allocated zeros. */
    private boolean isTornFrom(long position) throws IOException {
        long block = position - position % BLOCK_BYTES;
        load(block, ByteBuffer.allocate((int) Math.min(size - block, RECORD_BYTES_MAX)));
        int bad = (int) (position - block);
        if (isZero(bad, log.limit()) && block + log.limit() == size) {
            return false; // not even torn: RocksDB takes it for the end
        }
        for (int at = bad + 1; at + HEADER_BYTES <= log.limit(); at++) {
            if (isLaterRecord(at)) {
                throw damaged(position, ", and what follows it is not");
            }
        }
        if (block + log.limit() < size) {
            throw damaged(position, ", and no record is as long as what follows");
        }
        int rest = log.limit() - bad - HEADER_BYTES;
        boolean endsInside = rest < 0 || rest < length(bad);
        if (!endsInside && !hasZeroSector(bad)) {
            throw damaged(position, "");
        }
        return true;
    }

    /**
     * Whether a record begins here. The sequence number keeps apart what a host wrote that happens
     * to be a log itself.
     */
    private boolean isLaterRecord(int at) {
        if (log.get(at + 6) < FULL || log.get(at + 6) > LAST || !beginsRecord(at)) {
            return false;
        }
        if (log.limit() - at < HEADER_BYTES + Long.BYTES) {
            return false;
        }
        long step = log.getLong(at + HEADER_BYTES) - lastSequence;
        return step > 0 && (lastSequence < 0 || step < SEQUENCE_STEP_MAX) && isFragment(at);
    }

    private boolean hasZeroSector(int bad) {
        int from = bad - bad % SECTOR_BYTES;
        for (int at = from; at < log.limit(); at += SECTOR_BYTES) {
            if (isZero(Math.max(at, bad), Math.min(at + SECTOR_BYTES, log.limit()))) {
                return true;
            }
        }
        return false;
    }

    private boolean isZero(int from, int to) {
        for (int at = from; at < to; at++) {
            if (log.get(at) != 0) {
                return false;
            }
        }
        return true;
    }

    private WireFormatException damaged(long at, String more) {
        return new WireFormatException(
                "the log " + file + " is damaged at byte " + at + " of " + size + more);
    }
}
