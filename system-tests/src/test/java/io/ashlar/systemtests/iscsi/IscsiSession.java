package io.ashlar.systemtests.iscsi;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A normal iSCSI session of one connection (RFC 7143), error recovery level 0. It checks what the
 * target sends more strictly than real initiators do: sequence numbers, order and length of data. A
 * breach ends the session with {@link ProtocolViolation}.
 *
 * <p>Safe for many threads. One virtual thread reads, one writes, so that a target that does not
 * read until its own answers were read is no deadlock.
 */
public final class IscsiSession implements AutoCloseable {
    /** Near the wrap, so that every session soon passes it (RFC 1982 arithmetic). */
    private static final int FIRST_CMD_SN = 0xffffffc0;

    private static final int ABORT_TASK = 1;
    private static final int LOGICAL_UNIT_RESET = 5;
    private static final int FUNCTION_COMPLETE = 0;
    private static final int TASK_DOES_NOT_EXIST = 1;

    private final SessionOptions options;
    private final Socket socket;
    private final Negotiated negotiated;
    private final DataInputStream in;
    private final BufferedOutputStream out;
    private final BlockingQueue<Pdu> outgoing = new LinkedBlockingQueue<>();
    private final Map<Integer, PendingCommand> commands = new ConcurrentHashMap<>();
    private final Map<Integer, CompletableFuture<Pdu>> requests = new ConcurrentHashMap<>();
    private final CompletableFuture<Throwable> ended = new CompletableFuture<>();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition windowOpened = lock.newCondition();
    // Guarded by lock.
    private int cmdSn;
    private int maxCmdSn;
    private int nextTaskTag = 1;

    private volatile int expStatSn;

    private IscsiSession(
            SessionOptions options,
            Socket socket,
            DataInputStream in,
            BufferedOutputStream out,
            LoginPhase login,
            Negotiated negotiated) {
        this.options = options;
        this.socket = socket;
        this.in = in;
        this.out = out;
        this.negotiated = negotiated;
        this.cmdSn = login.expCmdSn();
        this.maxCmdSn = login.maxCmdSn();
        this.expStatSn = login.expStatSn();
    }

    /** Connects and logs in. */
    public static IscsiSession login(SessionOptions options) throws IOException {
        return open(options, false);
    }

    static IscsiSession open(SessionOptions options, boolean discovery) throws IOException {
        int timeoutMillis = Math.toIntExact(options.loginTimeout().toMillis());
        Socket socket = new Socket();
        try {
            socket.connect(options.portal(), timeoutMillis);
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(timeoutMillis);
            var in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 1 << 16));
            var out = new BufferedOutputStream(socket.getOutputStream(), 1 << 16);
            LoginPhase login = new LoginPhase(options, in, out, FIRST_CMD_SN);
            Negotiated negotiated = login.run(discovery);
            if (login.expCmdSn() != FIRST_CMD_SN) {
                throw new ProtocolViolation("ExpCmdSN %x after login".formatted(login.expCmdSn()));
            }
            socket.setSoTimeout(0);
            var session = new IscsiSession(options, socket, in, out, login, negotiated);
            Thread.ofVirtual().name(session + " in").start(session::readAll);
            Thread.ofVirtual().name(session + " out").start(session::writeAll);
            return session;
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    public int targetPortalGroupTag() {
        return negotiated.targetPortalGroupTag();
    }

    public boolean isOpen() {
        return !ended.isDone();
    }

    /** Why it ended; null while it is open. */
    public Throwable end() {
        return ended.getNow(null);
    }

    /**
     * Sends a command.
     *
     * @param windowTimeout how long to wait for room in the command window (MaxCmdSN)
     * @throws TimeoutException when there was no room in time; nothing was sent
     */
    public PendingCommand start(ScsiCommand command, Duration windowTimeout)
            throws IOException, TimeoutException, InterruptedException {
        long nanos = windowTimeout.toNanos();
        lock.lock();
        try {
            while (cmdSn - maxCmdSn > 0 && isOpen()) {
                if (nanos <= 0) {
                    throw new TimeoutException(this + ": command window closed");
                }
                nanos = windowOpened.awaitNanos(nanos);
            }
            PendingCommand pending = new PendingCommand(command, nextTaskTag++, cmdSn++);
            commands.put(pending.initiatorTaskTag, pending);
            if (!isOpen()) {
                commands.remove(pending.initiatorTaskTag);
                throw new SessionLost(toString(), end());
            }
            sendCommand(pending);
            return pending;
        } finally {
            lock.unlock();
        }
    }

    /** Sends a command and waits for its end. */
    public ScsiResult execute(ScsiCommand command, Duration timeout)
            throws IOException, TimeoutException, InterruptedException {
        return start(command, timeout).await(timeout);
    }

    /**
     * ABORT TASK. Returns when the target has said that the command can no longer take effect; the
     * command then ends with {@link Aborted}, unless its own status came first.
     */
    public void abort(PendingCommand pending, Duration timeout)
            throws IOException, TimeoutException, InterruptedException {
        int response =
                manageTask(
                        ABORT_TASK,
                        pending.command.lun(),
                        pending.initiatorTaskTag,
                        pending.cmdSn,
                        timeout);
        if (response != FUNCTION_COMPLETE && response != TASK_DOES_NOT_EXIST) {
            throw new IOException("ABORT TASK answered " + response);
        }
        commands.remove(pending.initiatorTaskTag);
        pending.outcome.completeExceptionally(new Aborted(pending.command));
    }

    /** LOGICAL UNIT RESET. */
    public void reset(int lun, Duration timeout)
            throws IOException, TimeoutException, InterruptedException {
        int response = manageTask(LOGICAL_UNIT_RESET, lun, Pdu.RESERVED_TAG, 0, timeout);
        if (response != FUNCTION_COMPLETE) {
            throw new IOException("LOGICAL UNIT RESET answered " + response);
        }
    }

    /** NOP-Out with a ping, answered. */
    public void ping(Duration timeout) throws IOException, TimeoutException, InterruptedException {
        Pdu ping = Pdu.of(Opcode.NOP_OUT, true).set8(1, 0x80).set32(20, Pdu.RESERVED_TAG);
        request(ping, Opcode.NOP_IN, timeout);
    }

    Pdu text(byte[] text, Duration timeout)
            throws IOException, TimeoutException, InterruptedException {
        Pdu request = Pdu.of(Opcode.TEXT_REQUEST, true, text, 0, text.length);
        request.set8(1, 0x80).set32(20, Pdu.RESERVED_TAG);
        return request(request, Opcode.TEXT_RESPONSE, timeout);
    }

    /** Logs out in order and closes. */
    public void logout(Duration timeout)
            throws IOException, TimeoutException, InterruptedException {
        try {
            Pdu logout = Pdu.of(Opcode.LOGOUT_REQUEST, true).set8(1, 0x80);
            int response = request(logout, Opcode.LOGOUT_RESPONSE, timeout).int8(2);
            if (response != 0) {
                throw new IOException("logout answered " + response);
            }
        } finally {
            close();
        }
    }

    /** Drops the connection without a word; the outcome of what was under way is unknown. */
    @Override
    public void close() {
        end(new IOException("closed by the initiator"));
    }

    @Override
    public String toString() {
        return "session %s (ISID %d)"
                .formatted(options.portal().toString(), options.isidQualifier());
    }

    private int manageTask(int function, int lun, int taskTag, int refCmdSn, Duration timeout)
            throws IOException, TimeoutException, InterruptedException {
        Pdu request = Pdu.of(Opcode.TASK_MANAGEMENT_REQUEST, true);
        request.set8(1, 0x80 | function).setLun(lun).set32(20, taskTag).set32(32, refCmdSn);
        return request(request, Opcode.TASK_MANAGEMENT_RESPONSE, timeout).int8(2);
    }

    /** Sends an immediate request with a tag of its own and waits for the PDU that bears it. */
    private Pdu request(Pdu request, int responseOpcode, Duration timeout)
            throws IOException, TimeoutException, InterruptedException {
        CompletableFuture<Pdu> response = new CompletableFuture<>();
        int tag;
        lock.lock();
        try {
            tag = nextTaskTag++;
            requests.put(tag, response);
            if (!isOpen()) {
                requests.remove(tag);
                throw new SessionLost(toString(), end());
            }
            outgoing.add(request.set32(16, tag).set32(24, cmdSn));
        } finally {
            lock.unlock();
        }
        try {
            Pdu pdu = response.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
            if (pdu.opcode() != responseOpcode) {
                throw end(new ProtocolViolation("unexpected answer " + pdu));
            }
            return pdu;
        } catch (ExecutionException e) {
            throw new SessionLost(toString(), e.getCause());
        }
    }

    // ---- sending ----

    private void sendCommand(PendingCommand pending) {
        ScsiCommand command = pending.command;
        byte[] data = command.dataOut();
        int immediateBytes =
                !negotiated.immediateData()
                        ? 0
                        : Math.min(
                                data.length,
                                Math.min(
                                        negotiated.firstBurstBytes(),
                                        negotiated.sendSegmentBytes()));
        int unsolicitedBytes =
                negotiated.initialR2t()
                        ? immediateBytes
                        : Math.min(data.length, negotiated.firstBurstBytes());
        Pdu pdu = Pdu.of(Opcode.SCSI_COMMAND, false, data, 0, immediateBytes);
        int flags = unsolicitedBytes > immediateBytes ? 0 : 0x80;
        flags |= command.isRead() ? 0x40 : 0;
        flags |= command.isWrite() ? 0x20 : 0;
        pdu.set8(1, flags | 1).setLun(command.lun()).set32(16, pending.initiatorTaskTag);
        pdu.set32(20, command.isWrite() ? data.length : command.dataInBytes());
        pdu.set32(24, pending.cmdSn).setBytes(32, command.cdb());
        outgoing.add(pdu);
        sendData(pending, Pdu.RESERVED_TAG, immediateBytes, unsolicitedBytes);
    }

    private void sendData(PendingCommand pending, int targetTransferTag, int from, int to) {
        int dataSn = 0;
        for (int offset = from; offset < to; ) {
            int bytes = Math.min(to - offset, negotiated.sendSegmentBytes());
            boolean last = offset + bytes == to;
            Pdu pdu =
                    Pdu.of(Opcode.DATA_OUT, false, pending.command.dataOut(), offset, bytes)
                            .set8(1, last ? 0x80 : 0)
                            .setLun(pending.command.lun())
                            .set32(16, pending.initiatorTaskTag)
                            .set32(20, targetTransferTag)
                            .set32(36, dataSn++)
                            .set32(40, offset);
            outgoing.add(pdu);
            offset += bytes;
        }
    }

    private void writeAll() {
        try {
            while (isOpen()) {
                Pdu pdu = outgoing.poll();
                if (pdu == null) {
                    out.flush();
                    pdu = outgoing.poll(1, TimeUnit.SECONDS);
                }
                if (pdu != null) {
                    pdu.set32(28, expStatSn).write(out);
                }
            }
        } catch (IOException e) {
            end(e);
        } catch (InterruptedException e) {
            end(new IOException("interrupted", e));
        }
    }

    // ---- receiving, all on one thread ----

    private void readAll() {
        try {
            while (isOpen()) {
                receive(Pdu.read(in));
            }
        } catch (IOException e) {
            end(e);
        } catch (RuntimeException e) {
            end(new ProtocolViolation(e.toString()));
        }
    }

    private void receive(Pdu pdu) throws IOException {
        switch (pdu.opcode()) {
            case Opcode.SCSI_RESPONSE -> onResponse(pdu);
            case Opcode.DATA_IN -> onDataIn(pdu);
            case Opcode.R2T -> onR2t(pdu);
            case Opcode.NOP_IN -> onNopIn(pdu);
            case Opcode.TASK_MANAGEMENT_RESPONSE, Opcode.TEXT_RESPONSE, Opcode.LOGOUT_RESPONSE -> {
                takeStatSn(pdu);
                onAnswer(pdu);
            }
            case Opcode.ASYNC_MESSAGE -> onAsyncMessage(pdu);
            case Opcode.REJECT ->
                    throw new ProtocolViolation("a valid PDU was rejected, " + pdu.int8(2));
            default -> throw new ProtocolViolation("unknown opcode: " + pdu);
        }
        openWindow(pdu.int32(28), pdu.int32(32));
    }

    private void onResponse(Pdu pdu) throws IOException {
        takeStatSn(pdu);
        PendingCommand pending = ending(pdu);
        if (pdu.int8(2) != 0) {
            throw new ProtocolViolation("iSCSI response code " + pdu.int8(2));
        }
        byte[] sense = new byte[0];
        if (pdu.dataBytes() >= 2) {
            int senseBytes = (pdu.data()[0] & 0xff) << 8 | (pdu.data()[1] & 0xff);
            if (senseBytes > pdu.dataBytes() - 2) {
                throw new ProtocolViolation("SenseLength " + senseBytes + " in " + pdu);
            }
            sense = Arrays.copyOfRange(pdu.data(), 2, 2 + senseBytes);
        }
        finish(pending, pdu, sense);
    }

    private void onDataIn(Pdu pdu) throws IOException {
        PendingCommand pending = commands.get(pdu.initiatorTaskTag());
        if (pending == null) {
            throw new ProtocolViolation("Data-In for no command: " + pdu);
        }
        int offset = pdu.int32(40);
        if (pdu.int32(36) != pending.dataInPdus || offset != pending.dataInBytes) {
            throw new ProtocolViolation(
                    "DataSN %d offset %d, expected %d and %d"
                            .formatted(
                                    pdu.int32(36),
                                    offset,
                                    pending.dataInPdus,
                                    pending.dataInBytes));
        }
        if (pdu.dataBytes() > pending.dataIn.length - offset) {
            throw new ProtocolViolation("more data than asked for: " + pdu);
        }
        System.arraycopy(pdu.data(), 0, pending.dataIn, offset, pdu.dataBytes());
        pending.dataInBytes += pdu.dataBytes();
        pending.dataInPdus++;
        boolean hasStatus = (pdu.int8(1) & 1) != 0;
        if (hasStatus) {
            takeStatSn(pdu);
            finish(ending(pdu), pdu, new byte[0]);
        }
    }

    private PendingCommand ending(Pdu pdu) throws ProtocolViolation {
        PendingCommand pending = commands.remove(pdu.initiatorTaskTag());
        if (pending == null) {
            throw new ProtocolViolation("status for no command: " + pdu);
        }
        return pending;
    }

    private void finish(PendingCommand pending, Pdu pdu, byte[] sense) throws ProtocolViolation {
        int status = pdu.int8(3);
        boolean underflow = (pdu.int8(1) & 2) != 0;
        boolean overflow = (pdu.int8(1) & 4) != 0;
        int missing = underflow ? pdu.int32(44) : 0;
        if (status == ScsiResult.GOOD
                && !overflow
                && pending.dataInBytes != pending.dataIn.length - missing
                && pending.command.isRead()) {
            throw new ProtocolViolation(
                    "%d of %d bytes read, residual %d"
                            .formatted(pending.dataInBytes, pending.dataIn.length, missing));
        }
        byte[] dataIn =
                pending.dataInBytes == pending.dataIn.length
                        ? pending.dataIn
                        : Arrays.copyOf(pending.dataIn, pending.dataInBytes);
        pending.outcome.complete(new ScsiResult(status, sense, dataIn));
    }

    private void onR2t(Pdu pdu) throws ProtocolViolation {
        PendingCommand pending = commands.get(pdu.initiatorTaskTag());
        if (pending == null || !pending.command.isWrite()) {
            throw new ProtocolViolation("R2T for no write: " + pdu);
        }
        int offset = pdu.int32(40);
        int bytes = pdu.int32(44);
        if (pdu.int32(36) != pending.r2ts++
                || bytes <= 0
                || bytes > negotiated.maxBurstBytes()
                || offset < 0
                || offset > pending.command.dataOut().length - bytes) {
            throw new ProtocolViolation("wrong R2T: " + pdu);
        }
        sendData(pending, pdu.targetTransferTag(), offset, offset + bytes);
    }

    private void onNopIn(Pdu pdu) throws ProtocolViolation {
        if (pdu.initiatorTaskTag() != Pdu.RESERVED_TAG) {
            takeStatSn(pdu);
            onAnswer(pdu);
        } else if (pdu.targetTransferTag() != Pdu.RESERVED_TAG) {
            lock.lock();
            try {
                outgoing.add(
                        Pdu.of(Opcode.NOP_OUT, true, pdu.data(), 0, pdu.dataBytes())
                                .set8(1, 0x80)
                                .copyLun(pdu)
                                .set32(16, Pdu.RESERVED_TAG)
                                .set32(20, pdu.targetTransferTag())
                                .set32(24, cmdSn));
            } finally {
                lock.unlock();
            }
        }
    }

    private void onAnswer(Pdu pdu) throws ProtocolViolation {
        CompletableFuture<Pdu> request = requests.remove(pdu.initiatorTaskTag());
        if (request == null) {
            throw new ProtocolViolation("an answer to nothing: " + pdu);
        }
        request.complete(pdu);
    }

    private void onAsyncMessage(Pdu pdu) throws IOException {
        takeStatSn(pdu);
        int event = pdu.int8(36);
        if (event != 0) { // 0 is SCSI's own sense data; the others ask to leave
            throw new IOException("the target asked to leave, async event " + event);
        }
    }

    private void takeStatSn(Pdu pdu) throws ProtocolViolation {
        int statSn = pdu.int32(24);
        if (statSn != expStatSn) {
            throw new ProtocolViolation(
                    "StatSN %d, expected %d: %s".formatted(statSn, expStatSn, pdu));
        }
        expStatSn = statSn + 1;
    }

    private void openWindow(int expCmdSn, int newMaxCmdSn) throws ProtocolViolation {
        lock.lock();
        try {
            if (expCmdSn - cmdSn > 0) {
                throw new ProtocolViolation(
                        "ExpCmdSN %x, but only %x was sent".formatted(expCmdSn, cmdSn));
            }
            boolean isStale = newMaxCmdSn - (expCmdSn - 1) < 0;
            if (!isStale && newMaxCmdSn - maxCmdSn > 0) {
                maxCmdSn = newMaxCmdSn;
                windowOpened.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    private IOException end(IOException reason) {
        if (ended.complete(reason)) {
            try {
                socket.close();
            } catch (IOException e) {
                reason.addSuppressed(e);
            }
        }
        lock.lock();
        try {
            windowOpened.signalAll();
        } finally {
            lock.unlock();
        }
        SessionLost lost = new SessionLost(toString(), end());
        commands.values().forEach(pending -> pending.outcome.completeExceptionally(lost));
        requests.values().forEach(request -> request.completeExceptionally(lost));
        return reason;
    }
}
