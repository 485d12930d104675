package io.ashlar.iscsi.login;

import io.ashlar.common.ChapSecrets;
import io.ashlar.common.Nonces;
import io.ashlar.common.Secret;
import io.ashlar.iscsi.pdu.LoginRequestPdu;
import io.ashlar.iscsi.pdu.LoginStatus;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * The keys of the security stage of one login, RFC 7143 sections 12.1 and 12.1.3. A host that has a
 * secret must prove that it knows it, in a discovery session too; of others nothing is asked. Each
 * side's CHAP name is its iSCSI name. One attempt for each connection. Owned by the connection's
 * shard.
 *
 * <pre>
 *   OPEN ──AuthMethod──► AGREED ──CHAP_A──► CHALLENGED ──CHAP_N, CHAP_R──► DONE
 *     └──────────────── no secret ──────────────────────────────────────────▲
 * </pre>
 */
final class Authentication {
    /** Bytes of a challenge; section 12.1.3 has no minimum, RFC 1994 wants it unique. */
    static final int CHALLENGE_BYTES = 32;

    private static final String PREFIX = "CHAP_";
    private static final String NAME = "CHAP_N";
    private static final String RESPONSE = "CHAP_R";
    private static final String IDENTIFIER = "CHAP_I";
    private static final String CHALLENGE = "CHAP_C";
    private static final String ALGORITHM = "CHAP_A";

    private enum State {
        OPEN,
        AGREED,
        CHALLENGED,
        DONE
    }

    /** Why the login is refused; the reason names no secret and nothing that could be one. */
    record Problem(LoginStatus status, String reason) {}

    private final String targetName;
    private final Nonces nonces;
    private String initiator = "";
    private @Nullable ChapSecrets secrets;
    private Chap algorithm = Chap.SHA_256;
    private byte[] challenge = new byte[0];
    private int identifier;
    private boolean begun;
    private boolean noneAgreed;
    private State state = State.OPEN;

    Authentication(String targetName, Nonces nonces) {
        this.targetName = targetName;
        this.nonces = nonces;
    }

    /**
     * Learns who wants to log in.
     *
     * @param chap what that host must prove itself with, if with anything
     */
    void begin(String initiatorName, Optional<ChapSecrets> chap) {
        begun = true;
        initiator = initiatorName;
        secrets = chap.orElse(null);
    }

    /** Whether the security stage may be left. */
    boolean isDone() {
        return begun && (secrets == null || state == State.DONE);
    }

    /**
     * Takes the keys of this stage out of what a request offers, and answers them.
     *
     * @return why the login is refused, or null
     */
    @Nullable Problem onKeys(
            LoginRequestPdu request,
            SequencedMap<String, String> offered,
            SequencedMap<String, String> answers) {
        boolean inStage = request.currentStage() == LoginRequestPdu.SECURITY;
        String methods = offered.remove("AuthMethod");
        SequencedMap<String, String> chap = new LinkedHashMap<>();
        for (String key : new ArrayList<>(offered.keySet())) {
            if (key.startsWith(PREFIX)) {
                chap.put(key, String.valueOf(offered.remove(key)));
            }
        }
        ChapSecrets known = secrets;
        if (known == null) {
            return withoutSecret(inStage, methods, chap, answers);
        }
        if (state == State.DONE) {
            return methods == null && chap.isEmpty() ? null : outOfStep();
        }
        if (!inStage) {
            return failed("must authenticate itself, and skips that");
        }
        return switch (state) {
            case OPEN -> onMethods(request.transit(), methods, chap, answers);
            case AGREED -> methods == null ? onAlgorithms(chap, answers) : outOfStep();
            case CHALLENGED -> methods == null ? onResponse(known, chap, answers) : outOfStep();
            case DONE -> null;
        };
    }

    private @Nullable Problem withoutSecret(
            boolean inStage,
            @Nullable String methods,
            SequencedMap<String, String> chap,
            SequencedMap<String, String> answers) {
        if (!chap.isEmpty()) {
            return outOfStep();
        }
        if (methods == null) {
            return null;
        }
        if (!inStage || !Negotiation.contains(methods, "None")) {
            return failed("insists on a method of authentication, and has no secret here");
        }
        if (noneAgreed) {
            return outOfStep(); // section 6.3: a key is negotiated once
        }
        noneAgreed = true;
        answers.put("AuthMethod", "None");
        return null;
    }

    private @Nullable Problem onMethods(
            boolean transit,
            @Nullable String methods,
            SequencedMap<String, String> chap,
            SequencedMap<String, String> answers) {
        if (!chap.isEmpty()) {
            return outOfStep();
        }
        if (methods == null) {
            // it may still come, unless the stage ends here
            return transit ? failed("must authenticate itself, and offers no AuthMethod") : null;
        }
        if (!Negotiation.contains(methods, "CHAP")) {
            return failed("must authenticate itself by CHAP, and does not offer it");
        }
        answers.put("AuthMethod", "CHAP");
        state = State.AGREED;
        return null;
    }

    private @Nullable Problem onAlgorithms(
            SequencedMap<String, String> chap, SequencedMap<String, String> answers) {
        String list = chap.remove(ALGORITHM);
        if (list == null) {
            return missing(ALGORITHM);
        }
        if (!chap.isEmpty()) {
            return outOfStep();
        }
        Chap chosen = Chap.firstKnown(list);
        if (chosen == null) {
            return failed("offers no CHAP algorithm that is known here (MD5, SHA-256)");
        }
        algorithm = chosen;
        identifier = nonces.next(1)[0] & Chap.IDENTIFIER_MAX;
        challenge = nonces.next(CHALLENGE_BYTES);
        answers.put(ALGORITHM, Integer.toString(chosen.code()));
        answers.put(IDENTIFIER, Integer.toString(identifier));
        answers.put(CHALLENGE, Chap.encode(challenge));
        state = State.CHALLENGED;
        return null;
    }

    private @Nullable Problem onResponse(
            ChapSecrets known,
            SequencedMap<String, String> chap,
            SequencedMap<String, String> answers) {
        String name = chap.remove(NAME);
        String response = chap.remove(RESPONSE);
        String theirIdentifier = chap.remove(IDENTIFIER);
        String theirChallenge = chap.remove(CHALLENGE);
        if (!chap.isEmpty()) {
            return outOfStep();
        }
        if (name == null || response == null) {
            return missing(name == null ? NAME : RESPONSE);
        }
        if ((theirIdentifier == null) != (theirChallenge == null)) {
            return missing(theirIdentifier == null ? IDENTIFIER : CHALLENGE);
        }
        byte[] given = Chap.decode(response);
        if (given == null || given.length != algorithm.responseBytes()) {
            return new Problem(LoginStatus.INITIATOR_ERROR, "CHAP_R of " + initiator + " is none");
        }
        boolean isRight =
                MessageDigest.isEqual(
                        given, algorithm.response(identifier, known.initiator(), challenge));
        if (!isRight) {
            return failed("gave a wrong CHAP response: its secret is not the one it has here");
        }
        if (!name.equals(initiator)) {
            return failed("gave another CHAP name than its initiator name");
        }
        if (theirIdentifier != null && theirChallenge != null) {
            Problem problem = prove(known, theirIdentifier, theirChallenge, answers);
            if (problem != null) {
                return problem;
            }
        }
        state = State.DONE;
        return null;
    }

    /** The other direction: the initiator wants to know who we are. */
    private @Nullable Problem prove(
            ChapSecrets known,
            String theirIdentifier,
            String theirChallenge,
            SequencedMap<String, String> answers) {
        int number = Negotiation.number(theirIdentifier, 0, Chap.IDENTIFIER_MAX);
        byte[] asked = Chap.decode(theirChallenge);
        if (number < 0 || asked == null) {
            return new Problem(
                    LoginStatus.INITIATOR_ERROR, "CHAP_I or CHAP_C of " + initiator + " is none");
        }
        if (MessageDigest.isEqual(asked, challenge)) {
            // section 12.1.3: who sends our own challenge back wants the answer for another login
            return failed("sent the challenge of this target back to it");
        }
        Secret own = known.target().orElse(null);
        if (own == null) {
            return failed("asks for mutual CHAP, for which the target has no secret");
        }
        answers.put(NAME, targetName);
        answers.put(RESPONSE, Chap.encode(algorithm.response(number, own, asked)));
        return null;
    }

    private Problem failed(String what) {
        return new Problem(LoginStatus.AUTHENTICATION_FAILURE, initiator + " " + what);
    }

    private Problem missing(String key) {
        return new Problem(LoginStatus.MISSING_PARAMETER, key + " of " + initiator + " is missing");
    }

    private Problem outOfStep() {
        return new Problem(
                LoginStatus.INITIATOR_ERROR,
                "keys of authentication of " + initiator + " out of step");
    }
}
