package io.ashlar.metadata;

import io.ashlar.common.Clock;
import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Shard;
import io.ashlar.metadata.healing.DeafLead;
import java.time.Duration;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Has this node hand over the lead of the control plane if {@link DeafLead} says so. */
public final class DeafLeadLoop {
    private static final Logger LOG = LoggerFactory.getLogger(DeafLeadLoop.class);
    private static final Duration TICK = Duration.ofMillis(500);

    private final Clock clock;
    private final Shard shard;
    private final MetadataServer server;
    private final NodeId self;
    private final Predicate<ProcessId> hears;
    private final DeafLead rule;
    private boolean undecided;
    private boolean ended;

    /**
     * @param hears whether a process has answered this one lately
     */
    public DeafLeadLoop(
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
        this.rule = new DeafLead(self);
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
        if (!undecided) {
            ControlState state = server.client().state();
            rule.look(
                            server.status().voters(),
                            server.client().isLeader(),
                            node -> hears(state.nodes().get(node)),
                            clock.nanos())
                    .ifPresent(this::handOver);
        }
        shard.schedule(TICK.toNanos(), this::tick);
    }

    private boolean hears(@Nullable NodeRecord node) {
        return node != null && hears.test(node.process());
    }

    private void handOver(NodeId to) {
        LOG.warn(
                "{} leads the control plane, but hears no majority of its voters: it hands over to"
                        + " {}; look for a fault of the network towards this node",
                self,
                to);
        undecided = true;
        server.transferLeadership(to)
                .whenComplete((_, error) ->
                        shard.execute(() -> {
                            undecided = false;
                            if (error != null) {
                                LOG.info("the hand-over to {}: {}", to, error.toString());
                            }
                        }));
    }
}
