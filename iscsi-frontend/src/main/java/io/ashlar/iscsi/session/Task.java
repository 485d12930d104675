package io.ashlar.iscsi.session;

import io.ashlar.common.NodeId;
import io.ashlar.common.Payload;
import io.ashlar.common.VolumeId;
import io.ashlar.common.reservation.AccessKind;
import io.ashlar.common.reservation.ReservationTable;
import io.ashlar.iscsi.SessionRules.Rule;
import io.ashlar.iscsi.pdu.Bhs;
import io.ashlar.iscsi.pdu.DataArea;
import io.ashlar.iscsi.pdu.DataOutPdu;
import io.ashlar.iscsi.pdu.R2tPdu;
import io.ashlar.iscsi.pdu.ScsiCommandPdu;
import io.ashlar.iscsi.scsi.ScsiStatus;
import io.ashlar.iscsi.scsi.ScsiTask;
import io.ashlar.iscsi.scsi.Sense;
import io.ashlar.volume.IoRequest;
import io.ashlar.volume.IoResult;
import io.ashlar.volume.MoveResult;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One SCSI command on its way: gets its data from the initiator (immediate, unsolicited, by R2T;
 * RFC 7143 section 4.2.5), runs its I/O, and ends with data and status. Data comes in order, as
 * DataPDUInOrder and DataSequenceInOrder are always Yes. Owned by the session's shard.
 *
 * <pre>
 *   arrived ─► (unsolicited data) ─► (R2T, data)* ─► (I/O)* ─► over
 *      └──────────────┴─ aborted ────────┴──────────────┴───────▲
 * </pre>
 */
final class Task implements ScsiTask {
    private static final long NOT_SUBMITTED = -1;

    /** An R2T that is not answered in full. */
    private record Transfer(int tag, int end) {}

    private final Session session;
    private final ScsiCommandPdu command;
    private final long stamp;

    /** Bytes that the initiator has for us, or wants of us. */
    private final long expected;

    /** Data from the initiator, from offset 0. */
    private byte[] buffer = new byte[0];

    private int arrived;

    /** How much of the initiator's data the command wants; -1 until it says so. */
    private int wanted = -1;

    /** How much the command would move if the initiator had it. */
    private int transferBytes;

    private @Nullable Runnable afterData;

    /** Whether unsolicited data is still to come, and how much may. */
    private boolean unsolicited;

    private final int unsolicitedMax;
    private final ArrayDeque<Transfer> transfers = new ArrayDeque<>(1);
    private boolean begun;

    /** Up to where data was asked for by R2T. */
    private int requested;

    private int dataSn;
    private int r2tSn;

    /** What went wrong with the data; told when all that is under way has come. */
    private @Nullable Sense dataError;

    /** The end, held back until unsolicited data has come. */
    private @Nullable Runnable ending;

    private long credit;
    private long submitted = NOT_SUBMITTED;

    /** Its COMPARE AND WRITE below, if it is one. */
    private long comparison = NOT_SUBMITTED;

    private boolean delivered;
    private boolean inOrder;
    private boolean over;

    Task(Session session, ScsiCommandPdu command, long stamp) {
        this.session = session;
        this.command = command;
        this.stamp = stamp;
        this.expected =
                command.read() || command.write()
                        ? Integer.toUnsignedLong(command.expectedDataTransferLength())
                        : 0;
        this.unsolicited = command.write() && !command.last();
        this.unsolicitedMax =
                (int) Math.min(offeredBytes(), session.parameters().firstBurstLength());
    }

    ScsiCommandPdu command() {
        return command;
    }

    @Override
    public boolean isOver() {
        return over;
    }

    /** Its turn in the order of CmdSN has come. */
    void delivered() {
        delivered = true;
    }

    boolean isDelivered() {
        return delivered;
    }

    /** Its turn in the order of task attributes has come: it has begun. */
    void inOrder() {
        inOrder = true;
    }

    boolean isInOrder() {
        return inOrder;
    }

    /** Whether an I/O of it is under way below. */
    boolean isSubmitted() {
        return submitted != NOT_SUBMITTED;
    }

    long submittedNumber() {
        return submitted;
    }

    // ---- data from the initiator

    /** The command's header is there; {@code area} is its immediate data. */
    void onHeader(DataArea area) {
        int immediate = area.length();
        boolean allowed = command.write() && session.parameters().immediateData();
        if (immediate > 0 && (!allowed || immediate > unsolicitedMax)) {
            dataError =
                    allowed ? Sense.INCORRECT_AMOUNT_OF_DATA : Sense.UNEXPECTED_UNSOLICITED_DATA;
            return;
        }
        if (unsolicited && session.parameters().initialR2t()) {
            dataError = Sense.UNEXPECTED_UNSOLICITED_DATA;
        }
        if (immediate == 0 && !unsolicited) {
            return;
        }
        // all of it in one piece if there is memory for it, else what comes unasked
        long all = Math.min(offeredBytes(), IoRequest.TRANSFER_BYTES_MAX);
        int bytes = unsolicited ? unsolicitedMax : immediate;
        if (bytes < all && session.beginsAtOnce(command) && session.credit().tryTake(all)) {
            if (session.budget().tryTake(all)) {
                credit = all;
                bytes = (int) all;
            } else {
                session.credit().giveBack(all);
            }
        }
        buffer = new byte[Math.max(bytes, immediate)];
        area.use(buffer, 0);
    }

    /** The command's PDU is complete, with {@code bytes} of immediate data. */
    void onImmediateData(int bytes) {
        if (dataError == null) {
            arrived = bytes;
        }
    }

    /** The header of a Data-Out for this task; chooses where its data goes. */
    void onDataHeader(DataOutPdu pdu, DataArea area) {
        if (dataError == null) {
            dataError = fault(pdu, area.length());
        }
        if (dataError == null && !over) {
            area.use(buffer, arrived);
        } else {
            session.discard(area);
        }
    }

    /** Whether data at that place would be taken, whosever it is. */
    boolean isOpenFor(DataOutPdu pdu, int bytes) {
        return (unsolicited || !transfers.isEmpty())
                && pdu.bufferOffset() == arrived
                && arrived + bytes <= buffer.length;
    }

    private @Nullable Sense fault(DataOutPdu pdu, int bytes) {
        boolean solicited = pdu.targetTransferTag() != Bhs.RESERVED_TAG;
        Transfer transfer = transfers.peek();
        if (!session.rules().has(Rule.TASK_TAG)) {
            return null;
        }
        if (solicited
                ? transfer == null || transfer.tag() != pdu.targetTransferTag()
                : !unsolicited) {
            return Sense.UNEXPECTED_UNSOLICITED_DATA;
        }
        if (pdu.dataSn() != dataSn || pdu.bufferOffset() != arrived) {
            // as if a PDU before it were lost, RFC 7143 section 7.8
            return Sense.PROTOCOL_SERVICE_CRC_ERROR;
        }
        int end = solicited && transfer != null ? transfer.end() : unsolicitedMax;
        boolean tooMuch = bytes > end - arrived;
        boolean tooLittle = solicited && pdu.last() && bytes < end - arrived;
        return tooMuch || tooLittle ? Sense.INCORRECT_AMOUNT_OF_DATA : null;
    }

    /** A Data-Out is complete. */
    void onData(DataOutPdu pdu, int bytes, boolean intact) {
        if (!intact && dataError == null) {
            dataError = Sense.PROTOCOL_SERVICE_CRC_ERROR;
        }
        if (dataError == null) {
            arrived += bytes;
            dataSn++;
        }
        if (pdu.last()) {
            dataSn = 0;
            if (pdu.targetTransferTag() == Bhs.RESERVED_TAG) {
                unsolicited = false;
            } else {
                transfers.poll();
            }
        }
        advance();
    }

    @Override
    public void receive(int bytes, Runnable next) {
        transferBytes = bytes;
        wanted = (int) Math.min(bytes, offeredBytes());
        afterData = next;
        long more = wanted - credit;
        if (arrived >= wanted || more <= 0) {
            begin();
        } else {
            take((int) more, this::begin);
        }
    }

    /** There is memory for all of the data. */
    private void begin() {
        begun = true;
        advance();
    }

    /** Goes on as far as the data allows: asks for more, or runs what waits for it. */
    private void advance() {
        if (over || unsolicited) {
            return;
        }
        Runnable end = ending;
        Runnable next = afterData;
        if (end != null) {
            ending = null;
            end(end);
        } else if (!begun || next == null) {
            return;
        } else if (dataError != null) {
            if (transfers.isEmpty()) {
                afterData = null;
                check(dataError);
            }
        } else if (arrived >= wanted) {
            afterData = null;
            next.run();
        } else {
            request();
        }
    }

    /** Sends as many R2Ts as may be open, section 4.2.5.2. */
    private void request() {
        // not earlier: while data comes unasked, half of a PDU may be in the old buffer already
        if (buffer.length < wanted) {
            byte[] whole = new byte[wanted];
            System.arraycopy(buffer, 0, whole, 0, arrived);
            buffer = whole;
        }
        requested = Math.max(requested, arrived);
        while (requested < wanted && transfers.size() < session.parameters().maxOutstandingR2t()) {
            int bytes = Math.min(wanted - requested, session.parameters().maxBurstLength());
            int tag = session.nextTransferTag();
            transfers.add(new Transfer(tag, requested + bytes));
            session.send(
                    new R2tPdu(
                            command.lun(),
                            command.initiatorTaskTag(),
                            tag,
                            session.peekStatSn(),
                            session.expCmdSn(),
                            session.maxCmdSn(),
                            r2tSn++,
                            requested,
                            bytes));
            requested += bytes;
        }
    }

    @Override
    public Payload received() {
        return Payload.of(buffer).slice(0, Math.min(arrived, transferBytes));
    }

    // ---- the command set's side

    @Override
    public byte[] cdb() {
        return command.cdb();
    }

    @Override
    public long lun() {
        return command.lun();
    }

    @Override
    public long offeredBytes() {
        return command.write() ? expected : 0;
    }

    @Override
    public boolean hasCompany() {
        return session.taskCount() > 1;
    }

    /**
     * What was held for the initiator's data is given back first, as it is used up or was not asked
     * for: commands that hold memory and wait for more would wait for each other.
     */
    @Override
    public void reserve(int bytes, Runnable next) {
        if (credit > 0) {
            buffer = unsolicited ? new byte[unsolicitedMax] : new byte[0];
            releaseCredit();
        }
        take(bytes, next);
    }

    private void take(int bytes, Runnable next) {
        session.credit().take(this, bytes, () -> onCredit(bytes, next));
    }

    private void releaseCredit() {
        long bytes = credit;
        credit = 0;
        session.budget().giveBack(bytes);
        session.credit().giveBack(bytes);
    }

    /** Called by {@link Credit}: that much is this task's, until it is over. */
    void credited(long bytes) {
        credit += bytes;
    }

    private void onCredit(long bytes, Runnable next) {
        if (session.budget().tryTake(bytes)) {
            next.run();
            return;
        }
        credit -= bytes;
        session.credit().giveBack(bytes);
        status(hasCompany() ? ScsiStatus.TASK_SET_FULL : ScsiStatus.BUSY);
    }

    @Override
    public void submit(IoRequest request, Consumer<IoResult> done) {
        submitted =
                session.connection()
                        .submit(
                                request,
                                stamp,
                                result -> {
                                    submitted = NOT_SUBMITTED;
                                    if (!over) {
                                        done.accept(result);
                                    }
                                });
        if (request instanceof IoRequest.CompareAndWrite) {
            comparison = submitted;
        }
    }

    @Override
    public boolean isPermitted(VolumeId volume, AccessKind kind) {
        return session.association().isPermitted(volume, kind);
    }

    @Override
    public void reservations(VolumeId volume, Consumer<Optional<ReservationTable>> done) {
        session.association()
                .reservations(
                        volume,
                        table -> {
                            if (!over) {
                                done.accept(table);
                            }
                        });
    }

    @Override
    public void move(VolumeId volume, NodeId target, Consumer<MoveResult> done) {
        session.association()
                .move(
                        volume,
                        target,
                        result -> {
                            if (!over) {
                                done.accept(result);
                            }
                        });
    }

    @Override
    public void good() {
        end(() -> {
            if (comparison != NOT_SUBMITTED) {
                session.deliveries().onStatus(session.peekStatSn(), comparison);
            }
            session.respond(this, ScsiStatus.GOOD, Payload.EMPTY, transferBytes);
        });
    }

    @Override
    public void goodWith(Payload data) {
        end(() -> session.respondWithData(this, data));
    }

    @Override
    public void check(Sense sense) {
        byte[] bytes = sense.encode(session.nexus().hasDescriptorSense(command.lun()));
        byte[] segment = new byte[2 + bytes.length];
        segment[1] = (byte) bytes.length;
        System.arraycopy(bytes, 0, segment, 2, bytes.length);
        end(() ->
                session.respond(
                        this, ScsiStatus.CHECK_CONDITION, Payload.of(segment), transferBytes));
    }

    @Override
    public void status(int status) {
        end(() -> session.respond(this, status, Payload.EMPTY, transferBytes));
    }

    @Override
    public boolean hasQueries() {
        return session.hasQueries();
    }

    @Override
    public void abortedByOther() {
        if (session.nexus().hasTaskAborted(command.lun())) {
            status(ScsiStatus.TASK_ABORTED);
        } else if (!over) {
            abandon();
            session.nexus().onCommandsCleared(command.lun());
        }
    }

    private void end(Runnable how) {
        if (over) {
            return;
        }
        if (unsolicited) {
            // what comes unasked is taken before the status goes, or it would answer nothing
            afterData = null;
            ending = how;
            return;
        }
        abandon();
        how.run();
    }

    /** Stops it without a status; what is under way below is not waited for. */
    void abandon() {
        if (!over) {
            over = true;
            afterData = null;
            ending = null;
            session.forget(this);
            releaseCredit();
        }
    }

    /** R2T and Data-In PDUs so far. */
    int dataSnSoFar() {
        return r2tSn;
    }

    /** Bytes that the initiator expects to be sent. */
    long expectedRead() {
        return command.write() ? 0 : expected;
    }

    /** Bytes that the initiator expects to move, either way. */
    long expectedBytes() {
        return expected;
    }
}
