package io.ashlar.iscsi.session;

import io.ashlar.common.Payload;
import io.ashlar.common.VolumeId;
import io.ashlar.common.reservation.Notice;
import io.ashlar.iscsi.SessionRules;
import io.ashlar.iscsi.SessionRules.Rule;
import io.ashlar.iscsi.login.LoginIdentity;
import io.ashlar.iscsi.login.SessionParameters;
import io.ashlar.iscsi.pdu.AsyncMessagePdu;
import io.ashlar.iscsi.pdu.Bhs;
import io.ashlar.iscsi.pdu.DataArea;
import io.ashlar.iscsi.pdu.DataInPdu;
import io.ashlar.iscsi.pdu.DataOutPdu;
import io.ashlar.iscsi.pdu.InitiatorPdu;
import io.ashlar.iscsi.pdu.LogoutRequestPdu;
import io.ashlar.iscsi.pdu.LogoutResponsePdu;
import io.ashlar.iscsi.pdu.NopInPdu;
import io.ashlar.iscsi.pdu.NopOutPdu;
import io.ashlar.iscsi.pdu.RejectPdu;
import io.ashlar.iscsi.pdu.ScsiCommandPdu;
import io.ashlar.iscsi.pdu.ScsiResponsePdu;
import io.ashlar.iscsi.pdu.TargetPdu;
import io.ashlar.iscsi.pdu.TaskManagementRequestPdu;
import io.ashlar.iscsi.pdu.TextRequestPdu;
import io.ashlar.iscsi.scsi.ScsiNexus;
import io.ashlar.iscsi.scsi.ScsiStatus;
import io.ashlar.volume.Association;
import io.ashlar.volume.AssociationListener;
import io.ashlar.volume.HostConnection;
import io.ashlar.volume.Reset;
import io.netty.util.collection.IntObjectHashMap;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The full feature phase of a session, which has one connection: numbers PDUs, keeps the command
 * window, dispatches requests, and answers. A discovery session has neither association nor logical
 * units and serves text and logout only. Owned by the connection's shard.
 */
final class Session implements AssociationListener {
    private final TargetContext target;
    private final LoginIdentity identity;
    private final SessionParameters parameters;
    private final Effects effects;
    private final Lifecycle lifecycle;
    private final CommandWindow window;
    private final Credit credit;
    private final TextExchange texts;
    private final Pings pings = new Pings(this);
    private final TaskManagement management;
    private final TaskOrder order = new TaskOrder(task -> nexus().start(task));
    private final IntObjectHashMap<Task> tasks = new IntObjectHashMap<>();
    private @Nullable ScsiNexus nexus;
    private @Nullable Association association;
    private @Nullable HostConnection connection;
    private final Deliveries deliveries = new Deliveries(this::onDelivered);

    /** The command whose header is there, and the rest is not; it may hold memory already. */
    private @Nullable Task arriving;

    private byte[] discarded = new byte[0];
    private int immediateCount;
    private int statSn;
    private int transferTag;
    private boolean ended;

    /** What the connection does for its session. */
    interface Lifecycle {
        /** The initiator has logged out: close once all is sent. */
        void onLogout();

        /** The connection must end. */
        void onFatal(String reason);

        /** A copy of the header of the PDU that is being handled. */
        byte[] headerBytes();
    }

    Session(
            TargetContext target,
            LoginIdentity identity,
            SessionParameters parameters,
            int firstCmdSn,
            int firstStatSn,
            Effects effects,
            Lifecycle lifecycle) {
        this.target = target;
        this.identity = identity;
        this.parameters = parameters;
        this.effects = effects;
        this.lifecycle = lifecycle;
        this.statSn = firstStatSn;
        this.window =
                new CommandWindow(target.limits().commandWindow(), firstCmdSn, target.rules());
        this.credit = new Credit(target.limits().inFlightBytesMax(), effects::isWritable);
        this.texts = new TextExchange(this, target, identity.discovery());
        this.management = new TaskManagement(this);
    }

    /** The association stands: commands may come. */
    void associated(Association established) {
        association = established;
        connection = established.openConnection(pings::request);
        nexus = newNexus();
    }

    private ScsiNexus newNexus() {
        return new ScsiNexus(
                target.volumes(),
                identity.initiatorName(),
                identity.initiatorPort(),
                target.targetName(),
                target.rules());
    }

    LoginIdentity identity() {
        return identity;
    }

    SessionParameters parameters() {
        return parameters;
    }

    Credit credit() {
        return credit;
    }

    SessionRules rules() {
        return target.rules();
    }

    MemoryBudget budget() {
        return target.budget();
    }

    Deliveries deliveries() {
        return deliveries;
    }

    private void onDelivered(long command) {
        HostConnection host = connection;
        if (host != null) {
            host.delivered(command);
        }
    }

    CommandWindow window() {
        return window;
    }

    Association association() {
        return java.util.Objects.requireNonNull(association, "a normal session");
    }

    HostConnection connection() {
        return java.util.Objects.requireNonNull(connection, "a normal session");
    }

    ScsiNexus nexus() {
        return java.util.Objects.requireNonNull(nexus, "a normal session");
    }

    Pings pings() {
        return pings;
    }

    int taskCount() {
        return tasks.size();
    }

    /** Commands that wait for memory or for their turn. */
    int waitingCount() {
        return credit.waitingCount() + order.waitingCount();
    }

    @Nullable Task task(int initiatorTaskTag) {
        return tasks.get(initiatorTaskTag);
    }

    /** Whether task management functions of RFC 7144 were agreed on. */
    boolean hasQueries() {
        return parameters.protocolLevel() >= 2;
    }

    /** All tasks, in no order. */
    List<Task> allTasks() {
        return new ArrayList<>(tasks.values());
    }

    /** Ends all sessions of this one's host with this node. */
    void endAllOfHost() {
        target.sessions().onColdReset(identity.initiatorName());
    }

    /** All tasks for a LUN, in no order. */
    List<Task> tasksFor(long lun) {
        List<Task> found = new ArrayList<>();
        for (Task task : tasks.values()) {
            if (task.lun() == lun) {
                found.add(task);
            }
        }
        return found;
    }

    boolean isEnded() {
        return ended;
    }

    /** Bytes were read from the socket; comes before what is in them. */
    void onRead(int bytes, boolean queueEmpty) {
        HostConnection host = connection;
        if (host != null) {
            host.received(bytes, queueEmpty);
        }
    }

    /** What a command gets whose first byte has just come. */
    long stamp() {
        HostConnection host = connection;
        return host == null ? 0 : host.stamp();
    }

    // ---- requests

    /**
     * The header of a PDU is there.
     *
     * @return the task that it begins, if it does
     */
    @Nullable Task onHeader(InitiatorPdu pdu, DataArea area, long stamp) {
        deliveries.onPdu(pdu);
        switch (pdu) {
            case ScsiCommandPdu command -> {
                if (accepts(command)) {
                    Task task = new Task(this, command, stamp);
                    task.onHeader(area);
                    arriving = task;
                    return task;
                }
                discard(area);
            }
            case DataOutPdu data -> {
                Task task = taskOf(data, area.length());
                if (task == null) {
                    // of a task that was aborted, or that has ended: it may still come
                    discard(area);
                } else {
                    task.onDataHeader(data, area);
                }
            }
            default -> {}
        }
        return null;
    }

    private @Nullable Task taskOf(DataOutPdu data, int bytes) {
        if (target.rules().has(Rule.TASK_TAG)) {
            return tasks.get(data.initiatorTaskTag());
        }
        for (Task task : tasks.values()) {
            if (task.isOpenFor(data, bytes)) {
                return task;
            }
        }
        return null;
    }

    private boolean accepts(ScsiCommandPdu command) {
        if (ended || connection == null || tasks.containsKey(command.initiatorTaskTag())) {
            return false;
        }
        return command.immediate()
                ? immediateCount < target.limits().immediateCommandsMax()
                : window.accepts(command.cmdSn());
    }

    /** Reads a data segment to where nobody looks. */
    void discard(DataArea area) {
        if (discarded.length < area.length()) {
            discarded = new byte[area.length()];
        }
        area.use(discarded, 0);
    }

    /** A PDU is complete; {@code begun} is the task that its header began. */
    void onPdu(InitiatorPdu pdu, DataArea area, boolean intact, @Nullable Task begun) {
        if (!intact && !(pdu instanceof DataOutPdu)) {
            // RFC 7143 section 7.7; with ErrorRecoveryLevel 0 the way on is a new session
            reject(RejectPdu.DATA_DIGEST_ERROR);
            lifecycle.onFatal("data digest is wrong");
            return;
        }
        switch (pdu) {
            case ScsiCommandPdu command -> onCommand(command, area, begun);
            case DataOutPdu data -> {
                Task task = taskOf(data, area.length());
                if (!intact) {
                    reject(RejectPdu.DATA_DIGEST_ERROR);
                }
                if (task != null) {
                    task.onData(data, area.length(), intact);
                }
            }
            case NopOutPdu nop -> onNop(nop, area);
            case TaskManagementRequestPdu request -> {
                if (connection == null) {
                    reject(RejectPdu.COMMAND_NOT_SUPPORTED);
                } else {
                    inOrder(pdu, request.cmdSn(), () -> management.onRequest(request));
                }
            }
            case TextRequestPdu text -> {
                byte[] bytes = copy(area);
                inOrder(pdu, text.cmdSn(), () -> texts.onRequest(text, bytes));
            }
            case LogoutRequestPdu logout -> inOrder(pdu, logout.cmdSn(), () -> onLogout(logout));
            case io.ashlar.iscsi.pdu.SnackPdu _ -> reject(RejectPdu.SNACK_REJECT);
            case io.ashlar.iscsi.pdu.UnknownPdu _ -> reject(RejectPdu.COMMAND_NOT_SUPPORTED);
            case io.ashlar.iscsi.pdu.LoginRequestPdu _ -> {
                reject(RejectPdu.PROTOCOL_ERROR);
                lifecycle.onFatal("login request in the full feature phase");
            }
        }
    }

    private static byte[] copy(DataArea area) {
        byte[] bytes = new byte[area.length()];
        System.arraycopy(area.array(), area.offset(), bytes, 0, area.length());
        return bytes;
    }

    /** Runs what does not last: at once if it is immediate, else in the order of CmdSN. */
    private void inOrder(InitiatorPdu pdu, int cmdSn, Runnable action) {
        if (pdu.immediate()) {
            action.run();
        } else if (window.accepts(cmdSn)) {
            window.deliver(
                    cmdSn,
                    () -> {
                        window.finished();
                        if (!ended) {
                            action.run();
                        }
                    });
        }
    }

    private void onCommand(ScsiCommandPdu command, DataArea area, @Nullable Task begun) {
        if (begun == null) {
            if (connection == null) {
                reject(RejectPdu.COMMAND_NOT_SUPPORTED);
            } else if (tasks.containsKey(command.initiatorTaskTag())) {
                if (command.immediate() || window.accepts(command.cmdSn())) {
                    reject(RejectPdu.PROTOCOL_ERROR);
                    lifecycle.onFatal("initiator task tag is in use already");
                }
            } else if (command.immediate()) {
                reject(RejectPdu.TOO_MANY_IMMEDIATE);
            }
            // else outside of the command window: ignored, section 4.2.2.1
            return;
        }
        arriving = null;
        begun.onImmediateData(area.length());
        tasks.put(command.initiatorTaskTag(), begun);
        if (command.immediate()) {
            immediateCount++;
            order.add(begun);
        } else {
            window.deliver(
                    command.cmdSn(),
                    () -> {
                        begun.delivered();
                        if (begun.isOver()) {
                            window.finished();
                        } else if (!ended) {
                            order.add(begun);
                        }
                    });
        }
    }

    private void onNop(NopOutPdu nop, DataArea area) {
        if (nop.initiatorTaskTag() == Bhs.RESERVED_TAG) {
            pings.onAnswer(nop.targetTransferTag());
            return;
        }
        byte[] echo = copy(area);
        int bytes = Math.min(echo.length, parameters.maxSendDataSegmentLength());
        inOrder(
                nop,
                nop.cmdSn(),
                () ->
                        effects.send(
                                new NopInPdu(
                                        nop.lun(),
                                        nop.initiatorTaskTag(),
                                        Bhs.RESERVED_TAG,
                                        nextStatSn(),
                                        expCmdSn(),
                                        maxCmdSn()),
                                Payload.of(echo).slice(0, bytes)));
    }

    private void onLogout(LogoutRequestPdu logout) {
        if (logout.reason() == LogoutRequestPdu.REMOVE_FOR_RECOVERY) {
            answer(logout, LogoutResponsePdu.RECOVERY_NOT_SUPPORTED);
            return;
        }
        if (logout.reason() == LogoutRequestPdu.CLOSE_CONNECTION
                && logout.cid() != identity.cid()) {
            answer(logout, LogoutResponsePdu.CID_NOT_FOUND);
            return;
        }
        // answered when nothing of the session can take effect any more
        Runnable answer =
                () -> {
                    answer(logout, LogoutResponsePdu.CLOSED);
                    lifecycle.onLogout();
                };
        if (target.rules().has(Rule.LOGOUT_WAITS)) {
            end(answer);
        } else {
            answer.run();
        }
    }

    private void answer(LogoutRequestPdu logout, int response) {
        send(
                new LogoutResponsePdu(
                        response,
                        logout.initiatorTaskTag(),
                        nextStatSn(),
                        expCmdSn(),
                        maxCmdSn(),
                        parameters.defaultTime2Wait(),
                        parameters.defaultTime2Retain()));
    }

    // ---- answers

    void send(TargetPdu pdu) {
        effects.send(pdu, Payload.EMPTY);
    }

    void send(TargetPdu pdu, Payload data) {
        effects.send(pdu, data);
    }

    int peekStatSn() {
        return statSn;
    }

    int nextStatSn() {
        return statSn++;
    }

    int expCmdSn() {
        return window.expCmdSn();
    }

    int maxCmdSn() {
        return window.maxCmdSn();
    }

    /** Never the reserved tag. */
    int nextTransferTag() {
        transferTag = transferTag == Bhs.RESERVED_TAG - 1 ? 0 : transferTag + 1;
        return transferTag;
    }

    /** Takes a task off the books; its CmdSN is free for another. */
    void forget(Task task) {
        tasks.remove(task.command().initiatorTaskTag());
        if (task.command().immediate()) {
            immediateCount--;
        } else if (task.isDelivered()) {
            window.finished();
        }
        // else its CmdSN is free once its turn has come
        credit.forget(task);
        order.ended(task);
    }

    /** Whether a command begins as soon as it is complete, so that it may hold memory. */
    boolean beginsAtOnce(ScsiCommandPdu command) {
        return (command.immediate() || command.cmdSn() == window.expCmdSn())
                && order.isOpen(command.attribute());
    }

    /**
     * SCSI Response.
     *
     * @param sense with its length before it, or empty
     * @param transferBytes what the command would have transferred
     */
    void respond(Task task, int status, Payload sense, long transferBytes) {
        if (ended) {
            return;
        }
        long residual = transferBytes - task.expectedBytes();
        send(
                new ScsiResponsePdu(
                        residual > 0,
                        residual < 0,
                        0,
                        status,
                        task.command().initiatorTaskTag(),
                        nextStatSn(),
                        expCmdSn(),
                        maxCmdSn(),
                        task.dataSnSoFar(),
                        (int) Math.abs(residual)),
                sense);
    }

    /** Data-In PDUs, the last one with status GOOD, section 11.7.3. */
    void respondWithData(Task task, Payload data) {
        if (ended) {
            return;
        }
        int bytes = (int) Math.min(data.length(), task.expectedRead());
        if (bytes == 0) {
            respond(task, ScsiStatus.GOOD, Payload.EMPTY, data.length());
            return;
        }
        long residual = data.length() - task.expectedRead();
        int segmentMax = parameters.maxSendDataSegmentLength();
        int burstMax = parameters.maxBurstLength();
        int dataSn = 0;
        int burst = 0;
        for (int at = 0; at < bytes; ) {
            int segment = Math.min(Math.min(segmentMax, bytes - at), burstMax - burst);
            burst += segment;
            boolean last = at + segment == bytes;
            boolean sequenceEnds = last || burst == burstMax;
            effects.send(
                    new DataInPdu(
                            sequenceEnds,
                            last,
                            last && residual > 0,
                            last && residual < 0,
                            ScsiStatus.GOOD,
                            task.lun(),
                            task.command().initiatorTaskTag(),
                            last ? nextStatSn() : 0,
                            expCmdSn(),
                            maxCmdSn(),
                            dataSn++,
                            at,
                            last ? (int) Math.abs(residual) : 0),
                    data.slice(at, segment));
            at += segment;
            burst = sequenceEnds ? 0 : burst;
        }
    }

    /** Rejects the PDU that is being handled. */
    void reject(int reason) {
        effects.send(
                new RejectPdu(reason, nextStatSn(), expCmdSn(), maxCmdSn(), 0),
                Payload.of(lifecycle.headerBytes()));
    }

    // ---- the end

    /** Tells the initiator that the connection will be dropped, section 11.9. */
    void announceEnd() {
        if (!ended) {
            send(
                    new AsyncMessagePdu(
                            0,
                            nextStatSn(),
                            expCmdSn(),
                            maxCmdSn(),
                            AsyncMessagePdu.WILL_DROP_ALL_CONNECTIONS,
                            0,
                            parameters.defaultTime2Wait(),
                            0));
        }
    }

    /** Ends all tasks and the association; {@code done} runs when nothing can take effect. */
    void end(Runnable done) {
        abandonAll();
        HostConnection host = connection;
        Association whole = association;
        if (host == null || whole == null) {
            done.run();
            return;
        }
        host.closed();
        whole.close(done);
    }

    /** Another session has taken this one's place and fenced it; only the connection ends. */
    void replaced() {
        abandonAll();
        HostConnection host = connection;
        if (host != null) {
            host.closed();
        }
    }

    private void abandonAll() {
        ended = true;
        for (Task task : tasks.values().toArray(new Task[0])) {
            task.abandon();
        }
        Task half = arriving;
        if (half != null) {
            arriving = null;
            half.abandon();
        }
    }

    // ---- what happens to the association

    @Override
    public void volumeReset(VolumeId volume, Reset reset) {
        ifThere().onVolumeReset(volume, reset);
    }

    @Override
    public void pathsChanged(VolumeId volume) {
        ifThere().onPathsChanged(volume);
    }

    @Override
    public void volumesChanged() {
        ifThere().onVolumesChanged();
    }

    @Override
    public void capacityChanged(VolumeId volume) {
        ifThere().onCapacityChanged(volume);
    }

    @Override
    public void inquiryChanged(VolumeId volume) {
        ifThere().onInquiryChanged(volume);
    }

    @Override
    public void reservationsChanged(VolumeId volume, Notice.Kind kind) {
        ifThere().onReservationsChanged(volume, kind);
    }

    @Override
    public void mustClose(String reason) {
        lifecycle.onFatal(reason);
    }

    /** Events can come before the association's own callback. */
    private ScsiNexus ifThere() {
        ScsiNexus there = nexus;
        if (there == null) {
            there = newNexus();
            nexus = there;
        }
        return there;
    }
}
