package io.ashlar.systemtests.referee;

import io.ashlar.systemtests.cluster.Program;
import io.ashlar.systemtests.cluster.Waiting;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** {@code qemu-nbd} before an iSCSI LUN: QEMU's initiator for programs that have none. */
public final class NbdServer implements AutoCloseable {
    private final Process process;
    private final Path socket;
    private final Path log;

    public NbdServer(String url, Path directory) throws IOException, InterruptedException {
        // Short, since the path of a Unix socket has 107 bytes at most.
        socket = Files.createTempDirectory("nbd").resolve("s");
        log = directory.resolve("qemu-nbd.log");
        process =
                Program.start(
                        Map.of(),
                        List.of(
                                "qemu-nbd",
                                "-f",
                                "raw",
                                "--cache=none",
                                "-t",
                                "-k",
                                socket.toString(),
                                url),
                        log,
                        directory.resolve("qemu-nbd.err"));
        Waiting.until(
                "qemu-nbd listens",
                Duration.ofSeconds(60),
                () -> {
                    if (!process.isAlive()) {
                        throw new IllegalStateException("qemu-nbd ended: " + said());
                    }
                    return Files.exists(socket);
                });
    }

    public String uri() {
        return "nbd+unix:///?socket=" + socket;
    }

    String said() throws IOException {
        Path errors = log.resolveSibling("qemu-nbd.err");
        return Files.readString(log, StandardCharsets.UTF_8)
                + Files.readString(errors, StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws IOException, InterruptedException {
        Program.end(process);
        Files.deleteIfExists(socket);
        Files.deleteIfExists(socket.getParent());
    }
}
