package io.ashlar.metadata;

import io.ashlar.common.Clock;
import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Shard;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.healing.Steward;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does what the {@link Steward} wants, on the node whose engine leads: looks, submits, and looks
 * again when all that it submitted is decided. Runs on every node. Owned by one shard.
 */
public final class ControlLoop {
    private static final Logger LOG = LoggerFactory.getLogger(ControlLoop.class);

    /** How ownership of a volume gets to another node; calls back when that is decided. */
    public interface VolumeMover {
        /**
         * @param done called on the loop's shard: empty if it moved, else what came in the way
         */
        void move(VolumeRecord volume, NodeRecord to, Consumer<String> done);
    }

    private final Clock clock;
    private final Shard shard;
    private final MetadataClient metadata;
    private final Predicate<ProcessId> hears;
    private final VolumeMover mover;
    private final NodeId self;
    private final LongSupplier wallMillis;
    private final Duration tick;
    private final Steward steward;
    private boolean wasLeader;
    private boolean ended;
    private int undecided;

    /**
     * @param self the node that it runs on
     * @param wallMillis milliseconds since 1970, for people to read in jobs
     * @param hears whether a process has been heard lately
     * @param tick how often it looks
     * @param rules {@link HealingRules#ALL} in every product
     */
    public ControlLoop(
            NodeId self,
            Clock clock,
            LongSupplier wallMillis,
            Shard shard,
            MetadataClient metadata,
            Predicate<ProcessId> hears,
            VolumeMover mover,
            Duration tick,
            HealingRules rules) {
        this.self = self;
        this.clock = clock;
        this.wallMillis = wallMillis;
        this.shard = shard;
        this.metadata = metadata;
        this.hears = hears;
        this.mover = mover;
        this.tick = tick;
        this.steward = new Steward(rules);
    }

    /** A mover that takes ownership without asking the former owner, as after its failure. */
    public static VolumeMover byForce(MetadataClient metadata, Shard shard) {
        return (volume, to, done) ->
                metadata.submit(
                        new Command.TakeOwnership(volume.id(), volume.accessEpoch(), to.process()),
                        shard,
                        outcome -> done.accept(problem(outcome)));
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
        boolean isLeader = metadata.isLeader();
        if (isLeader && !wasLeader) {
            steward.restart();
        }
        wasLeader = isLeader;
        if (isLeader && undecided == 0 && !Hearing.isDeaf(metadata, self, hears)) {
            look();
        }
        shard.schedule(tick.toNanos(), this::tick);
    }

    private void look() {
        ControlState state = metadata.state();
        JobStamp stamp = new JobStamp(self, wallMillis.getAsLong(), false);
        Steward.Plan plan = steward.step(state, hears, clock.nanos(), stamp);
        for (Command job : plan.jobs()) {
            undecided++;
            metadata.submit(job, shard, outcome -> onEnd(job.toString(), problem(outcome)));
        }
        for (Command.RetargetGroup retarget : plan.retargets()) {
            undecided++;
            metadata.submit(
                    retarget,
                    shard,
                    outcome -> onEnd(retarget.pg() + " " + retarget.wanted(), problem(outcome)));
        }
        plan.volumes().forEach((volume, to) -> move(state, volume, to));
        if (!plan.retargets().isEmpty() || !plan.volumes().isEmpty()) {
            LOG.info(
                    "{} placement groups get other targets or primaries, {} volumes other owners",
                    plan.retargets().size(),
                    plan.volumes().size());
        }
    }

    private void move(ControlState state, VolumeId id, NodeId to) {
        VolumeRecord volume = state.volumes().get(id);
        NodeRecord node = state.nodes().get(to);
        if (volume != null && node != null) {
            undecided++;
            mover.move(volume, node, problem -> onEnd(id + " to " + to, problem));
        }
    }

    /** What came in the way of a command, or nothing. */
    private static String problem(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Applied _ -> "";
            case Outcome.Rejected(_, var reason, String message) ->
                    "rejected (" + reason + "): " + message;
            case Outcome.Unknown(String message) -> "outcome unknown: " + message;
        };
    }

    private void onEnd(String what, String problem) {
        assert shard.isCurrent();
        undecided--;
        if (!problem.isEmpty()) {
            LOG.info("{}: {}", what, problem);
        }
    }
}
