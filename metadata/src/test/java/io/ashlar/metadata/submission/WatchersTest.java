package io.ashlar.metadata.submission;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.metadata.Command;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.ControlStateMachine;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Watchers see states in order, from the present one on, however slow they are. */
class WatchersTest {
    private final Watchers watchers = new Watchers();
    private final ArrayDeque<Runnable> executor = new ArrayDeque<>();
    private final List<Long> seen = new ArrayList<>();

    @Test
    void aSlowWatcherSkipsWhatCameMeanwhile() {
        publish(3);
        watchers.watch(executor::add, state -> seen.add(state.index()));
        publish(4);
        publish(5);
        run();
        assertThat(seen).containsExactly(5L);
        publish(6);
        run();
        publish(6);
        run();
        assertThat(seen).containsExactly(5L, 6L);
    }

    @Test
    void whatIsPublishedDuringACallIsToldAfterIt() {
        watchers.watch(
                executor::add,
                state -> {
                    seen.add(state.index());
                    if (state.index() == 1) {
                        publish(2);
                        publish(3);
                    }
                });
        publish(1);
        run();
        assertThat(seen).containsExactly(1L, 3L);
    }

    @Test
    void theFirstCallGivesEvenTheEmptyStateAndTheLastOneIsTheLast() {
        Runnable end = watchers.watch(executor::add, state -> seen.add(state.index()));
        run();
        assertThat(seen).containsExactly(0L);
        publish(1);
        end.run();
        run();
        publish(2);
        run();
        assertThat(seen).containsExactly(0L);
        assertThat(watchers.state().index()).isEqualTo(2);
    }

    private void publish(long index) {
        ControlState state =
                ControlStateMachine.apply(
                                ControlState.initial(), index, new Command.CreateHost("h"))
                        .state();
        watchers.publish(state);
    }

    private void run() {
        while (!executor.isEmpty()) {
            executor.remove().run();
        }
    }
}
