package io.ashlar.chunkstore;

import io.ashlar.common.BlockRange;
import io.ashlar.common.CompareMark;
import java.util.List;

/**
 * One entry of a placement group's log. It names what was changed; the data itself lies in the
 * chunks. Ordered by epoch, then sequence; sequences go on rising across epochs.
 *
 * @param epoch the configuration's epoch under which the primary numbered it
 * @param sequence the group's sequence number, from 1
 * @param kind what it does
 * @param range the blocks that it changes
 * @param marks every mark that holds for these blocks from here on; at most {@link #MARKS_MAX}
 */
public record LogEntry(
        long epoch, long sequence, Kind kind, BlockRange range, List<CompareMark> marks) {
    /** Most marks of one entry; the count is one byte on disk and on the wire. */
    public static final int MARKS_MAX = 255;

    public LogEntry {
        marks = List.copyOf(marks);
    }

    /** An entry after which no mark holds for its blocks. */
    public LogEntry(long epoch, long sequence, Kind kind, BlockRange range) {
        this(epoch, sequence, kind, range, List.of());
    }

    /** What an entry does to its blocks. The codes are on disk and on the wire. */
    public enum Kind {
        /** New contents. */
        WRITE(1),
        /** The blocks read as zeros from here on and take no space. */
        TRIM(2);

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        public int code() {
            return code;
        }

        public static Kind of(int code) {
            for (Kind kind : values()) {
                if (kind.code == code) {
                    return kind;
                }
            }
            throw new io.ashlar.common.WireFormatException("log entry kind " + code);
        }
    }

    /** Whether this is the very same entry as the other, by (epoch, sequence). */
    public boolean isSameAs(LogEntry other) {
        return epoch == other.epoch && sequence == other.sequence;
    }
}
