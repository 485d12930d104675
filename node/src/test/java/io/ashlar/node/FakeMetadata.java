package io.ashlar.node;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.ControlStateMachine;
import io.ashlar.metadata.MetadataClient;
import io.ashlar.metadata.Outcome;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** The real state machine without an engine: commands are applied at once, unless it is lost. */
public final class FakeMetadata implements MetadataClient {
    public final List<Command> submitted = new ArrayList<>();
    public boolean inTouch = true;
    public boolean leader = true;
    private ControlState state = ControlState.initial();
    private final Map<Object, Runnable> listeners = new LinkedHashMap<>();

    @Override
    public synchronized ControlState state() {
        return state;
    }

    @Override
    public synchronized Runnable watch(Executor executor, Consumer<ControlState> listener) {
        Object key = new Object();
        Runnable tell = () -> executor.execute(() -> listener.accept(state()));
        listeners.put(key, tell);
        tell.run();
        return () -> listeners.remove(key);
    }

    @Override
    public synchronized void submit(Command command, Executor executor, Consumer<Outcome> done) {
        submitted.add(command);
        Outcome outcome;
        if (inTouch) {
            var result = ControlStateMachine.apply(state, state.index() + 1, command);
            state = result.state();
            outcome = result.outcome();
        } else {
            outcome = new Outcome.Unknown("no leader answered");
        }
        executor.execute(() -> done.accept(outcome));
        List.copyOf(listeners.values()).forEach(Runnable::run);
    }

    /** Applies a command of somebody else. */
    public void apply(Command command) {
        submit(
                command,
                Runnable::run,
                outcome -> {
                    if (!(outcome instanceof Outcome.Applied)) {
                        throw new AssertionError(outcome);
                    }
                });
    }

    @Override
    public void readBarrier(Executor executor, Consumer<Long> done) {
        executor.execute(() -> done.accept(inTouch ? state().index() : -1));
    }

    @Override
    public boolean isInTouch() {
        return inTouch;
    }

    @Override
    public boolean isLeader() {
        return leader;
    }

    @Override
    public List<NodeId> voters() {
        return List.of();
    }
}
