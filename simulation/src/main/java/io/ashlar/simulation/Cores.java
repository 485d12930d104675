package io.ashlar.simulation;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Does independent work on all cores: each piece in one thread, results in the order of the pieces.
 */
public final class Cores {
    private static final int AHEAD_PER_THREAD = 4;

    private Cores() {}

    /**
     * Works on the pieces; the first failure, in their order, is thrown and ends the rest.
     *
     * @param pieces asked for a little ahead of the work
     */
    public static <T, R> void inOrder(
            Iterator<T> pieces, Function<T, R> work, Consumer<R> results) {
        int threads = Runtime.getRuntime().availableProcessors();
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            ArrayDeque<Future<R>> running = new ArrayDeque<>();
            while (pieces.hasNext() || !running.isEmpty()) {
                while (pieces.hasNext() && running.size() < threads * AHEAD_PER_THREAD) {
                    T piece = pieces.next();
                    running.add(pool.submit(() -> work.apply(piece)));
                }
                results.accept(running.remove().get());
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Error error ? error : new AssertionError(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } finally {
            pool.shutdownNow();
        }
    }
}
