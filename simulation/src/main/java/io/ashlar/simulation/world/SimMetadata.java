package io.ashlar.simulation.world;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.MetadataClient;
import io.ashlar.metadata.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** One process's {@link MetadataClient}: a view that follows the log at its own pace. */
public final class SimMetadata implements MetadataClient {
    private static final long RETRY_NANOS = 50 * SimWorld.MILLI;
    private static final long BARRIER_PATIENCE_NANOS = 3 * SimWorld.SECOND;

    private static final class Watch {
        final Executor executor;
        final Consumer<ControlState> listener;
        boolean ended;

        Watch(Executor executor, Consumer<ControlState> listener) {
            this.executor = executor;
            this.listener = listener;
        }
    }

    /** Something that waits until the view stands at a position. */
    private record Waiter(int position, Runnable action) {}

    private final SimControlLog log;
    private final SimProcess process;
    private final SimRandom random;
    private final List<Watch> watches = new ArrayList<>();
    private final List<Waiter> waiters = new ArrayList<>();
    private int position;
    private boolean following;
    private long frozenUntilNanos;

    SimMetadata(SimControlLog log, SimProcess process, int position) {
        this.log = log;
        this.process = process;
        this.random = log.random().split();
        this.position = position;
    }

    int position() {
        return position;
    }

    /** The view stands still for so long, though the process runs. */
    public void freeze(long nanos) {
        process.world().trace("log: view of %s freezes for %d ms", process, nanos / 1_000_000);
        frozenUntilNanos = process.world().nowNanos() + nanos;
    }

    /** Begins to catch up, if there is something to catch up with. */
    void follow() {
        if (!following && position < log.newestPosition() && process.isAlive()) {
            following = true;
            long lag = random.skewed(20 * SimWorld.MICRO, log.settings().viewLagNanosMax());
            process.after(lag, this::step);
        }
    }

    private void step() {
        following = false;
        long now = process.world().nowNanos();
        if (now < frozenUntilNanos || !log.isInTouch(process.id().node())) {
            following = true;
            process.after(RETRY_NANOS, this::step);
            return;
        }
        int missing = log.newestPosition() - position;
        if (missing > 0) {
            position += random.chance(0.5) ? 1 : 1 + random.nextInt(missing);
            ControlState state = log.stateAt(position);
            process.world().trace("log: view of %s at %d", process, state.index());
            for (Watch watch : watches) {
                tell(watch, state);
            }
            for (Waiter waiter : List.copyOf(waiters)) {
                if (waiter.position <= position) {
                    waiters.remove(waiter);
                    waiter.action.run();
                }
            }
        }
        follow();
    }

    private static void tell(Watch watch, ControlState state) {
        watch.executor.execute(() -> {
            if (!watch.ended) {
                watch.listener.accept(state);
            }
        });
    }

    @Override
    public ControlState state() {
        return log.stateAt(position);
    }

    @Override
    public Runnable watch(Executor executor, Consumer<ControlState> listener) {
        Watch watch = new Watch(executor, listener);
        watches.add(watch);
        tell(watch, state());
        return () -> {
            watch.ended = true;
            watches.remove(watch);
        };
    }

    private void whenAt(int wanted, Runnable action) {
        if (wanted <= position) {
            action.run();
        } else {
            waiters.add(new Waiter(wanted, action));
        }
    }

    @Override
    public void submit(Command command, Executor executor, Consumer<Outcome> done) {
        boolean[] answered = new boolean[1];
        process.emit(() -> propose(command, executor, done, answered));
        process.after(
                SimControlLog.PROPOSER_PATIENCE_NANOS,
                () -> {
                    if (!answered[0]) {
                        answered[0] = true;
                        executor.execute(
                                () -> done.accept(new Outcome.Unknown("no answer in time")));
                    }
                });
    }

    private void propose(
            Command command, Executor executor, Consumer<Outcome> done, boolean[] answered) {
        log.propose(
                process,
                command,
                applied ->
                        process.after(
                                0,
                                () ->
                                        whenAt(
                                                applied,
                                                () -> {
                                                    if (!answered[0]) {
                                                        answered[0] = true;
                                                        Outcome outcome = log.outcomeAt(applied);
                                                        executor.execute(
                                                                () -> done.accept(outcome));
                                                    }
                                                })));
    }

    @Override
    public void readBarrier(Executor executor, Consumer<Long> done) {
        barrier(executor, done, process.world().nowNanos() + BARRIER_PATIENCE_NANOS);
    }

    private void barrier(Executor executor, Consumer<Long> done, long untilNanos) {
        process.after(
                random.skewed(50 * SimWorld.MICRO, 5 * SimWorld.MILLI),
                () -> {
                    if (log.isHeard(process.id().node())) {
                        int wanted = log.newestPosition();
                        whenAt(
                                wanted,
                                () ->
                                        executor.execute(
                                                () -> done.accept(log.stateAt(wanted).index())));
                    } else if (process.world().nowNanos() > untilNanos) {
                        executor.execute(() -> done.accept(-1L));
                    } else {
                        process.after(RETRY_NANOS, () -> barrier(executor, done, untilNanos));
                    }
                });
    }

    @Override
    public boolean isInTouch() {
        return log.isInTouch(process.id().node());
    }

    @Override
    public boolean isLeader() {
        return process.id().node().equals(log.leader());
    }

    @Override
    public List<NodeId> voters() {
        return log.voters();
    }
}
