package io.ashlar.iscsi.session;

import io.ashlar.common.VolumeId;
import io.ashlar.iscsi.SessionRules.Rule;
import io.ashlar.iscsi.pdu.SerialNumber;
import io.ashlar.iscsi.pdu.TaskManagementRequestPdu;
import io.ashlar.iscsi.pdu.TaskManagementResponsePdu;
import java.util.List;

/**
 * Task management, RFC 7143 section 11.5: answered when what was aborted can no longer take effect
 * by any path, not before.
 */
final class TaskManagement {
    private final Session session;

    TaskManagement(Session session) {
        this.session = session;
    }

    void onRequest(TaskManagementRequestPdu request) {
        switch (request.function()) {
            case TaskManagementRequestPdu.ABORT_TASK -> abortTask(request);
            case TaskManagementRequestPdu.ABORT_TASK_SET -> abortTaskSet(request);
            case TaskManagementRequestPdu.LOGICAL_UNIT_RESET -> reset(request);
            case TaskManagementRequestPdu.TASK_REASSIGN ->
                    answer(request, TaskManagementResponsePdu.REASSIGNMENT_NOT_SUPPORTED);
            case TaskManagementRequestPdu.CLEAR_ACA,
                    TaskManagementRequestPdu.CLEAR_TASK_SET,
                    TaskManagementRequestPdu.TARGET_WARM_RESET,
                    TaskManagementRequestPdu.TARGET_COLD_RESET ->
                    answer(request, TaskManagementResponsePdu.NOT_SUPPORTED);
            default -> answer(request, TaskManagementResponsePdu.FUNCTION_REJECTED);
        }
    }

    private void abortTask(TaskManagementRequestPdu request) {
        Task task = session.task(request.referencedTaskTag());
        if (task != null) {
            if (task.lun() != request.lun()) {
                answer(request, TaskManagementResponsePdu.TASK_DOES_NOT_EXIST);
            } else {
                abort(task, () -> complete(request));
            }
            return;
        }
        int refCmdSn = request.refCmdSn();
        if (session.window().accepts(refCmdSn)
                && SerialNumber.isBefore(refCmdSn, request.cmdSn())) {
            // it is on its way: taken as received, so that it is ignored when it comes (11.5.5)
            session.window().consider(refCmdSn);
            abortUnsubmitted(request.lun(), () -> complete(request));
        } else {
            answer(request, TaskManagementResponsePdu.TASK_DOES_NOT_EXIST);
        }
    }

    private void abortTaskSet(TaskManagementRequestPdu request) {
        if (session.nexus().volumeAt(request.lun()) == null) {
            answer(request, TaskManagementResponsePdu.LUN_DOES_NOT_EXIST);
            return;
        }
        List<Task> tasks = session.tasksFor(request.lun());
        int[] left = {tasks.size() + 1};
        Runnable done =
                () -> {
                    if (--left[0] == 0) {
                        complete(request);
                    }
                };
        tasks.forEach(task -> abort(task, done));
        done.run();
    }

    private void abort(Task task, Runnable done) {
        boolean submitted = task.isSubmitted();
        long number = task.submittedNumber();
        task.abandon();
        if (!submitted) {
            abortUnsubmitted(task.lun(), done);
        } else if (session.rules().has(Rule.TASK_ABORT_WAITS)) {
            session.association().abort(number, done);
        } else {
            done.run();
        }
    }

    /** Nothing of it is below, but the host may have sent it by another path before. */
    private void abortUnsubmitted(long lun, Runnable done) {
        VolumeId volume = session.nexus().volumeAt(lun);
        if (volume != null && session.rules().has(Rule.UNSUBMITTED_ABORT_WAITS)) {
            session.association().abortUnsubmitted(volume, done);
        } else {
            done.run();
        }
    }

    private void reset(TaskManagementRequestPdu request) {
        VolumeId volume = session.nexus().volumeAt(request.lun());
        if (volume == null) {
            answer(request, TaskManagementResponsePdu.LUN_DOES_NOT_EXIST);
            return;
        }
        session.tasksFor(request.lun()).forEach(Task::abandon);
        Runnable done =
                () -> {
                    // this nexus too is told, SAM-5 section 6.3.3
                    session.nexus().onVolumeReset(volume);
                    complete(request);
                };
        if (session.rules().has(Rule.UNIT_RESET_WAITS)) {
            session.association().reset(volume, done);
        } else {
            done.run();
        }
    }

    private void complete(TaskManagementRequestPdu request) {
        answer(request, TaskManagementResponsePdu.FUNCTION_COMPLETE);
    }

    private void answer(TaskManagementRequestPdu request, int response) {
        if (!session.isEnded()) {
            session.send(
                    new TaskManagementResponsePdu(
                            response,
                            request.initiatorTaskTag(),
                            session.nextStatSn(),
                            session.expCmdSn(),
                            session.maxCmdSn()));
        }
    }
}
