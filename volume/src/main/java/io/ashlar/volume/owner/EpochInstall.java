package io.ashlar.volume.owner;

import io.ashlar.common.PgId;
import io.ashlar.common.Shard;
import io.ashlar.metadata.Pool;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.replication.PgReply;
import io.ashlar.replication.PgRequest;
import io.ashlar.volume.FenceCertificate;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongConsumer;

/**
 * Installs a new owner's access epoch at every placement group of the volume's pool (DESIGN section
 * 6, rule 2; F1). Each confirms when all that it accepted under a lower epoch is decided.
 */
final class EpochInstall {
    private final VolumeRecord record;
    private final Pool pool;
    private final OwnerContext context;
    private final Runnable onInstalled;
    private final LongConsumer onFenced;
    private final SortedMap<Integer, Shard.Cancellable> inFlight = new TreeMap<>();
    private int next;
    private final List<FenceCertificate.Confirmation> confirmations = new ArrayList<>();
    private boolean isOver;

    EpochInstall(
            VolumeRecord record,
            Pool pool,
            OwnerContext context,
            Runnable onInstalled,
            LongConsumer onFenced) {
        this.record = record;
        this.pool = pool;
        this.context = context;
        this.onInstalled = onInstalled;
        this.onFenced = onFenced;
    }

    void start() {
        for (int i = 0; i < context.settings().installsMax() && !isOver; i++) {
            sendNext();
        }
    }

    void cancel() {
        isOver = true;
        inFlight.values().forEach(Shard.Cancellable::cancel);
        inFlight.clear();
    }

    /** Who has confirmed it, in that order. */
    List<FenceCertificate.Confirmation> confirmations() {
        return List.copyOf(confirmations);
    }

    private void sendNext() {
        if (next < pool.pgCount()) {
            send(next++);
        }
    }

    private void send(int group) {
        PgId pg = new PgId(pool.id(), group);
        PgRequest fence = new PgRequest.Fence(pg, record.id(), record.accessEpoch());
        inFlight.put(
                group,
                context.groups().submit(fence, context.shard(), reply -> onReply(group, reply)));
    }

    private void onReply(int group, PgReply reply) {
        if (isOver) {
            return;
        }
        inFlight.remove(group);
        switch (reply) {
            case PgReply.Installed(var primary, long leadEpoch) -> {
                confirmations.add(
                        new FenceCertificate.Confirmation(
                                group, primary, leadEpoch, context.clock().nanos()));
                if (confirmations.size() == pool.pgCount()) {
                    isOver = true;
                    onInstalled.run();
                } else {
                    sendNext();
                }
            }
            case PgReply.Fenced(long epoch) ->
                    onFenced.accept(Math.max(epoch, record.accessEpoch() + 1));
            case PgReply.Done _,
                    PgReply.Busy _,
                    PgReply.Unrecovered _,
                    PgReply.OutOfSpace _,
                    PgReply.Refused _ ->
                    inFlight.put(
                            group,
                            context.shard()
                                    .schedule(
                                            context.settings().busyRetry().toNanos(),
                                            () -> resend(group)));
        }
    }

    private void resend(int group) {
        if (!isOver) {
            send(group);
        }
    }
}
