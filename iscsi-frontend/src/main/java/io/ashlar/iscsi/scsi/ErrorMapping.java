package io.ashlar.iscsi.scsi;

import io.ashlar.volume.IoError;

/**
 * The one place where {@link IoError} becomes SCSI status and sense. Changes together with the
 * table of CODE-STYLE section 6 and {@code ErrorMappingTest}.
 */
final class ErrorMapping {
    private ErrorMapping() {}

    /**
     * Ends the task with what the error means.
     *
     * @param othersInTaskSet whether the task set holds other commands: TASK SET FULL tells an
     *     initiator to wait for one of them, which needs one
     */
    static void fail(ScsiTask task, IoError error, boolean othersInTaskSet) {
        switch (error) {
            case OUT_OF_RANGE -> task.check(Sense.LBA_OUT_OF_RANGE);
            case NO_SUCH_VOLUME -> task.check(Sense.NO_SUCH_LUN);
            case UNRECOVERED_READ -> task.check(Sense.UNRECOVERED_READ);
            case WRITE_FAULT -> task.check(Sense.WRITE_FAULT);
            case MISCOMPARE -> task.check(Sense.MISCOMPARE);
            case OUT_OF_SPACE -> task.check(Sense.OUT_OF_SPACE);
            case READ_ONLY -> task.check(Sense.WRITE_PROTECTED);
            case RESERVATION_CONFLICT -> task.status(ScsiStatus.RESERVATION_CONFLICT);
            case INVALID_RELEASE -> task.check(Sense.INVALID_RELEASE);
            case INVALID_RESERVATION -> task.check(Sense.INVALID_FIELD_IN_LIST);
            case NO_REGISTRATION_ROOM -> task.check(Sense.NO_REGISTRATION_ROOM);
            case FENCED -> task.status(ScsiStatus.BUSY);
            case UNREACHABLE -> task.check(Sense.UNAVAILABLE);
            case IN_TRANSITION -> task.check(Sense.IN_TRANSITION);
            case OVERLOADED ->
                    task.status(othersInTaskSet ? ScsiStatus.TASK_SET_FULL : ScsiStatus.BUSY);
            case ABORTED -> task.abortedByOther();
            case INTERNAL -> task.check(Sense.INTERNAL);
        }
    }
}
