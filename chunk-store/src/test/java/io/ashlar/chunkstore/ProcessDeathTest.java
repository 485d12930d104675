package io.ashlar.chunkstore;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.RandomSource;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes that die or get errors from the system, with flushes and compaction going on. */
class ProcessDeathTest {
    @TempDir Path directory;

    @BeforeEach
    void format() {
        RocksChunkDevice.format(NumberedWrites.config(directory), RandomSource.system());
    }

    private Process start(String limits) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command =
                List.of(
                        "bash",
                        "-c",
                        limits + "; exec \"$@\"",
                        "bash",
                        java,
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:+UseSerialGC",
                        "-Xmx128m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        NumberedWrites.class.getName(),
                        directory.toString());
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    }

    private static long lastNumber(List<String> lines) {
        return lines.stream()
                .filter(line -> line.matches("\\d+"))
                .mapToLong(Long::parseLong)
                .max()
                .orElse(0);
    }

    private long verified() {
        try (TestDevice device = new TestDevice(NumberedWrites.config(directory))) {
            return NumberedWrites.verify(device);
        }
    }

    /** SIGKILL at any time: what was acknowledged is there, and nothing is there in part. */
    @Test
    void killedProcessLosesNothingAcknowledged() throws Exception {
        for (int count : new int[] {3, 400, 1500}) {
            Process process = start("true");
            List<String> lines = new ArrayList<>();
            try (BufferedReader out = process.inputReader()) {
                while (lines.size() < count) {
                    String line = out.readLine();
                    assertThat(line).as("after %s", lines.size()).isNotNull();
                    lines.add(line);
                }
                process.toHandle().destroyForcibly(); // leaves the pipe open, unlike Process's
                out.lines().forEach(lines::add);
            }
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(verified()).isGreaterThanOrEqualTo(lastNumber(lines));
        }
    }

    /** An error from the disk closes the device for good, in this process; nothing is retried. */
    @Test
    void writeErrorFailsTheDeviceForGood() throws Exception {
        // A write beyond this file size fails with EFBIG, which is as good an I/O error as any.
        Process process = start("ulimit -f 400");
        List<String> lines;
        try (BufferedReader out = process.inputReader()) {
            lines = out.lines().toList();
        }
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(lines).isNotEmpty();
        assertThat(lines.getLast()).isEqualTo(NumberedWrites.FAILED_FOR_GOOD);
        assertThat(process.exitValue()).isZero();
        assertThat(verified()).isGreaterThanOrEqualTo(lastNumber(lines)).isPositive();
    }
}
