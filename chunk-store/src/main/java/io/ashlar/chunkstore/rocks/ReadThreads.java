package io.ashlar.chunkstore.rocks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The threads that read from a device, each with a scratch of its own. */
final class ReadThreads<S extends AutoCloseable> {
    private static final Logger LOG = LoggerFactory.getLogger(ReadThreads.class);

    /** What a reader thread does: it must answer its caller whatever happens. */
    interface Task<S> {
        void run(S scratch);
    }

    private final BoundedQueue<Task<S>> queue;
    private final Failure failure;
    private final List<Thread> threads = new ArrayList<>();

    ReadThreads(
            String name,
            int count,
            int pendingMax,
            long bytesMax,
            BlockLayout<S> layout,
            Failure failure) {
        this.failure = failure;
        queue = new BoundedQueue<>(name, pendingMax, bytesMax);
        for (int i = 0; i < count; i++) {
            threads.add(Thread.ofPlatform().name(name + "-" + i).start(() -> run(layout)));
        }
    }

    /** False if the device is closed. */
    boolean submit(int bytes, Task<S> task) {
        return queue.offer(task, bytes);
    }

    private void run(BlockLayout<S> layout) {
        S scratch = layout.newScratch();
        List<Task<S>> next = new ArrayList<>(1);
        while (true) {
            queue.take(next, 1, Long.MAX_VALUE);
            if (next.isEmpty()) {
                break;
            }
            try {
                next.getFirst().run(scratch);
            } catch (RejectedExecutionException e) {
                LOG.debug("nobody is left to hear the result of a read");
            } catch (RuntimeException | Error e) {
                // Of an executor that runs callbacks on this thread, which others wait for.
                failure.set("a callback failed: " + e, e);
            }
            next.clear();
        }
        try {
            scratch.close();
        } catch (Exception e) {
            throw new IllegalStateException("closing a reader's memory", e);
        }
    }

    /** Completes what was submitted and ends the threads. */
    void close() {
        queue.close();
        threads.forEach(ReadThreads::joinUninterruptibly);
    }

    boolean isOneOfThem(Thread thread) {
        return threads.contains(thread);
    }

    /** Closing must not go on to free native memory while a thread may still use it. */
    static void joinUninterruptibly(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
