package io.ashlar.volume.ingress;

import io.ashlar.common.CompareMark;
import io.ashlar.common.Payload;
import io.ashlar.common.ProcessId;
import io.ashlar.volume.IoError;
import io.ashlar.volume.IoRequest;
import io.ashlar.volume.IoResult;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * What an association knows of its COMPARE AND WRITE commands: which may be repetitions, and which
 * have answers that their host has not confirmed (ADR 9). Owned by the association's shard.
 *
 * <p>A host repeats a command when it has no answer, or one that says nothing of the outcome. As
 * long as neither happens, two commands of one association are two commands. Afterwards this
 * association is another origin.
 *
 * <p>An answer that the host has is known here before anybody else can know it. Until its mark is
 * settled, each command for the same place says that it is no repetition of that one.
 */
final class Comparisons {
    /** Most answers that a host may leave unconfirmed; the oldest then stay marked. */
    private static final int UNCONFIRMED_MAX = 256;

    /** Most marks that wait for their settling; the oldest then stay. */
    private static final int UNSETTLED_MAX = 256;

    /**
     * What goes with a COMPARE AND WRITE.
     *
     * @param mark of this command, at no place yet
     * @param answered earlier ones for the same place whose answers the host had, and whose marks
     *     may still be there; the newest {@value CompareMark#ANSWERED_MAX}
     */
    record Comparison(CompareMark mark, List<CompareMark.Command> answered) {}

    private final String host;
    private final ProcessId ingress;
    private final long association;
    private long failures;
    private final SequencedMap<Long, IoRequest.Settle> unconfirmed = new LinkedHashMap<>();
    private final SequencedMap<Long, IoRequest.Settle> unsettled = new LinkedHashMap<>();

    Comparisons(String host, ProcessId ingress, long association) {
        this.host = host;
        this.ingress = ingress;
        this.association = association;
    }

    /** What a new command leaves, and what is known when it comes. */
    Comparison comparison(IoRequest.CompareAndWrite request, long command) {
        CompareMark mark =
                CompareMark.of(host, request.compared(), request.data(), origin(), command);
        List<CompareMark.Command> answered =
                unsettled.reversed().values().stream()
                        .filter(each -> each.volume().equals(request.volume()))
                        .filter(each -> each.offset() == request.offset())
                        .limit(CompareMark.ANSWERED_MAX)
                        .map(each -> each.mark().ofCommand())
                        .toList();
        return new Comparison(mark, answered);
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
        Comparison comparison = command.comparison;
        if (comparison == null || !(command.request instanceof IoRequest.CompareAndWrite compare)) {
            return;
        }
        switch (result) {
            case IoResult.Done _ -> {
                unconfirmed.put(
                        command.number,
                        new IoRequest.Settle(
                                compare.volume(), compare.offset(), comparison.mark()));
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
        IoRequest.Settle settle = unconfirmed.remove(command);
        if (settle != null) {
            unsettled.put(command, settle);
            if (unsettled.size() > UNSETTLED_MAX) {
                unsettled.pollFirstEntry();
            }
        }
        return settle;
    }

    /**
     * A settling was answered.
     *
     * @return whether it is to be tried again
     */
    boolean isUnsettled(IoRequest.Settle settle, IoResult result) {
        boolean isOver =
                switch (result) {
                    case IoResult.Done _, IoResult.Miscompared _ -> true;
                    case IoResult.Failed(var error) ->
                            error == IoError.NO_SUCH_VOLUME || error == IoError.OUT_OF_RANGE;
                };
        long command = settle.mark().command();
        if (isOver) {
            unsettled.remove(command);
        }
        return unsettled.containsKey(command);
    }
}
