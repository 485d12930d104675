package io.ashlar.metadata;

import io.ashlar.common.Clock;
import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Shard;
import io.ashlar.metadata.engine.EngineStatus;
import io.ashlar.metadata.healing.DeafLead;
import io.ashlar.metadata.healing.Silence;
import io.ashlar.metadata.healing.Votes;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the votes of the control plane where {@link Votes} wants them, on the node whose engine
 * leads; gives the lead away where {@link DeafLead} says so; and takes a node out of it for good.
 * Owned by one shard, but for {@link #takeOut}.
 */
public final class VoterLoop {
    private static final Logger LOG = LoggerFactory.getLogger(VoterLoop.class);

    private static final Duration TICK = Duration.ofMillis(500);

    /** How often it looks at the votes; what it does takes a moment. */
    private static final int TICKS_PER_LOOK = 10;

    private final Clock clock;
    private final Shard shard;
    private final MetadataServer server;
    private final NodeId self;
    private final Predicate<ProcessId> hears;
    private final Silence silence = new Silence();
    private final DeafLead deafLead;
    private int ticks;
    private boolean wasLeader;
    private boolean ended;
    private boolean undecided;

    /**
     * @param hears whether a process has been heard lately
     */
    public VoterLoop(
            Clock clock,
            Shard shard,
            MetadataServer server,
            NodeId self,
            Predicate<ProcessId> hears) {
        this.clock = clock;
        this.shard = shard;
        this.server = server;
        this.self = self;
        this.hears = hears;
        this.deafLead = new DeafLead(self);
    }

    /** Begins; to be called once, from any thread. The result ends it. */
    public Runnable start() {
        shard.execute(this::tick);
        return () -> shard.execute(() -> ended = true);
    }

    private void tick() {
        assert shard.isCurrent();
        if (ended) {
            return;
        }
        boolean isLeader = server.client().isLeader();
        if (isLeader && !wasLeader) {
            silence.restart();
        }
        wasLeader = isLeader;
        giveUpDeafLead(isLeader);
        if (++ticks % TICKS_PER_LOOK == 0 && isLeader) {
            look();
        }
        shard.schedule(TICK.toNanos(), this::tick);
    }

    private void giveUpDeafLead(boolean isLeader) {
        if (undecided) {
            return;
        }
        boolean isDeaf = Hearing.isDeaf(server.client(), self, hears);
        deafLead.look(server.client().voters(), isLeader, isDeaf, clock.nanos())
                .ifPresent(to -> {
                    LOG.warn(
                            "{} leads the control plane, but hears no majority of its voters: it"
                                    + " hands over to {}; look for a fault of the network towards this"
                                    + " node",
                            self,
                            to);
                    await("the hand-over to " + to, server.transferLeadership(to));
                });
    }

    private void look() {
        ControlState state = server.client().state();
        Silence.Absent absent = silence.look(state, hears, clock.nanos());
        List<Voter> voters = server.status().voters();
        if (undecided || voters.isEmpty() || Hearing.isDeaf(server.client(), self, hears)) {
            return;
        }
        switch (Votes.next(state, voters, self, absent)) {
            case Votes.Step.Keep() -> {}
            case Votes.Step.HandOver(NodeId to) -> {
                LOG.info("{} hands the lead of the control plane to {}", self, to);
                await("the hand-over to " + to, server.transferLeadership(to));
            }
            case Votes.Step.Change(List<Voter> wanted) -> {
                LOG.info("votes go from {} to {}", voters, wanted);
                await("the change of voters", server.changeVoters(voters, wanted, Set.of()));
            }
        }
    }

    private void await(String what, CompletableFuture<Void> change) {
        undecided = true;
        change.whenComplete((_, error) ->
                shard.execute(() -> {
                    undecided = false;
                    if (error != null) {
                        LOG.info("{}: {}", what, error.toString());
                    }
                }));
    }

    /**
     * Takes a node out of the control plane's log, on any node; its vote goes to another. From any
     * thread. Fails with an {@link IllegalStateException} if there is none to take it.
     */
    public CompletableFuture<Void> takeOut(NodeId node) {
        ControlState state = server.client().state();
        EngineStatus status = server.status();
        TreeSet<NodeId> silent = new TreeSet<>();
        for (NodeRecord record : state.nodes().values()) {
            if (!hears.test(record.process()) && !record.id().equals(self)) {
                silent.add(record.id());
            }
        }
        return Votes.without(state, status.voters(), node, silent)
                .map(voters -> server.changeVoters(status.voters(), voters, Set.of(node)))
                .orElseGet(() ->
                        CompletableFuture.failedFuture(
                                new IllegalStateException(
                                        node + " votes, and no other node could take its vote")));
    }
}
