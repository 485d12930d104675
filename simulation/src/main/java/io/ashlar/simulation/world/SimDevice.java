package io.ashlar.simulation.world;

import io.ashlar.chunkstore.ChunkDevice;
import io.ashlar.chunkstore.DeviceException;
import io.ashlar.chunkstore.GroupContents;
import io.ashlar.chunkstore.Inspection;
import io.ashlar.chunkstore.ReadResult;
import io.ashlar.chunkstore.Space;
import io.ashlar.chunkstore.StoreOp;
import io.ashlar.chunkstore.WriteResult;
import io.ashlar.common.BlockRange;
import io.ashlar.common.Check;
import io.ashlar.common.ChunkId;
import io.ashlar.common.DeviceId;
import io.ashlar.common.PgId;
import io.ashlar.common.Sizes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A {@link SimDisk} as one process uses it. Batches of a group are applied in order, those of
 * different groups in any; a sync covers what was applied when it begins.
 */
public final class SimDevice implements ChunkDevice {
    private static final long CAPACITY_BYTES = 1L << 40;

    private record Batch(List<StoreOp> ops, Executor executor, Consumer<WriteResult> done) {}

    /** A batch that waits for the next sync, since results come in order too. */
    private record Decided(Batch batch, WriteResult result) {}

    private final SimDisk disk;
    private final SimProcess process;
    private final Map<PgId, ArrayDeque<Batch>> waiting = new HashMap<>();
    private final List<Decided> decided = new ArrayList<>();
    private boolean syncing;
    private boolean closed;

    SimDevice(SimDisk disk, SimProcess process) {
        this.disk = disk;
        this.process = process;
    }

    @Override
    public DeviceId id() {
        return disk.id();
    }

    @Override
    public Set<PgId> groups() {
        return disk.groups();
    }

    @Override
    public GroupContents load(PgId pg) {
        String failure = disk.failure();
        if (failure != null) {
            throw new DeviceException(failure);
        }
        return disk.shown(pg).contents();
    }

    @Override
    public void write(List<StoreOp> ops, Executor executor, Consumer<WriteResult> done) {
        Check.argument(!closed && !ops.isEmpty(), "write of %s, closed %s", ops, closed);
        PgId pg = ops.getFirst().pg();
        for (StoreOp op : ops) {
            Check.argument(op.pg().equals(pg), "a batch of %s and %s", pg, op.pg());
        }
        ArrayDeque<Batch> queue = waiting.computeIfAbsent(pg, _ -> new ArrayDeque<>());
        queue.add(new Batch(List.copyOf(ops), executor, done));
        if (queue.size() == 1) {
            process.after(disk.applyDelay(), () -> applyNext(pg, queue));
        }
    }

    private void applyNext(PgId pg, ArrayDeque<Batch> queue) {
        int budget = 1 + disk.random().nextInt(4);
        while (budget-- > 0 && !queue.isEmpty()) {
            Batch batch = queue.poll();
            String failure = disk.failure();
            if (failure != null) {
                decided.add(new Decided(batch, new WriteResult.Failed(failure)));
            } else if (disk.isFull() && grows(batch)) {
                decided.add(new Decided(batch, WriteResult.OUT_OF_SPACE));
            } else {
                disk.apply(batch.ops);
                if (disk.has(SimDisk.Flaw.CONFIRMS_EARLY) && decided.isEmpty()) {
                    batch.executor.execute(() -> batch.done.accept(WriteResult.DURABLE));
                } else {
                    decided.add(new Decided(batch, WriteResult.DURABLE));
                }
            }
            syncSoon();
        }
        if (!queue.isEmpty()) {
            process.after(disk.applyDelay(), () -> applyNext(pg, queue));
        }
    }

    private static boolean grows(Batch batch) {
        for (StoreOp op : batch.ops) {
            if (op instanceof StoreOp.Copy
                    || (op instanceof StoreOp.Append append && append.blocks().count() > 0)) {
                return true;
            }
        }
        return false;
    }

    private void syncSoon() {
        if (!syncing) {
            syncing = true;
            process.after(disk.syncDelay(), this::sync);
        }
    }

    private void sync() {
        syncing = false;
        String failure = disk.failure();
        List<Decided> batches = List.copyOf(decided);
        decided.clear();
        if (failure == null) {
            disk.sync();
        }
        for (Decided each : batches) {
            WriteResult result =
                    failure != null && each.result instanceof WriteResult.Durable
                            ? new WriteResult.Failed(failure)
                            : each.result;
            each.batch.executor.execute(() -> each.batch.done.accept(result));
        }
    }

    /** As {@link #fetch}; never answers once the disk has failed. */
    private <T> void fetchUnlessFailed(Supplier<T> value, Executor executor, Consumer<T> done) {
        fetch(
                value,
                executor,
                taken -> {
                    if (disk.failure() == null) {
                        done.accept(taken);
                    }
                });
    }

    /** Takes the value at some instant between call and callback, and answers later still. */
    private <T> void fetch(Supplier<T> value, Executor executor, Consumer<T> done) {
        process.after(
                disk.applyDelay(),
                () -> {
                    T taken = value.get();
                    process.after(
                            disk.applyDelay(), () -> executor.execute(() -> done.accept(taken)));
                });
    }

    @Override
    public void read(PgId pg, BlockRange range, Executor executor, Consumer<ReadResult> done) {
        fetch(() -> readNow(pg, range), executor, done);
    }

    private ReadResult readNow(PgId pg, BlockRange range) {
        String failure = disk.failure();
        if (failure != null) {
            return new ReadResult.Failed(failure);
        }
        if (disk.has(SimDisk.Flaw.DOES_NOT_VERIFY)) {
            return new ReadResult.Ok(disk.shown(pg).readUnverified(range));
        }
        int damaged = disk.shown(pg).firstDamaged(range);
        return damaged >= 0
                ? new ReadResult.Corrupt(damaged, "checksum does not match")
                : new ReadResult.Ok(disk.shown(pg).read(range));
    }

    @Override
    public void chunks(
            PgId pg,
            Optional<ChunkId> after,
            int max,
            Executor executor,
            Consumer<List<ChunkId>> done) {
        fetchUnlessFailed(
                () ->
                        after.isPresent()
                                ? disk.shown(pg).chunksAfter(after.get(), max)
                                : disk.shown(pg).firstChunks(max),
                executor,
                done);
    }

    @Override
    public void digest(PgId pg, ChunkId chunk, Executor executor, Consumer<Long> done) {
        fetchUnlessFailed(() -> disk.shown(pg).digest(chunk, true), executor, done);
    }

    @Override
    public void inspect(PgId pg, BlockRange range, Executor executor, Consumer<Inspection> done) {
        fetchUnlessFailed(() -> disk.shown(pg).inspect(range), executor, done);
    }

    @Override
    public Space space() {
        long used = disk.shownBlockCount() * Sizes.BLOCK_BYTES;
        return new Space(
                CAPACITY_BYTES,
                used,
                !disk.isNearlyFull(),
                new Space.FileSystem(used, CAPACITY_BYTES - used));
    }

    @Override
    public long pendingBytes() {
        return 0; // memory is not simulated
    }

    @Override
    public Optional<String> failure() {
        return Optional.ofNullable(disk.failure());
    }

    @Override
    public void close() {
        closed = true;
    }
}
