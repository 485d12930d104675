package io.ashlar.chunkstore.rocks;

import io.ashlar.chunkstore.LogEntry;
import io.ashlar.chunkstore.StoreOp;
import io.ashlar.chunkstore.WriteResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.rocksdb.RocksDBException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that writes to a device. What arrived while it waited for the disk becomes one
 * RocksDB batch and one fsync; then the callbacks are handed to their executors, in order.
 */
final class WriteThread implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(WriteThread.class);

    /** Of one group commit; a batch above it goes alone. */
    private static final int GROUP_WRITES_MAX = 1024;

    private static final long GROUP_BYTES_MAX = 4L << 20;

    private final BoundedQueue<PendingWrite> queue;
    private final RocksStore store;
    private final BlockLayout<?> layout;
    private final GroupRecords records;
    private final SpaceGauge gauge;
    private final RoomMaker roomMaker;
    private final Failure failure;

    WriteThread(
            BoundedQueue<PendingWrite> queue,
            RocksStore store,
            BlockLayout<?> layout,
            GroupRecords records,
            SpaceGauge gauge,
            RoomMaker roomMaker,
            Failure failure) {
        this.queue = queue;
        this.store = store;
        this.layout = layout;
        this.records = records;
        this.gauge = gauge;
        this.roomMaker = roomMaker;
        this.failure = failure;
    }

    @Override
    public void run() {
        List<PendingWrite> group = new ArrayList<>();
        try (Batch batch = new Batch()) {
            while (true) {
                queue.take(group, GROUP_WRITES_MAX, GROUP_BYTES_MAX);
                if (group.isEmpty()) {
                    return;
                }
                commit(batch, group);
                group.clear();
            }
        }
    }

    private void commit(Batch batch, List<PendingWrite> group) {
        List<WriteResult> results = new ArrayList<>(group.size());
        try {
            if (!failure.isSet()) {
                if (gauge.isOld()) {
                    gauge.refresh();
                }
                batch.clear();
                for (PendingWrite write : group) {
                    results.add(add(batch, write));
                }
                if (!batch.isEmpty()) {
                    store.write(batch);
                }
                askForRoom(group);
            }
        } catch (RocksDBException | IOException | RuntimeException | Error e) {
            // Whatever it was, what reached the disk is unknown now. Never tried again.
            failure.set("writing failed: " + e, e);
        }
        for (int i = 0; i < group.size(); i++) {
            complete(group.get(i), failure.isSet() ? failure.result() : results.get(i));
        }
    }

    private void askForRoom(List<PendingWrite> group) {
        boolean isShort = !gauge.space().writable();
        for (PendingWrite write : group) {
            if (write.removesMuch() || (isShort && write.frees())) {
                roomMaker.request(write.ops().getFirst().pg());
            }
        }
    }

    private WriteResult add(Batch batch, PendingWrite write) throws RocksDBException {
        if (!gauge.admits(write.bytes(), write.frees())) {
            return WriteResult.OUT_OF_SPACE;
        }
        for (StoreOp op : write.ops()) {
            add(batch, op);
        }
        return WriteResult.DURABLE;
    }

    private void add(Batch batch, StoreOp op) throws RocksDBException {
        switch (op) {
            case StoreOp.Append(var pg, var entry, var blocks) -> {
                records.append(batch, pg, entry);
                if (entry.kind() == LogEntry.Kind.TRIM) {
                    layout.trim(batch, pg, entry.range());
                } else {
                    layout.put(batch, pg, entry.range(), blocks);
                }
            }
            case StoreOp.Copy(var pg, var range, var blocks) ->
                    layout.put(batch, pg, range, blocks);
            case StoreOp.Lose(var pg, var range) -> layout.lose(batch, pg, range);
            case StoreOp.Committed(var pg, long sequence) ->
                    records.putCommitted(batch, pg, sequence);
            case StoreOp.ReplaceLog(var pg, var entries) -> records.replaceLog(batch, pg, entries);
            case StoreOp.TrimLog(var pg, long through) -> records.trimLog(batch, pg, through);
            case StoreOp.PutState(var pg, var state) -> records.putState(batch, pg, state);
            case StoreOp.DropGroup(var pg) -> {
                layout.drop(batch, pg);
                records.drop(batch, pg);
            }
        }
    }

    private void complete(PendingWrite write, WriteResult result) {
        try {
            write.complete(result);
        } catch (RejectedExecutionException e) {
            LOG.debug("nobody is left to hear {}", result);
        } catch (RuntimeException | Error e) {
            // Of an executor that runs callbacks on this thread, which others wait for.
            failure.set("a callback failed: " + e, e);
        }
    }
}
