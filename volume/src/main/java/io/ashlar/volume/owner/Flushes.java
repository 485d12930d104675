package io.ashlar.volume.owner;

import io.ashlar.common.Payload;
import io.ashlar.volume.wire.ToIngress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * Flushes of one volume that were admitted: each is answered when all writes of its host that were
 * admitted before it are decided, and so on stable storage.
 */
final class Flushes {
    private final PartIssuer issuer;
    private final BiConsumer<OwnedPart, ToIngress> answer;
    private final List<OwnedPart> waiting = new ArrayList<>();

    Flushes(PartIssuer issuer, BiConsumer<OwnedPart, ToIngress> answer) {
        this.issuer = issuer;
        this.answer = answer;
    }

    void add(OwnedPart flush) {
        waiting.add(flush);
        answerReady();
    }

    int count() {
        return waiting.size();
    }

    /** Something was decided. */
    void answerReady() {
        if (waiting.isEmpty()) {
            return;
        }
        for (OwnedPart flush : List.copyOf(waiting)) {
            if (isReady(flush)) {
                waiting.remove(flush);
                answer.accept(flush, flush.done(Payload.EMPTY, new int[0]));
            }
        }
    }

    private boolean isReady(OwnedPart flush) {
        for (OwnedPart part : issuer.undecidedBefore(flush.admission)) {
            if (part.isWrite() && part.host == flush.host) {
                return false;
            }
        }
        return true;
    }

    /** Takes out those that a request covers. */
    Collection<OwnedPart> take(PendingControl control) {
        List<OwnedPart> taken = new ArrayList<>();
        for (OwnedPart flush : List.copyOf(waiting)) {
            if (control.covers(flush)) {
                waiting.remove(flush);
                taken.add(flush);
            }
        }
        return taken;
    }

    /** Takes out all. */
    Collection<OwnedPart> takeAll() {
        List<OwnedPart> taken = List.copyOf(waiting);
        waiting.clear();
        return taken;
    }
}
