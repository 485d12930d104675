package io.ashlar.iscsi.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.iscsi.RamVolumeService;
import io.ashlar.iscsi.login.TextKeys;
import io.ashlar.iscsi.pdu.AsyncMessagePdu;
import io.ashlar.iscsi.pdu.LoginResponsePdu;
import io.ashlar.iscsi.pdu.NopOutPdu;
import io.ashlar.iscsi.pdu.RejectPdu;
import io.ashlar.iscsi.pdu.TextRequestPdu;
import io.ashlar.iscsi.pdu.TextResponsePdu;
import io.ashlar.iscsi.session.ConnectionMachine.Event;
import io.ashlar.iscsi.session.Initiator.Answer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The login phase, from bytes to answers. */
final class LoginTest {
    private final ManualShard shard = new ManualShard();
    private final RamVolumeService volumes = Initiator.volumes();
    private final TargetContext target = Initiator.target(volumes);
    private final Initiator initiator = new Initiator(target, shard);

    private static LoginResponsePdu response(Answer answer) {
        return (LoginResponsePdu) answer.pdu();
    }

    /** Protects the usual case: one request, one answer, a session. */
    @Test
    void logsInWithOneRequest() {
        Answer answer = initiator.login("HeaderDigest", "CRC32C,None", "X-odd.key", "1");
        LoginResponsePdu response = response(answer);
        assertThat(response.status()).isZero();
        assertThat(response.transit()).isTrue();
        assertThat(response.nextStage()).isEqualTo(3);
        assertThat(response.tsih()).isNotZero();
        assertThat(response.expCmdSn()).isEqualTo(initiator.cmdSn);
        assertThat(response.maxCmdSn()).isEqualTo(initiator.cmdSn + 7);
        assertThat(answer.text())
                .contains("TargetPortalGroupTag=1\0")
                .contains("HeaderDigest=CRC32C\0")
                .contains("X-odd.key=NotUnderstood\0")
                .contains("MaxRecvDataSegmentLength=65536\0");
        assertThat(target.sessions().size()).isEqualTo(1);
    }

    /** Protects open-iscsi, which negotiates security first, in steps. */
    @Test
    void logsInThroughBothStages() {
        Map<String, String> keys = initiator.identity();
        keys.put("AuthMethod", "CHAP,None");
        Answer first = initiator.loginStep(0, 1, true, false, TextKeys.format(keys));
        assertThat(first.text()).contains("AuthMethod=None\0");
        assertThat(response(first).nextStage()).isEqualTo(1);
        assertThat(response(first).tsih()).isZero();
        Answer second =
                initiator.loginStep(
                        1,
                        3,
                        true,
                        false,
                        "ErrorRecoveryLevel=2\0".getBytes(StandardCharsets.UTF_8));
        assertThat(second.text()).contains("ErrorRecoveryLevel=0\0");
        assertThat(response(second).tsih()).isNotZero();
    }

    /** Protects long negotiations: text may be cut anywhere, also within a key. */
    @Test
    void joinsTextOverSeveralRequests() {
        byte[] text = TextKeys.format(initiator.identity());
        Answer part = initiator.loginStep(1, 3, false, true, Arrays.copyOf(text, 20));
        assertThat(part.data()).isEmpty();
        assertThat(response(part).transit()).isFalse();
        Answer whole =
                initiator.loginStep(1, 3, true, false, Arrays.copyOfRange(text, 20, text.length));
        assertThat(response(whole).status()).isZero();
        assertThat(response(whole).transit()).isTrue();
    }

    /** Protects data: with an incomplete view a node would tell of too few volumes. */
    @Test
    void refusesLoginsUntilTheNodeHasCaughtUp() {
        volumes.ready(false);
        assertThat(response(initiator.login()).status()).isEqualTo(0x0301);
        assertThat(initiator.closed).isTrue();
        volumes.ready(true);
        assertThat(response(new Initiator(target, shard).login()).status()).isZero();
    }

    /** Protects the initiator's user, who reads these codes in a log. */
    @ParameterizedTest
    @CsvSource({
        "InitiatorName, '', 0x0207",
        "TargetName, '', 0x0207",
        "TargetName, iqn.2026-11.io.ashlar:other, 0x0203",
        "SessionType, Strange, 0x0209",
        "AuthMethod, CHAP, 0x0201",
        "InitiatorName, a b, 0x0200"
    })
    void refusesWithTheRightStatus(String key, String value, String status) {
        Map<String, String> keys = initiator.identity();
        if (value.isEmpty()) {
            keys.remove(key);
        } else {
            keys.put(key, value);
        }
        Answer answer = initiator.loginStep(0, 1, true, false, TextKeys.format(keys));
        assertThat(response(answer).status()).isEqualTo(Integer.decode(status));
        assertThat(initiator.closed).isTrue();
        assertThat(target.sessions().size()).isZero();
    }

    /** Protects memory: text has a limit over all its parts. */
    @Test
    void refusesEndlessText() {
        Answer answer = null;
        for (int i = 0; i < 3; i++) {
            answer = initiator.loginStep(1, 3, false, true, new byte[8_000]);
        }
        assertThat(response(answer).status()).isEqualTo(0x0200);
        assertThat(initiator.closed).isTrue();
    }

    /** Protects the node from a login that goes on without end, and without getting longer. */
    @Test
    void refusesEndlessRequests() {
        initiator.loginStep(1, 3, false, false, TextKeys.format(initiator.identity()));
        for (int i = 1; i < Initiator.LOGIN.requestsMax(); i++) {
            Answer answer = initiator.loginStep(1, 3, false, i % 2 == 0, new byte[0]);
            assertThat(response(answer).status()).isZero();
        }
        Answer answer = initiator.loginStep(1, 3, true, false, new byte[0]);
        assertThat(response(answer).status()).isEqualTo(0x0200);
        assertThat(initiator.closed).isTrue();
    }

    /** Protects memory after the login: a text that is continued has limits as well. */
    @Test
    void rejectsEndlessTextInASession() {
        initiator.login();
        for (int i = 0; i < 2; i++) {
            assertThat(endlessText(new byte[0])).isBetween(2, Initiator.LOGIN.requestsMax() + 1);
            assertThat(endlessText(new byte[8_000])).isBetween(2, 4);
        }
        assertThat(initiator.closed).isFalse();
    }

    /** How many parts it takes until a text is rejected. */
    private int endlessText(byte[] part) {
        int tag = -1;
        for (int parts = 1; parts < 100; parts++) {
            initiator.send(
                    new TextRequestPdu(false, false, true, 0, 7, tag, initiator.cmdSn++, 0), part);
            Answer answer = initiator.answers.poll();
            if (answer.pdu() instanceof RejectPdu) {
                return parts;
            }
            tag = ((TextResponsePdu) answer.pdu()).targetTransferTag();
        }
        return Integer.MAX_VALUE;
    }

    /** Protects from initiators that want to skip the login. */
    @Test
    void closesWhenTheFirstPduIsNoLogin() {
        initiator.send(new NopOutPdu(true, 0, 1, -1, 0, 0), new byte[0]);
        assertThat(initiator.closed).isTrue();
        assertThat(initiator.answers).isEmpty();
    }

    /** Protects from going back: stages only go forward. */
    @Test
    void refusesToGoBackAStage() {
        initiator.loginStep(1, 0, false, false, TextKeys.format(initiator.identity()));
        Answer answer = initiator.loginStep(0, 1, true, false, new byte[0]);
        assertThat(response(answer).status()).isEqualTo(0x0200);
    }

    /** Protects half-open slots: who says nothing is shut out. */
    @Test
    void closesALoginThatTakesTooLong() {
        initiator.loginStep(1, 3, false, true, new byte[4]);
        for (int i = 0; i <= Initiator.LIMITS.loginSeconds(); i++) {
            initiator.machine.step(new Event.Tick());
        }
        assertThat(initiator.closed).isTrue();
    }

    /** Protects half-open slots also from who says a little, every second. */
    @Test
    void aLoginThatTricklesHasNoMoreTime() {
        initiator.loginStep(1, 3, false, true, new byte[4]);
        for (int i = 0; i <= Initiator.LIMITS.loginSeconds(); i++) {
            assertThat(initiator.closed).isFalse();
            initiator.machine.step(new Event.Tick());
            if (i < Initiator.LIMITS.loginSeconds()) {
                initiator.loginStep(1, 3, false, true, new byte[4]);
            }
        }
        assertThat(initiator.closed).isTrue();
    }

    /** Protects data: the same initiator port means the former session is gone for good. */
    @Test
    void aNewLoginReplacesTheFormerSession() {
        initiator.login();
        Initiator again = new Initiator(target, shard);
        Answer answer = again.login();
        assertThat(response(answer).status()).isZero();
        assertThat(initiator.closed).isTrue();
        assertThat(again.closed).isFalse();
        assertThat(target.sessions().size()).isEqualTo(1);
    }

    /** Protects two paths of one host: another ISID is another session. */
    @Test
    void anotherIsidIsAnotherSession() {
        initiator.login();
        Initiator second = new Initiator(target, shard);
        second.isid++;
        second.login();
        assertThat(initiator.closed).isFalse();
        assertThat(target.sessions().size()).isEqualTo(2);
    }

    /** Protects discovery: every node's portal, with its portal group. */
    @Test
    void discoverySessionListsAllPortals() {
        volumes.portals(
                java.util.List.of(
                        new io.ashlar.volume.Portal(
                                new io.ashlar.common.NodeId(1), "198.51.100.1", 3260),
                        new io.ashlar.volume.Portal(
                                new io.ashlar.common.NodeId(2), "2001:db8::2", 3261)));
        Map<String, String> keys = initiator.identity();
        keys.remove("TargetName");
        keys.put("SessionType", "Discovery");
        assertThat(response(initiator.loginStep(1, 3, true, false, TextKeys.format(keys))).status())
                .isZero();
        initiator.send(
                new TextRequestPdu(true, true, false, 0, 7, -1, initiator.cmdSn, 0),
                "SendTargets=All\0".getBytes(StandardCharsets.UTF_8));
        Answer answer = initiator.answers.poll();
        assertThat(((TextResponsePdu) answer.pdu()).last()).isTrue();
        assertThat(answer.text())
                .isEqualTo(
                        "TargetName=iqn.2026-11.io.ashlar:test\0"
                                + "TargetAddress=198.51.100.1:3260,1\0"
                                + "TargetAddress=[2001:db8::2]:3261,2\0");
    }

    /** Protects large clusters: a long list goes out in parts that the initiator can take. */
    @Test
    void longAnswersAreContinued() {
        volumes.portals(
                java.util.stream.IntStream.rangeClosed(1, 40)
                        .mapToObj(node ->
                                new io.ashlar.volume.Portal(
                                        new io.ashlar.common.NodeId(node),
                                        "198.51.100." + node,
                                        3260))
                        .toList());
        initiator.login("MaxRecvDataSegmentLength", "512");
        StringBuilder text = new StringBuilder();
        int tag = -1;
        byte[] question = "SendTargets=\0".getBytes(StandardCharsets.UTF_8);
        TextResponsePdu response;
        do {
            initiator.send(
                    new TextRequestPdu(false, true, false, 0, 7, tag, initiator.cmdSn++, 0),
                    question);
            Answer answer = initiator.answers.poll();
            response = (TextResponsePdu) answer.pdu();
            assertThat(answer.data().length).isBetween(1, 512);
            assertThat(response.last()).isEqualTo(!response.continued());
            text.append(answer.text());
            tag = response.targetTransferTag();
            question = new byte[0];
        } while (!response.last());
        assertThat(text).contains("198.51.100.1:3260,1\0").endsWith("198.51.100.40:3260,40\0");
    }

    /** Protects hosts at a shutdown: they are told, and do not wait for a time-out. */
    @Test
    void tellsBeforeItShutsDown() {
        initiator.login();
        initiator.machine.step(new Event.Shutdown());
        AsyncMessagePdu message = initiator.next(AsyncMessagePdu.class);
        assertThat(message.event()).isEqualTo(AsyncMessagePdu.WILL_DROP_ALL_CONNECTIONS);
        assertThat(initiator.closed).isTrue();
    }
}
