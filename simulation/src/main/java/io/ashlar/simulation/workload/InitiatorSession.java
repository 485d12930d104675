package io.ashlar.simulation.workload;

import io.ashlar.common.Payload;
import io.ashlar.common.VolumeId;
import io.ashlar.iscsi.pdu.AsyncMessagePdu;
import io.ashlar.iscsi.pdu.Bhs;
import io.ashlar.iscsi.pdu.DataInPdu;
import io.ashlar.iscsi.pdu.DataOutPdu;
import io.ashlar.iscsi.pdu.LoginResponsePdu;
import io.ashlar.iscsi.pdu.LogoutResponsePdu;
import io.ashlar.iscsi.pdu.NopInPdu;
import io.ashlar.iscsi.pdu.R2tPdu;
import io.ashlar.iscsi.pdu.RejectPdu;
import io.ashlar.iscsi.pdu.ScsiResponsePdu;
import io.ashlar.iscsi.pdu.SerialNumber;
import io.ashlar.iscsi.pdu.TargetPdu;
import io.ashlar.iscsi.pdu.TaskManagementRequestPdu;
import io.ashlar.iscsi.pdu.TaskManagementResponsePdu;
import io.ashlar.iscsi.pdu.TextResponsePdu;
import io.ashlar.simulation.check.Violation;
import io.ashlar.simulation.world.SimRandom;
import io.ashlar.simulation.world.SimWorld;
import io.ashlar.volume.IoError;
import io.ashlar.volume.IoRequest;
import io.ashlar.volume.IoResult;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The initiator's side of a session's full feature phase, RFC 7143: numbers, command window, data,
 * task management. It keeps the rules, so whatever it is told against them is a violation:
 *
 * <ul>
 *   <li>S1: StatSN has no gap; a command is answered once, with all of its data; nothing is
 *       rejected.
 *   <li>S2: after a login, and after a reset by this session (of the unit, of the target, of the
 *       nexus), the next command to the unit is told so by a unit attention.
 * </ul>
 */
final class InitiatorSession {
    private static final double REPEAT_CHANCE = 0.05;
    private static final int STATUS_GOOD = 0x00;
    private static final int STATUS_CHECK_CONDITION = 0x02;
    private static final int STATUS_BUSY = 0x08;
    private static final int STATUS_TASK_SET_FULL = 0x28;
    private static final int STATUS_TASK_ABORTED = 0x40;

    /** A task management request that is not answered. */
    private record Management(
            int function, long lun, @Nullable VolumeId volume, long tag, long sent) {}

    private final IscsiPath path;
    private final InitiatorLogin login;
    private final SimRandom random;
    private final Map<Integer, IscsiTask> tasks = new TreeMap<>();
    private final Map<Long, IscsiTask> byTag = new TreeMap<>();
    private final ArrayDeque<IscsiTask> waiting = new ArrayDeque<>();
    private final Map<Integer, Management> managements = new HashMap<>();
    private final Map<Integer, Consumer<Boolean>> readiness = new HashMap<>();
    private final Set<Integer> answered = new HashSet<>();

    /** By LUN: commands that were sent after this one are told of what happened. */
    private final Map<Long, Long> owed = new HashMap<>();

    private int cmdSn = InitiatorLogin.FIRST_CMD_SN;
    private int maxCmdSn = cmdSn - 1;
    private int expStatSn;
    private int lastTag = 1;
    private long sent;

    InitiatorSession(IscsiPath path, InitiatorLogin login, SimRandom random) {
        this.path = path;
        this.login = login;
        this.random = random;
    }

    int cmdSn() {
        return cmdSn;
    }

    int expStatSn() {
        return expStatSn;
    }

    int nextTag() {
        return ++lastTag;
    }

    /** The units have something to tell to the next command. */
    void owesAttention(Collection<Long> luns) {
        luns.forEach(lun -> owed.put(lun, sent));
    }

    // ---- commands

    void begin(long tag, long lun, IoRequest request) {
        IscsiTask task = IscsiTask.of(tag, lun, nextTag(), request);
        byTag.put(tag, task);
        waiting.add(task);
        sendWaiting();
    }

    /** TEST UNIT READY, as path checkers send it. */
    void askIfReady(long lun, Consumer<Boolean> ready) {
        IscsiTask task = IscsiTask.testUnitReady(lun, nextTag());
        readiness.put(task.initiatorTaskTag, ready);
        waiting.add(task);
        sendWaiting();
    }

    private void sendWaiting() {
        while (!waiting.isEmpty() && !SerialNumber.isBefore(maxCmdSn, cmdSn)) {
            send(waiting.remove());
        }
    }

    private void send(IscsiTask task) {
        task.cmdSn = cmdSn++;
        task.sent = ++sent;
        tasks.put(task.initiatorTaskTag, task);
        int unasked = Math.min(task.out.length, login.firstBurst);
        int immediate = login.immediateData ? Math.min(unasked, login.segmentMax) : 0;
        boolean follows = !login.initialR2t && immediate < unasked;
        byte[] data = task.out(0, immediate);
        path.post(task.pdu(!follows, expStatSn), data);
        if (follows) {
            sendData(task, Bhs.RESERVED_TAG, immediate, unasked);
        } else if (random.chance(REPEAT_CHANCE)) {
            // section 7.2.1: a command that may have been lost goes again, with the same CmdSN
            path.world()
                    .after(
                            random.skewed(SimWorld.MICRO, 300 * SimWorld.MILLI),
                            () -> {
                                if (isOpen(task)) {
                                    path.post(task.pdu(true, expStatSn), data);
                                }
                            });
        }
    }

    private boolean isOpen(IscsiTask task) {
        return tasks.get(task.initiatorTaskTag) == task
                && !task.isAborting
                && !path.isAbandoned()
                && !path.isState(IscsiPath.State.LOGGING_OUT);
    }

    private void sendData(IscsiTask task, int transferTag, int from, int to) {
        int dataSn = 0;
        for (int at = from; at < to; ) {
            int end = Math.min(to, at + login.segmentMax);
            path.post(
                    new DataOutPdu(
                            end == to,
                            task.lun,
                            task.initiatorTaskTag,
                            transferTag,
                            expStatSn,
                            dataSn++,
                            at),
                    task.out(at, end));
            at = end;
        }
    }

    void abort(long tag) {
        IscsiTask task = byTag.get(tag);
        if (task == null) {
            return;
        }
        if (waiting.remove(task)) {
            byTag.remove(tag);
            path.world()
                    .after(
                            SimWorld.MICRO,
                            () -> {
                                if (!path.isAbandoned()) {
                                    path.listener().onAborted(path, tag);
                                }
                            });
            return;
        }
        task.isAborting = true;
        manage(TaskManagementRequestPdu.ABORT_TASK, task.lun, null, tag, task);
    }

    void manage(
            int function,
            long lun,
            @Nullable VolumeId volume,
            long tag,
            @Nullable IscsiTask referenced) {
        int mine = nextTag();
        managements.put(mine, new Management(function, lun, volume, tag, ++sent));
        path.post(
                new TaskManagementRequestPdu(
                        true,
                        function,
                        lun,
                        mine,
                        referenced == null ? Bhs.RESERVED_TAG : referenced.initiatorTaskTag,
                        cmdSn,
                        expStatSn,
                        referenced == null ? 0 : referenced.cmdSn),
                new byte[0]);
    }

    // ---- answers

    void onPdu(TargetPdu pdu, byte[] data) {
        switch (pdu) {
            case LoginResponsePdu response -> onLogin(response, data);
            case ScsiResponsePdu response -> {
                onNumbers(response.statSn(), true, response.maxCmdSn());
                onStatus(response.initiatorTaskTag(), response.status(), data);
            }
            case DataInPdu in -> onDataIn(in, data);
            case R2tPdu request -> {
                onNumbers(request.statSn(), false, request.maxCmdSn());
                onR2t(request);
            }
            case TaskManagementResponsePdu response -> {
                onNumbers(response.statSn(), true, response.maxCmdSn());
                onManaged(response);
            }
            case NopInPdu nop -> {
                boolean asks = nop.targetTransferTag() != Bhs.RESERVED_TAG;
                onNumbers(nop.statSn(), !asks, nop.maxCmdSn());
                if (asks) {
                    path.ping(Bhs.RESERVED_TAG, nop.targetTransferTag());
                }
            }
            case LogoutResponsePdu response -> {
                onNumbers(response.statSn(), true, response.maxCmdSn());
                if (response.response() == LogoutResponsePdu.CLOSED) {
                    path.listener().onLoggedOut(path);
                }
            }
            case AsyncMessagePdu message -> onNumbers(message.statSn(), true, message.maxCmdSn());
            case RejectPdu reject -> throw violation("a PDU was rejected: " + reject);
            case TextResponsePdu text -> throw violation("nobody asked: " + text);
        }
        if (!path.isAbandoned() && !path.isState(IscsiPath.State.LOGGING_OUT)) {
            sendWaiting();
        }
    }

    private static Violation violation(String what) {
        return new Violation("S1", what);
    }

    private void onLogin(LoginResponsePdu response, byte[] text) {
        if (response.status() != 0) {
            path.onRefused();
            return;
        }
        login.onAnswer(text);
        expStatSn = response.statSn() + 1;
        maxCmdSn = response.maxCmdSn();
        path.onLoggedIn();
    }

    private void onNumbers(int statSn, boolean isUsedUp, int newMaxCmdSn) {
        if (statSn != expStatSn) {
            throw violation("StatSN " + statSn + " where " + expStatSn + " must come");
        }
        if (isUsedUp) {
            expStatSn++;
        }
        if (SerialNumber.isBefore(maxCmdSn, newMaxCmdSn)) {
            maxCmdSn = newMaxCmdSn;
        }
    }

    private void onDataIn(DataInPdu in, byte[] data) {
        if (in.withStatus()) {
            onNumbers(in.statSn(), true, in.maxCmdSn());
        }
        IscsiTask task = tasks.get(in.initiatorTaskTag());
        if (task != null) {
            if (in.bufferOffset() != task.inBytes
                    || in.bufferOffset() + data.length > task.in.length) {
                throw violation("data out of order: " + in);
            }
            System.arraycopy(data, 0, task.in, in.bufferOffset(), data.length);
            task.inBytes += data.length;
        }
        if (in.withStatus()) {
            onStatus(in.initiatorTaskTag(), in.status(), new byte[0]);
        }
    }

    private void onR2t(R2tPdu request) {
        IscsiTask task = tasks.get(request.initiatorTaskTag());
        if (task == null) {
            if (answered.contains(request.initiatorTaskTag())) {
                throw violation("data is wanted for a command that was answered: " + request);
            }
            return; // it was aborted meanwhile
        }
        // it may take a while, in the order in which it was asked: DataSequenceInOrder is Yes
        long now = path.world().nowNanos();
        long at = now + random.skewed(SimWorld.MICRO, 50 * SimWorld.MILLI);
        task.dataNanos = Math.max(at, task.dataNanos + 1);
        path.world()
                .after(
                        task.dataNanos - now,
                        () -> {
                            if (isOpen(task)) {
                                sendData(
                                        task,
                                        request.targetTransferTag(),
                                        request.bufferOffset(),
                                        request.bufferOffset() + request.length());
                            }
                        });
    }

    private void onStatus(int initiatorTaskTag, int status, byte[] sense) {
        IscsiTask task = tasks.remove(initiatorTaskTag);
        if (task == null) {
            if (answered.contains(initiatorTaskTag)) {
                throw violation("command " + initiatorTaskTag + " was answered twice");
            }
            return; // it was aborted meanwhile
        }
        answered.add(initiatorTaskTag);
        boolean isAttention = false;
        IoResult result;
        switch (status) {
            case STATUS_GOOD -> {
                checkTold(task);
                if (task.inBytes != task.in.length) {
                    throw violation("only " + task.inBytes + " bytes of " + task.in.length);
                }
                result = new IoResult.Done(Payload.of(task.in));
            }
            case STATUS_CHECK_CONDITION -> {
                SenseData told = SenseData.of(sense);
                isAttention = told.isAttention();
                if (isAttention) {
                    owed.remove(task.lun);
                }
                if (told.isPathChange()) {
                    path.listener().onPathsChanged(path);
                }
                result = new IoResult.Failed(told.error());
            }
            case STATUS_BUSY -> result = new IoResult.Failed(IoError.FENCED);
            case STATUS_TASK_SET_FULL -> result = new IoResult.Failed(IoError.OVERLOADED);
            case STATUS_TASK_ABORTED -> result = new IoResult.Failed(IoError.ABORTED);
            default -> throw violation("status " + status);
        }
        Consumer<Boolean> ready = readiness.remove(initiatorTaskTag);
        if (ready != null) {
            if (isAttention) {
                askIfReady(task.lun, ready);
            } else {
                ready.accept(status == STATUS_GOOD);
            }
            return;
        }
        byTag.remove(task.tag);
        path.listener().onResult(path, task.tag, result);
    }

    private void checkTold(IscsiTask task) {
        Long since = owed.get(task.lun);
        if (since != null && task.sent > since) {
            throw new Violation(
                    "S2", "unit " + task.lun + " executes a command without a unit attention");
        }
    }

    private void onManaged(TaskManagementResponsePdu response) {
        Management asked = managements.remove(response.initiatorTaskTag());
        if (asked == null) {
            throw violation("nobody asked: " + response);
        }
        boolean isComplete = response.response() == TaskManagementResponsePdu.FUNCTION_COMPLETE;
        if (asked.volume == null) {
            if (isComplete) {
                IscsiTask task = byTag.remove(asked.tag);
                if (task != null) {
                    tasks.remove(task.initiatorTaskTag);
                }
                path.listener().onAborted(path, asked.tag);
            } else if (response.response() != TaskManagementResponsePdu.TASK_DOES_NOT_EXIST) {
                throw violation(response.toString());
            }
            return;
        }
        if (!isComplete) {
            throw violation(response.toString());
        }
        boolean isOfAllUnits =
                asked.function == TaskManagementRequestPdu.TARGET_WARM_RESET
                        || asked.function == TaskManagementRequestPdu.I_T_NEXUS_RESET;
        if (isOfAllUnits) {
            owesAttention(path.units());
        } else if (asked.function == TaskManagementRequestPdu.LOGICAL_UNIT_RESET) {
            owesAttention(List.of(asked.lun));
        }
        List<IscsiTask> ended =
                tasks.values().stream()
                        .filter(task ->
                                (isOfAllUnits || task.lun == asked.lun) && task.sent < asked.sent)
                        .toList();
        for (IscsiTask task : ended) {
            tasks.remove(task.initiatorTaskTag);
            byTag.remove(task.tag);
        }
        path.listener().onReset(path, asked.volume, asked.tag);
        for (IscsiTask task : ended) {
            if (!path.isAbandoned() && task.tag != IscsiTask.NO_TAG) {
                path.listener().onResult(path, task.tag, new IoResult.Failed(IoError.ABORTED));
            }
        }
    }
}
