package io.ashlar.node.api;

import io.ashlar.metadata.Command;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.MetadataClient;
import io.ashlar.metadata.Outcome;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The control state for threads that may wait, which those of the administration are. */
final class ControlAccess {
    private static final int TIMEOUT_SECONDS = 30;

    private final MetadataClient client;

    ControlAccess(MetadataClient client) {
        this.client = client;
    }

    /** The view as it is, perhaps behind the cluster. */
    ControlState newest() {
        return client.state();
    }

    boolean isInTouch() {
        return client.isInTouch();
    }

    boolean isLeader() {
        return client.isLeader();
    }

    /** A view that holds everything that was answered before this call. */
    ControlState current() {
        var done = new CompletableFuture<Long>();
        client.readBarrier(Runnable::run, done::complete);
        if (await(done) < 0) {
            throw outOfTouch();
        }
        return client.state();
    }

    /** Submits a command and gives its value, or says why it was not applied. */
    Outcome.Applied submit(Command command) {
        var done = new CompletableFuture<Outcome>();
        client.submit(command, Runnable::run, done::complete);
        return switch (await(done)) {
            case Outcome.Applied applied -> applied;
            case Outcome.Rejected rejected -> throw ApiException.of(rejected);
            case Outcome.Unknown unknown ->
                    throw new ApiException(
                            503,
                            "unknown_outcome",
                            "nobody knows whether the change was made: " + unknown.message(),
                            "look before you try again; 'ashlar status' names the nodes that are"
                                    + " down");
        };
    }

    private static <T> T await(CompletableFuture<T> future) {
        try {
            return future.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw outOfTouch();
        } catch (TimeoutException e) {
            throw outOfTouch();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    private static ApiException outOfTouch() {
        return new ApiException(
                503,
                "out_of_touch",
                "this node does not hear of a leader",
                "start the nodes that are down ('ashlar status' names them), or ask another node");
    }
}
