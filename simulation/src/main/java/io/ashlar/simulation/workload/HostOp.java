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

    /** Whether another write to the same place was on its way beside it. */
    boolean overlapped;

    private HostOp(
            List<Region> parts,
            boolean write,
            IoRequest request,
            List<Operation> operations,
            Runnable then) {
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
                then);
    }

    static HostOp trim(Ledger ledger, String host, List<Region> parts, Runnable then) {
        Region first = parts.getFirst();
        return new HostOp(
                parts,
                true,
                new IoRequest.Zero(first.volume(), offset(first), length(parts), true),
                ledger.begin(parts, true, 0, host),
                then);
    }

    private static long offset(Region first) {
        return first.chunk() * CHUNK_BYTES + first.offset();
    }

    private static int length(List<Region> parts) {
        return parts.getLast().end() - parts.getFirst().offset();
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
        return operations.toString();
    }
}
