package io.ashlar.iscsi.session;

import io.ashlar.common.VolumeId;
import io.ashlar.iscsi.SessionRules.Rule;
import io.ashlar.iscsi.pdu.SerialNumber;
import io.ashlar.iscsi.pdu.TaskManagementRequestPdu;
import io.ashlar.iscsi.pdu.TaskManagementResponsePdu;
import io.ashlar.volume.Reset;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * Task management, RFC 7143 section 11.5 and RFC 7144 section 4: answered when what was aborted can
 * no longer take effect by any path, not before. All units have one task set for all nexuses (TST
 * 000b), which no node holds alone: what concerns other nexuses goes by the volume's owner.
 */
final class TaskManagement {
    /**
     * Requests that are not answered yet; above it they are refused, as nothing else bounds them.
     */
    static final int OPEN_MAX = 64;

    private final Session session;
    private int open;

    TaskManagement(Session session) {
        this.session = session;
    }

    void onRequest(TaskManagementRequestPdu request) {
        if (open >= OPEN_MAX) {
            send(request, TaskManagementResponsePdu.FUNCTION_REJECTED, 0);
            return;
        }
        open++;
        switch (request.function()) {
            case TaskManagementRequestPdu.ABORT_TASK -> abortTask(request);
            case TaskManagementRequestPdu.ABORT_TASK_SET -> abortTaskSet(request);
            case TaskManagementRequestPdu.CLEAR_TASK_SET -> clearTaskSet(request);
            case TaskManagementRequestPdu.LOGICAL_UNIT_RESET -> resetUnit(request);
            case TaskManagementRequestPdu.TARGET_WARM_RESET -> resetTarget(request, Reset.TARGET);
            case TaskManagementRequestPdu.TARGET_COLD_RESET -> resetTarget(request, Reset.POWER_ON);
            case TaskManagementRequestPdu.TASK_REASSIGN ->
                    answer(request, TaskManagementResponsePdu.REASSIGNMENT_NOT_SUPPORTED);
            case TaskManagementRequestPdu.CLEAR_ACA ->
                    answer(request, TaskManagementResponsePdu.NOT_SUPPORTED);
            case TaskManagementRequestPdu.QUERY_TASK,
                    TaskManagementRequestPdu.QUERY_TASK_SET,
                    TaskManagementRequestPdu.I_T_NEXUS_RESET,
                    TaskManagementRequestPdu.QUERY_ASYNCHRONOUS_EVENT -> {
                if (session.hasQueries()) {
                    onLaterFunction(request);
                } else {
                    answer(request, TaskManagementResponsePdu.FUNCTION_REJECTED);
                }
            }
            default -> answer(request, TaskManagementResponsePdu.FUNCTION_REJECTED);
        }
    }

    /** The functions of RFC 7144. */
    private void onLaterFunction(TaskManagementRequestPdu request) {
        if (request.function() == TaskManagementRequestPdu.I_T_NEXUS_RESET) {
            resetNexus(request);
            return;
        }
        if (session.nexus().volumeAt(request.lun()) == null) {
            answer(request, TaskManagementResponsePdu.LUN_DOES_NOT_EXIST);
            return;
        }
        switch (request.function()) {
            case TaskManagementRequestPdu.QUERY_TASK -> {
                Task task = session.task(request.referencedTaskTag());
                answerQuery(request, task != null && task.lun() == request.lun(), 0);
            }
            case TaskManagementRequestPdu.QUERY_TASK_SET ->
                    answerQuery(request, !session.tasksFor(request.lun()).isEmpty(), 0);
            default -> {
                int pending = session.nexus().pendingAttention(request.lun());
                answerQuery(request, pending != 0, pending);
            }
        }
    }

    // ---- one task, and all tasks of this nexus

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
        forAll(session.tasksFor(request.lun()), this::abort, () -> complete(request));
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

    /**
     * I_T NEXUS RESET: all commands of this nexus, its reservations of SPC-2, and a unit attention
     * by every unit (SAM-5 section 6.3.4). The session goes on.
     */
    private void resetNexus(TaskManagementRequestPdu request) {
        Set<VolumeId> volumes = session.nexus().mapped();
        session.allTasks().forEach(Task::abandon);
        Runnable done =
                () -> {
                    session.nexus().onNexusReset();
                    complete(request);
                };
        if (session.rules().has(Rule.NEXUS_RESET_WAITS)) {
            session.association().resetNexus(volumes, done);
        } else {
            done.run();
        }
    }

    // ---- the tasks of all nexuses

    private void clearTaskSet(TaskManagementRequestPdu request) {
        VolumeId volume = session.nexus().volumeAt(request.lun());
        if (volume == null) {
            answer(request, TaskManagementResponsePdu.LUN_DOES_NOT_EXIST);
            return;
        }
        session.tasksFor(request.lun()).forEach(Task::abandon);
        if (session.rules().has(Rule.CLEAR_WAITS)) {
            session.association().clear(volume, () -> complete(request));
        } else {
            complete(request);
        }
    }

    private void resetUnit(TaskManagementRequestPdu request) {
        VolumeId volume = session.nexus().volumeAt(request.lun());
        if (volume == null) {
            answer(request, TaskManagementResponsePdu.LUN_DOES_NOT_EXIST);
            return;
        }
        session.tasksFor(request.lun()).forEach(Task::abandon);
        Runnable done =
                () -> {
                    // this nexus too is told, SAM-5 section 6.3.3
                    session.nexus().onVolumeReset(volume, Reset.LOGICAL_UNIT);
                    complete(request);
                };
        if (session.rules().has(Rule.UNIT_RESET_WAITS)) {
            session.association().reset(volume, Reset.LOGICAL_UNIT, done);
        } else {
            done.run();
        }
    }

    /** All units that this host sees; others see them reset as by LOGICAL UNIT RESET. */
    private void resetTarget(TaskManagementRequestPdu request, Reset reset) {
        Set<VolumeId> volumes = session.nexus().mapped();
        session.allTasks().forEach(Task::abandon);
        Runnable done =
                () -> {
                    volumes.forEach(volume -> session.nexus().onVolumeReset(volume, reset));
                    complete(request);
                    if (reset == Reset.POWER_ON) {
                        session.endAllOfHost();
                    }
                };
        if (session.rules().has(Rule.TARGET_RESET_WAITS)) {
            forAll(volumes, (volume, one) -> session.association().reset(volume, reset, one), done);
        } else {
            done.run();
        }
    }

    // ---- answers

    /** Does it to each, and runs {@code done} when all have said that they are done. */
    private static <T> void forAll(
            Collection<T> all, BiConsumer<T, Runnable> action, Runnable done) {
        int[] left = {all.size() + 1};
        Runnable one =
                () -> {
                    if (--left[0] == 0) {
                        done.run();
                    }
                };
        List.copyOf(all).forEach(each -> action.accept(each, one));
        one.run();
    }

    private void complete(TaskManagementRequestPdu request) {
        answer(request, TaskManagementResponsePdu.FUNCTION_COMPLETE);
    }

    /** SAM-5 sections 7.9 to 7.11: FUNCTION SUCCEEDED if what is asked for is there. */
    private void answerQuery(TaskManagementRequestPdu request, boolean isThere, int additional) {
        answer(
                request,
                isThere
                        ? TaskManagementResponsePdu.FUNCTION_SUCCEEDED
                        : TaskManagementResponsePdu.FUNCTION_COMPLETE,
                additional);
    }

    private void answer(TaskManagementRequestPdu request, int response) {
        answer(request, response, 0);
    }

    private void answer(TaskManagementRequestPdu request, int response, int additional) {
        open--;
        send(request, response, additional);
    }

    private void send(TaskManagementRequestPdu request, int response, int additional) {
        if (!session.isEnded()) {
            session.send(
                    new TaskManagementResponsePdu(
                            response,
                            additional,
                            request.initiatorTaskTag(),
                            session.nextStatSn(),
                            session.expCmdSn(),
                            session.maxCmdSn()));
        }
    }
}
