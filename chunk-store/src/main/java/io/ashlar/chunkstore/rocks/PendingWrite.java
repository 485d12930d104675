package io.ashlar.chunkstore.rocks;

import io.ashlar.chunkstore.Blocks;
import io.ashlar.chunkstore.LogEntry;
import io.ashlar.chunkstore.StoreOp;
import io.ashlar.chunkstore.WriteResult;
import io.ashlar.common.BlockRange;
import io.ashlar.common.Check;
import io.ashlar.common.PgId;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * A batch on its way to the disk.
 *
 * @param bytes about what it adds to the disk
 * @param frees it adds no contents: such batches are taken for longer when space runs short
 */
record PendingWrite(
        List<StoreOp> ops,
        int bytes,
        boolean frees,
        Executor executor,
        Consumer<WriteResult> done) {
    /** The limit of {@link StoreOp.PutState}. */
    static final int STATE_BYTES_MAX = 16 << 20;

    /** Of contents and state in one batch; a few full chunks. */
    static final int BATCH_BYTES_MAX = 64 << 20;

    /** A trim of so many blocks gives back enough for a compaction to be worth it: 1 MiB. */
    private static final int MUCH_BLOCKS = 256;

    /** What an op takes besides contents. */
    private static final int OP_BYTES = 128;

    /**
     * Checks the ops, and the data against its checksums: what was damaged on its way here must not
     * be written.
     *
     * @throws IllegalArgumentException if anything is wrong with them
     */
    static PendingWrite of(List<StoreOp> ops, Executor executor, Consumer<WriteResult> done) {
        Check.argument(!ops.isEmpty(), "a batch without ops");
        List<StoreOp> copy = List.copyOf(ops);
        PgId pg = copy.getFirst().pg();
        long bytes = 0;
        boolean frees = true;
        for (StoreOp op : copy) {
            Check.argument(op.pg().equals(pg), "one batch for %s and %s", pg, op.pg());
            bytes += OP_BYTES + contentBytes(op);
            frees &= !addsContents(op);
        }
        Check.argument(bytes <= BATCH_BYTES_MAX, "a batch of %s bytes", bytes);
        return new PendingWrite(copy, (int) bytes, frees, executor, done);
    }

    private static long contentBytes(StoreOp op) {
        return switch (op) {
            case StoreOp.Append(_, LogEntry entry, Blocks blocks) -> {
                checkEntry(entry);
                if (entry.kind() == LogEntry.Kind.TRIM) {
                    Check.argument(blocks.count() == 0, "a trim with %s blocks", blocks.count());
                    yield 0;
                }
                yield checkedBytes(entry.range(), blocks);
            }
            case StoreOp.Copy(_, BlockRange range, Blocks blocks) -> checkedBytes(range, blocks);
            case StoreOp.Lose(_, BlockRange range) -> {
                checkRange(range);
                yield (long) range.count() * OP_BYTES;
            }
            case StoreOp.ReplaceLog(_, List<LogEntry> entries) -> {
                entries.forEach(PendingWrite::checkEntry);
                yield (long) entries.size() * OP_BYTES;
            }
            case StoreOp.PutState(_, var state) -> {
                Check.argument(
                        state.length() <= STATE_BYTES_MAX, "state of %s bytes", state.length());
                yield state.length();
            }
            case StoreOp.TrimLog(_, long through) -> {
                Check.argument(through >= 0, "trim of the log through %s", through);
                yield 0;
            }
            case StoreOp.Committed _, StoreOp.DropGroup _ -> 0;
        };
    }

    private static void checkEntry(LogEntry entry) {
        Check.argument(
                entry.epoch() >= 0 && entry.sequence() >= 0,
                "log entry %s.%s",
                entry.epoch(),
                entry.sequence());
        checkRange(entry.range());
    }

    static void checkRange(BlockRange range) {
        Check.argument(
                range.count() <= PerBlockLayout.BLOCKS_MAX
                        && range.first() <= PerBlockLayout.BLOCKS_MAX - range.count(),
                "%s is beyond the largest chunk",
                range);
    }

    private static long checkedBytes(BlockRange range, Blocks blocks) {
        checkRange(range);
        Check.argument(blocks.count() == range.count(), "%s blocks for %s", blocks.count(), range);
        int bad = blocks.firstMismatch();
        Check.argument(bad < 0, "block %s of %s does not match its checksum", bad, range);
        return blocks.data().length();
    }

    private static boolean addsContents(StoreOp op) {
        return op instanceof StoreOp.Copy
                || (op instanceof StoreOp.Append append
                        && append.entry().kind() == LogEntry.Kind.WRITE);
    }

    /** Whether it is likely to leave much garbage on the disk. */
    boolean removesMuch() {
        for (StoreOp op : ops) {
            if (op instanceof StoreOp.DropGroup
                    || (op instanceof StoreOp.Append append
                            && append.entry().kind() == LogEntry.Kind.TRIM
                            && append.entry().range().count() >= MUCH_BLOCKS)) {
                return true;
            }
        }
        return false;
    }

    void complete(WriteResult result) {
        executor.execute(() -> done.accept(result));
    }
}
