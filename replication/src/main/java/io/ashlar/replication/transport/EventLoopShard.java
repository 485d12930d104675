package io.ashlar.replication.transport;

import io.ashlar.common.Check;
import io.ashlar.common.Shard;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A shard that is a Netty event loop: what production runs on. What a task throws is a bug and goes
 * to the handler given here; the loop itself would only log it and go on.
 */
public final class EventLoopShard implements Shard {
    private static final Logger LOG = LoggerFactory.getLogger(EventLoopShard.class);

    private final EventLoop loop;
    private final Consumer<Throwable> onBug;

    /**
     * @param loop a loop of one thread; whoever made it ends it
     * @param onBug gets what a task throws, on the shard
     */
    public EventLoopShard(EventLoop loop, Consumer<Throwable> onBug) {
        this.loop = loop;
        this.onBug = onBug;
    }

    /**
     * The handler of production: state that a half-run task left behind is not to be trusted, so
     * the process halts, where {@link Check#haltOnViolation} is set.
     */
    public static void haltOnBug(Throwable bug) {
        LOG.error("uncaught exception on {}", Thread.currentThread().getName(), bug);
        Check.invariant(false, "uncaught exception: %s", bug);
    }

    /** The loop, for channels that belong to this shard. */
    public EventLoop eventLoop() {
        return loop;
    }

    /**
     * {@inheritDoc}
     *
     * @throws java.util.concurrent.RejectedExecutionException once the shard was shut down
     */
    @Override
    public void execute(Runnable task) {
        loop.execute(new Guarded(task));
    }

    @Override
    public boolean isCurrent() {
        return loop.inEventLoop();
    }

    @Override
    public Cancellable schedule(long delayNanos, Runnable task) {
        ScheduledFuture<?> future =
                loop.schedule(new Guarded(task), delayNanos, TimeUnit.NANOSECONDS);
        return () -> future.cancel(false);
    }

    private final class Guarded implements Runnable {
        private final Runnable task;

        Guarded(Runnable task) {
            this.task = task;
        }

        @Override
        public void run() {
            try {
                task.run();
            } catch (Throwable bug) {
                onBug.accept(bug);
            }
        }
    }
}
