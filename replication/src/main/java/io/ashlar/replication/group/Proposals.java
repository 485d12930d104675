package io.ashlar.replication.group;

import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Shard;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.Command.ReconfigureGroup.Change;
import io.ashlar.metadata.Member;
import io.ashlar.metadata.Outcome;
import io.ashlar.metadata.PgConfig;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Changes of a group's configuration that this process asked for, until its view shows the outcome
 * (DESIGN section 5, "Configurations"). Owned by the group's shard.
 */
final class Proposals {
    private static final Logger LOG = LoggerFactory.getLogger(Proposals.class);

    private static final class Proposal {
        final Change change;
        final long expectedEpoch;

        /**
         * The primary against which it is, if it is a petition; no beacon of it is answered
         * meanwhile.
         */
        final @Nullable ProcessId against;

        /** Set once it was rejected: the index at which that is certain. */
        long rejectedAt = Long.MAX_VALUE;

        long submittedNanos;
        boolean inFlight;

        Proposal(Change change, long expectedEpoch, @Nullable ProcessId against) {
            this.change = change;
            this.expectedEpoch = expectedEpoch;
            this.against = against;
        }
    }

    private final PgId pg;
    private final GroupEnvironment environment;
    private final Shard shard;
    private final Runnable onOutcome;
    private final List<Proposal> open = new ArrayList<>();

    /**
     * @param onOutcome called when an outcome has arrived, so that {@link #settle} is
     */
    Proposals(PgId pg, GroupEnvironment environment, Shard shard, Runnable onOutcome) {
        this.pg = pg;
        this.environment = environment;
        this.shard = shard;
        this.onOutcome = onOutcome;
    }

    boolean isEmpty() {
        return open.isEmpty();
    }

    /** Whether the lead may have been given away already. */
    boolean handsOver() {
        for (Proposal proposal : open) {
            if (proposal.change instanceof Change.HandOver) {
                return true;
            }
        }
        return false;
    }

    /** Learners that may be members already. */
    List<ProcessId> added() {
        if (open.isEmpty()) {
            return List.of();
        }
        List<ProcessId> added = new ArrayList<>(1);
        for (Proposal proposal : open) {
            if (proposal.change instanceof Change.Add(Member member, _)) {
                added.add(member.process());
            }
        }
        return added;
    }

    void propose(Change change, long epoch, @Nullable ProcessId against) {
        Proposal proposal = new Proposal(change, epoch, against);
        open.add(proposal);
        LOG.info("{}: at epoch {} asks to {}", pg, epoch, describe(change));
        submit(proposal);
    }

    private static String describe(Change change) {
        return switch (change) {
            case Change.Remove(var nodes) -> "take out " + nodes;
            case Change.Add(Member member, _) -> "take in " + member.process();
            case Change.HandOver(var to) -> "hand over to " + to;
            case Change.Petition() -> "lead, since the primary is silent";
            case Change.Lead() -> "lead again, after a restart";
        };
    }

    private void submit(Proposal proposal) {
        proposal.inFlight = true;
        proposal.submittedNanos = environment.clock().nanos();
        environment
                .metadata()
                .submit(
                        new Command.ReconfigureGroup(
                                pg, proposal.expectedEpoch, environment.self(), proposal.change),
                        shard,
                        outcome -> {
                            proposal.inFlight = false;
                            switch (outcome) {
                                case Outcome.Applied _ -> {}
                                case Outcome.Rejected(long index, var reason, String message) -> {
                                    LOG.info(
                                            "{}: to {} was rejected ({}): {}",
                                            pg,
                                            describe(proposal.change),
                                            reason,
                                            message);
                                    proposal.rejectedAt = Math.min(proposal.rejectedAt, index);
                                }
                                case Outcome.Unknown _ -> {}
                            }
                            onOutcome.run();
                        });
    }

    /**
     * Forgets proposals whose outcome the group's view shows: the epoch has moved on, or the view
     * has reached the index of the rejection. One of unknown outcome stays, and is asked again; it
     * may still be applied. The engine applies each command at most once, so a rejection is final
     * for it.
     */
    void settle(PgConfig current, long viewIndex) {
        for (Proposal proposal : List.copyOf(open)) {
            if (current.epoch() > proposal.expectedEpoch || viewIndex >= proposal.rejectedAt) {
                open.remove(proposal);
                if (proposal.against != null) {
                    environment.leases().petitionDecided(proposal.against);
                }
                if (proposal.change instanceof Change.HandOver) {
                    environment.handOvers().end();
                }
            }
        }
    }

    void onTick(long nowNanos) {
        for (Proposal proposal : List.copyOf(open)) {
            if (!proposal.inFlight
                    && proposal.rejectedAt == Long.MAX_VALUE
                    && nowNanos - proposal.submittedNanos
                            > 2 * environment.settings().resendNanos()) {
                submit(proposal);
            }
        }
    }
}
