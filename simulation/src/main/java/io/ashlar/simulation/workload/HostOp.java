package io.ashlar.simulation.workload;

import io.ashlar.common.Payload;
import io.ashlar.simulation.check.Operation;
import io.ashlar.volume.IoRequest;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One request of an application on a host, repeated until it is decided or given up. */
final class HostOp {
    /** What the host has done about a try that takes too long. */
    enum Escalation {
        NONE,
        ABORTING,
        RESETTING
    }

    private static final long CHUNK_BYTES = 64 * 1024;

    final List<Region> parts;
    final boolean write;
    final IoRequest request;
    final List<Operation> operations;
    final Runnable then;
    int tries;
    long tag;
    @Nullable HostPath path;
    Escalation escalation = Escalation.NONE;
    boolean over;

    /** By which path its first was answered; null if another host sent that. */
    @Nullable HostPath firstBy;

    /** Whether a try of it went by another path than that. */
    boolean strayed;

    /** Whether another write to the same place was on its way beside it. */
    boolean overlapped;

    /** What a COMPARE AND WRITE must be told; null for anything else. */
    final @Nullable Boolean mustMatch;

    private HostOp(
            List<Region> parts,
            boolean write,
            IoRequest request,
            List<Operation> operations,
            @Nullable Boolean mustMatch,
            Runnable then) {
        this.mustMatch = mustMatch;
        this.parts = parts;
        this.write = write;
        this.request = request;
        this.operations = operations;
        this.then = then;
    }

    static HostOp read(Ledger ledger, String host, List<Region> parts, Runnable then) {
        Region first = parts.getFirst();
        return new HostOp(
                parts,
                false,
                new IoRequest.Read(first.volume(), offset(first), length(parts)),
                ledger.begin(parts, false, 0, host),
                null,
                then);
    }

    static HostOp write(Ledger ledger, String host, List<Region> parts, Runnable then) {
        Region first = parts.getFirst();
        long value = ledger.newValue();
        ByteBuffer buffer = ByteBuffer.allocate(length(parts));
        parts.forEach(part -> part.fill(buffer, value));
        return new HostOp(
                parts,
                true,
                new IoRequest.Write(
                        first.volume(), offset(first), Payload.of(buffer.array()), false),
                ledger.begin(parts, true, value, host),
                null,
                then);
    }

    /**
     * ORWRITE of a region that holds a value, as its only writer knows. The outcome is a value that
     * was never there, and tells whether all bits of the former are left.
     *
     * @param bits not all of them set in what it holds
     */
    static HostOp or(
            Ledger ledger, String host, Region part, long holds, long bits, Runnable then) {
        ByteBuffer buffer = ByteBuffer.allocate(part.length());
        part.fill(buffer, bits);
        return new HostOp(
                List.of(part),
                true,
                new IoRequest.OrWrite(part.volume(), offset(part), Payload.of(buffer.array())),
                ledger.begin(
                        List.of(part), true, holds | bits, host + " sets " + bits + " of " + holds),
                null,
                then);
    }

    static HostOp trim(Ledger ledger, String host, List<Region> parts, Runnable then) {
        Region first = parts.getFirst();
        return new HostOp(
                parts,
                true,
                new IoRequest.Zero(first.volume(), offset(first), length(parts), true),
                ledger.begin(parts, true, 0, host),
                null,
                then);
    }

    /** COMPARE AND WRITE of a region that holds a value, as its only writer knows. */
    static HostOp compare(Ledger ledger, String host, Region part, long holds, Runnable then) {
        long value = ledger.newValue();
        return new HostOp(
                List.of(part),
                true,
                comparison(part, holds, value),
                ledger.begin(List.of(part), true, value, host + " compares " + holds),
                true,
                then);
    }

    /** One that was done, and is sent once more: it changes nothing. */
    static HostOp compareAgain(Ledger.Compared done, @Nullable HostPath by, Runnable then) {
        HostOp op = new HostOp(List.of(done.part()), false, done.request(), List.of(), false, then);
        op.firstBy = by;
        return op;
    }

    private static IoRequest comparison(Region part, long holds, long value) {
        ByteBuffer compared = ByteBuffer.allocate(part.length());
        part.fill(compared, holds);
        ByteBuffer data = ByteBuffer.allocate(part.length());
        part.fill(data, value);
        return new IoRequest.CompareAndWrite(
                part.volume(),
                offset(part),
                Payload.of(compared.array()),
                Payload.of(data.array()));
    }

    private static long offset(Region first) {
        return first.chunk() * CHUNK_BYTES + first.offset();
    }

    private static int length(List<Region> parts) {
        return parts.getLast().end() - parts.getFirst().offset();
    }

    /** Whether what it writes depends on what it finds. */
    boolean setsBits() {
        return request instanceof IoRequest.OrWrite;
    }

    /** The first byte of the volume behind it. */
    long end() {
        return offset(parts.getFirst()) + length(parts);
    }

    boolean touches(List<Region> others) {
        return parts.stream().anyMatch(others::contains);
    }

    /** The values of its parts in what was read. */
    List<Long> values(Payload data) {
        int from = parts.getFirst().offset();
        return parts.stream().map(part -> part.value(data, part.offset() - from)).toList();
    }

    @Override
    public String toString() {
        return operations.isEmpty() ? "the same of " + parts : operations.toString();
    }
}
