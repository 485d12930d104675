package io.ashlar.chunkstore;

import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.DeviceId;
import io.ashlar.common.PgId;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * One device as the placement groups use it: asynchronous, with writes that arrive together sharing
 * a batch and an fsync. Safe for use by any thread; callbacks run on the executor that came with
 * the call. Batches of one placement group are applied and completed in the order of their
 * submission, and a read submitted after a batch was completed sees it.
 */
public interface ChunkDevice extends AutoCloseable {
    DeviceId id();

    /** The placement groups that the device holds anything of. Blocking; for the start. */
    Set<PgId> groups();

    /** Log and state of a group, empty ones if there is nothing. Blocking; for the start. */
    GroupContents load(PgId pg);

    /**
     * Applies all ops or none, then calls {@code done} once they are on stable storage. All ops are
     * of one placement group.
     */
    void write(List<StoreOp> ops, Executor executor, Consumer<WriteResult> done);

    /**
     * Reads blocks as they are at some instant between this call and the callback; all blocks at
     * the same instant.
     */
    void read(PgId pg, BlockRange range, Executor executor, Consumer<ReadResult> done);

    /**
     * Names the group's chunks after {@code after} (or from the first), in order, at most {@code
     * max}: for copies and scrub. The callback never comes if the device failed or is closed: an
     * empty list would say that there are no more chunks.
     */
    void chunks(
            PgId pg,
            Optional<ChunkId> after,
            int max,
            Executor executor,
            Consumer<List<ChunkId>> done);

    /**
     * A digest of a chunk's contents: equal for equal contents on every device, with unwritten,
     * trimmed and zero blocks alike ({@link ChunkDigest}). Zero for a chunk that reads as zeros;
     * other than any good copy's if a block is damaged. The callback never comes if the device
     * failed or is closed.
     */
    void digest(PgId pg, ChunkId chunk, Executor executor, Consumer<Long> done);

    /**
     * Reads and verifies blocks, all at the same instant, and tells their checksums and which are
     * damaged: for scrub. At most as many blocks as one read may have. The callback never comes if
     * the device failed or is closed.
     */
    void inspect(PgId pg, BlockRange range, Executor executor, Consumer<Inspection> done);

    Space space();

    /** Bytes of writes that wait for its disk. Any thread; asked often. */
    long pendingBytes();

    /** Why the device is closed for good, if it is. */
    Optional<String> failure();

    /** Completes what was submitted, then closes. */
    @Override
    void close();
}
