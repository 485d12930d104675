package io.ashlar.replication;

import java.util.concurrent.atomic.LongAdder;

/** What this node's placement groups have done since the process started. */
public final class ReplicationCounters {
    /** Reads that this node answered as primary, and their bytes. */
    public final LongAdder reads = new LongAdder();

    public final LongAdder readBytes = new LongAdder();

    /** Writes and trims that this node committed as primary, and the bytes of the former. */
    public final LongAdder writes = new LongAdder();

    public final LongAdder writtenBytes = new LongAdder();

    /** Requests refused since they carried an older access epoch. */
    public final LongAdder fenced = new LongAdder();

    /** Messages ignored since they carried an older group epoch. */
    public final LongAdder stale = new LongAdder();

    /** Blocks found damaged, and of them those repaired from another member. */
    public final LongAdder corrupt = new LongAdder();

    public final LongAdder repaired = new LongAdder();

    /** Bytes that scrubs compared, of one copy. */
    public final LongAdder scrubbedBytes = new LongAdder();

    /** Blocks of which scrubs found intact copies that differ: this must never be. */
    public final LongAdder inconsistent = new LongAdder();

    /** Blocks that scrubs found intact nowhere. */
    public final LongAdder unrecoverable = new LongAdder();

    /** Bytes copied to learners. */
    public final LongAdder copiedBytes = new LongAdder();

    /** Times that a copy to a learner waited for the rate, or for the learner. */
    public final LongAdder heldBack = new LongAdder();

    /** Learners that this node's groups began to teach, those that began anew included. */
    public final LongAdder learners = new LongAdder();

    /** Groups whose replica this node dropped, being no part of them any more. */
    public final LongAdder dropped = new LongAdder();

    /** Groups of which this node took the lead. */
    public final LongAdder leads = new LongAdder();
}
