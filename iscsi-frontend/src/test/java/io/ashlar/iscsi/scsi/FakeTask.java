package io.ashlar.iscsi.scsi;

import io.ashlar.common.NodeId;
import io.ashlar.common.Payload;
import io.ashlar.common.VolumeId;
import io.ashlar.common.reservation.AccessKind;
import io.ashlar.common.reservation.Nexus;
import io.ashlar.common.reservation.ReservationTable;
import io.ashlar.volume.IoRequest;
import io.ashlar.volume.IoResult;
import io.ashlar.volume.MoveResult;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** A task whose data is there at once, and whose I/Os are answered from a list. */
final class FakeTask implements ScsiTask {
    private byte[] cdb = new byte[16];
    private long lun;
    private byte[] offered = new byte[0];
    private int wanted;
    private String outcome = "";
    private ReservationTable reservations = ReservationTable.EMPTY;
    private Nexus nexus = new Nexus("host,i,0x000000000001", 1);
    private byte[] dataIn = new byte[0];
    private boolean hasQueries;
    final List<IoRequest> submitted = new ArrayList<>();
    final List<NodeId> moves = new ArrayList<>();
    private MoveResult.Code moved = MoveResult.Code.MOVED;
    final ArrayDeque<IoResult> results = new ArrayDeque<>();

    static FakeTask of(String cdb) {
        FakeTask task = new FakeTask();
        byte[] bytes = HexFormat.of().parseHex(cdb.replace(" ", ""));
        System.arraycopy(bytes, 0, task.cdb, 0, bytes.length);
        return task;
    }

    FakeTask lun(int number) {
        lun = Lun.encode(number);
        return this;
    }

    FakeTask offering(byte[] data) {
        offered = data;
        return this;
    }

    /** In a session that has the functions of RFC 7144. */
    FakeTask withQueries() {
        hasQueries = true;
        return this;
    }

    /** What is reserved, and who asks. */
    FakeTask under(ReservationTable table, Nexus asking) {
        reservations = table;
        nexus = asking;
        return this;
    }

    FakeTask answering(IoResult result) {
        results.add(result);
        return this;
    }

    /** {@code good}, {@code data}, {@code check KEY/CODE}, {@code status XX} or {@code aborted}. */
    String outcome() {
        return outcome;
    }

    byte[] dataIn() {
        return dataIn;
    }

    private void end(String how) {
        if (!outcome.isEmpty()) {
            throw new AssertionError("ended twice: " + outcome + ", " + how);
        }
        outcome = how;
    }

    @Override
    public byte[] cdb() {
        return cdb;
    }

    @Override
    public long lun() {
        return lun;
    }

    @Override
    public long offeredBytes() {
        return offered.length;
    }

    @Override
    public boolean isOver() {
        return !outcome.isEmpty();
    }

    @Override
    public boolean hasCompany() {
        return false;
    }

    @Override
    public void receive(int bytes, Runnable next) {
        wanted = Math.min(bytes, offered.length);
        next.run();
    }

    @Override
    public Payload received() {
        return Payload.of(offered).slice(0, wanted);
    }

    @Override
    public void reserve(int bytes, Runnable next) {
        next.run();
    }

    @Override
    public void submit(IoRequest request, Consumer<IoResult> done) {
        submitted.add(request);
        done.accept(results.isEmpty() ? IoResult.DONE : results.poll());
    }

    @Override
    public boolean isPermitted(VolumeId volume, AccessKind kind) {
        return reservations.permits(nexus, kind);
    }

    @Override
    public void reservations(VolumeId volume, Consumer<Optional<ReservationTable>> done) {
        done.accept(Optional.of(reservations));
    }

    @Override
    public void move(VolumeId volume, NodeId target, Consumer<MoveResult> done) {
        moves.add(target);
        done.accept(new MoveResult(moved, 1, ""));
    }

    /** What becomes of moves. */
    FakeTask moving(MoveResult.Code code) {
        moved = code;
        return this;
    }

    @Override
    public void good() {
        end("good");
    }

    @Override
    public void goodWith(Payload data) {
        dataIn = data.toByteArray();
        end("data");
    }

    @Override
    public void check(Sense sense) {
        end(
                "check "
                        + Integer.toHexString(sense.key())
                        + "/"
                        + String.format("%04x", sense.code()));
    }

    @Override
    public void status(int status) {
        end("status " + String.format("%02x", status));
    }

    @Override
    public boolean hasQueries() {
        return hasQueries;
    }

    @Override
    public void abortedByOther() {
        end("aborted");
    }
}
