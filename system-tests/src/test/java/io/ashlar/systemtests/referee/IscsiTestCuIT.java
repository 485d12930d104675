package io.ashlar.systemtests.referee;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.systemtests.cluster.DevCluster;
import io.ashlar.systemtests.cluster.Program;
import io.ashlar.systemtests.cluster.WithCluster;
import io.ashlar.systemtests.referee.TestCuOutput.Verdict;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * libiscsi's conformance suites against the real cluster: Debian 13's, which has all tests of the
 * other and more, through the owner, and Debian 12's through another node.
 */
@Order(20)
@ExtendWith(WithCluster.class)
final class IscsiTestCuIT {
    private static final String VOLUME = "conformance";
    private static final Duration SUITE_TIMEOUT = Duration.ofMinutes(3);
    private static final Path HOME = Path.of(System.getProperty("ashlar.home"));
    private static final double WORTH_TELLING_SECONDS = 10;
    private static final List<String> SUITES =
            List.of(
                    "CompareAndWrite",
                    "ExtendedCopy",
                    "Inquiry",
                    "Mandatory",
                    "ModeSense6",
                    "NoMedia",
                    "Read6",
                    "Read10",
                    "Read12",
                    "Read16",
                    "ReadCapacity10",
                    "ReadCapacity16",
                    "ReadOnly",
                    "ReceiveCopyResults",
                    "TestUnitReady",
                    "Unmap",
                    "Verify10",
                    "Verify16",
                    "Write10",
                    "Write12",
                    "Write16",
                    "WriteAtomic16",
                    "WriteSame10",
                    "WriteSame16",
                    "iSCSIcmdsn",
                    "iSCSIdatasn",
                    "iSCSINop",
                    "iSCSIResiduals",
                    // each alone: they close the session
                    "iSCSITMF.AbortTaskSimpleAsync",
                    "iSCSITMF.LUNResetSimpleAsync",
                    "iSCSITMF.LogoutDuringIOAsync");

    /** Through a second node those that show that commands and data are passed on as they are. */
    private static final List<String> FORWARDED_SUITES =
            List.of(
                    "CompareAndWrite",
                    "ExtendedCopy",
                    "Inquiry",
                    "Mandatory",
                    "Read10",
                    "Read16",
                    "ReadCapacity16",
                    "Verify10",
                    "Write10",
                    "Write16",
                    "WriteAtomic16",
                    "WriteSame10",
                    "WriteSame16",
                    "iSCSITMF");

    /**
     * It sends wrong DataSNs and passes when the target refuses the writes; the refusals are what
     * it complains of.
     */
    private static final String COMPLAINS_OF_SUCCESS = "iSCSIdatasn.iSCSIDataSnInvalid";

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void conformsThroughNode(int node, DevCluster cluster) throws Exception {
        // Protects what every initiator relies on: the commands and the transport, by the standard.
        int lun = cluster.volume(VOLUME, "256MiB");
        String program = node == 1 ? newerProgram() : "iscsi-test-cu";
        String url = cluster.url(node, lun);
        List<TestCuOutput.Test> tests = new ArrayList<>();
        for (String suite : node == 1 ? SUITES : FORWARDED_SUITES) {
            stay(cluster, node);
            long began = System.nanoTime();
            Program.Result result =
                    Program.run(
                            SUITE_TIMEOUT,
                            program,
                            "--dataloss",
                            "--allow-sanitize",
                            "-v",
                            "-t",
                            "ALL." + suite,
                            url);
            List<TestCuOutput.Test> ofSuite = TestCuOutput.parse(result.output());
            assertThat(ofSuite).as("tests of %s in %s", suite, result).isNotEmpty();
            tests.addAll(ofSuite);
            double seconds = (System.nanoTime() - began) / 1e9;
            if (seconds > WORTH_TELLING_SECONDS) {
                System.out.printf("suite %s took %.0f s%n", suite, seconds);
            }
        }
        Path table = write(tests, "iscsi-test-cu-node" + node + ".tsv");
        print(tests, node, table);
        assertThat(tests)
                .filteredOn(test -> test.verdict() != Verdict.PASS)
                .filteredOn(test -> test.verdict() != Verdict.SKIP)
                .filteredOn(test ->
                        test.verdict() != Verdict.COMPLAINT
                                || !test.name().equals(COMPLAINS_OF_SUCCESS))
                .as("tests that did not pass, through node %d", node)
                .isEmpty();
    }

    /**
     * A volume that follows its host's I/O raises a unit attention, which hosts absorb and this
     * program does not. So node 1 owns it for its run; for node 2 it has always just moved to
     * another one, and stays there for the dwell time.
     */
    private static void stay(DevCluster cluster, int node) throws Exception {
        boolean atFirst = cluster.owner(1, VOLUME) == 1;
        cluster.own(node == 1 || !atFirst ? 1 : DevCluster.NODES, VOLUME);
    }

    /** Debian 13's, fetched now if the front end's tests have not done so. */
    private static String newerProgram() throws Exception {
        Path module = HOME.resolve("iscsi-frontend").toAbsolutePath().normalize();
        Path directory = module.resolve("target/libiscsi");
        Program.run(
                        SUITE_TIMEOUT,
                        module.resolve("src/test/libiscsi/build").toString(),
                        directory.toString())
                .orThrow();
        return directory.resolve("iscsi-test-cu").toString();
    }

    private static void print(List<TestCuOutput.Test> tests, int node, Path table) {
        Map<Verdict, Integer> ours = new EnumMap<>(Verdict.class);
        Map<String, Integer> theirs = new HashMap<>();
        Map<String, String> reference = tgtVerdicts();
        for (TestCuOutput.Test test : tests) {
            ours.merge(test.verdict(), 1, Integer::sum);
            theirs.merge(reference.getOrDefault(test.name(), "unknown"), 1, Integer::sum);
            if (test.verdict() != Verdict.PASS) {
                System.out.printf("%s %s: %s%n", test.verdict(), test.name(), test.reason());
            }
        }
        System.out.printf(
                "iscsi-test-cu through node %d: %s; tgt's verdicts on the same tests: %s; %s%n",
                node, ours, theirs, table);
    }

    private static Path write(List<TestCuOutput.Test> tests, String name) throws IOException {
        Map<String, String> tgt = tgtVerdicts();
        List<String> lines = new ArrayList<>();
        lines.add("test\tashlar\ttgt\treason");
        for (TestCuOutput.Test test : tests) {
            lines.add(
                    String.join(
                            "\t",
                            test.name(),
                            test.verdict().name().toLowerCase(java.util.Locale.ROOT),
                            tgt.getOrDefault(test.name(), ""),
                            test.reason()));
        }
        Path table = Path.of(System.getProperty("ashlar.target"), name);
        return Files.write(table, lines, StandardCharsets.UTF_8);
    }

    /** tgt 1.0.85 on a like machine, one URL; the file tells its other runs too. */
    private static Map<String, String> tgtVerdicts() {
        Map<String, String> verdicts = new HashMap<>();
        try (var in = IscsiTestCuIT.class.getResourceAsStream("/tgt-iscsi-test-cu.tsv")) {
            new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(line -> line.split("\t", -1))
                    .filter(fields -> fields[0].startsWith("ALL."))
                    .forEach(fields -> verdicts.put(fields[0].substring(4), fields[1]));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return verdicts;
    }
}
