package io.ashlar.replication.group;

import io.ashlar.chunkstore.Blocks;
import io.ashlar.chunkstore.ChunkDevice;
import io.ashlar.chunkstore.DeviceException;
import io.ashlar.chunkstore.GroupContents;
import io.ashlar.chunkstore.LogEntry;
import io.ashlar.chunkstore.ReadResult;
import io.ashlar.chunkstore.StoreOp;
import io.ashlar.chunkstore.WriteResult;
import io.ashlar.common.BlockRange;
import io.ashlar.common.Check;
import io.ashlar.common.PgId;
import io.ashlar.common.Shard;
import io.ashlar.replication.wire.Codec;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What this node's device holds of a group, with its log in memory. Changes are in the log at once
 * and on stable storage when their callback says so; callbacks come in the order of the calls.
 * Owned by the group's shard.
 */
final class Replica {
    private static final int LOG_ENTRIES_HARD_MAX = Codec.ENTRIES_MAX / 2;

    private record InFlight(BlockRange range) {}

    private record Waiter(BlockRange range, Runnable task) {}

    private final PgId pg;
    private final ChunkDevice device;
    private final Shard shard;
    private final int logEntriesMax;
    private final List<LogEntry> log;
    private final ArrayDeque<InFlight> inFlight = new ArrayDeque<>();
    private final List<Waiter> waiters = new ArrayList<>();
    private long committed;
    private long committedStored;
    private @Nullable LearnState learnState;
    private @Nullable String failure;
    private int writesOutstanding;

    Replica(PgId pg, ChunkDevice device, Shard shard, int logEntriesMax) {
        this.pg = pg;
        this.device = device;
        this.shard = shard;
        this.logEntriesMax = logEntriesMax;
        this.log = new ArrayList<>();
        load();
    }

    private void load() {
        GroupContents contents = device.load(pg);
        log.clear();
        log.addAll(contents.log());
        committed = contents.committed();
        committedStored = committed;
        learnState = LearnState.decode(contents.state());
    }

    ChunkDevice device() {
        return device;
    }

    /** Why it can hold no more, or null. */
    @Nullable String failure() {
        return failure;
    }

    /**
     * After a change was refused for want of space, which the device itself survives: begins again
     * with what is stored, once there is room and nothing is on its way. Blocks for the time that
     * loading a log takes. Tells whether it can take changes.
     */
    boolean recover() {
        if (writesOutstanding > 0 || device.failure().isPresent() || !device.space().writable()) {
            return false;
        }
        try {
            load();
        } catch (DeviceException e) {
            return false; // the device says so itself
        }
        failure = null;
        return true;
    }

    @Nullable LearnState learnState() {
        return learnState;
    }

    long committed() {
        return committed;
    }

    long lastSequence() {
        return log.isEmpty() ? 0 : log.getLast().sequence();
    }

    /** A copy of the log. */
    List<LogEntry> log() {
        return List.copyOf(log);
    }

    /** The entries above a sequence. */
    List<LogEntry> above(long sequence) {
        return List.copyOf(log.subList(firstAbove(sequence), log.size()));
    }

    /** Whether the log has every entry since the group was made. */
    boolean reachesOrigin() {
        return log.isEmpty() ? committed == 0 : log.getFirst().sequence() == 1;
    }

    private int firstAbove(long sequence) {
        int low = 0;
        int high = log.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (log.get(middle).sequence() > sequence) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    /** Everything of the log up to the sequence is committed; stored with the next change. */
    void commitTo(long sequence) {
        committed = Math.max(committed, Math.min(sequence, lastSequence()));
        trimLog();
    }

    /**
     * Appends an entry and applies it. {@code done} gets whether it is on stable storage; if not,
     * see {@link #failure}.
     */
    void append(LogEntry entry, Blocks blocks, Consumer<Boolean> done) {
        Check.invariant(
                entry.sequence() > lastSequence(), "%s: %s after %s", pg, entry, lastSequence());
        log.add(entry);
        write(entry.range(), ops(new StoreOp.Append(pg, entry, blocks)), done);
    }

    /** Sets contents outside the log. */
    void copy(BlockRange range, Blocks blocks, Consumer<Boolean> done) {
        write(range, ops(new StoreOp.Copy(pg, range, blocks)), done);
    }

    /** Marks blocks as lost: no member has them. */
    void lose(BlockRange range, Consumer<Boolean> done) {
        write(range, ops(new StoreOp.Lose(pg, range)), done);
    }

    /** Keeps the log up to {@code match} and notes what is lacking. */
    void beginLearning(long match, LearnState state) {
        log.subList(firstAbove(match), log.size()).clear();
        learnState = state;
        List<StoreOp> ops = ops(new StoreOp.ReplaceLog(pg, List.copyOf(log)));
        ops.add(new StoreOp.PutState(pg, LearnState.encode(state)));
        write(null, ops, _ -> {});
    }

    /** Takes a log over; nothing is lacking any more. */
    void endLearning(List<LogEntry> entries, long committedSequence, Consumer<Boolean> done) {
        log.clear();
        log.addAll(entries);
        learnState = null;
        committed = Math.max(committed, Math.min(committedSequence, lastSequence()));
        List<StoreOp> ops = ops(new StoreOp.ReplaceLog(pg, entries));
        ops.add(new StoreOp.PutState(pg, LearnState.encode(null)));
        write(null, ops, done);
    }

    /**
     * Whether everything may be removed now. A device without room takes that, as it makes some, so
     * it need not be waited for.
     */
    boolean mayDrop() {
        return failure == null || (writesOutstanding == 0 && device.failure().isEmpty());
    }

    /** Removes everything of the group, at once for what follows. */
    void drop(Consumer<Boolean> done) {
        failure = null; // what was refused before lacks no more
        log.clear();
        committed = 0;
        committedStored = 0;
        learnState = null;
        write(null, List.of(new StoreOp.DropGroup(pg)), done);
    }

    /** Reads blocks. What was appended before is in it once {@link #whenQuiet} has said so. */
    void read(BlockRange range, Consumer<ReadResult> done) {
        device.read(pg, range, shard, done);
    }

    /** Runs the task when no change of the range is on its way to the device. */
    void whenQuiet(BlockRange range, Runnable task) {
        if (isQuiet(range)) {
            task.run();
        } else {
            waiters.add(new Waiter(range, task));
        }
    }

    private boolean isQuiet(BlockRange range) {
        for (InFlight change : inFlight) {
            if (change.range.overlaps(range)) {
                return false;
            }
        }
        return true;
    }

    private List<StoreOp> ops(StoreOp first) {
        List<StoreOp> ops = new ArrayList<>(3);
        ops.add(first);
        if (committed > committedStored) {
            ops.add(new StoreOp.Committed(pg, committed));
            committedStored = committed;
        }
        return ops;
    }

    private void write(@Nullable BlockRange range, List<StoreOp> ops, Consumer<Boolean> done) {
        InFlight change = range == null ? null : new InFlight(range);
        if (change != null) {
            inFlight.addLast(change);
        }
        writesOutstanding++;
        device.write(
                ops,
                shard,
                result -> {
                    writesOutstanding--;
                    if (change != null) {
                        Check.invariant(
                                inFlight.removeFirst() == change,
                                "%s: device answered out of order",
                                pg);
                    }
                    switch (result) {
                        case WriteResult.Durable() -> {}
                        case WriteResult.OutOfSpace() ->
                                failure = "device " + device.id() + " is full";
                        case WriteResult.Failed(String reason) ->
                                failure = "device " + device.id() + " failed: " + reason;
                    }
                    done.accept(result instanceof WriteResult.Durable);
                    wakeWaiters();
                });
    }

    private void wakeWaiters() {
        if (waiters.isEmpty()) {
            return;
        }
        List<Waiter> ready = new ArrayList<>();
        for (Iterator<Waiter> each = waiters.iterator(); each.hasNext(); ) {
            Waiter waiter = each.next();
            if (isQuiet(waiter.range)) {
                ready.add(waiter);
                each.remove();
            }
        }
        for (Waiter waiter : ready) {
            waiter.task.run();
        }
    }

    /**
     * Forgets old committed entries. While a learner is not level, its entries since the match name
     * what it may lack; if they become too many, it may lack anything instead.
     */
    private void trimLog() {
        if (log.size() <= logEntriesMax) {
            return;
        }
        LearnState state = learnState;
        if (state != null && !state.allDirty()) {
            if (log.size() < LOG_ENTRIES_HARD_MAX) {
                return;
            }
            learnState = new LearnState(0, true, List.of());
            write(null, ops(new StoreOp.PutState(pg, LearnState.encode(learnState))), _ -> {});
        }
        int surplus = Math.min(log.size() - logEntriesMax * 3 / 4, firstAbove(committed));
        if (surplus > 0) {
            long through = log.get(surplus - 1).sequence();
            log.subList(0, surplus).clear();
            write(null, ops(new StoreOp.TrimLog(pg, through)), _ -> {});
        }
    }
}
