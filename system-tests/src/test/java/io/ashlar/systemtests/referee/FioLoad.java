package io.ashlar.systemtests.referee;

import io.ashlar.systemtests.cluster.Program;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * fio with its own verification: random writes, each block read back and checked in time, until it
 * is told to end.
 */
public final class FioLoad implements AutoCloseable {
    /** Leaves a node that starts again some of two cores. */
    private static final int RATE_IOPS_MAX = 200;

    private static final Duration RUNTIME_MAX = Duration.ofMinutes(15);

    /** fio's status after a signal; its results are whole then. */
    private static final int EXIT_TERMINATED = 128;

    private final Process process;
    private final Path output;
    private final Path errors;
    private final Path results;

    /** What fio measured; times in seconds. */
    public record Report(long writes, long reads, double longestWrite, double longestRead) {
        @Override
        public String toString() {
            return "fio: %d writes, %d verifying reads, no error; longest write %.3f s, read %.3f s"
                    .formatted(writes, reads, longestWrite, longestRead);
        }
    }

    public FioLoad(String uri, Path directory) throws IOException {
        output = directory.resolve("fio.out");
        errors = directory.resolve("fio.err");
        results = directory.resolve("fio.json");
        process =
                Program.start(
                        Map.of(),
                        List.of(
                                "fio",
                                "--name=verify",
                                "--ioengine=nbd",
                                "--uri=" + uri,
                                "--rw=randwrite",
                                "--bsrange=4k-64k",
                                "--blockalign=4k",
                                "--size=192m",
                                "--iodepth=16",
                                "--rate_iops=" + RATE_IOPS_MAX,
                                "--verify=crc32c",
                                "--verify_fatal=1",
                                "--verify_backlog=512",
                                "--verify_backlog_batch=512",
                                "--time_based",
                                "--runtime=" + RUNTIME_MAX.toSeconds(),
                                "--randrepeat=0",
                                "--verify_state_save=0",
                                "--output-format=json",
                                "--output=" + results),
                        output,
                        errors);
    }

    /** Fails if it has ended, which by itself it does only on an error. */
    public void check() throws IOException {
        if (!process.isAlive()) {
            throw new AssertionError("fio ended with " + process.exitValue() + ": " + said());
        }
    }

    /** Ends it and fails on any error that it saw. */
    public Report finish(Duration timeout) throws IOException, InterruptedException {
        check();
        process.destroy();
        if (!process.waitFor(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
            throw new AssertionError("fio does not end within " + timeout + ": " + said());
        }
        if (process.exitValue() != 0 && process.exitValue() != EXIT_TERMINATED) {
            throw new AssertionError("fio ended with " + process.exitValue() + ": " + said());
        }
        String text = Files.readString(results, StandardCharsets.UTF_8);
        // A line about the signal comes first.
        text = text.substring(Math.max(0, text.indexOf('{')));
        JsonNode job = JsonMapper.builder().build().readTree(text).path("jobs").path(0);
        if (job.path("error").asInt(-1) != 0) {
            throw new AssertionError("fio saw error " + job.path("error") + ": " + said());
        }
        return new Report(
                job.path("write").path("total_ios").asLong(),
                job.path("read").path("total_ios").asLong(),
                job.path("write").path("lat_ns").path("max").asDouble() / 1e9,
                job.path("read").path("lat_ns").path("max").asDouble() / 1e9);
    }

    @Override
    public void close() throws InterruptedException {
        Program.end(process);
    }

    private String said() throws IOException {
        return Files.readString(output, StandardCharsets.UTF_8)
                + Files.readString(errors, StandardCharsets.UTF_8);
    }
}
