package io.ashlar.systemtests.referee;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.systemtests.referee.TestCuOutput.Test;
import io.ashlar.systemtests.referee.TestCuOutput.Verdict;

/** A program that calls a skipped test passed must not be taken at its word. */
final class TestCuOutputTest {
    private static final String OUTPUT =
            """

                 CUnit - A unit testing framework for C - Version 2.1-3

            Suite: Read10
              Test: Simple ...passed
              Test: BeyondEol ...    [FAILED] READ10 returned less
            passed
              Test: Async ...FAILED
                1. test_read10_async.c:98  - CU_ASSERT_EQUAL(ret,0)
            Suite: Unmap
              Test: VPD ...    [SKIPPED] UNMAP is not implemented.
            passed
              Test: Last ...
              Test: Teardown ...passed    [SKIPPED] PERSISTENT RESERVE IN is not implemented.
            Run Summary:    Type  Total    Ran Passed Failed Inactive
                          suites      1      1    n/a      0        0
            """;

    @org.junit.jupiter.api.Test
    void everyVerdictIsToldApart() {
        // Protects the table of verdicts: "passed" is printed after skips and complaints too.
        assertThat(TestCuOutput.parse(OUTPUT))
                .containsExactly(
                        new Test("Read10.Simple", Verdict.PASS, ""),
                        new Test("Read10.BeyondEol", Verdict.COMPLAINT, "READ10 returned less"),
                        new Test(
                                "Read10.Async",
                                Verdict.FAIL,
                                "test_read10_async.c:98  - CU_ASSERT_EQUAL(ret,0)"),
                        new Test("Unmap.VPD", Verdict.SKIP, "UNMAP is not implemented."),
                        new Test("Unmap.Last", Verdict.NO_VERDICT, ""),
                        new Test("Unmap.Teardown", Verdict.PASS, ""));
    }
}
