package io.ashlar.replication.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ashlar.common.Shard;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ShardsTest {
    /** State without locks counts on this: one thread, in order. */
    @Test
    void tasksOfAShardRunInOrderOnItsOwnThread() {
        List<Integer> order = new ArrayList<>();
        List<Boolean> current = new ArrayList<>();
        try (Shards shards = Shards.create(2, "test-shard")) {
            for (int i = 0; i < 1_000; i++) {
                int number = i;
                shards.get(0)
                        .execute(() -> {
                            order.add(number);
                            current.add(
                                    shards.get(0).isCurrent()
                                            && !shards.get(1).isCurrent()
                                            && Thread.currentThread()
                                                    .getName()
                                                    .equals("test-shard-0"));
                        });
            }
            assertThat(shards.get(0).isCurrent()).isFalse();
        }
        // close() let all of them run
        assertThat(order).hasSize(1_000).isSorted();
        assertThat(current).containsOnly(true);
    }

    /** A bug that Netty would log and forget must reach whoever stops the process. */
    @Test
    void whatATaskThrowsReachesTheHandler() throws Exception {
        LinkedBlockingQueue<Throwable> bugs = new LinkedBlockingQueue<>();
        try (Shards shards = Shards.create(1, "test-bugs", bugs::add)) {
            RuntimeException first = new IllegalStateException("a task's");
            AssertionError second = new AssertionError("a timer's");
            shards.get(0)
                    .execute(() -> {
                        throw first;
                    });
            assertThat(bugs.poll(10, TimeUnit.SECONDS)).isSameAs(first);
            shards.get(0)
                    .schedule(
                            1_000,
                            () -> {
                                throw second;
                            });
            assertThat(bugs.poll(10, TimeUnit.SECONDS)).isSameAs(second);
        }
    }

    /** A cancelled lease timer that fires all the same would give up a lease for nothing. */
    @Test
    void aCancelledTimerDoesNotRun() throws Exception {
        try (Shards shards = Shards.create(1, "test-timer")) {
            Shard shard = shards.get(0);
            List<String> ran = new ArrayList<>();
            CompletableFuture<Void> late = new CompletableFuture<>();
            // On the shard itself, so that the first cannot fire before it is cancelled.
            shard.execute(() -> {
                Shard.Cancellable cancelled = shard.schedule(2_000_000, () -> ran.add("cancelled"));
                cancelled.cancel();
                cancelled.cancel();
                shard.schedule(
                        4_000_000,
                        () -> {
                            ran.add("kept");
                            late.complete(null);
                        });
            });
            late.get(10, TimeUnit.SECONDS);
            assertThat(ran).containsExactly("kept");
        }
    }

    /** After the end a task is refused aloud, not lost. */
    @Test
    void aClosedShardRefusesTasks() {
        Shards shards = Shards.create(1, "test-closed");
        shards.close();
        assertThatThrownBy(() -> shards.get(0).execute(() -> {}))
                .isInstanceOf(RejectedExecutionException.class);
    }
}
