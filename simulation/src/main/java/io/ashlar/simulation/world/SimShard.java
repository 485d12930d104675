package io.ashlar.simulation.world;

import io.ashlar.common.Shard;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** A {@link Shard} of a simulated process: a queue whose tasks run a few at a time, in order. */
public final class SimShard implements Shard {
    private static final int TASKS_PER_TURN_MAX = 8;
    private static final long TURN_GAP_NANOS_MAX = 20 * SimWorld.MICRO;

    private final SimProcess process;
    private final String name;
    private final SimRandom random;
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private boolean turnScheduled;
    private long busyUntilNanos;

    SimShard(SimProcess process, String name) {
        this.process = process;
        this.name = name;
        this.random = process.random().split();
    }

    @Override
    public boolean isCurrent() {
        return process.world().currentShard() == this;
    }

    @Override
    public void execute(Runnable task) {
        if (!process.isAlive()) {
            return;
        }
        tasks.add(task);
        scheduleTurn();
    }

    /** Its thread is somewhere else for so long: what comes meanwhile waits. */
    public void stall(long nanos) {
        busyUntilNanos = process.world().nowNanos() + nanos;
    }

    private void scheduleTurn() {
        if (!turnScheduled) {
            turnScheduled = true;
            long busyNanos = busyUntilNanos - process.world().nowNanos();
            process.after(Math.max(busyNanos, random.between(0, TURN_GAP_NANOS_MAX)), this::turn);
        }
    }

    private void turn() {
        turnScheduled = false;
        if (process.world().nowNanos() < busyUntilNanos) {
            scheduleTurn();
            return;
        }
        SimShard before = process.world().currentShard();
        process.world().enter(this);
        try {
            int budget = 1 + random.nextInt(TASKS_PER_TURN_MAX);
            while (budget-- > 0 && process.isRunning()) {
                Runnable task = tasks.poll();
                if (task == null) {
                    break;
                }
                process.beginStep();
                task.run();
            }
        } finally {
            process.world().enter(before);
        }
        if (!tasks.isEmpty()) {
            scheduleTurn();
        }
    }

    @Override
    public Cancellable schedule(long delayNanos, Runnable task) {
        Timer timer = new Timer(task);
        if (process.isAlive()) {
            timer.event = process.after(process.trueDelay(delayNanos), () -> execute(timer));
        }
        return timer;
    }

    private static final class Timer implements Cancellable, Runnable {
        private final Runnable task;
        private SimWorld.@Nullable Event event;
        private boolean cancelled;

        Timer(Runnable task) {
            this.task = task;
        }

        @Override
        public void run() {
            if (!cancelled) {
                task.run();
            }
        }

        @Override
        public void cancel() {
            cancelled = true;
            if (event != null) {
                event.cancel();
            }
        }
    }

    @Override
    public String toString() {
        return process + "/" + name;
    }
}
