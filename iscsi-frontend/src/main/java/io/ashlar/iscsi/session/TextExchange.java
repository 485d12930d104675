package io.ashlar.iscsi.session;

import io.ashlar.common.Payload;
import io.ashlar.common.WireFormatException;
import io.ashlar.iscsi.login.TextKeys;
import io.ashlar.iscsi.pdu.Bhs;
import io.ashlar.iscsi.pdu.RejectPdu;
import io.ashlar.iscsi.pdu.TextRequestPdu;
import io.ashlar.iscsi.pdu.TextResponsePdu;
import io.ashlar.volume.Portal;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.SequencedMap;

/**
 * Text requests in the full feature phase, RFC 7143 section 6.4: SendTargets (appendix C). A long
 * answer goes out in parts, each asked for by an empty request.
 */
final class TextExchange {
    private final Session session;
    private final TargetContext target;
    private final boolean discovery;
    private final ByteArrayOutputStream text = new ByteArrayOutputStream();
    private byte[] unsent = new byte[0];
    private int unsentFrom;
    private int parts;
    private int tag = Bhs.RESERVED_TAG;

    TextExchange(Session session, TargetContext target, boolean discovery) {
        this.session = session;
        this.target = target;
        this.discovery = discovery;
    }

    void onRequest(TextRequestPdu request, byte[] data) {
        boolean goesOn = request.targetTransferTag() != Bhs.RESERVED_TAG;
        if (goesOn && request.targetTransferTag() != tag) {
            session.reject(RejectPdu.INVALID_PDU_FIELD);
            return;
        }
        if (!goesOn) {
            // a new exchange ends the former one, section 11.10.4
            text.reset();
            parts = 0;
            unsentFrom = unsent.length;
        }
        if (text.size() + data.length > target.login().textBytesMax()
                || (request.continued() && ++parts > target.login().requestsMax())) {
            end();
            session.reject(RejectPdu.OUT_OF_RESOURCES);
            return;
        }
        text.writeBytes(data);
        if (request.continued()) {
            tag = session.nextTransferTag();
            send(request, false, false, Payload.EMPTY);
            return;
        }
        if (unsentFrom == unsent.length) {
            try {
                unsent = answer(TextKeys.parse(text.toByteArray(), text.size()));
            } catch (WireFormatException notText) {
                end();
                session.reject(RejectPdu.PROTOCOL_ERROR);
                return;
            }
            unsentFrom = 0;
            text.reset();
        }
        sendPart(request);
    }

    /** Forgets the exchange: only a new one can follow. */
    private void end() {
        text.reset();
        unsent = new byte[0];
        unsentFrom = 0;
        tag = Bhs.RESERVED_TAG;
    }

    private void sendPart(TextRequestPdu request) {
        int bytes =
                Math.min(
                        unsent.length - unsentFrom,
                        session.parameters().maxSendDataSegmentLength());
        Payload part = Payload.of(unsent).slice(unsentFrom, bytes);
        unsentFrom += bytes;
        boolean more = unsentFrom < unsent.length;
        boolean last = !more && request.last();
        tag = last ? Bhs.RESERVED_TAG : session.nextTransferTag();
        send(request, last, more, part);
    }

    private void send(TextRequestPdu request, boolean last, boolean more, Payload part) {
        session.send(
                new TextResponsePdu(
                        last,
                        more,
                        request.lun(),
                        request.initiatorTaskTag(),
                        tag,
                        session.nextStatSn(),
                        session.expCmdSn(),
                        session.maxCmdSn()),
                part);
    }

    private byte[] answer(SequencedMap<String, String> keys) {
        StringBuilder answer = new StringBuilder();
        for (Map.Entry<String, String> key : keys.entrySet()) {
            if (key.getKey().equals("SendTargets")) {
                sendTargets(key.getValue(), answer);
            } else {
                TextKeys.append(answer, key.getKey(), "NotUnderstood");
            }
        }
        return answer.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** All is for discovery sessions only; an empty value means the session's own target. */
    private void sendTargets(String wanted, StringBuilder answer) {
        boolean all = wanted.equals("All");
        boolean own = wanted.isEmpty() || wanted.equalsIgnoreCase(target.targetName());
        if ((all && !discovery) || (wanted.isEmpty() && discovery)) {
            TextKeys.append(answer, "SendTargets", "Reject");
            return;
        }
        if (!all && !own) {
            return;
        }
        TextKeys.append(answer, "TargetName", target.targetName());
        for (Portal portal : target.volumes().portals()) {
            boolean six = portal.address().indexOf(':') >= 0;
            String address = six ? "[" + portal.address() + "]" : portal.address();
            TextKeys.append(
                    answer,
                    "TargetAddress",
                    address + ":" + portal.port() + "," + portal.node().value());
        }
    }
}
