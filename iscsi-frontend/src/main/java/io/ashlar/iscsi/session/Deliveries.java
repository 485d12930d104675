package io.ashlar.iscsi.session;

import io.ashlar.iscsi.pdu.DataOutPdu;
import io.ashlar.iscsi.pdu.InitiatorPdu;
import io.ashlar.iscsi.pdu.LogoutRequestPdu;
import io.ashlar.iscsi.pdu.NopOutPdu;
import io.ashlar.iscsi.pdu.ScsiCommandPdu;
import io.ashlar.iscsi.pdu.TaskManagementRequestPdu;
import io.ashlar.iscsi.pdu.TextRequestPdu;
import java.util.ArrayDeque;
import java.util.function.LongConsumer;

/**
 * Tells the volume which of its COMPARE AND WRITE answers the initiator has: those whose StatSN is
 * below an ExpStatSN that it sent (RFC 7143 section 4.2.2.3). Owned by the session's shard.
 */
final class Deliveries {
    /** Most statuses that are waited for; of the oldest, it then stays unknown. */
    private static final int WAITING_MAX = 256;

    private record Status(int statSn, long command) {}

    private final ArrayDeque<Status> waiting = new ArrayDeque<>(0);
    private final LongConsumer delivered;

    /**
     * @param delivered gets the number that the volume gave to the command
     */
    Deliveries(LongConsumer delivered) {
        this.delivered = delivered;
    }

    /** A status goes out. */
    void onStatus(int statSn, long command) {
        waiting.addLast(new Status(statSn, command));
        if (waiting.size() > WAITING_MAX) {
            waiting.removeFirst();
        }
    }

    /** A PDU came; what it confirms is told before it is acted on. */
    void onPdu(InitiatorPdu pdu) {
        if (waiting.isEmpty()) {
            return;
        }
        switch (pdu) {
            case ScsiCommandPdu command -> confirm(command.expStatSn());
            case DataOutPdu data -> confirm(data.expStatSn());
            case NopOutPdu nop -> confirm(nop.expStatSn());
            case TaskManagementRequestPdu request -> confirm(request.expStatSn());
            case TextRequestPdu text -> confirm(text.expStatSn());
            case LogoutRequestPdu logout -> confirm(logout.expStatSn());
            default -> {}
        }
    }

    /** Serial number arithmetic: numbers wrap around. */
    private void confirm(int expStatSn) {
        for (Status next = waiting.peek();
                next != null && expStatSn - next.statSn > 0;
                next = waiting.peek()) {
            waiting.remove();
            delivered.accept(next.command);
        }
    }
}
