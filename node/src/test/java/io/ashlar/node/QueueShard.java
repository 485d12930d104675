package io.ashlar.node;

import io.ashlar.common.Shard;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** A shard that a test drives: tasks run when it says so, timers when it lets time pass. */
public final class QueueShard implements Shard {
    private final Deque<Runnable> tasks = new ArrayDeque<>();
    private final List<Runnable> timers = new ArrayList<>();
    private boolean running;

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    @Override
    public boolean isCurrent() {
        return running;
    }

    @Override
    public Cancellable schedule(long delayNanos, Runnable task) {
        timers.add(task);
        return () -> timers.remove(task);
    }

    /** Runs everything that waits, but no timers. */
    public void run() {
        running = true;
        try {
            for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                task.run();
            }
        } finally {
            running = false;
        }
    }

    /** Lets every timer that stands now run out. */
    public void fireTimers() {
        List<Runnable> due = List.copyOf(timers);
        timers.clear();
        tasks.addAll(due);
        run();
    }
}
