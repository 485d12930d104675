package io.ashlar.replication.group;

import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.common.Shard;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.PgConfig;
import io.ashlar.metadata.Pool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives back the space of a group that this node is no part of any more. What it drops nobody can
 * need: its view shows its own registration, so it is newer than anything that its predecessor was
 * a member of, and from there on this node becomes a member again only by learning anew (see {@link
 * PgConfig#targetsIndex}). What is dropped is gone, so it looks at the newest state of the log all
 * the same before it does. Owned by the group's shard.
 */
final class Departure {
    private static final Logger LOG = LoggerFactory.getLogger(Departure.class);

    private final PgId pg;
    private final GroupEnvironment environment;
    private final Shard shard;
    private final Replica replica;
    private final Follower follower;
    private boolean mayHold = true;
    private boolean asking;
    private long askedNanos;

    Departure(
            PgId pg,
            GroupEnvironment environment,
            Shard shard,
            Replica replica,
            Follower follower) {
        this.pg = pg;
        this.environment = environment;
        this.shard = shard;
        this.replica = replica;
        this.follower = follower;
        this.askedNanos = environment.clock().nanos() - environment.settings().joinNanos();
    }

    /** The group may write to the device from now on. */
    void arrive() {
        mayHold = true;
    }

    /** Whether everything of the group is gone from this node, for the simulation. */
    boolean isEmpty() {
        return !mayHold;
    }

    void onTick(ControlState view, long nowNanos) {
        if (!mayHold
                || asking
                || nowNanos - askedNanos < environment.settings().joinNanos()
                || !replica.mayDrop()
                || !isOver(view)) {
            return;
        }
        askedNanos = nowNanos;
        asking = true;
        environment
                .metadata()
                .readBarrier(
                        shard,
                        index -> {
                            asking = false;
                            if (index >= 0
                                    && replica.mayDrop()
                                    && isOver(environment.metadata().state())) {
                                drop();
                            }
                        });
    }

    private boolean isOver(ControlState state) {
        PgConfig config = state.placementGroups().get(pg);
        Pool pool = state.pools().get(pg.pool());
        NodeId self = environment.self().node();
        return config != null
                && pool != null
                && !config.members().containsKey(self)
                && !config.targets().contains(self)
                && config.isWhole(pool);
    }

    private void drop() {
        LOG.info("{}: is whole without this node, which drops what it has of it", pg);
        mayHold = false;
        environment.counters().dropped.increment();
        follower.stop();
        follower.forgetJoins();
        replica.drop(stored -> mayHold |= !stored);
    }
}
