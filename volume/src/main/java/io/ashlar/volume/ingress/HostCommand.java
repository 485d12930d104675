package io.ashlar.volume.ingress;

import io.ashlar.common.Payload;
import io.ashlar.common.VolumeId;
import io.ashlar.volume.IoError;
import io.ashlar.volume.IoRequest;
import io.ashlar.volume.IoResult;
import io.ashlar.volume.wire.ToIngress;
import java.util.Arrays;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A command of a host on its way. */
final class HostCommand {
    private static final Logger LOG = LoggerFactory.getLogger(HostCommand.class);

    final ConnectionState connection;
    final long number;
    final IoRequest request;
    final int[] checksums;

    /** Of a COMPARE AND WRITE. */
    final Comparisons.@Nullable Comparison comparison;

    /** Arrival number of tickets that it may use. */
    final long stamp;

    private final Consumer<IoResult> done;

    // Owned by the volume shard:

    @Nullable PartPlan plan;
    int partCount;
    int inFlight;
    @Nullable IoError error;

    /** Not counted any more, and about to be answered. */
    boolean isConcluded;

    /** No more parts are sent; a control request ends it. */
    boolean isEnding;

    long bytes;
    long neededEpoch;
    long heldUntilNanos;
    final TreeMap<Integer, ToIngress.PartDone> results = new TreeMap<>();

    // Owned by the association's shard:

    private boolean isAnswered;

    HostCommand(
            ConnectionState connection,
            long number,
            IoRequest request,
            int[] checksums,
            Comparisons.@Nullable Comparison comparison,
            long stamp,
            Consumer<IoResult> done) {
        this.connection = connection;
        this.number = number;
        this.request = request;
        this.checksums = checksums;
        this.comparison = comparison;
        this.stamp = stamp;
        this.done = done;
    }

    VolumeId volume() {
        return request.volume();
    }

    AssociationState association() {
        return connection.association;
    }

    /** On the association's shard; only the first answer counts. */
    void answer(IoResult result) {
        if (!isAnswered) {
            isAnswered = true;
            association().port.onAnswered(this, result);
            done.accept(result);
        }
    }

    private IoResult outcome(IoRequest.CompareAndWrite compare) {
        ToIngress.PartDone part = results.firstEntry().getValue();
        Payload found = part.data();
        if (found.length() == 0) {
            return IoResult.DONE;
        }
        if (part.checksums().length != 1
                || found.crc32c(0, found.length()) != part.checksums()[0]) {
            LOG.error("what {} found is damaged on its way; the host may repeat", this);
            return new IoResult.Failed(IoError.FENCED);
        }
        Payload wanted = compare.compared();
        int at =
                Arrays.mismatch(
                        found.array(),
                        found.offset(),
                        found.offset() + found.length(),
                        wanted.array(),
                        wanted.offset(),
                        wanted.offset() + wanted.length());
        return at < 0 ? new IoResult.Failed(IoError.INTERNAL) : new IoResult.Miscompared(at);
    }

    /** What all parts together gave. Data is verified where it leaves the cluster. */
    IoResult assemble() {
        if (request instanceof IoRequest.CompareAndWrite compare) {
            return outcome(compare);
        }
        if (!(request instanceof IoRequest.Read read)) {
            return IoResult.DONE;
        }
        int length = 0;
        long offset = read.offset();
        for (ToIngress.PartDone part : results.values()) {
            int[] sums = PartPlan.checksums(offset + length, part.data());
            if (!Arrays.equals(sums, part.checksums())) {
                LOG.error("data of {} is damaged on its way; the host may repeat", read);
                return new IoResult.Failed(IoError.FENCED);
            }
            length += part.data().length();
        }
        if (length != read.length()) {
            LOG.error("{} gave {} bytes", read, length);
            return new IoResult.Failed(IoError.INTERNAL);
        }
        if (results.size() == 1) {
            return new IoResult.Done(results.firstEntry().getValue().data());
        }
        byte[] whole = new byte[length];
        int at = 0;
        for (ToIngress.PartDone part : results.values()) {
            part.data().copyTo(0, whole, at, part.data().length());
            at += part.data().length();
        }
        return new IoResult.Done(Payload.of(whole));
    }
}
