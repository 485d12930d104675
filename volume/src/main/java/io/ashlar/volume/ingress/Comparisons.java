package io.ashlar.volume.ingress;

import io.ashlar.common.CompareMark;
import io.ashlar.common.Payload;
import io.ashlar.common.ProcessId;
import io.ashlar.volume.IoRequest;
import io.ashlar.volume.IoResult;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * What an association knows of its COMPARE AND WRITE commands: which may be repetitions, and which
 * have answers that their host has not confirmed (ADR 9). Owned by the association's shard.
 *
 * <p>A host repeats a command when it has no answer, or one that says nothing of the outcome. As
 * long as neither happens, two commands of one association are two commands. Afterwards this
 * association is another origin.
 */
final class Comparisons {
    /** Most answers that a host may leave unconfirmed; the oldest then stay marked. */
    private static final int UNCONFIRMED_MAX = 256;

    private final String host;
    private final ProcessId ingress;
    private final long association;
    private long failures;
    private final SequencedMap<Long, IoRequest.Settle> unconfirmed = new LinkedHashMap<>();

    Comparisons(String host, ProcessId ingress, long association) {
        this.host = host;
        this.ingress = ingress;
        this.association = association;
    }

    /** The mark of a new command. */
    CompareMark mark(Payload compared, Payload data, long command) {
        return CompareMark.of(host, compared, data, origin(), command);
    }

    /** Different for every process, association and number of failures. */
    private long origin() {
        byte[] name =
                (ingress.node() + "/" + ingress.incarnation() + "/" + association + "/" + failures)
                        .getBytes(StandardCharsets.UTF_8);
        return CompareMark.of(host, Payload.of(name), Payload.zeros(512), 0, 0).operandsHigh();
    }

    /** A command has its outcome. */
    void onAnswered(HostCommand command, IoResult result) {
        CompareMark mark = command.mark;
        if (mark == null || !(command.request instanceof IoRequest.CompareAndWrite compare)) {
            return;
        }
        switch (result) {
            case IoResult.Done _ -> {
                unconfirmed.put(
                        command.number,
                        new IoRequest.Settle(compare.volume(), compare.offset(), mark));
                if (unconfirmed.size() > UNCONFIRMED_MAX) {
                    unconfirmed.pollFirstEntry();
                }
            }
            case IoResult.Failed _ -> failures++;
            case IoResult.Miscompared _ -> {}
        }
    }

    /** A host gave a command up, perhaps after it was done. */
    void onAborted() {
        failures++;
    }

    /** What is to be told, now that the host has the answer of a command. */
    IoRequest.@Nullable Settle onDelivered(long command) {
        return unconfirmed.remove(command);
    }
}
