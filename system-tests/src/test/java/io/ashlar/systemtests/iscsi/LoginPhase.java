package io.ashlar.systemtests.iscsi;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The login of one connection (RFC 7143 section 6.3): security negotiation without authentication,
 * then operational negotiation.
 */
final class LoginPhase {
    private static final int SECURITY = 0;
    private static final int OPERATIONAL = 1;
    private static final int FULL_FEATURE = 3;
    private static final int ROUNDS_MAX = 16;

    private final SessionOptions options;
    private final DataInputStream in;
    private final OutputStream out;
    private final int cmdSn;
    private final Map<String, String> answers = new HashMap<>();
    private int expStatSn;
    private int expCmdSn;
    private int maxCmdSn;
    private boolean started;

    LoginPhase(SessionOptions options, DataInputStream in, OutputStream out, int cmdSn) {
        this.options = options;
        this.in = in;
        this.out = out;
        this.cmdSn = cmdSn;
    }

    /** Logs in; afterwards the accessors tell the sequence numbers to go on with. */
    Negotiated run(boolean discovery) throws IOException {
        Map<String, String> security = new LinkedHashMap<>();
        security.put("InitiatorName", options.initiatorName());
        security.put("SessionType", discovery ? "Discovery" : "Normal");
        if (!discovery) {
            security.put("TargetName", options.targetName());
        }
        security.put("AuthMethod", "None");
        stage(SECURITY, OPERATIONAL, security);
        stage(OPERATIONAL, FULL_FEATURE, Negotiated.offers(options, discovery));
        return Negotiated.of(options, answers);
    }

    int expStatSn() {
        return expStatSn;
    }

    int expCmdSn() {
        return expCmdSn;
    }

    int maxCmdSn() {
        return maxCmdSn;
    }

    private void stage(int current, int next, Map<String, String> keys) throws IOException {
        byte[] text = TextKeys.encode(keys);
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        for (int round = 0; round < ROUNDS_MAX; round++) {
            send(current, next, text);
            text = new byte[0];
            Pdu response = Pdu.read(in);
            check(response);
            answer.write(response.data());
            int flags = response.int8(1);
            boolean goesOn = (flags & 0x40) != 0;
            if (goesOn) {
                continue;
            }
            answers.putAll(TextKeys.decodeUnique(answer.toByteArray()));
            answer.reset();
            if ((flags & 0x80) != 0) {
                if ((flags & 3) != next) {
                    throw new ProtocolViolation("login went to stage " + (flags & 3));
                }
                return;
            }
        }
        throw new ProtocolViolation("login does not end");
    }

    private void send(int current, int next, byte[] text) throws IOException {
        Pdu request = Pdu.of(Opcode.LOGIN_REQUEST, true, text, 0, text.length);
        int qualifier = options.isidQualifier();
        byte[] isid = {(byte) 0x80, 0x41, 0x53, 0x48, (byte) (qualifier >> 8), (byte) qualifier};
        request.set8(1, 0x80 | (current << 2) | next).setBytes(8, isid);
        request.set32(24, cmdSn).set32(28, expStatSn);
        request.write(out);
        out.flush();
    }

    private void check(Pdu response) throws IOException {
        if (response.opcode() != Opcode.LOGIN_RESPONSE) {
            throw new ProtocolViolation("not a login response: " + response);
        }
        int status = response.int16(36);
        if (status != 0) {
            throw new LoginRefused(status);
        }
        int statSn = response.int32(24);
        if (started && statSn != expStatSn) {
            throw new ProtocolViolation("StatSN %d, expected %d".formatted(statSn, expStatSn));
        }
        started = true;
        expStatSn = statSn + 1;
        expCmdSn = response.int32(28);
        maxCmdSn = response.int32(32);
    }
}
