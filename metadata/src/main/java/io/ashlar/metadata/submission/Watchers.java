package io.ashlar.metadata.submission;

import io.ashlar.metadata.ControlState;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * The newest state of this node, and those who watch it. A watcher gets states in order and never
 * two at once; one that is slow skips what came meanwhile. Published by one thread, read by any.
 */
public final class Watchers {
    private final List<Watch> watches = new CopyOnWriteArrayList<>();
    private volatile ControlState state = ControlState.initial();

    public ControlState state() {
        return state;
    }

    /** Shows a state to all. Indexes never go back. */
    public void publish(ControlState newer) {
        state = newer;
        for (Watch watch : watches) {
            watch.signal();
        }
    }

    /**
     * @return ends the watch; a call that has begun may still finish
     */
    public Runnable watch(Executor executor, Consumer<ControlState> listener) {
        Watch watch = new Watch(executor, listener);
        watches.add(watch);
        watch.signal();
        return () -> {
            watch.isEnded = true;
            watches.remove(watch);
        };
    }

    private final class Watch {
        private final Executor executor;
        private final Consumer<ControlState> listener;
        private final AtomicInteger signals = new AtomicInteger();
        private volatile boolean isEnded;
        private volatile long toldIndex = -1;

        Watch(Executor executor, Consumer<ControlState> listener) {
            this.executor = executor;
            this.listener = listener;
        }

        void signal() {
            if (signals.getAndIncrement() == 0) {
                executor.execute(this::tell);
            }
        }

        private void tell() {
            int seen = signals.get();
            ControlState newest = state;
            try {
                if (!isEnded && newest.index() > toldIndex) {
                    toldIndex = newest.index();
                    listener.accept(newest);
                }
            } finally {
                if (signals.addAndGet(-seen) > 0) {
                    executor.execute(this::tell);
                }
            }
        }
    }
}
