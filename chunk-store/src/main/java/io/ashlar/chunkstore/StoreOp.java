package io.ashlar.chunkstore;

import io.ashlar.common.BlockRange;
import io.ashlar.common.Payload;
import io.ashlar.common.PgId;
import java.util.List;

/** One change of a store. A list of them is applied as a whole or not at all. */
public sealed interface StoreOp {
    PgId pg();

    /**
     * Appends an entry to the group's log and applies it to the chunks.
     *
     * @param blocks the new contents, as many blocks as the entry's range; without blocks for a
     *     TRIM
     */
    record Append(PgId pg, LogEntry entry, Blocks blocks) implements StoreOp {}

    /** Sets contents outside the log, for a learner. Blocks of zeros are stored as trimmed ones. */
    record Copy(PgId pg, BlockRange range, Blocks blocks) implements StoreOp {}

    /**
     * Marks blocks as lost, for a learner: no member has them intact, so nobody may serve anything
     * for them. They read as corrupt until they are written or trimmed.
     */
    record Lose(PgId pg, BlockRange range) implements StoreOp {}

    /** Notes that everything up to and including the sequence is committed. */
    record Committed(PgId pg, long sequence) implements StoreOp {}

    /** Replaces the whole log; contents stay as they are. */
    record ReplaceLog(PgId pg, List<LogEntry> entries) implements StoreOp {}

    /** Forgets log entries up to and including the sequence. */
    record TrimLog(PgId pg, long throughSequence) implements StoreOp {}

    /**
     * Stores what the placement group wants to find again after a restart; opaque here. At most 16
     * MiB.
     */
    record PutState(PgId pg, Payload state) implements StoreOp {}

    /** Removes everything of the group: chunks, log, state. */
    record DropGroup(PgId pg) implements StoreOp {}
}
