package io.ashlar.iscsi.session;

import io.ashlar.iscsi.pdu.Bhs;
import io.ashlar.iscsi.pdu.NopInPdu;
import java.util.ArrayList;
import java.util.List;

/**
 * NOP-Ins of the target, RFC 7143 section 11.19. At most one is under way; whoever asks meanwhile
 * shares the next one, since an answer proves nothing of the time before its question.
 */
final class Pings {
    private final Session session;
    private List<Runnable> asked = new ArrayList<>();
    private List<Runnable> waiting = new ArrayList<>();
    private boolean underWay;
    private int tag;

    Pings(Session session) {
        this.session = session;
    }

    boolean isUnderWay() {
        return underWay;
    }

    /** Asks for a sign of life; {@code answered} runs when it has come. */
    void request(Runnable answered) {
        if (underWay) {
            waiting.add(answered);
        } else {
            asked.add(answered);
            send();
        }
    }

    void onAnswer(int targetTransferTag) {
        if (!underWay || targetTransferTag != tag) {
            return;
        }
        underWay = false;
        List<Runnable> answered = asked;
        asked = waiting;
        waiting = new ArrayList<>();
        if (!asked.isEmpty()) {
            send();
        }
        answered.forEach(Runnable::run);
    }

    private void send() {
        underWay = true;
        tag = session.nextTransferTag();
        session.send(
                new NopInPdu(
                        0,
                        Bhs.RESERVED_TAG,
                        tag,
                        session.peekStatSn(),
                        session.expCmdSn(),
                        session.maxCmdSn()));
    }
}
