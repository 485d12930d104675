package io.ashlar.chunkstore.rocks;

import io.ashlar.chunkstore.ChunkDevice;
import io.ashlar.chunkstore.DeviceConfig;
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
import io.ashlar.common.WireFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import org.rocksdb.RocksDBException;

/**
 * An open device. Only its own threads touch native objects, and they have ended before those are
 * freed; so no call, whenever it comes, can reach freed memory.
 */
public final class RocksDevice<S extends AutoCloseable> implements ChunkDevice {
    private final Path directory;
    private final DeviceId id;
    private final RocksStore store;
    private final BlockLayout<S> layout;
    private final GroupRecords records;
    private final SpaceGauge gauge;
    private final Failure failure;
    private final BoundedQueue<PendingWrite> writes;
    private final RoomMaker roomMaker;
    private final Thread writeThread;
    private final ReadThreads<S> readThreads;
    private final AtomicBoolean isRefreshing = new AtomicBoolean();
    private final AtomicBoolean isClosed = new AtomicBoolean();

    private RocksDevice(
            DeviceConfig config, DeviceIdentity identity, RocksStore store, BlockLayout<S> layout)
            throws IOException {
        this.directory = config.directory();
        this.id = identity.device();
        this.store = store;
        this.layout = layout;
        this.records =
                new GroupRecords(
                        store.db(), store.logFamily(), store.stateFamily(), store.readOptions());
        this.gauge = new SpaceGauge(directory, config, store::fileBytes, store::memtableBytes);
        this.failure = new Failure("device " + id + " in " + directory);
        this.writes =
                new BoundedQueue<>(
                        "writes of " + directory, config.pendingMax(), config.pendingBytesMax());
        this.readThreads =
                new ReadThreads<>(
                        "read-" + directory.getFileName(),
                        config.readerThreads(),
                        config.pendingMax(),
                        config.pendingBytesMax(),
                        layout,
                        failure);
        this.roomMaker =
                new RoomMaker(
                        "compact-" + directory.getFileName(),
                        store.db(),
                        store.dataFamily(),
                        failure);
        this.writeThread =
                Thread.ofPlatform()
                        .name("write-" + directory.getFileName())
                        .start(
                                new WriteThread(
                                        writes, store, layout, records, gauge, roomMaker, failure));
    }

    /** See {@link io.ashlar.chunkstore.RocksChunkDevice#open}. */
    public static <S extends AutoCloseable> ChunkDevice open(
            DeviceConfig config, Function<RocksStore, BlockLayout<S>> layout) {
        Path directory = config.directory();
        DeviceIdentity identity = DeviceDirectory.check(config);
        try {
            RocksStore store =
                    new RocksStore(config, directory.resolve(DeviceDirectory.DATABASE), false);
            try {
                return new RocksDevice<>(config, identity, store, layout.apply(store));
            } catch (IOException | RuntimeException e) {
                store.close();
                throw e;
            }
        } catch (RocksDBException e) {
            throw RocksStore.explained(directory, e);
        } catch (WireFormatException e) {
            throw RocksStore.damaged(directory, e);
        } catch (IOException e) {
            if (String.valueOf(e.getMessage()).contains(RocksStore.IO_ERROR)) {
                throw DeviceException.broken(
                        "the disk of " + directory + " does not work (" + e + "); replace it", e);
            }
            throw new DeviceException(
                    "cannot read "
                            + directory
                            + ": "
                            + e
                            + "; check the disk, and that the files belong to the user of this"
                            + " process",
                    e);
        }
    }

    @Override
    public DeviceId id() {
        return id;
    }

    @Override
    public Set<PgId> groups() {
        return blocking(() -> {
            Set<PgId> groups = new HashSet<>(layout.groups());
            groups.addAll(records.groups());
            return groups;
        });
    }

    @Override
    public GroupContents load(PgId pg) {
        return blocking(() -> records.load(pg));
    }

    private interface Lookup<T> {
        T run() throws RocksDBException;
    }

    /** On a reader thread, so that {@link #close} cannot free what it uses. */
    private <T> T blocking(Lookup<T> lookup) {
        CompletableFuture<T> result = new CompletableFuture<>();
        boolean taken =
                readThreads.submit(
                        0,
                        _ -> {
                            try {
                                result.complete(lookup.run());
                            } catch (RocksDBException | RuntimeException | Error e) {
                                failure.set("the log or state cannot be read: " + e, e);
                                result.completeExceptionally(
                                        new DeviceException(
                                                "the log or state in "
                                                        + directory
                                                        + " cannot be read; check the disk, then"
                                                        + " take it out with 'ashlar device"
                                                        + " replace': the other replicas hold the"
                                                        + " data ("
                                                        + e.getMessage()
                                                        + ")",
                                                e));
                            }
                        });
        if (!taken) {
            throw new DeviceException("the device in " + directory + " is closed; open it again");
        }
        try {
            return result.join();
        } catch (java.util.concurrent.CompletionException e) {
            throw e.getCause() instanceof DeviceException cause ? cause : e;
        }
    }

    @Override
    public void write(List<StoreOp> ops, Executor executor, Consumer<WriteResult> done) {
        PendingWrite write = PendingWrite.of(ops, executor, done);
        if (!writes.offer(write, write.bytes())) {
            write.complete(failure.result());
        }
    }

    @Override
    public void read(PgId pg, BlockRange range, Executor executor, Consumer<ReadResult> done) {
        PendingWrite.checkRange(range);
        boolean taken =
                readThreads.submit(
                        range.count() * Sizes.BLOCK_BYTES,
                        scratch -> {
                            ReadResult result = readNow(scratch, pg, range);
                            executor.execute(() -> done.accept(result));
                        });
        if (!taken) {
            executor.execute(() -> done.accept(failure.readResult()));
        }
    }

    private ReadResult readNow(S scratch, PgId pg, BlockRange range) {
        if (failure.isSet()) {
            return failure.readResult();
        }
        try {
            return layout.read(scratch, pg, range);
        } catch (RuntimeException | Error e) {
            failure.set("reading " + range + " failed: " + e, e);
            return failure.readResult();
        }
    }

    @Override
    public void chunks(
            PgId pg,
            Optional<ChunkId> after,
            int max,
            Executor executor,
            Consumer<List<ChunkId>> done) {
        Check.argument(max > 0, "%s chunks", max);
        answerUnlessFailed(0, executor, done, _ -> layout.chunks(pg, after, max));
    }

    @Override
    public void digest(PgId pg, ChunkId chunk, Executor executor, Consumer<Long> done) {
        answerUnlessFailed(0, executor, done, scratch -> layout.digest(scratch, pg, chunk));
    }

    @Override
    public void inspect(PgId pg, BlockRange range, Executor executor, Consumer<Inspection> done) {
        PendingWrite.checkRange(range);
        int bytes = range.count() * Sizes.BLOCK_BYTES;
        answerUnlessFailed(bytes, executor, done, scratch -> layout.inspect(scratch, pg, range));
    }

    private interface Question<S, T> {
        T answer(S scratch) throws RocksDBException;
    }

    private <T> void answerUnlessFailed(
            int bytes, Executor executor, Consumer<T> done, Question<S, T> question) {
        readThreads.submit(
                bytes,
                scratch -> {
                    if (failure.isSet()) {
                        return;
                    }
                    T answer;
                    try {
                        answer = question.answer(scratch);
                    } catch (RocksDBException | RuntimeException | Error e) {
                        failure.set("reading keys failed: " + e, e);
                        return;
                    }
                    executor.execute(() -> done.accept(answer));
                });
    }

    @Override
    public Space space() {
        Space space = gauge.space();
        if (gauge.isOld() && isRefreshing.compareAndSet(false, true)) {
            boolean taken = readThreads.submit(0, _ -> refreshSpace());
            if (!taken) {
                isRefreshing.set(false);
            }
        }
        return space;
    }

    @Override
    public long pendingBytes() {
        return writes.bytes();
    }

    private void refreshSpace() {
        try {
            gauge.refresh();
        } catch (IOException | RuntimeException e) {
            failure.set("asking for the free space failed: " + e, e);
        } finally {
            isRefreshing.set(false);
        }
    }

    @Override
    public Optional<String> failure() {
        return failure.reason();
    }

    @Override
    public void close() {
        Thread caller = Thread.currentThread();
        Check.argument(
                caller != writeThread && !readThreads.isOneOfThem(caller),
                "a device cannot be closed by a callback on its own thread");
        writes.close();
        ReadThreads.joinUninterruptibly(writeThread);
        readThreads.close();
        roomMaker.close();
        if (isClosed.compareAndSet(false, true)) {
            store.close();
        }
    }
}
