package io.ashlar.chunkstore.rocks;

import io.ashlar.chunkstore.Blocks;
import io.ashlar.chunkstore.Inspection;
import io.ashlar.chunkstore.ReadResult;
import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.PgId;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.rocksdb.RocksDBException;

/**
 * How the contents of chunks lie in RocksDB (ADR 0002). {@code put}, {@code trim} and {@code drop}
 * are called by the write thread, the others by reader threads, each with a scratch of its own.
 *
 * @param <S> memory that a reader thread keeps from read to read
 */
public interface BlockLayout<S extends AutoCloseable> {
    /** Adds new contents to the batch; zero blocks become trimmed ones. */
    void put(Batch batch, PgId pg, BlockRange range, Blocks blocks) throws RocksDBException;

    /** Makes the blocks read as zeros and take no space. */
    void trim(Batch batch, PgId pg, BlockRange range) throws RocksDBException;

    /** Makes the blocks read as corrupt until they are put or trimmed. */
    void lose(Batch batch, PgId pg, BlockRange range) throws RocksDBException;

    /** Removes all chunks of the group. */
    void drop(Batch batch, PgId pg) throws RocksDBException;

    S newScratch();

    /** Verified contents as of one instant. Never throws for what lies on the disk. */
    ReadResult read(S scratch, PgId pg, BlockRange range);

    /** Checksums and damage as of one instant. Never throws for what lies on the disk. */
    Inspection inspect(S scratch, PgId pg, BlockRange range);

    /** Chunks that hold any block which is not zero, in order. */
    List<ChunkId> chunks(PgId pg, Optional<ChunkId> after, int max) throws RocksDBException;

    /** The groups that have chunks. */
    Set<PgId> groups() throws RocksDBException;

    /**
     * See {@link io.ashlar.chunkstore.ChunkDigest}. Of what the device really holds: a block that
     * is damaged or cannot be read makes the digest another than a good copy's.
     */
    long digest(S scratch, PgId pg, ChunkId chunk);
}
