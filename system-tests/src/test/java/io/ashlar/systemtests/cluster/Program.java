package io.ashlar.systemtests.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs other people's programs, with a time-out and all that they say kept. */
public final class Program {
    /**
     * What a program said.
     *
     * @param exitCode its status
     * @param output standard output
     * @param errors standard error
     */
    public record Result(List<String> command, int exitCode, String output, String errors) {
        /** The same, if it succeeded; else an error that shows everything. */
        public Result orThrow() {
            if (exitCode != 0) {
                throw new AssertionError(toString());
            }
            return this;
        }

        @Override
        public String toString() {
            return "%s%nended with %d%n%s%n%s"
                    .formatted(String.join(" ", command), exitCode, tail(output), tail(errors));
        }

        private static String tail(String text) {
            return text.length() < 8000 ? text : "... " + text.substring(text.length() - 8000);
        }
    }

    private Program() {}

    public static Result run(Duration timeout, String... command)
            throws IOException, InterruptedException {
        return run(timeout, Map.of(), List.of(command));
    }

    /** Runs it; kills it and its children when it takes longer. */
    public static Result run(
            Duration timeout, Map<String, String> environment, List<String> command)
            throws IOException, InterruptedException {
        Path output = Files.createTempFile("program", ".out");
        Path errors = Files.createTempFile("program", ".err");
        try {
            Process process = start(environment, command, output, errors);
            if (!process.waitFor(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
                end(process);
                throw new AssertionError(
                        "no end within %s: %s"
                                .formatted(timeout, result(command, -1, output, errors)));
            }
            return result(command, process.exitValue(), output, errors);
        } finally {
            Files.deleteIfExists(output);
            Files.deleteIfExists(errors);
        }
    }

    /** Starts a program that goes on; the caller ends it. */
    public static Process start(
            Map<String, String> environment, List<String> command, Path output, Path errors)
            throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
        builder.redirectOutput(output.toFile());
        builder.redirectError(errors.toFile());
        return builder.start();
    }

    /** Kills a process that was started here, with its children. */
    public static void end(Process process) throws InterruptedException {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        process.waitFor(10, TimeUnit.SECONDS);
    }

    private static Result result(List<String> command, int exitCode, Path output, Path errors) {
        try {
            return new Result(
                    command,
                    exitCode,
                    new String(Files.readAllBytes(output), StandardCharsets.UTF_8),
                    new String(Files.readAllBytes(errors), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
