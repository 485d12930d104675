package io.ashlar.systemtests.referee;

import java.util.ArrayList;
import java.util.List;

/**
 * Reads what {@code iscsi-test-cu} prints. The program says "passed" of a test that it skipped, and
 * of some in which it complained, so that word alone is not believed.
 */
final class TestCuOutput {
    /** How a test ended. */
    enum Verdict {
        PASS,
        /** The program counts it as failed. */
        FAIL,
        /** It printed [FAILED], yet calls the test passed. */
        COMPLAINT,
        SKIP,
        /** The program ended within it. */
        NO_VERDICT
    }

    /**
     * One test.
     *
     * @param name SUITE.TEST
     * @param reason the first line that says why it did not pass; else empty
     */
    record Test(String name, Verdict verdict, String reason) {}

    private static final String SUITE = "Suite: ";
    private static final String TEST = "  Test: ";
    private static final String NAME_END = " ...";
    private static final String SUMMARY = "Run Summary:";
    private static final String SKIPPED = "[SKIPPED]";
    private static final String FAILED = "[FAILED]";

    private final List<Test> tests = new ArrayList<>();
    private String suite = "?";
    private String name = "";
    private final List<String> body = new ArrayList<>();

    private TestCuOutput() {}

    static List<Test> parse(String output) {
        TestCuOutput parser = new TestCuOutput();
        output.lines().forEach(parser::line);
        parser.end();
        return parser.tests;
    }

    private void line(String line) {
        if (line.startsWith(SUITE)) {
            end();
            suite = line.substring(SUITE.length()).strip();
        } else if (line.startsWith(TEST) && line.contains(NAME_END)) {
            end();
            int nameEnd = line.indexOf(NAME_END);
            name = line.substring(TEST.length(), nameEnd).strip();
            body.add(line.substring(nameEnd + NAME_END.length()));
        } else if (line.startsWith(SUMMARY)) {
            end();
        } else {
            body.add(line);
        }
    }

    private void end() {
        if (!name.isEmpty()) {
            tests.add(judge());
        }
        name = "";
        body.clear();
    }

    private Test judge() {
        String last = "";
        String skipReason = null;
        String complaint = null;
        String assertion = null;
        for (String line : body) {
            String text = line.strip();
            if (!last.isEmpty()) {
                // After the verdict come CUnit's assertions, and what the suite's end has to say.
                if (text.matches("\\d+\\. .*") && assertion == null) {
                    assertion = text.replaceFirst("\\d+\\. +", "");
                }
                continue;
            }
            int skipped = text.indexOf(SKIPPED);
            int failed = text.indexOf(FAILED);
            boolean isVerdict = text.startsWith("passed") || text.startsWith("FAILED");
            if (isVerdict || skipped < 0 && failed < 0) {
                last = verdictWord(text);
            } else if (skipped >= 0 && skipReason == null) {
                skipReason = text.substring(skipped + SKIPPED.length()).strip();
            } else if (failed >= 0 && complaint == null) {
                complaint = text.substring(failed + FAILED.length()).strip();
            }
        }
        String testName = suite + "." + name;
        if (last.equals("FAILED")) {
            String reason = complaint != null ? complaint : assertion;
            return new Test(testName, Verdict.FAIL, reason == null ? "" : reason);
        }
        if (complaint != null) {
            return new Test(testName, Verdict.COMPLAINT, complaint);
        }
        if (skipReason != null) {
            return new Test(testName, Verdict.SKIP, skipReason);
        }
        return new Test(testName, last.isEmpty() ? Verdict.NO_VERDICT : Verdict.PASS, "");
    }

    private static String verdictWord(String text) {
        if (text.startsWith("passed") || text.endsWith("passed")) {
            return "passed";
        }
        return text.startsWith("FAILED") || text.endsWith("FAILED") ? "FAILED" : "";
    }
}
