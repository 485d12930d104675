package io.ashlar.iscsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.ChapSecrets;
import io.ashlar.common.Secret;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The libiscsi test suite of Debian 13, which has all tests of Debian 12's and more, against two
 * nodes with volumes in memory. Every test must pass but those that {@code iscsi-test-cu.tsv}
 * names, which must do what is said there: a skip that is new fails as well, and so does a test
 * that passes by now.
 *
 * <p>Each suite runs in a process of its own: in one process, CompareAndWrite leaves a hook behind
 * that garbles all later 16-byte commands if COMPARE AND WRITE is not there. Of some suites each
 * test does: they close the session, and the next would be skipped.
 */
final class IscsiTestCuIT {
    private static final long SUITE_SECONDS = 180;

    /** What the program prints after the last test of a suite, of clearing up reservations. */
    private static final Pattern TEST = Pattern.compile("(?m)^  Test: (\\S+) \\.\\.\\.");

    private static final Pattern VERDICT =
            Pattern.compile("(?m)(?<!\\[)\\b(passed|FAILED)\\b(?!\\])");

    private static final Path DIRECTORY = Path.of(System.getProperty("basedir", ""));
    private static final String HOST = "iqn.2026-11.test:cu";
    private static final String SECRET = "correct-horse-1";

    /** Of which a test closes the session. */
    private static final Set<String> CLOSING_SUITES = Set.of("iSCSITMF");

    /** Sits forever after an answer that RFC 7143 asks for; docs/conformance.md tells more. */
    private static final Set<String> HANGING = Set.of("iSCSISendTargets.Invalid");

    private static String program = "";
    private static List<IscsiTarget> targets;

    /** LUN, suite or test, and by which name the expectations are found. */
    record Run(String device, String name) {
        String suite() {
            return name.split("\\.")[0];
        }

        @Override
        public String toString() {
            return device + " " + name;
        }
    }

    @BeforeAll
    static void start() {
        RamVolumeService volumes = RamTargetMain.volumes();
        volumes.chap(HOST, new ChapSecrets(Secret.of(SECRET), Optional.empty()));
        targets = RamTargetMain.start(volumes, "127.0.0.1", 0);
    }

    @AfterAll
    static void stop() {
        targets.forEach(IscsiTarget::close);
    }

    /** Protects conformance: nothing that the suite checks gets worse unseen. */
    @ParameterizedTest
    @MethodSource("runs")
    void suiteDoesWhatIsExpected(Run run) throws Exception {
        Map<String, String> expected = new TreeMap<>();
        Map<String, String> actual = new TreeMap<>();
        Map<String, String> listed = expectations(run.device());
        verdicts(output(run))
                .forEach((test, verdict) -> {
                    String name = run.suite() + "." + test;
                    actual.put(name, verdict);
                    expected.put(name, listed.getOrDefault(name, "pass"));
                });
        assertThat(actual).as("tests of " + run).isNotEmpty().isEqualTo(expected);
    }

    /** Protects the list: it names no test that does not exist. */
    @Test
    void everyExpectationNamesATest() throws Exception {
        Set<String> names = new LinkedHashSet<>();
        for (String line : run(List.of(program(), "--list")).lines().toList()) {
            if (line.startsWith("ALL.")) {
                names.add(line.strip().substring("ALL.".length()));
            }
        }
        assertThat(names).containsAll(HANGING);
        for (String device : List.of("512", "4096", "read-only", "chap")) {
            assertThat(names).containsAll(expectations(device).keySet());
        }
    }

    static Stream<Run> runs() throws Exception {
        Set<Run> runs = new LinkedHashSet<>();
        for (String line : run(List.of(program(), "--list")).lines().toList()) {
            String[] parts = line.strip().split("\\.");
            if (parts.length != 3 || !parts[0].equals("ALL")) {
                continue;
            }
            String suite = parts[1];
            String test = suite + "." + parts[2];
            boolean isAlone =
                    CLOSING_SUITES.contains(suite)
                            || HANGING.stream().anyMatch(t -> t.startsWith(suite + "."));
            if (!HANGING.contains(test)) {
                String device = suite.equals("iSCSICHAP") ? "chap" : "512";
                runs.add(new Run(device, isAlone ? test : suite));
            }
        }
        for (String suite :
                List.of(
                        "Inquiry",
                        "ReadCapacity10",
                        "ReadCapacity16",
                        "Read10",
                        "Read16",
                        "Write10",
                        "Write16",
                        "Unmap",
                        "WriteSame10",
                        "WriteSame16",
                        "Verify16",
                        "WriteVerify10",
                        "WriteVerify12",
                        "WriteVerify16",
                        "Prefetch10",
                        "Prefetch16",
                        "GetLBAStatus",
                        "ModeSense6",
                        "iSCSIResiduals")) {
            runs.add(new Run("4096", suite));
        }
        runs.add(new Run("read-only", "ReadOnly"));
        return runs.stream();
    }

    private static String output(Run run) throws Exception {
        int lun =
                switch (run.device()) {
                    case "512", "chap" -> 0;
                    case "4096" -> 1;
                    default -> 2;
                };
        List<String> command =
                new ArrayList<>(
                        List.of(
                                program(),
                                "--dataloss",
                                "--allow-sanitize",
                                "--verbose",
                                "--test=ALL." + run.name()));
        if (run.device().equals("chap")) {
            command.addAll(List.of("-i", HOST, "-I", HOST, url(HOST + "%" + SECRET + "@", 0, lun)));
        } else {
            command.add(url("", 0, lun));
        }
        if (run.suite().equals("MultipathIO")) {
            command.add(url("", 1, lun));
        }
        return run(command);
    }

    private static String url(String user, int node, int lun) {
        int port = targets.get(node).address().getPort();
        return "iscsi://" + user + "127.0.0.1:" + port + "/" + RamTargetMain.NAME + "/" + lun;
    }

    /** Fetched now if it is not there. */
    private static synchronized String program() throws Exception {
        if (program.isEmpty()) {
            Path home = DIRECTORY.resolve("target/libiscsi").toAbsolutePath();
            String build = DIRECTORY.resolve("src/test/libiscsi/build").toAbsolutePath().toString();
            String said = run(List.of(build, home.toString()));
            Path made = home.resolve("iscsi-test-cu");
            assertThat(said).doesNotContain("cannot be fetched");
            assertThat(made).as("what " + build + " makes: " + said).isExecutable();
            program = made.toString();
        }
        return program;
    }

    private static String run(List<String> command) throws IOException, InterruptedException {
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            throw new IllegalStateException("cannot run " + command.getFirst(), e);
        }
        StringBuilder output = new StringBuilder();
        Thread reader =
                Thread.ofVirtual()
                        .start(() -> {
                            try (BufferedReader lines = process.inputReader()) {
                                lines.lines().forEach(l -> output.append(l).append('\n'));
                            } catch (IOException e) {
                                output.append(e);
                            }
                        });
        boolean ended = process.waitFor(SUITE_SECONDS, TimeUnit.SECONDS);
        if (!ended) {
            process.destroyForcibly();
        }
        reader.join();
        assertThat(ended).as(command + " ends in time; so far:\n" + output).isTrue();
        return output.toString();
    }

    /**
     * Tests of one output, with verdict: the program says passed of skipped tests and of some that
     * complain, so what is printed before its word counts.
     */
    static Map<String, String> verdicts(String output) {
        Map<String, String> verdicts = new LinkedHashMap<>();
        Matcher test = TEST.matcher(output);
        List<Integer> starts = new ArrayList<>();
        List<String> names = new ArrayList<>();
        while (test.find()) {
            names.add(test.group(1));
            starts.add(test.end());
        }
        int summary = output.indexOf("Run Summary");
        starts.add(summary < 0 ? output.length() : summary);
        for (int i = 0; i < names.size(); i++) {
            verdicts.put(names.get(i), verdict(output.substring(starts.get(i), starts.get(i + 1))));
        }
        return verdicts;
    }

    private static String verdict(String body) {
        Matcher word = VERDICT.matcher(body);
        int at = -1;
        String last = "none";
        while (word.find()) {
            at = word.start();
            last = word.group(1);
        }
        if (at < 0 || last.equals("FAILED")) {
            return at < 0 ? "none" : "fail";
        }
        String before = body.substring(0, at);
        if (before.contains("[FAILED]")) {
            return "complaint";
        }
        return before.contains("[SKIPPED]") ? "skip" : "pass";
    }

    /** Name to verdict of those tests that do not pass. */
    private static Map<String, String> expectations(String device) throws IOException {
        Map<String, String> expected = new TreeMap<>();
        try (InputStream in = IscsiTestCuIT.class.getResourceAsStream("/iscsi-test-cu.tsv");
                BufferedReader lines =
                        new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            lines.lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.split("\t", -1))
                    .filter(fields -> fields[0].equals("all") || fields[0].equals(device))
                    .forEach(fields -> expected.put(fields[1], fields[2]));
        }
        return expected;
    }
}
