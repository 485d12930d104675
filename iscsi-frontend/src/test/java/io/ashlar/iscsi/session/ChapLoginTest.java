package io.ashlar.iscsi.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.ChapSecrets;
import io.ashlar.common.Secret;
import io.ashlar.iscsi.RamVolumeService;
import io.ashlar.iscsi.login.TextKeys;
import io.ashlar.iscsi.pdu.LoginResponsePdu;
import io.ashlar.iscsi.session.Initiator.Answer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Logins of a host that has a secret: RFC 7143 section 12.1.3, from bytes to answers. */
final class ChapLoginTest {
    private static final String SECRET = "correct-horse-1";
    private static final String TARGET_SECRET = "battery-staple-2";
    private static final int REFUSED = 0x0201;
    private static final int MALFORMED = 0x0200;
    private static final int MISSING = 0x0207;

    private final ManualShard shard = new ManualShard();
    private final RamVolumeService volumes = Initiator.volumes();
    private final TargetContext target = Initiator.target(volumes);
    private final Initiator initiator = new Initiator(target, shard);

    private Map<String, String> challenge = Map.of();

    private void hostHasSecret(boolean mutual) {
        volumes.chap(
                Initiator.NAME,
                new ChapSecrets(
                        Secret.of(SECRET),
                        mutual ? Optional.of(Secret.of(TARGET_SECRET)) : Optional.empty()));
    }

    private static LoginResponsePdu response(Answer answer) {
        return (LoginResponsePdu) answer.pdu();
    }

    /** Sends keys in the security stage; the last step asks for the full feature phase. */
    private Answer say(boolean last, Map<String, String> keys) {
        return initiator.loginStep(0, last ? 3 : 0, last, false, TextKeys.format(keys));
    }

    private Answer offer(String methods) {
        Map<String, String> keys = initiator.identity();
        keys.put("AuthMethod", methods);
        return say(false, keys);
    }

    /** As far as the challenge. */
    private void untilChallenge(String algorithms) {
        assertThat(offer("CHAP,None").text()).contains("AuthMethod=CHAP\0");
        Answer answer = say(false, Map.of("CHAP_A", algorithms));
        assertThat(response(answer).status()).isZero();
        challenge = TextKeys.parse(answer.data(), answer.data().length);
    }

    private static byte[] hash(String algorithm, String identifier, String secret, byte[] about) {
        try {
            MessageDigest digest = MessageDigest.getInstance(algorithm);
            digest.update((byte) Integer.parseInt(identifier));
            digest.update(secret.getBytes(StandardCharsets.UTF_8));
            return digest.digest(about);
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private byte[] asked() {
        return HexFormat.of().parseHex(challenge.get("CHAP_C").substring(2));
    }

    private Map<String, String> proof(String algorithm, String secret) {
        Map<String, String> keys = new LinkedHashMap<>();
        keys.put("CHAP_N", Initiator.NAME);
        keys.put(
                "CHAP_R",
                "0x"
                        + HexFormat.of()
                                .formatHex(
                                        hash(algorithm, challenge.get("CHAP_I"), secret, asked())));
        return keys;
    }

    private void assertRefused(Answer answer, int status) {
        assertThat(response(answer).status()).isEqualTo(status);
        assertThat(initiator.closed).isTrue();
        assertThat(target.sessions().size()).isZero();
    }

    /** Protects who has the secret: they get in, by the first of their algorithms that we know. */
    @ParameterizedTest
    @CsvSource({"5, 5, MD5", "'7,5', 7, SHA-256", "'5,7', 5, MD5", "'6,8,0x7', 7, SHA-256"})
    void logsInWhoKnowsTheSecret(String offered, String chosen, String algorithm) {
        hostHasSecret(false);
        untilChallenge(offered);
        assertThat(challenge.get("CHAP_A")).isEqualTo(chosen);
        assertThat(Integer.parseInt(challenge.get("CHAP_I"))).isBetween(0, 255);
        Answer answer = say(true, proof(algorithm, SECRET));
        assertThat(response(answer).status()).isZero();
        assertThat(response(answer).nextStage()).isEqualTo(3);
        assertThat(answer.text()).doesNotContain("CHAP_R");
        assertThat(target.sessions().size()).isEqualTo(1);
    }

    /** Protects volumes from who guesses. */
    @Test
    void refusesAWrongSecret() {
        hostHasSecret(false);
        untilChallenge("5");
        assertRefused(say(true, proof("MD5", "correct-horse-2")), REFUSED);
    }

    /** Protects volumes from who offers no proof, in whichever way it is left out. */
    @ParameterizedTest
    @ValueSource(strings = {"None", "KRB5,None", "SRP", ""})
    void refusesAHostThatDoesNotOfferChap(String methods) {
        hostHasSecret(false);
        assertRefused(offer(methods), REFUSED);
    }

    /** Protects volumes: the security stage cannot be skipped by beginning in the next one. */
    @Test
    void refusesALoginThatSkipsTheSecurityStage() {
        hostHasSecret(false);
        assertRefused(initiator.login(), REFUSED);
    }

    /** Protects volumes: nor by leaving it before it is done. */
    @Test
    void refusesToLeaveTheSecurityStageWithoutProof() {
        hostHasSecret(false);
        assertRefused(say(true, initiator.identity()), REFUSED);
        Initiator second = new Initiator(target, shard);
        Map<String, String> keys = second.identity();
        keys.put("AuthMethod", "CHAP");
        Answer answer = second.loginStep(0, 3, true, false, TextKeys.format(keys));
        assertThat(response(answer).status()).isZero();
        assertThat(response(answer).transit()).isFalse();
        answer = second.loginStep(1, 3, true, false, new byte[0]);
        assertThat(response(answer).status()).isEqualTo(REFUSED);
        assertThat(target.sessions().size()).isZero();
    }

    /** Protects volumes: the challenge asks for a transit, and gets none before the answer. */
    @Test
    void aTransitWithTheAlgorithmIsNotGranted() {
        hostHasSecret(false);
        offer("CHAP");
        Answer answer = say(true, Map.of("CHAP_A", "5"));
        assertThat(response(answer).transit()).isFalse();
        assertThat(target.sessions().size()).isZero();
        assertRefused(say(true, Map.of()), MISSING);
    }

    /** Protects the list of portals: discovery asks for the same proof. */
    @Test
    void discoveryNeedsTheSecretToo() {
        hostHasSecret(false);
        Map<String, String> keys = initiator.identity();
        keys.remove("TargetName");
        keys.put("SessionType", "Discovery");
        Answer none = initiator.loginStep(1, 3, true, false, TextKeys.format(keys));
        assertRefused(none, REFUSED);
        Initiator second = new Initiator(target, shard);
        keys.put("AuthMethod", "CHAP");
        second.loginStep(0, 0, false, false, TextKeys.format(keys));
        Answer answer =
                second.loginStep(0, 0, false, false, TextKeys.format(Map.of("CHAP_A", "5")));
        challenge = TextKeys.parse(answer.data(), answer.data().length);
        answer = second.loginStep(0, 3, true, false, TextKeys.format(proof("MD5", SECRET)));
        assertThat(response(answer).status()).isZero();
        assertThat(response(answer).nextStage()).isEqualTo(3);
    }

    /** Protects hosts from a false target: it can be asked for its secret. */
    @Test
    void provesItselfWhenTheHostAsks() throws Exception {
        hostHasSecret(true);
        untilChallenge("7");
        Map<String, String> keys = proof("SHA-256", SECRET);
        byte[] mine = "sixteen bytes !!".getBytes(StandardCharsets.UTF_8);
        keys.put("CHAP_I", "77");
        keys.put("CHAP_C", "0b" + Base64.getEncoder().encodeToString(mine));
        Answer answer = say(true, keys);
        assertThat(response(answer).status()).isZero();
        Map<String, String> back = TextKeys.parse(answer.data(), answer.data().length);
        assertThat(back.get("CHAP_N")).isEqualTo(Initiator.TARGET);
        assertThat(HexFormat.of().parseHex(back.get("CHAP_R").substring(2)))
                .isEqualTo(hash("SHA-256", "77", TARGET_SECRET, mine));
    }

    /** Protects the target's secret: it answers nobody who has not proved himself first. */
    @Test
    void doesNotProveItselfToStrangers() {
        hostHasSecret(true);
        untilChallenge("5");
        Map<String, String> keys = proof("MD5", "a-wrong-secret");
        keys.put("CHAP_I", "1");
        keys.put("CHAP_C", "0x00112233445566778899aabbccddeeff");
        Answer answer = say(true, keys);
        assertRefused(answer, REFUSED);
        assertThat(answer.data()).isEmpty();
    }

    /** Protects from who has our own challenge answered by us, section 12.1.3. */
    @Test
    void refusesItsOwnChallengeSentBack() {
        hostHasSecret(true);
        untilChallenge("5");
        Map<String, String> keys = proof("MD5", SECRET);
        keys.put("CHAP_I", "9");
        keys.put("CHAP_C", challenge.get("CHAP_C").toUpperCase(java.util.Locale.ROOT));
        assertRefused(say(true, keys), REFUSED);
    }

    /** Protects the user of a host that asks for what the target has no secret for. */
    @Test
    void refusesMutualChapWithoutASecretForIt() {
        hostHasSecret(false);
        untilChallenge("5");
        Map<String, String> keys = proof("MD5", SECRET);
        keys.put("CHAP_I", "9");
        keys.put("CHAP_C", "0x00112233445566778899aabbccddeeff");
        assertRefused(say(true, keys), REFUSED);
    }

    /** Protects from replay: each connection has a challenge of its own, of 32 bytes. */
    @Test
    void challengesDiffer() {
        hostHasSecret(false);
        untilChallenge("5");
        byte[] first = asked();
        Initiator second = new Initiator(target, shard);
        Map<String, String> keys = second.identity();
        keys.put("AuthMethod", "CHAP");
        second.loginStep(0, 0, false, false, TextKeys.format(keys));
        Answer answer =
                second.loginStep(0, 0, false, false, TextKeys.format(Map.of("CHAP_A", "5")));
        challenge = TextKeys.parse(answer.data(), answer.data().length);
        assertThat(asked()).hasSize(32).isNotEqualTo(first);
    }

    /** Protects from one host that shows another's name, knowing its own secret only. */
    @Test
    void theSecretBelongsToTheInitiatorName() {
        hostHasSecret(false);
        volumes.chap(
                Initiator.NAME + "2",
                new ChapSecrets(Secret.of("another-secret-3"), Optional.empty()));
        untilChallenge("5");
        Map<String, String> keys = proof("MD5", "another-secret-3");
        keys.put("CHAP_N", Initiator.NAME + "2");
        assertRefused(say(true, keys), REFUSED);
    }

    /** Protects from a CHAP name that is not the host's, though the response is right. */
    @Test
    void refusesAnotherChapName() {
        hostHasSecret(false);
        untilChallenge("5");
        Map<String, String> keys = proof("MD5", SECRET);
        keys.put("CHAP_N", "somebody");
        assertRefused(say(true, keys), REFUSED);
    }

    /** Protects the exchange: keys come in the order of section 12.1.3, or the login ends. */
    @ParameterizedTest
    @CsvSource({
        "CHAP_A, 99, 0x0201",
        "CHAP_A, '', 0x0201",
        "CHAP_X, 1, 0x0207",
        "CHAP_N, name, 0x0207",
        "AuthMethod, None, 0x0200"
    })
    void refusesWhatIsNoAlgorithm(String key, String value, String status) {
        hostHasSecret(false);
        offer("CHAP");
        assertRefused(say(false, Map.of(key, value)), Integer.decode(status));
    }

    /** Protects the decoder from responses that are none. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "0x",
                "0x0",
                "0xzz112233445566778899aabbccddeeff",
                "00112233445566778899aabbccddeeff",
                "0x00112233445566778899aabbccddee",
                "0x00112233445566778899aabbccddeeff00",
                "0b%%%%"
            })
    void refusesAResponseThatIsNone(String value) {
        hostHasSecret(false);
        untilChallenge("5");
        Map<String, String> keys = proof("MD5", SECRET);
        keys.put("CHAP_R", value);
        assertRefused(say(true, keys), MALFORMED);
    }

    /** Protects memory, and the other side from halves of a question. */
    @Test
    void refusesChallengesThatAreNone() {
        for (Map<String, String> half :
                Arrays.asList(
                        Map.of("CHAP_C", "0x0011"),
                        Map.of("CHAP_I", "5"),
                        Map.of("CHAP_I", "256", "CHAP_C", "0x0011"),
                        Map.of("CHAP_I", "5", "CHAP_C", "0x" + "00".repeat(1025)))) {
            hostHasSecret(true);
            Initiator again = new Initiator(target, shard);
            Map<String, String> keys = again.identity();
            keys.put("AuthMethod", "CHAP");
            again.loginStep(0, 0, false, false, TextKeys.format(keys));
            Answer answer =
                    again.loginStep(0, 0, false, false, TextKeys.format(Map.of("CHAP_A", "5")));
            challenge = TextKeys.parse(answer.data(), answer.data().length);
            keys = proof("MD5", SECRET);
            keys.putAll(half);
            answer = again.loginStep(0, 3, true, false, TextKeys.format(keys));
            assertThat(response(answer).status()).as("%s", half).isIn(MALFORMED, MISSING);
            assertThat(again.closed).isTrue();
        }
    }

    /** Protects hosts without a secret: nothing is asked of them, and none may be made up. */
    @Test
    void hostsWithoutASecretLogInAsBefore() {
        volumes.chap(
                "iqn.2026-11.test:other",
                new ChapSecrets(Secret.of("another-secret-3"), Optional.empty()));
        assertThat(response(initiator.login()).status()).isZero();
        Initiator second = new Initiator(target, shard);
        Map<String, String> keys = second.identity();
        keys.put("CHAP_A", "5");
        Answer answer = second.loginStep(0, 0, false, false, TextKeys.format(keys));
        assertThat(response(answer).status()).isEqualTo(MALFORMED);
    }

    /** Protects a session: its place is not taken by who shows its name without proof. */
    @Test
    void anImpostorDoesNotReplaceASession() {
        hostHasSecret(false);
        untilChallenge("5");
        say(true, proof("MD5", SECRET));
        Initiator impostor = new Initiator(target, shard);
        assertThat(response(impostor.login()).status()).isEqualTo(REFUSED);
        assertThat(initiator.closed).isFalse();
        assertThat(target.sessions().size()).isEqualTo(1);
    }
}
