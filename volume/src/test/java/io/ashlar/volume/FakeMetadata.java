package io.ashlar.volume;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.MetadataClient;
import io.ashlar.metadata.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** A node's view of the fake log; it lags as long as the test says. */
final class FakeMetadata implements MetadataClient {
    private record Awaited(long index, Runnable task) {}

    private final FakeWorld world;
    private final FakeWorld.FakeNode node;
    private final List<Consumer<ControlState>> watchers = new ArrayList<>();
    private final List<Awaited> awaited = new ArrayList<>();
    private int position;
    boolean isInTouch = true;
    boolean isLeader;

    /** Most that the view lags behind the log. */
    long lagNanos;

    FakeMetadata(FakeWorld world, FakeWorld.FakeNode node) {
        this.world = world;
        this.node = node;
    }

    void onAppended() {
        world.post(world.nanos() + world.upTo(lagNanos), node, this::advance);
    }

    private void advance() {
        if (position < world.log.history.size() - 1) {
            position++;
            ControlState state = state();
            watchers.forEach(watcher -> watcher.accept(state));
            for (Awaited waiting : List.copyOf(awaited)) {
                if (state.index() >= waiting.index) {
                    awaited.remove(waiting);
                    waiting.task.run();
                }
            }
        }
    }

    @Override
    public ControlState state() {
        return world.log.history.get(position);
    }

    @Override
    public Runnable watch(Executor executor, Consumer<ControlState> listener) {
        Consumer<ControlState> watcher = state -> executor.execute(() -> listener.accept(state));
        watchers.add(watcher);
        watcher.accept(state());
        return () -> watchers.remove(watcher);
    }

    private void whenAt(long index, Runnable task) {
        if (state().index() >= index) {
            task.run();
        } else {
            awaited.add(new Awaited(index, task));
        }
    }

    @Override
    public void submit(Command command, Executor executor, Consumer<Outcome> done) {
        boolean[] answered = new boolean[1];
        boolean isLate = world.lateCommands > 0 && world.chance(world.lateCommands);
        long late = isLate ? world.lateNanosMin + world.upTo(world.lateNanos) : 0;
        world.at(
                late + world.upTo(world.messageDelayNanos),
                () -> {
                    Outcome outcome = world.log.apply(command);
                    world.trace("log: %s -> %s", command, outcome);
                    long index = world.newest().index();
                    world.post(
                            world.nanos(),
                            node,
                            () -> whenAt(index, () -> answer(answered, executor, done, outcome)));
                });
        if (late > world.lateNanos / 3) {
            world.post(
                    world.nanos() + world.lateNanos / 3,
                    node,
                    () -> answer(answered, executor, done, new Outcome.Unknown("late")));
        }
    }

    private static void answer(
            boolean[] answered, Executor executor, Consumer<Outcome> done, Outcome outcome) {
        if (!answered[0]) {
            answered[0] = true;
            executor.execute(() -> done.accept(outcome));
        }
    }

    @Override
    public void readBarrier(Executor executor, Consumer<Long> done) {
        world.at(
                1 + world.upTo(world.messageDelayNanos),
                () -> {
                    long index = isInTouch ? world.newest().index() : -1;
                    world.post(
                            world.nanos(),
                            node,
                            () -> whenAt(index, () -> executor.execute(() -> done.accept(index))));
                });
    }

    @Override
    public boolean isInTouch() {
        return isInTouch;
    }

    @Override
    public boolean isLeader() {
        return isLeader;
    }

    @Override
    public List<NodeId> voters() {
        return List.of();
    }
}
