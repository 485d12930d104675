package io.ashlar.chunkstore.rocks;

import io.ashlar.chunkstore.GroupContents;
import io.ashlar.chunkstore.LogEntry;
import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.CompareMark;
import io.ashlar.common.Crc32c;
import io.ashlar.common.Payload;
import io.ashlar.common.PgId;
import io.ashlar.common.VolumeId;
import io.ashlar.common.WireFormatException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/**
 * Logs and state of the groups in RocksDB. The changing methods are the write thread's, the others
 * may be called by any thread. Every value ends with a CRC-32C of its key and of what is before it:
 *
 * <pre>
 * entry      version 1 = 1, kind 1, volume 8, layer 8, chunk index 8, first block 4, blocks 4, CRC 4
 * marked     version 1 = 2, as an entry's up to its CRC, marks 1, that many marks of 48, CRC 4
 * state      version 1 = 1, as many bytes as there are, CRC 4
 * committed  version 1 = 1, sequence 8, CRC 4
 * </pre>
 */
final class GroupRecords {
    private static final byte VERSION = 1;
    private static final byte MARKED_VERSION = 2;
    private static final byte STATE_FIELD = 1;
    private static final byte COMMITTED_FIELD = 2;
    private static final int CRC_BYTES = 4;
    private static final int ENTRY_BYTES = 1 + 1 + 3 * 8 + 2 * 4 + CRC_BYTES;

    private final RocksDB db;
    private final ColumnFamilyHandle logFamily;
    private final ColumnFamilyHandle stateFamily;
    private final ReadOptions readOptions;

    private final ByteBuffer entry =
            ByteBuffer.allocateDirect(
                    Keys.ENTRY_BYTES + ENTRY_BYTES + 1 + LogEntry.MARKS_MAX * CompareMark.BYTES);

    /**
     * How far each log was trimmed by this process: the next range tombstone begins there. Had all
     * of them begun at the log's start, RocksDB would have to cut n overlapping ones into pieces
     * with up to n sequence numbers each.
     */
    private final Map<PgId, Long> trimmedThrough = new HashMap<>();

    GroupRecords(
            RocksDB db,
            ColumnFamilyHandle logFamily,
            ColumnFamilyHandle stateFamily,
            ReadOptions readOptions) {
        this.db = db;
        this.logFamily = logFamily;
        this.stateFamily = stateFamily;
        this.readOptions = readOptions;
    }

    void append(Batch batch, PgId pg, LogEntry added) throws RocksDBException {
        if (added.sequence() <= trimmedThrough.getOrDefault(pg, 0L)) {
            trimmedThrough.put(pg, added.sequence() - 1);
        }
        BlockRange range = added.range();
        entry.clear();
        Keys.putGroup(entry, pg).putLong(added.sequence()).putLong(added.epoch());
        boolean isMarked = !added.marks().isEmpty();
        entry.put(isMarked ? MARKED_VERSION : VERSION)
                .put((byte) added.kind().code())
                .putLong(range.chunk().volume().value())
                .putLong(range.chunk().layer())
                .putLong(range.chunk().index())
                .putInt(range.first())
                .putInt(range.count());
        if (isMarked) {
            entry.put((byte) added.marks().size());
            added.marks().forEach(mark -> mark.encode(entry));
        }
        entry.putInt(Crc32c.of(entry.duplicate().flip()));
        ByteBuffer key = entry.slice(0, Keys.ENTRY_BYTES);
        int valueBytes = entry.position() - Keys.ENTRY_BYTES;
        batch.put(logFamily, key, entry.slice(Keys.ENTRY_BYTES, valueBytes));
    }

    void replaceLog(Batch batch, PgId pg, List<LogEntry> entries) throws RocksDBException {
        batch.deleteRange(logFamily, Keys.group(pg), Keys.afterGroup(pg));
        trimmedThrough.remove(pg);
        for (LogEntry added : entries) {
            append(batch, pg, added);
        }
    }

    void trimLog(Batch batch, PgId pg, long throughSequence) throws RocksDBException {
        long from = trimmedThrough.getOrDefault(pg, 0L);
        if (throughSequence > from) {
            byte[] first = from == 0 ? Keys.group(pg) : Keys.afterEntries(pg, from);
            batch.deleteRange(logFamily, first, Keys.afterEntries(pg, throughSequence));
            trimmedThrough.put(pg, throughSequence);
        }
    }

    void putState(Batch batch, PgId pg, Payload state) throws RocksDBException {
        byte[] value = new byte[1 + state.length() + CRC_BYTES];
        value[0] = VERSION;
        state.copyTo(0, value, 1, state.length());
        putSealed(batch, Keys.state(pg, STATE_FIELD), value);
    }

    void putCommitted(Batch batch, PgId pg, long sequence) throws RocksDBException {
        byte[] value = new byte[1 + Long.BYTES + CRC_BYTES];
        ByteBuffer.wrap(value).put(VERSION).putLong(sequence);
        putSealed(batch, Keys.state(pg, COMMITTED_FIELD), value);
    }

    private void putSealed(Batch batch, byte[] key, byte[] value) throws RocksDBException {
        int body = value.length - CRC_BYTES;
        ByteBuffer.wrap(value).putInt(body, crc(key, value, body));
        batch.put(stateFamily, key, value);
    }

    void drop(Batch batch, PgId pg) throws RocksDBException {
        trimmedThrough.remove(pg);
        batch.deleteRange(logFamily, Keys.group(pg), Keys.afterGroup(pg));
        batch.deleteRange(stateFamily, Keys.group(pg), Keys.afterGroup(pg));
    }

    /** The groups that have a log or state. */
    Set<PgId> groups() throws RocksDBException {
        Set<PgId> groups = new HashSet<>();
        for (ColumnFamilyHandle family : List.of(logFamily, stateFamily)) {
            try (RocksIterator iterator = db.newIterator(family, readOptions)) {
                iterator.seekToFirst();
                while (iterator.isValid()) {
                    PgId pg = Keys.groupOf(iterator.key());
                    groups.add(pg);
                    iterator.seek(Keys.afterGroup(pg));
                }
                iterator.status();
            }
        }
        return groups;
    }

    /**
     * @throws WireFormatException if a record is damaged or of another version
     */
    GroupContents load(PgId pg) throws RocksDBException {
        List<LogEntry> log = new ArrayList<>();
        byte[] group = Keys.group(pg);
        try (RocksIterator iterator = db.newIterator(logFamily, readOptions)) {
            for (iterator.seek(group); iterator.isValid(); iterator.next()) {
                byte[] key = iterator.key();
                if (!Keys.isOfGroup(key, group)) {
                    break;
                }
                log.add(decodeEntry(key, iterator.value()));
            }
            iterator.status();
        }
        log.sort(Comparator.comparingLong(LogEntry::epoch).thenComparingLong(LogEntry::sequence));
        byte[] committed = opened(Keys.state(pg, COMMITTED_FIELD));
        byte[] state = opened(Keys.state(pg, STATE_FIELD));
        if (committed.length != 0 && committed.length != Long.BYTES) {
            throw new WireFormatException("committed point of " + committed.length + " bytes");
        }
        return new GroupContents(
                log,
                committed.length == 0 ? 0 : ByteBuffer.wrap(committed).getLong(),
                Payload.of(state));
    }

    private static LogEntry decodeEntry(byte[] key, byte[] value) {
        if (key.length != Keys.ENTRY_BYTES || value.length < ENTRY_BYTES) {
            throw new WireFormatException(
                    "log record of " + key.length + " and " + value.length + " bytes");
        }
        checkSealed("log entry", key, value, MARKED_VERSION);
        ByteBuffer in = ByteBuffer.wrap(value, 1, value.length - 1);
        LogEntry.Kind kind = LogEntry.Kind.of(in.get());
        VolumeId volume = new VolumeId(in.getLong());
        long layer = in.getLong();
        ChunkId chunk = new ChunkId(volume, layer, in.getLong());
        BlockRange range = new BlockRange(chunk, in.getInt(), in.getInt());
        int markCount = value[0] == MARKED_VERSION ? in.get() & 0xff : 0;
        if (in.remaining() != markCount * CompareMark.BYTES + CRC_BYTES) {
            throw new WireFormatException(
                    "log record of " + value.length + " bytes with " + markCount + " marks");
        }
        List<CompareMark> marks = new ArrayList<>(markCount);
        for (int i = 0; i < markCount; i++) {
            marks.add(CompareMark.decode(in));
        }
        ByteBuffer order = ByteBuffer.wrap(key, Keys.GROUP_BYTES, 2 * Long.BYTES);
        long sequence = order.getLong();
        return new LogEntry(order.getLong(), sequence, kind, range, marks);
    }

    /** What {@link #putSealed} sealed, or nothing. */
    private byte[] opened(byte[] key) throws RocksDBException {
        byte[] value = db.get(stateFamily, readOptions, key);
        if (value == null) {
            return new byte[0];
        }
        if (value.length < 1 + CRC_BYTES) {
            throw new WireFormatException("state record of " + value.length + " bytes");
        }
        checkSealed("state record", key, value, VERSION);
        return Arrays.copyOfRange(value, 1, value.length - CRC_BYTES);
    }

    private static void checkSealed(String what, byte[] key, byte[] value, byte newest) {
        int body = value.length - CRC_BYTES;
        if (ByteBuffer.wrap(value).getInt(body) != crc(key, value, body)) {
            throw new WireFormatException(what + " does not match its checksum");
        }
        if (value[0] < VERSION || value[0] > newest) {
            throw new WireFormatException(
                    what + " of version " + value[0] + ", this software knows " + newest);
        }
    }

    private static int crc(byte[] key, byte[] value, int valueBytes) {
        java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
        crc.update(key);
        crc.update(value, 0, valueBytes);
        return (int) crc.getValue();
    }
}
