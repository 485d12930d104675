package io.ashlar.iscsi.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Fuzzes each {@link FuzzTarget} with Jazzer, guided by coverage, in a JVM of its own, two at a
 * time: {@code bin/test fuzz}. The name keeps it out of the unit tests, which replay what it found
 * without an agent ({@link FuzzReplayTest}).
 *
 * <pre>
 * -Dfuzz.seconds=N   for each target; default 60
 * -Dfuzz.target=T    one of them only
 * </pre>
 */
final class Fuzzing {
    private static final Path WORK = Path.of("target/fuzz");
    private static final long SECONDS = Long.getLong("fuzz.seconds", 60);
    private static final String ONLY = System.getProperty("fuzz.target", "");
    private static final int AT_ONCE = 2;
    private static final int INPUT_BYTES_MAX = 4096;
    private static final int INPUT_SECONDS_MAX = 10;
    private static final int HEAP_MIB = 384;
    private static final int EXTRA_SECONDS = 120;
    private static final int TAIL_LINES = 40;
    private static final Pattern PROGRESS =
            Pattern.compile("#(\\d+)\\s.*cov: (\\d+) ft: (\\d+) corp: (\\d+)/.*exec/s: (\\d+).*");

    /** Protects from whatever nobody has thought of. */
    @Test
    void noInputBreaksATarget() throws Exception {
        List<Future<String>> results = new ArrayList<>();
        try (ExecutorService runners = Executors.newFixedThreadPool(AT_ONCE)) {
            for (FuzzTarget target : FuzzTarget.values()) {
                if (ONLY.isEmpty() || ONLY.equals(target.name())) {
                    results.add(runners.submit(() -> fuzz(target)));
                }
            }
        }
        List<String> failures = new ArrayList<>();
        for (Future<String> result : results) {
            if (!result.get().isEmpty()) {
                failures.add(result.get());
            }
        }
        assertThat(results).isNotEmpty();
        assertThat(failures).isEmpty();
    }

    /** Runs one target; what failed, or nothing. */
    private static String fuzz(FuzzTarget target) throws IOException, InterruptedException {
        Path work = WORK.resolve(target.type().getSimpleName());
        Path corpus = Files.createDirectories(work.resolve("corpus"));
        Path seeds = Files.createDirectories(work.resolve("seeds"));
        writeSeeds(target, seeds);
        Path log = work.resolve("log");
        Process process =
                new ProcessBuilder(command(target, work, corpus, seeds))
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        try {
            if (!process.waitFor(SECONDS + EXTRA_SECONDS, TimeUnit.SECONDS)) {
                return target + " did not end; see " + log.toAbsolutePath();
            }
        } finally {
            process.destroyForcibly();
        }
        List<String> lines = Files.readAllLines(log, java.nio.charset.StandardCharsets.ISO_8859_1);
        System.out.println(target + ": " + progress(lines));
        return process.exitValue() == 0 ? "" : failure(target, work, lines);
    }

    private static void writeSeeds(FuzzTarget target, Path directory) throws IOException {
        int number = 0;
        for (byte[] seed : target.seeds()) {
            Files.write(directory.resolve("seed-" + number++), seed);
        }
        for (Path file : target.found()) {
            Files.write(directory.resolve(file.getFileName()), FuzzTarget.read(file));
        }
    }

    private static List<String> command(FuzzTarget target, Path work, Path corpus, Path seeds) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + HEAP_MIB + "m",
                "-XX:+UseSerialGC",
                "-XX:+EnableDynamicAgentLoading",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-ea",
                "-Dio.netty.noUnsafe=true",
                "-Dfuzz.quiet=true",
                "-cp",
                System.getProperty("java.class.path"),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + target.type().getName(),
                "--instrumentation_includes=io.ashlar.common.**:io.ashlar.iscsi.**",
                "--reproducer_path=" + work,
                "-artifact_prefix=" + work + "/",
                "-max_total_time=" + SECONDS,
                "-timeout=" + INPUT_SECONDS_MAX,
                "-max_len=" + INPUT_BYTES_MAX,
                "-rss_limit_mb=0", // the heap is what is bounded
                corpus.toString(),
                seeds.toString());
    }

    private static String progress(List<String> lines) {
        String last = "no progress";
        for (String line : lines) {
            Matcher matcher = PROGRESS.matcher(line);
            if (matcher.matches()) {
                last =
                        "%s runs, %s a second, coverage %s edges, %s features, %s inputs kept"
                                .formatted(
                                        matcher.group(1),
                                        matcher.group(5),
                                        matcher.group(2),
                                        matcher.group(3),
                                        matcher.group(4));
            }
        }
        return last;
    }

    /** The end of the log, and the input in the form in which it is kept. */
    private static String failure(FuzzTarget target, Path work, List<String> lines)
            throws IOException {
        StringBuilder text = new StringBuilder(target + " failed:\n");
        lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size())
                .forEach(line -> text.append("  ").append(line).append('\n'));
        try (Stream<Path> files = Files.list(work)) {
            for (Path file : files.filter(Fuzzing::isArtifact).sorted().toList()) {
                Path hex = file.resolveSibling(file.getFileName() + ".hex");
                Files.writeString(hex, HexFormat.of().formatHex(Files.readAllBytes(file)) + "\n");
                text.append("to keep it: cp ")
                        .append(hex.toAbsolutePath())
                        .append(' ')
                        .append(target.findings().resolve("WHAT-IT-IS.hex").toAbsolutePath())
                        .append('\n');
            }
        }
        return text.toString();
    }

    private static boolean isArtifact(Path file) {
        String name = file.getFileName().toString();
        return name.matches("(crash|timeout|oom|leak|slow-unit)-[0-9a-f]+");
    }
}
