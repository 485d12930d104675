package io.ashlar.metadata.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.ashlar.common.NodeId;
import io.ashlar.common.WireFormatException;
import io.ashlar.metadata.Voter;
import io.ashlar.metadata.engine.EngineConfig;
import io.ashlar.metadata.engine.EngineException;
import io.ashlar.metadata.engine.EngineStatus;
import io.ashlar.metadata.engine.ReplicatedStateMachine;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The traps of Ratis, each as it was met: silent ends, poisoned entries, formatted directories. */
class RatisEngineIT {
    private static final Duration TIMEOUT = Duration.ofSeconds(15);

    /** None that connections come from: other tests make some meanwhile. */
    private static final String IP = "127.71.0.1";

    @TempDir Path directory;
    private final UUID cluster = UUID.randomUUID();
    private final int port = freePort();
    private final ConcurrentLinkedQueue<String> halts = new ConcurrentLinkedQueue<>();
    private final TextMachine machine = new TextMachine();

    @Test
    void anEntryThatCannotBeReadIsKeptOutOfTheLog() {
        try (RatisEngine engine = start(true)) {
            awaitLeader(engine);
            assertThatThrownBy(() -> engine.propose(bytes("poison"), TIMEOUT).join())
                    .hasCauseInstanceOf(EngineException.class)
                    .hasMessageContaining("poison");
            engine.propose(bytes("good"), TIMEOUT).join();
            assertThat(machine.text).isEqualTo("good");
            assertThat(halts).isEmpty();
        }
    }

    @Test
    void anEntryThatCannotBeAppliedEndsTheProcess() {
        try (RatisEngine engine = start(true)) {
            awaitLeader(engine);
            engine.propose(bytes("bomb"), TIMEOUT);
            await().atMost(20, TimeUnit.SECONDS).until(() -> !halts.isEmpty());
            assertThat(halts).hasSize(1).first().asString().contains("bomb");
        }
        assertThat(halts).hasSize(1);
    }

    @Test
    void anOrderlyCloseIsNoHaltAndTheLogIsThereAgain() {
        try (RatisEngine engine = start(true)) {
            awaitLeader(engine);
            engine.propose(bytes("a"), TIMEOUT).join();
            engine.snapshotNow().join();
            engine.propose(bytes("b"), TIMEOUT).join();
        }
        machine.text = "";
        try (RatisEngine engine = start(false)) {
            awaitLeader(engine);
            engine.readBarrier(TIMEOUT).join();
            assertThat(machine.text).isEqualTo("ab");
            assertThat(engine.status().voters()).hasSize(1);
        }
        assertThat(halts).isEmpty();
    }

    @Test
    void aLogThatIsGoneIsNotFormattedAgain() throws IOException {
        start(true).close();
        try (Stream<Path> files = Files.walk(directory.resolve("raft"))) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
        assertThatThrownBy(() -> start(true))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("has lost its log");
    }

    @Test
    void aLogWithoutItsIdentityIsNotTaken() throws IOException {
        start(true).close();
        Files.delete(directory.resolve("identity"));
        assertThatThrownBy(() -> start(true))
                .isInstanceOf(EngineException.class)
                .hasMessageContaining("not its identity file");
    }

    @Test
    void aDirectoryThatIsInUseIsRefused() {
        try (RatisEngine engine = start(true)) {
            awaitLeader(engine);
            assertThatThrownBy(() -> start(false))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("is in use by another process");
            engine.propose(bytes("still here"), TIMEOUT).join();
        }
    }

    private RatisEngine start(boolean bootstrap) {
        EngineConfig config =
                new EngineConfig(
                        new NodeId(1),
                        IP + ":" + port,
                        cluster,
                        directory,
                        List.of(new Voter(new NodeId(1), IP + ":" + port)),
                        bootstrap,
                        new UUID(1, 1),
                        new EngineConfig.Timing(
                                Duration.ofMillis(300), Duration.ofMillis(600), 1000, 100),
                        halts::add);
        return RatisEngine.start(config, machine);
    }

    private static void awaitLeader(RatisEngine engine) {
        await().atMost(30, TimeUnit.SECONDS)
                .until(() ->
                        engine.readBarrier(TIMEOUT).handle((_, error) -> error == null).join());
        assertThat(engine.status().role()).isEqualTo(EngineStatus.Role.LEADER);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(IP))) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Appends texts; refuses "poison" at the door, and fails on "bomb". */
    private static final class TextMachine implements ReplicatedStateMachine {
        private volatile String text = "";

        @Override
        public void check(ByteBuffer entry) {
            if (StandardCharsets.UTF_8.decode(entry).toString().equals("poison")) {
                throw new WireFormatException("poison");
            }
        }

        @Override
        public void apply(long index, ByteBuffer entry) {
            String word = StandardCharsets.UTF_8.decode(entry).toString();
            if (word.equals("bomb")) {
                throw new WireFormatException("bomb");
            }
            text = text + word;
        }

        @Override
        public byte[] save() {
            return bytes(text);
        }

        @Override
        public void load(byte[] snapshot) {
            text = new String(snapshot, StandardCharsets.UTF_8);
        }
    }
}
