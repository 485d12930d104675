package io.ashlar.iscsi.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.volume.IoError;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The table of CODE-STYLE section 6, SCSI's column. */
final class ErrorMappingTest {
    /** Protects hosts: what they do next depends on exactly these codes. */
    @ParameterizedTest
    @CsvSource({
        "OUT_OF_RANGE, check 5/2100",
        "NO_SUCH_VOLUME, check 5/2500",
        "UNRECOVERED_READ, check 3/1100",
        "WRITE_FAULT, check 3/0300",
        "MISCOMPARE, check e/1d00",
        "OUT_OF_SPACE, check 7/2707",
        "READ_ONLY, check 7/2700",
        "RESERVATION_CONFLICT, status 18",
        "INVALID_RELEASE, check 5/2604",
        "INVALID_RESERVATION, check 5/2600",
        "NO_REGISTRATION_ROOM, check 5/5504",
        "FENCED, status 08",
        "UNREACHABLE, check 2/040c",
        "IN_TRANSITION, check 2/040a",
        "OVERLOADED, status 28",
        "ABORTED, aborted",
        "INTERNAL, check 4/4400"
    })
    void everyErrorHasItsCode(IoError error, String expected) {
        FakeTask task = new FakeTask();
        ErrorMapping.fail(task, error, true);
        assertThat(task.outcome()).isEqualTo(expected);
    }

    /** Protects the table: a new error must get a line. */
    @ParameterizedTest
    @EnumSource(IoError.class)
    void everyErrorEndsTheTask(IoError error) {
        FakeTask task = new FakeTask();
        ErrorMapping.fail(task, error, false);
        assertThat(task.outcome()).isNotEmpty();
    }

    /** Protects from a hang: nothing ever ends that would make an empty task set less full. */
    @ParameterizedTest
    @EnumSource(names = "OVERLOADED")
    void overloadOfAnEmptyTaskSetIsBusy(IoError error) {
        FakeTask task = new FakeTask();
        ErrorMapping.fail(task, error, false);
        assertThat(task.outcome()).isEqualTo("status 08");
    }
}
