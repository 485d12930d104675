package io.ashlar.systemtests.iscsi;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A command that was sent and has not ended. Its fields belong to the session's reader thread. */
public final class PendingCommand {
    final ScsiCommand command;
    final int initiatorTaskTag;
    final int cmdSn;
    final byte[] dataIn;
    final CompletableFuture<ScsiResult> outcome = new CompletableFuture<>();
    int dataInBytes;
    int dataInPdus;
    int r2ts;

    PendingCommand(ScsiCommand command, int initiatorTaskTag, int cmdSn) {
        this.command = command;
        this.initiatorTaskTag = initiatorTaskTag;
        this.cmdSn = cmdSn;
        this.dataIn = new byte[command.dataInBytes()];
    }

    public boolean isDone() {
        return outcome.isDone();
    }

    /**
     * Waits for the status.
     *
     * @throws TimeoutException when none came in time; the command is still under way
     * @throws IOException when the session has ended or the command was aborted
     */
    public ScsiResult await(Duration timeout)
            throws IOException, TimeoutException, InterruptedException {
        try {
            return outcome.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw new IOException(e.getCause().getMessage(), e.getCause());
        }
    }
}
