package io.ashlar.replication.transport;

import io.ashlar.common.Check;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A fixed set of shards, each with an event loop and a thread of its own. */
public final class Shards implements AutoCloseable {
    private final List<EventLoopShard> shards;

    private Shards(List<EventLoopShard> shards) {
        this.shards = List.copyOf(shards);
    }

    /** Shards where an uncaught exception halts the process. */
    public static Shards create(int count, String namePrefix) {
        return create(count, namePrefix, EventLoopShard::haltOnBug);
    }

    /**
     * Shards on threads {@code namePrefix-0}, {@code namePrefix-1} and so on.
     *
     * @param onBug gets what a task throws, on the shard
     */
    public static Shards create(int count, String namePrefix, Consumer<Throwable> onBug) {
        Check.argument(count > 0, "%s shards", count);
        List<EventLoopShard> shards = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            shards.add(new EventLoopShard(EventLoops.create(namePrefix + "-" + i), onBug));
        }
        return new Shards(shards);
    }

    public int count() {
        return shards.size();
    }

    /** By index, 0-based. */
    public EventLoopShard get(int index) {
        return shards.get(index);
    }

    /** All of them, in order of index. */
    public List<EventLoopShard> all() {
        return shards;
    }

    /**
     * Runs what was already given to the shards, then ends their threads; timers that are not due
     * are dropped. Whoever gives tasks to the shards is to be closed first: later ones are rejected
     * with an exception. Not to be called on a shard.
     */
    @Override
    public void close() {
        for (EventLoopShard shard : shards) {
            Check.argument(!shard.isCurrent(), "a shard cannot end itself");
        }
        for (EventLoopShard shard : shards) {
            EventLoops.shutdown(shard.eventLoop());
        }
    }
}
