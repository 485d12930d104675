package io.ashlar.iscsi.session;

import io.ashlar.common.Shard;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** A shard that runs its tasks when the test says so. */
final class ManualShard implements Shard {
    private record Later(long atNanos, Runnable task) {}

    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final List<Later> later = new ArrayList<>();
    private long nowNanos;

    @Override
    public boolean isCurrent() {
        return true;
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    @Override
    public Cancellable schedule(long delayNanos, Runnable task) {
        Later entry = new Later(nowNanos + delayNanos, task);
        later.add(entry);
        return () -> later.remove(entry);
    }

    /** Runs all that is due, and what comes of it. */
    void run() {
        Runnable next = tasks.poll();
        while (next != null) {
            next.run();
            next = tasks.poll();
        }
    }

    void advance(long nanos) {
        nowNanos += nanos;
        for (Later each : List.copyOf(later)) {
            if (each.atNanos() <= nowNanos) {
                later.remove(each);
                tasks.add(each.task());
            }
        }
        run();
    }
}
