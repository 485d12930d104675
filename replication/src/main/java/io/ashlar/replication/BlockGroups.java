package io.ashlar.replication;

import io.ashlar.common.Shard;
import java.util.function.Consumer;

/**
 * The placement groups of the whole cluster, as the owner of a volume uses them. It finds each
 * group's primary in the replicated view and repeats a request, over failovers and broken streams,
 * until it is decided. Overlapping requests are not ordered here: an owner issues them one after
 * the other (DESIGN section 6, rule 9).
 */
public interface BlockGroups {
    /**
     * Submits a request.
     *
     * @param shard where {@code done} is called; all requests of one volume come from one shard
     * @param done called once, when the request is decided
     * @return gives the request up: it is not repeated any more and {@code done} is never called.
     *     It may still take effect
     */
    Shard.Cancellable submit(PgRequest request, Shard shard, Consumer<PgReply> done);
}
