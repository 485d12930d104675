package io.ashlar.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A {@link NodeProcess} that this test has started, and what it has answered. */
final class RemoteNode implements AutoCloseable {
    /** Answers to commands that were submitted, by any node. */
    final ConcurrentLinkedQueue<String> outcomes;

    private final Process process;
    private final OutputStream in;
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();

    RemoteNode(
            int node,
            UUID clusterId,
            Path directory,
            boolean bootstrap,
            List<Voter> voters,
            ConcurrentLinkedQueue<String> outcomes)
            throws IOException {
        this.outcomes = outcomes;
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Xmx128m",
                                "-XX:+UseSerialGC",
                                "-XX:TieredStopAtLevel=1",
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                System.getProperty("java.class.path"),
                                NodeProcess.class.getName(),
                                Integer.toString(node),
                                clusterId.toString(),
                                directory.toString(),
                                Boolean.toString(bootstrap)));
        voters.forEach(voter -> command.add(voter.raftAddress()));
        process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        in = process.getOutputStream();
        Thread.ofVirtual().start(this::listen);
    }

    private void listen() {
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                if (line.startsWith("> ")) {
                    String answer = line.substring(2);
                    if (answer.matches("(applied|rejected|unknown) .*")) {
                        outcomes.add(answer);
                    } else {
                        answers.add(answer);
                    }
                }
            }
        } catch (IOException e) {
            // It was killed.
        }
    }

    void say(String line) {
        try {
            in.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            in.flush();
        } catch (IOException e) {
            // It was killed: what was said has no outcome.
        }
    }

    /** The next answer that begins with a word. */
    String answer(String word) {
        try {
            long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
            while (true) {
                String answer = answers.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                assertThat(answer).as("waiting for %s", word).isNotNull();
                if (answer.startsWith(word)) {
                    return answer;
                }
                assertThat(answer).doesNotStartWith("halted");
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    String ask(String line, String word) {
        say(line);
        return answer(word);
    }

    boolean isLeader() {
        return ask("role", "role").startsWith("role leader");
    }

    /** Repeats a barrier until one holds; what the node's view then shows. */
    String barrierHeld() {
        for (int i = 0; i < 20; i++) {
            String barrier = ask("barrier", "barrier");
            if (!barrier.startsWith("barrier -1")) {
                return barrier;
            }
        }
        throw new AssertionError("no barrier held");
    }

    /** SIGKILL, and waits for the end. */
    void kill() {
        process.destroyForcibly();
        assertThat(exitCode()).isNotZero();
    }

    int exitCode() {
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            return process.exitValue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Sends a signal to this very process. */
    void signal(String name) throws IOException {
        try {
            Process kill =
                    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start();
            assertThat(kill.waitFor()).isZero();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        exitCode();
    }
}
