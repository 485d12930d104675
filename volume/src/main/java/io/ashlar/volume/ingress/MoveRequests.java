package io.ashlar.volume.ingress;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.volume.MoveResult;
import io.ashlar.volume.MoveResult.Code;
import io.ashlar.volume.wire.ToIngress;
import io.ashlar.volume.wire.ToOwner;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Requests of the administration that volumes be moved, from any node. The owner is asked, again
 * while it does not serve yet; a request is answered when the new owner serves. Owned by the volume
 * shard.
 */
final class MoveRequests {
    /** Requests at a time; what is more is answered at once that nothing was done. */
    private static final int REQUESTS_MAX = 1_024;

    private static final class Request {
        final long id;
        final VolumeId volume;
        final NodeId target;
        final Consumer<MoveResult> done;

        /** The access epoch from which the target must serve; 0 until the owner says so. */
        long servingFrom;

        Request(long id, VolumeId volume, NodeId target, Consumer<MoveResult> done) {
            this.id = id;
            this.volume = volume;
            this.target = target;
            this.done = done;
        }
    }

    private final IngressContext context;
    private final Servings servings;
    private final SortedMap<Long, Request> requests = new TreeMap<>();
    private long requestCount;

    MoveRequests(IngressContext context, Servings servings) {
        this.context = context;
        this.servings = servings;
    }

    void move(VolumeId volume, NodeId target, Consumer<MoveResult> done) {
        if (requests.size() >= REQUESTS_MAX) {
            done.accept(new MoveResult(Code.IN_PROGRESS, 0, "too many moves are under way"));
            return;
        }
        Request request = new Request(++requestCount, volume, target, done);
        requests.put(request.id, request);
        context.shard()
                .schedule(
                        context.settings().moves().requestMax().toNanos(),
                        () -> onTimeout(request));
        ask(request);
    }

    private void ask(Request request) {
        if (!requests.containsKey(request.id)) {
            return;
        }
        VolumeRecord volume = context.metadata().state().volumes().get(request.volume);
        if (volume == null) {
            finish(request, new MoveResult(Code.NO_SUCH_VOLUME, 0, ""));
            return;
        }
        boolean isSent =
                context.post()
                        .send(
                                volume.owner().node(),
                                new ToOwner.Move(request.id, request.volume, request.target));
        if (!isSent) {
            askLater(request);
        }
    }

    private void askLater(Request request) {
        context.shard().schedule(context.settings().busyRetry().toNanos(), () -> ask(request));
    }

    void onAnswer(ProcessId from, ToIngress.MoveAnswer answer) {
        Request request = requests.get(answer.id());
        if (request == null || answer.incarnation() != context.post().self().incarnation()) {
            return;
        }
        MoveResult result = answer.result();
        switch (result.code()) {
            // It does not own the volume yet, or not any more.
            case NOT_SERVING -> askLater(request);
            case MOVED -> {
                request.servingFrom = result.accessEpoch();
                look();
            }
            default -> finish(request, result);
        }
    }

    /** Something has changed that moves may wait for. */
    void look() {
        if (requests.isEmpty()) {
            return;
        }
        for (Request request : List.copyOf(requests.values())) {
            VolumeRecord volume = context.metadata().state().volumes().get(request.volume);
            if (request.servingFrom > 0
                    && volume != null
                    && volume.accessEpoch() >= request.servingFrom
                    && servings.isServed(volume, request.servingFrom)) {
                Code code =
                        volume.owner().node().equals(request.target) ? Code.MOVED : Code.OVERTAKEN;
                finish(request, new MoveResult(code, volume.accessEpoch(), ""));
            }
        }
    }

    private void onTimeout(Request request) {
        VolumeRecord volume = context.metadata().state().volumes().get(request.volume);
        long epoch = volume == null ? 0 : volume.accessEpoch();
        boolean isThere = volume != null && volume.owner().node().equals(request.target);
        finish(
                request,
                isThere
                        ? new MoveResult(Code.MOVED, epoch, "")
                        : new MoveResult(Code.UNKNOWN, epoch, ""));
    }

    private void finish(Request request, MoveResult result) {
        if (requests.remove(request.id, request)) {
            request.done.accept(result);
        }
    }
}
