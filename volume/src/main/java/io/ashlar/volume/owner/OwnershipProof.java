package io.ashlar.volume.owner;

import io.ashlar.common.Shard;
import io.ashlar.metadata.MetadataClient;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes sure that this node was still the owner of a volume after something that it did: a read
 * index taken later, and a view at that index that still says so.
 *
 * <p>Without it an owner that does not know yet that it is deposed could answer an abort. Its note
 * of the abort would be unknown to the new owner, which would then admit the aborted command when
 * it surfaces at another ingress. Questions share barriers.
 */
final class OwnershipProof {
    private final Shard shard;
    private final MetadataClient metadata;
    private final long retryNanos;
    private final Runnable readView;
    private List<Runnable> waiting = new ArrayList<>();
    private boolean isAsking;

    /**
     * @param readView makes the owner act on the newest view
     */
    OwnershipProof(Shard shard, MetadataClient metadata, long retryNanos, Runnable readView) {
        this.shard = shard;
        this.metadata = metadata;
        this.retryNanos = retryNanos;
        this.readView = readView;
    }

    /** Runs {@code then} when the view has reached a read index that was taken after this call. */
    void afterBarrier(Runnable then) {
        waiting.add(then);
        if (!isAsking) {
            ask();
        }
    }

    private void ask() {
        isAsking = true;
        List<Runnable> asking = waiting;
        waiting = new ArrayList<>();
        metadata.readBarrier(shard, index -> onIndex(index, asking));
    }

    private void onIndex(long index, List<Runnable> asking) {
        if (index < 0) {
            waiting.addAll(0, asking);
            shard.schedule(retryNanos, this::ask);
            return;
        }
        isAsking = false;
        readView.run();
        asking.forEach(Runnable::run);
        if (!waiting.isEmpty() && !isAsking) {
            ask();
        }
    }
}
