package io.ashlar.volume.owner;

import io.ashlar.common.ProcessId;
import io.ashlar.volume.owner.FenceRules.Rule;
import io.ashlar.volume.wire.ToOwner;

/** A request of an ingress that something be dropped or decided, until it is. */
final class PendingControl {
    final ProcessId from;
    final ToOwner.Control message;

    /** Admissions up to this one came before it. Later ones have newer tickets: other commands. */
    final long admission;

    /** When it came. */
    final long nanos;

    /** Everything is decided; only the proof of ownership is awaited. */
    boolean isProving;

    /** The log says why it takes so long. */
    boolean isExplained;

    PendingControl(ProcessId from, ToOwner.Control message, long admission, long nanos) {
        this.from = from;
        this.message = message;
        this.admission = admission;
        this.nanos = nanos;
    }

    /** Whether the host is told that something will not take effect, by any path. */
    boolean isAbort() {
        return message.scope().isPromise();
    }

    /** Whether it asks that this part be dropped. */
    boolean covers(OwnedPart part) {
        boolean isSame = part.from.equals(from);
        return switch (message.scope()) {
            case SETTLE -> isSame && part.message.part() <= message.subject();
            case ABORT ->
                    isSame
                            && part.message.association() == message.association()
                            && part.message.command() == message.subject();
            case CONNECTION -> isSame && part.message.connection() == message.subject();
            case ASSOCIATION, NEXUS ->
                    isSame && part.message.association() == message.association();
            case RESET, TARGET_RESET, POWER_ON_RESET, CLEAR -> true;
        };
    }

    /**
     * Whether this part must be decided first. An abort by one path also waits for what the host
     * sent by another, since the owner cannot tell whether that is the same command.
     */
    boolean waitsFor(OwnedPart part, FenceRules rules) {
        if (part.admission > admission) {
            return false;
        }
        if (covers(part)) {
            return true;
        }
        return isAbort()
                && rules.has(Rule.DRAIN)
                && part.message.host().equals(message.host())
                && !(part.from.equals(from) && part.message.association() == message.association());
    }
}
