package io.ashlar.systemtests.multipath;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ashlar.systemtests.cluster.Waiting;
import io.ashlar.systemtests.iscsi.ScriptedTarget;
import io.ashlar.systemtests.iscsi.ScriptedTarget.Reply;
import io.ashlar.systemtests.iscsi.ScsiResult;
import io.ashlar.systemtests.iscsi.SessionOptions;
import io.ashlar.systemtests.multipath.HostLog.Event;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The host of the failover tests does what a Linux host does; else those tests prove nothing. */
final class MultipathClientTest {
    private static final MultipathOptions QUICK =
            new MultipathOptions(
                    Duration.ofMillis(500),
                    Duration.ofMillis(500),
                    Duration.ofSeconds(10),
                    Duration.ofMillis(100),
                    Duration.ofSeconds(20),
                    Duration.ofSeconds(30));
    private static final byte[] BLOCK = new byte[512];
    private static final int WRITE_10 = 0x2a;
    private static final int READ_10 = 0x28;

    private final List<String> order = new CopyOnWriteArrayList<>();

    /** Answers what a host asks at login; the test's own replies are for reads and writes. */
    private ScriptedTarget target(
            String name, int state, boolean answersAborts, ScriptedTarget.Script script)
            throws Exception {
        return new ScriptedTarget(
                answersAborts,
                (cdb, data) ->
                        switch (cdb[0] & 0xff) {
                            case READ_10, WRITE_10 -> {
                                order.add(name);
                                yield script.reply(cdb, data);
                            }
                            case 0x00 -> ScriptedTarget.good(new byte[0]);
                            case 0x12 -> ScriptedTarget.good(portGroup(name.equals("A") ? 1 : 2));
                            case 0x9e ->
                                    ScriptedTarget.good(
                                            ByteBuffer.allocate(32)
                                                    .putLong(0, 99)
                                                    .putInt(8, 512)
                                                    .array());
                            case 0xa3 ->
                                    ScriptedTarget.good(
                                            ByteBuffer.allocate(12)
                                                    .putInt(0, 8)
                                                    .put(4, (byte) state)
                                                    .putShort(6, (short) (name.equals("A") ? 1 : 2))
                                                    .array());
                            default -> ScriptedTarget.sense(ScsiResult.ILLEGAL_REQUEST, 0x2000);
                        });
    }

    private static byte[] portGroup(int group) {
        return ByteBuffer.allocate(12)
                .put(1, (byte) 0x83)
                .putShort(2, (short) 8)
                .put(4, (byte) 1)
                .put(5, (byte) 0x15)
                .put(7, (byte) 4)
                .putShort(10, (short) group)
                .array();
    }

    private static MultipathClient host(ScriptedTarget... targets) throws Exception {
        List<SessionOptions> sessions =
                java.util.Arrays.stream(targets)
                        .map(target -> SessionOptions.of(target.address(), "iqn.x"))
                        .toList();
        MultipathClient host = MultipathClient.open(sessions, 0, QUICK);
        Waiting.until(
                "all paths up",
                Duration.ofSeconds(30),
                () -> host.states().stream().allMatch(state -> state.priority() > 0));
        return host;
    }

    @Test
    void optimizedPathIsPreferred() throws Exception {
        // Protects the host's part in ALUA: forwarding is for emergencies.
        try (ScriptedTarget a = target("A", 1, true, (_, _) -> ScriptedTarget.good(new byte[0]));
                ScriptedTarget b =
                        target("B", 0, true, (_, _) -> ScriptedTarget.good(new byte[0]));
                MultipathClient host = host(a, b)) {
            host.write(0, BLOCK);
            assertThat(order).containsExactly("B");
        }
    }

    @Test
    void busyAndUnitAttentionAreRepeatedOnTheSamePath() throws Exception {
        // Protects fencing's way back: BUSY means "send it again", not "give the path up".
        AtomicInteger count = new AtomicInteger();
        ScriptedTarget.Script script =
                (_, _) ->
                        switch (count.incrementAndGet()) {
                            case 1 -> ScriptedTarget.status(ScsiResult.BUSY);
                            case 2 -> ScriptedTarget.status(ScsiResult.TASK_SET_FULL);
                            case 3 -> ScriptedTarget.sense(ScsiResult.UNIT_ATTENTION, 0x2a06);
                            default -> ScriptedTarget.good(new byte[0]);
                        };
        try (ScriptedTarget a = target("A", 0, true, script);
                ScriptedTarget b = target("B", 1, true, (_, _) -> ScriptedTarget.good(BLOCK));
                MultipathClient host = host(a, b)) {
            host.write(0, BLOCK);
            assertThat(order).containsExactly("A", "A", "A", "A");
            assertThat(host.log().count(Event.BUSY, Event.TASK_SET_FULL)).isEqualTo(2);
        }
    }

    @Test
    void commandWithoutAnswerIsAbortedBeforeItIsRepeatedElsewhere() throws Exception {
        // Protects the order that the fence relies on: a host repeats only what it has given up.
        ScriptedTarget[] first = new ScriptedTarget[1];
        try (ScriptedTarget a = target("A", 0, true, (_, _) -> new Reply.Silence());
                ScriptedTarget b =
                        target(
                                "B",
                                1,
                                true,
                                (_, _) -> {
                                    order.addAll(first[0].journal());
                                    return ScriptedTarget.good(new byte[0]);
                                });
                MultipathClient host = host(a, b)) {
            first[0] = a;
            host.write(0, BLOCK);
            assertThat(order).containsExactly("A", "B", "login", "abort");
            assertThat(host.log().count(Event.ABORT_ANSWERED)).isEqualTo(1);
            assertThat(host.log().count(Event.SESSION_LOST)).isZero();
        }
    }

    @Test
    void pathThatDoesNotAnswerTheAbortLosesItsSession() throws Exception {
        // Protects the same order on a dead path: the session goes before the command is repeated.
        try (ScriptedTarget a = target("A", 0, false, (_, _) -> new Reply.Silence());
                ScriptedTarget b =
                        target("B", 1, true, (_, _) -> ScriptedTarget.good(new byte[0]));
                MultipathClient host = host(a, b)) {
            host.write(0, BLOCK);
            assertThat(order).containsExactly("A", "B");
            assertThat(host.log().count(Event.ABORT_UNANSWERED)).isEqualTo(1);
            Waiting.until(
                    "path A logs in again",
                    Duration.ofSeconds(30),
                    () -> a.journal().stream().filter("login"::equals).count() == 2);
        }
    }

    @Test
    void pingOfTheTargetIsAnswered() throws Exception {
        // Protects rule 4's sign of life, without which an ingress switch never ends.
        try (ScriptedTarget a =
                        target(
                                "A",
                                0,
                                true,
                                (_, _) -> new Reply.AfterPing(ScriptedTarget.good(BLOCK)));
                MultipathClient host = host(a)) {
            assertThat(host.read(0, 1)).isEqualTo(BLOCK);
            assertThat(a.journal()).contains("pong");
        }
    }

    @Test
    void breachOfTheProtocolIsKept() throws Exception {
        // Protects the strict initiator: a session that is merely dropped would hide the fault.
        AtomicInteger count = new AtomicInteger();
        ScriptedTarget.Script script =
                (_, _) ->
                        count.incrementAndGet() == 1
                                ? new Reply.WrongDataSn(BLOCK)
                                : ScriptedTarget.good(BLOCK);
        try (ScriptedTarget a = target("A", 0, true, script);
                MultipathClient host = host(a)) {
            assertThat(host.read(0, 1)).isEqualTo(BLOCK);
            assertThat(host.log().violations()).hasSize(1);
            assertThat(host.log().violations().getFirst()).hasMessageContaining("DataSN 5");
        }
    }

    @Test
    void errorThatNoOtherPathWouldBetterReachesTheCaller() throws Exception {
        // Protects "no error at all": what an application would see must fail the test.
        try (ScriptedTarget a = target("A", 0, true, (_, _) -> ScriptedTarget.sense(0x3, 0x1100));
                MultipathClient host = host(a)) {
            assertThatThrownBy(() -> host.read(0, 1))
                    .isInstanceOf(HardError.class)
                    .hasMessageContaining("3h/11h/00h");
        }
    }
}
