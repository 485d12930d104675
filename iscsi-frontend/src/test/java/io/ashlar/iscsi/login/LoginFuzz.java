package io.ashlar.iscsi.login;

import io.ashlar.common.ChapSecrets;
import io.ashlar.common.Nonces;
import io.ashlar.common.Secret;
import io.ashlar.common.WireFormatException;
import io.ashlar.common.reservation.ReservationCodec;
import io.ashlar.iscsi.fuzz.Claim;
import io.ashlar.iscsi.fuzz.FuzzInput;
import io.ashlar.iscsi.pdu.LoginRequestPdu;
import io.ashlar.iscsi.pdu.LoginResponsePdu;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Fuzz target: login requests with any text end in a session within our limits or in a refusal, and
 * nobody gets in who must prove something and has not.
 *
 * <p>An input is a byte that says what the host must prove, then requests, each ended by FFh: the
 * flags and stages as in a Login Request, a byte of what should stay as it is, and text.
 */
public final class LoginFuzz {
    private static final String TARGET = "iqn.2026-11.io.ashlar:test";
    private static final String HOST = "iqn.2026-11.test:host";
    private static final Secret SECRET = Secret.of("correct-horse-1");
    private static final Secret TARGET_SECRET = Secret.of("battery-staple-2");
    private static final LoginLimits LIMITS = new LoginLimits(65_536, 65_536, 16_384, 4, 2_048, 16);
    private static final int WINDOW = 8;

    private static final int END = 0xFF;
    private static final int HAS_SECRET = 0x01;
    private static final int TARGET_HAS_SECRET = 0x02;
    private static final int TRANSIT = 0x80;
    private static final int CONTINUE = 0x40;
    private static final int NAME_BYTES_MAX = 223;
    private static final int ANSWER_BYTES_MAX = 8192;
    private static final int STANDARD_MAX_BURST = 262_144;
    private static final int STANDARD_FIRST_BURST = 65_536;

    private final Optional<ChapSecrets> secrets;
    private final LoginMachine machine;
    private final ByteArrayOutputStream asked = new ByteArrayOutputStream();
    private final ByteArrayOutputStream answered = new ByteArrayOutputStream();
    private final Set<String> answeredKeys = new HashSet<>();
    private int statSn = 1;

    private LoginFuzz(int mode) {
        secrets =
                (mode & HAS_SECRET) == 0
                        ? Optional.empty()
                        : Optional.of(
                                new ChapSecrets(
                                        SECRET,
                                        (mode & TARGET_HAS_SECRET) == 0
                                                ? Optional.empty()
                                                : Optional.of(TARGET_SECRET)));
        machine = new LoginMachine(new Target(secrets), LIMITS, WINDOW);
    }

    /** A target whose challenges are foreseeable, so that a right response can be. */
    private record Target(Optional<ChapSecrets> secrets) implements LoginMachine.Target {
        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public String name() {
            return TARGET;
        }

        @Override
        public int portalGroupTag() {
            return 1;
        }

        @Override
        public Optional<ChapSecrets> chap(String initiatorName) {
            return secrets;
        }

        @Override
        public Nonces nonces() {
            return LoginFuzz::nonce;
        }
    }

    private static byte[] nonce(int bytes) {
        byte[] nonce = new byte[bytes];
        Arrays.fill(nonce, (byte) 0x5A);
        return nonce;
    }

    /** One input; fails if anything is not as it must be. */
    public static void fuzzerTestOneInput(byte[] bytes) {
        FuzzInput in = new FuzzInput(bytes);
        LoginFuzz login = new LoginFuzz(in.u8());
        boolean goesOn = true;
        for (int i = 0; goesOn && in.remaining() > 0; i++) {
            Claim.within(i, 0, LIMITS.requestsMax(), "number of requests that are taken");
            goesOn = login.request(new FuzzInput(in.until(END)));
        }
    }

    /** Whether the login goes on. */
    private boolean request(FuzzInput in) {
        int flags = in.u8();
        int changes = in.u8();
        byte[] text = in.take(in.remaining());
        LoginRequestPdu request =
                new LoginRequestPdu(
                        (flags & TRANSIT) != 0,
                        (flags & CONTINUE) != 0,
                        flags >> 2 & 3,
                        flags & 3,
                        0,
                        changes >> 1 & 1,
                        changes & 1,
                        changes >> 2 & 1,
                        1,
                        changes >> 3 & 1,
                        7,
                        0);
        asked.writeBytes(text);
        if (!request.continued()) {
            asked.write(0);
        }
        LoginOutcome outcome = machine.onRequest(request, text, 0, text.length);
        switch (outcome) {
            case LoginOutcome.Reply(var response, var part) -> {
                check(request, response, true);
                Claim.that(
                        !response.transit() || response.nextStage() != LoginRequestPdu.FULL_FEATURE,
                        "a reply begins no full feature phase");
                check(response, part.toByteArray());
                return true;
            }
            case LoginOutcome.Refusal(var response, var status, var reason) -> {
                check(request, response, false);
                Claim.that(response.status() == status.code(), "the refusal says why");
                Claim.that(Claim.isPlain(reason), "a reason that can be logged: " + reason);
                Claim.within(reason.length(), 1, 500, "length of a reason");
                return false;
            }
            case LoginOutcome.Established(var identity, var parameters, var response, var part) -> {
                check(request, response, true);
                Claim.that(response.transit(), "a session begins with a transition");
                check(response, part.toByteArray());
                check(identity);
                check(parameters);
                Claim.that(secrets.isEmpty() || isProven(), "whoever gets in knows the secret");
                return false;
            }
        }
    }

    private void check(LoginRequestPdu request, LoginResponsePdu response, boolean isSuccess) {
        Claim.that((response.status() == 0) == isSuccess, "status of a response");
        Claim.that(response.statSn() == statSn++, "StatSN has no gaps");
        Claim.that(!response.transit() || request.transit(), "the initiator asks for a stage");
        Claim.that(
                !response.transit() || response.nextStage() == request.nextStage(),
                "it gets the stage that it asks for");
        Claim.that(!response.transit() || !response.continued(), "an answer ends in its stage");
    }

    /** What is answered is text, and no key is answered twice. */
    private void check(LoginResponsePdu response, byte[] part) {
        Claim.within(part.length, 0, ANSWER_BYTES_MAX, "text of an answer");
        answered.writeBytes(part);
        String text = answered.toString(StandardCharsets.ISO_8859_1);
        for (Secret secret : List.of(SECRET, TARGET_SECRET)) {
            String plain = new String(secret.reveal(), StandardCharsets.ISO_8859_1);
            Claim.that(
                    !text.contains(plain)
                            || asked.toString(StandardCharsets.ISO_8859_1).contains(plain),
                    "no secret is told");
        }
        if (response.continued()) {
            return;
        }
        try {
            for (String key : TextKeys.parse(answered.toByteArray(), answered.size()).keySet()) {
                // our own limit is declared whatever became of the initiator's
                Claim.that(
                        answeredKeys.add(key) || key.equals("MaxRecvDataSegmentLength"),
                        "a key is answered once: " + key);
            }
        } catch (WireFormatException e) {
            throw new AssertionError("an answer is text", e);
        }
        answered.reset();
    }

    private static void check(LoginIdentity identity) {
        String name = identity.initiatorName();
        Claim.within(bytes(name), 1, NAME_BYTES_MAX, "bytes of a name");
        Claim.within(
                bytes(identity.initiatorPort()),
                1,
                ReservationCodec.PORT_BYTES_MAX,
                "bytes of an initiator port");
        Claim.that(Claim.isPlain(name), "a name that can be logged");
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    private static void check(SessionParameters agreed) {
        // what nobody negotiates has the standard's value, whatever our limit is
        int burstMax = Math.max(LIMITS.maxBurstLength(), STANDARD_MAX_BURST);
        int firstMax = Math.max(LIMITS.firstBurstLength(), STANDARD_FIRST_BURST);
        Claim.within(agreed.maxBurstLength(), 512, burstMax, "MaxBurstLength");
        Claim.within(
                agreed.firstBurstLength(),
                512,
                Math.min(firstMax, agreed.maxBurstLength()),
                "FirstBurstLength");
        Claim.within(
                agreed.maxSendDataSegmentLength(), 512, 0xFF_FFFF, "what the initiator receives");
        Claim.within(
                agreed.maxReceiveDataSegmentLength(),
                512,
                LIMITS.maxReceiveDataSegmentLength(),
                "what we receive");
        Claim.within(
                agreed.maxOutstandingR2t(), 1, LIMITS.maxOutstandingR2t(), "MaxOutstandingR2T");
        Claim.within(agreed.defaultTime2Wait(), 0, 3600, "DefaultTime2Wait");
        Claim.within(agreed.defaultTime2Retain(), 0, 0, "DefaultTime2Retain");
    }

    /** Whether the right response was among what the initiator sent. */
    private boolean isProven() {
        for (String pair : asked.toString(StandardCharsets.UTF_8).split("\0", -1)) {
            int value = pair.indexOf("CHAP_R=");
            byte[] given = value < 0 ? null : Chap.decode(pair.substring(value + 7));
            for (Chap algorithm : Chap.values()) {
                if (Arrays.equals(given, response(algorithm))) {
                    return true;
                }
            }
        }
        return false;
    }

    private static byte[] response(Chap algorithm) {
        return algorithm.response(
                nonce(1)[0] & 0xFF, SECRET, nonce(Authentication.CHALLENGE_BYTES));
    }

    // ---- what fuzzing begins with

    public static List<byte[]> seeds() {
        String identity = "InitiatorName=" + HOST + "\0TargetName=" + TARGET + "\0";
        String sha = Chap.encode(response(Chap.SHA_256));
        String md5 = Chap.encode(response(Chap.MD5));
        return List.of(
                input(0, step(0x87, identity + "SessionType=Normal\0")),
                input(0, step(0x87, "InitiatorName=" + HOST + "\0SessionType=Discovery\0")),
                input(
                        0,
                        step(0x81, identity + "AuthMethod=CHAP,None\0InitiatorAlias=a\0"),
                        step(
                                0x87,
                                "HeaderDigest=CRC32C,None\0DataDigest=None\0InitialR2T=No\0"
                                        + "ImmediateData=Yes\0MaxBurstLength=0x10000\0"
                                        + "FirstBurstLength=4096\0DefaultTime2Wait=2\0"
                                        + "DefaultTime2Retain=20\0MaxOutstandingR2T=8\0"
                                        + "MaxConnections=4\0ErrorRecoveryLevel=2\0"
                                        + "DataPDUInOrder=No\0DataSequenceInOrder=Yes\0"
                                        + "MaxRecvDataSegmentLength=65536\0"
                                        + "iSCSIProtocolLevel=2\0TaskReporting=RFC3720\0"
                                        + "IFMarker=No\0OFMarkInt=1\0X-com.test=1\0")),
                input(0, step(0x44, identity), step(0x87, "InitialR2T=Yes\0"), step(0x87, "")),
                input(
                        HAS_SECRET,
                        step(0x01, identity + "AuthMethod=CHAP\0"),
                        step(0x01, "CHAP_A=7,5\0"),
                        step(0x83, "CHAP_N=" + HOST + "\0CHAP_R=" + sha + "\0")),
                input(
                        HAS_SECRET | TARGET_HAS_SECRET,
                        step(0x01, identity + "AuthMethod=None,CHAP\0"),
                        step(0x01, "CHAP_A=5\0"),
                        step(
                                0x81,
                                "CHAP_N="
                                        + HOST
                                        + "\0CHAP_R="
                                        + md5
                                        + "\0CHAP_I=7\0CHAP_C=0bAAEC\0"),
                        step(0x87, "MaxBurstLength=512\0")));
    }

    private static byte[] step(int flags, String text) {
        ByteArrayOutputStream step = new ByteArrayOutputStream();
        step.write(flags);
        step.write(0);
        step.writeBytes(text.getBytes(StandardCharsets.UTF_8));
        step.write(END);
        return step.toByteArray();
    }

    private static byte[] input(int mode, byte[]... steps) {
        ByteArrayOutputStream input = new ByteArrayOutputStream();
        input.write(mode);
        List.of(steps).forEach(input::writeBytes);
        return input.toByteArray();
    }
}
