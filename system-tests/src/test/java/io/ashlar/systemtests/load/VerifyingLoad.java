package io.ashlar.systemtests.load;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Writes and reads until told to stop, and knows of every sector what it may hold: the last
 * acknowledged write, or one under way. The knowledge outlives a run, so that a load can be stopped
 * by a crash, and its data read back after it with another target.
 */
public final class VerifyingLoad {
    private static final int SWEEP_BYTES = 256 << 10;
    private static final int EDGE_BYTES = 4 << 20;
    private static final int HOT_BYTES = 512 << 10;
    private static final int MICROS_MAX = 600_000_000;

    /** In bytes; the mix leans to 4 KiB, as hosts do. */
    private static final int[] SIZES = {
        512, 4096, 4096, 4096, 4096, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 4608, 12288
    };

    private final LoadPlan plan;
    private final WriteHistory history;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final LongAdder givenUp = new LongAdder();
    private volatile boolean stopping;
    private volatile boolean errorsExpected;
    private Run run;

    /** One start to stop. */
    private static final class Run {
        final List<Thread> workers = new ArrayList<>();
        final Histogram reads = new ConcurrentHistogram(MICROS_MAX, 3);
        final Histogram writes = new ConcurrentHistogram(MICROS_MAX, 3);
        final long startNanos = System.nanoTime();
        final PauseMeter all = new PauseMeter(startNanos);
        final List<PauseMeter> each = new ArrayList<>();
    }

    public VerifyingLoad(LoadPlan plan) {
        this.plan = plan;
        long runId = new SplittableRandom(plan.seed() ^ System.nanoTime()).nextLong();
        this.history =
                new WriteHistory(
                        runId,
                        plan.firstByte() / SectorStamp.BYTES,
                        plan.spanBytes() / SectorStamp.BYTES);
    }

    /** Writes the whole span once, so that every later read is looked at. */
    public void fill(BlockTarget target) throws IOException, InterruptedException {
        for (int at = 0; at < plan.spanBytes(); at += SWEEP_BYTES) {
            write(target, at, Math.min(SWEEP_BYTES, plan.spanBytes() - at), -1);
        }
    }

    /** Starts the workers, on virtual threads. */
    public void start(BlockTarget target) {
        stopping = false;
        errorsExpected = false;
        run = new Run();
        SplittableRandom seeds = new SplittableRandom(plan.seed());
        for (int i = 0; i < plan.aloneWorkers() + plan.crowdWorkers(); i++) {
            int region = Math.min(i, plan.aloneWorkers());
            SplittableRandom random = seeds.split();
            PauseMeter waits = new PauseMeter(run.startNanos);
            run.each.add(waits);
            Run current = run;
            run.workers.add(
                    Thread.ofVirtual()
                            .name("load worker " + i)
                            .start(() -> work(current, target, region, random, waits)));
        }
    }

    /** Operations completed since the start. */
    public long operations() {
        return run.reads.getTotalCount() + run.writes.getTotalCount();
    }

    /** How long nothing has been completed now. */
    public Duration sinceLastCompletion() {
        return Duration.ofNanos(run.all.sinceLast(System.nanoTime()));
    }

    /** The longest time in which nothing was completed, since this was asked last. */
    public Duration takeLongestPause() {
        return Duration.ofNanos(run.all.takeLongest(System.nanoTime()));
    }

    public boolean hasFailed() {
        return failure.get() != null;
    }

    /**
     * From now on a failed operation only leaves its outcome open: the target is about to go away.
     */
    public void expectErrors() {
        errorsExpected = true;
    }

    /**
     * Waits for the operations under way.
     *
     * @throws AssertionError if anything went wrong since the start
     */
    public LoadReport stop(Duration timeout) throws InterruptedException {
        stopping = true;
        return awaitEnd(timeout);
    }

    /** Like {@link #stop}, for workers that end by themselves since their target is gone. */
    public LoadReport awaitEnd(Duration timeout) throws InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        for (Thread worker : run.workers) {
            long left = deadline - System.nanoTime();
            if (!worker.join(Duration.ofNanos(Math.max(1, left)))) {
                throw new AssertionError(worker + " does not end within " + timeout, failure.get());
            }
        }
        Duration ran = Duration.ofNanos(System.nanoTime() - run.startNanos);
        throwFailure();
        long longestWait = 0;
        for (PauseMeter waits : run.each) {
            longestWait = Math.max(longestWait, waits.longestNanos());
        }
        return new LoadReport(
                ran,
                run.all.toString(),
                Duration.ofNanos(run.all.longestNanos()),
                Duration.ofNanos(longestWait),
                run.reads,
                run.writes);
    }

    /** Operations whose outcome was left open after {@link #expectErrors}. */
    public long givenUp() {
        return givenUp.sum();
    }

    /**
     * Reads the whole span and checks every sector.
     *
     * @throws AssertionError if any is wrong
     */
    public void verifyAll(BlockTarget target) throws IOException, InterruptedException {
        try {
            for (int at = 0; at < plan.spanBytes(); at += SWEEP_BYTES) {
                read(target, at, Math.min(SWEEP_BYTES, plan.spanBytes() - at));
            }
        } catch (WrongData e) {
            throw new AssertionError("at the final reading: " + e.getMessage(), e);
        }
    }

    /**
     * For those who wait for something else meanwhile.
     *
     * @throws AssertionError if the load has failed
     */
    public void check() {
        throwFailure();
    }

    private void throwFailure() {
        Throwable first = failure.get();
        if (first != null) {
            throw new AssertionError("under load: " + first, first);
        }
    }

    private void work(
            Run current,
            BlockTarget target,
            int region,
            SplittableRandom random,
            PauseMeter waits) {
        try {
            while (!stopping && !hasFailed()) {
                boolean isRead = random.nextInt(100) < plan.readPercent();
                int bytes = size(target, random);
                int at = place(target, region, bytes, random);
                long began = System.nanoTime();
                try {
                    if (isRead) {
                        read(target, at, bytes);
                    } else {
                        write(target, at, bytes, region);
                    }
                } catch (IOException e) {
                    if (!errorsExpected) {
                        throw e;
                    }
                    givenUp.increment();
                    return;
                }
                long now = System.nanoTime();
                current.all.completed(now);
                waits.completed(now);
                (isRead ? current.reads : current.writes)
                        .recordValue(Math.min((now - began) / 1000, MICROS_MAX));
            }
        } catch (IOException | WrongData | RuntimeException | InterruptedException e) {
            failure.compareAndSet(null, e);
        }
    }

    private int size(BlockTarget target, SplittableRandom random) {
        int bytes = SIZES[random.nextInt(SIZES.length)];
        return Math.max(target.blockBytes(), bytes - bytes % target.blockBytes());
    }

    /** Half of the places are hot: the first blocks of a region, or about a chunk's edge in it. */
    private int place(BlockTarget target, int region, int bytes, SplittableRandom random) {
        int room = plan.regionBytes() - bytes;
        int at = random.nextInt(room + 1);
        boolean isCrowd = region == plan.aloneWorkers();
        if (isCrowd || random.nextInt(4) == 0) {
            at = Math.min(room, at % HOT_BYTES);
        } else if (random.nextInt(3) == 0 && plan.regionBytes() > EDGE_BYTES) {
            at = Math.clamp(EDGE_BYTES - random.nextLong(bytes + 1L), 0, room);
        }
        at -= at % target.blockBytes();
        return region * plan.regionBytes() + at;
    }

    private void write(BlockTarget target, int at, int bytes, int region)
            throws IOException, InterruptedException {
        WriteHistory.Write write = history.beginWrite(sector(at), bytes / SectorStamp.BYTES);
        target.write(lba(target, at), history.contents(write, region));
        history.acknowledged(write);
    }

    private void read(BlockTarget target, int at, int bytes)
            throws IOException, InterruptedException, WrongData {
        WriteHistory.Read read = history.beginRead(sector(at), bytes / SectorStamp.BYTES);
        history.check(read, target.read(lba(target, at), bytes / target.blockBytes()));
    }

    private long sector(int at) {
        return (plan.firstByte() + at) / SectorStamp.BYTES;
    }

    private long lba(BlockTarget target, int at) {
        return (plan.firstByte() + at) / target.blockBytes();
    }
}
