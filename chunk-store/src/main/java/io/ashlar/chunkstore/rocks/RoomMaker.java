package io.ashlar.chunkstore.rocks;

import io.ashlar.common.PgId;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.CompactRangeOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/**
 * The thread that turns deletions into free space. RocksDB drops deleted data when later writes
 * make it compact; on a full device there are none, and it would stay full whatever is deleted.
 * Deletions come in crowds, so it waits a moment and serves all of a group's at once.
 */
final class RoomMaker {
    private static final long GATHER_NANOS = 1_000_000_000L;

    private final RocksDB db;
    private final ColumnFamilyHandle family;
    private final Failure failure;
    private final CompactRangeOptions options =
            new CompactRangeOptions().setExclusiveManualCompaction(false);
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition requested = lock.newCondition();

    /** At most as many as the device has groups. */
    private final Set<PgId> pending = new LinkedHashSet<>();

    private final Thread thread;
    private boolean closed;

    RoomMaker(String name, RocksDB db, ColumnFamilyHandle family, Failure failure) {
        this.db = db;
        this.family = family;
        this.failure = failure;
        this.thread = Thread.ofPlatform().name(name).start(this::run);
    }

    /** Compacts what the group has, soon. */
    void request(PgId pg) {
        lock.lock();
        try {
            pending.add(pg);
            requested.signal();
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        while (awaitRequest()) {
            PgId pg = takeRequest();
            try {
                db.compactRange(family, Keys.group(pg), Keys.afterGroup(pg), options);
            } catch (RocksDBException e) {
                if (!isClosed()) {
                    failure.set("compacting failed: " + e, e);
                }
            }
        }
    }

    private boolean awaitRequest() {
        lock.lock();
        try {
            while (pending.isEmpty() && !closed) {
                requested.awaitUninterruptibly();
            }
            long left = GATHER_NANOS;
            while (left > 0 && !closed) {
                left = requested.awaitNanos(left);
            }
            return !closed;
        } catch (InterruptedException e) {
            return false; // nobody interrupts this thread but to end it
        } finally {
            lock.unlock();
        }
    }

    private PgId takeRequest() {
        lock.lock();
        try {
            Iterator<PgId> first = pending.iterator();
            PgId pg = first.next();
            first.remove();
            return pg;
        } finally {
            lock.unlock();
        }
    }

    private boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    /** Breaks a compaction off; the next start takes up what it left. */
    void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            requested.signal();
        } finally {
            lock.unlock();
        }
        options.setCanceled(true);
        ReadThreads.joinUninterruptibly(thread);
        options.close();
    }
}
