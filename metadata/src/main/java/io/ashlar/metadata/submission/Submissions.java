package io.ashlar.metadata.submission;

import io.ashlar.metadata.Command;
import io.ashlar.metadata.Outcome;
import io.ashlar.metadata.engine.ConsensusEngine;
import io.ashlar.metadata.replica.ControlReplica;
import io.ashlar.metadata.wire.EntryCodec;
import io.ashlar.metadata.wire.Envelope;
import io.ashlar.metadata.wire.SnapshotCodec;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * This node's commands from when they are submitted until their outcome is known.
 *
 * <p>Commands that arrive together share an entry of the log, so one fsync and one round trip serve
 * them all. An entry that the engine could not place is proposed again, with the same sequences;
 * the state machine applies each once. Outcomes come from applying the log on this very node, never
 * from the leader's answer; so the node's view has reached an outcome when it is told.
 *
 * <p>A command whose outcome is not known in time is given up: {@code settledBelow} of the next one
 * says so, and from then on it can no longer be applied.
 *
 * <p>Safe for use by any thread; nothing is called while the lock is held but the engine.
 */
public final class Submissions implements AutoCloseable {
    /** Commands that wait for a sequence. */
    static final int WAITING_MAX = 4096;

    private static final int ENTRIES_IN_FLIGHT_MAX = 4;

    /** A command of this size or more is not joined by others. */
    private static final int ENTRY_BYTES_FULL = 256 * 1024;

    private static final Duration PROPOSE_TIMEOUT = Duration.ofSeconds(4);
    private static final long RETRY_MILLIS = 100;

    private final UUID client;
    private final ConsensusEngine engine;
    private final LongSupplier viewIndex;
    private final Timer timer;
    private final long giveUpMillis;
    private final Object lock = new Object();
    private final ArrayDeque<Pending> waiting = new ArrayDeque<>();
    private final TreeMap<Long, Pending> open = new TreeMap<>();
    private final ArrayDeque<Pending> toPropose = new ArrayDeque<>();
    private long nextSequence = 1;
    private int entriesInFlight;
    private boolean isClosed;

    /** Runs something later, on a thread that may block shortly; nothing once it is shut down. */
    @FunctionalInterface
    public interface Timer {
        void later(long millis, Runnable task);
    }

    private static final class Pending {
        private final Command command;
        private final Consumer<Outcome> done;
        private long sequence;
        private long viewIndex;
        private boolean isDone;

        Pending(Command command, Consumer<Outcome> done) {
            this.command = command;
            this.done = done;
        }
    }

    /**
     * @param client drawn for this process
     * @param viewIndex of what this node has applied
     * @param timer for retries and giving up
     */
    public Submissions(
            UUID client,
            ConsensusEngine engine,
            LongSupplier viewIndex,
            Timer timer,
            Duration giveUp) {
        this.client = client;
        this.engine = engine;
        this.viewIndex = viewIndex;
        this.timer = timer;
        this.giveUpMillis = giveUp.toMillis();
    }

    public void submit(Command command, Executor executor, Consumer<Outcome> done) {
        Pending pending =
                new Pending(command, outcome -> executor.execute(() -> done.accept(outcome)));
        String refusal = null;
        try {
            encode(List.of(new Envelope(client, 1, 1, 0, command)));
        } catch (IllegalArgumentException e) {
            pending.done.accept(
                    new Outcome.Rejected(
                            viewIndex.getAsLong(),
                            Outcome.Reason.INVALID,
                            String.valueOf(e.getMessage())));
            return;
        }
        synchronized (lock) {
            if (isClosed) {
                refusal = "this node is shutting down; it was not proposed";
            } else if (waiting.size() >= WAITING_MAX) {
                refusal = "too many commands wait already; it was not proposed, try again later";
            } else {
                waiting.add(pending);
            }
        }
        if (refusal != null) {
            pending.done.accept(new Outcome.Unknown(refusal));
            return;
        }
        timer.later(giveUpMillis, () -> giveUp(pending));
        pump();
    }

    /** After this node has applied an entry and its view shows it. */
    public void onApplied(List<ControlReplica.Done> applied) {
        List<Pending> finished = new ArrayList<>();
        List<Outcome> outcomes = new ArrayList<>();
        synchronized (lock) {
            for (ControlReplica.Done done : applied) {
                Pending pending = done.client().equals(client) ? open.get(done.sequence()) : null;
                if (pending != null && finish(pending)) {
                    finished.add(pending);
                    outcomes.add(done.outcome());
                }
            }
        }
        for (int i = 0; i < finished.size(); i++) {
            finished.get(i).done.accept(outcomes.get(i));
        }
        if (!finished.isEmpty()) {
            pump();
        }
    }

    /**
     * After this node has loaded a snapshot, in which commands of its own may have been applied.
     */
    public void onLoaded(BiFunction<UUID, Long, @Nullable Outcome> outcomeOf) {
        List<ControlReplica.Done> applied = new ArrayList<>();
        synchronized (lock) {
            for (Map.Entry<Long, Pending> entry : open.entrySet()) {
                Outcome outcome = outcomeOf.apply(client, entry.getKey());
                if (outcome != null) {
                    applied.add(new ControlReplica.Done(client, entry.getKey(), outcome));
                }
            }
        }
        onApplied(applied);
    }

    @Override
    public void close() {
        List<Pending> left = new ArrayList<>();
        synchronized (lock) {
            isClosed = true;
            left.addAll(waiting);
            left.addAll(open.values());
            left.removeIf(pending -> !finish(pending));
        }
        left.forEach(
                pending -> pending.done.accept(new Outcome.Unknown("this node is shutting down")));
    }

    /** Proposes what waits, as far as limits allow. */
    private void pump() {
        synchronized (lock) {
            while (!isClosed && entriesInFlight < ENTRIES_IN_FLIGHT_MAX) {
                takeSequences();
                List<Pending> batch = new ArrayList<>();
                byte[] entry = nextEntry(batch);
                if (entry == null) {
                    return;
                }
                entriesInFlight++;
                engine.propose(entry, PROPOSE_TIMEOUT)
                        .whenCompleteAsync(
                                (_, error) -> onProposed(batch, error),
                                task -> timer.later(0, task));
            }
        }
    }

    /** A client has no more sequences open than the state machine remembers results. */
    private void takeSequences() {
        while (!waiting.isEmpty()
                && (open.isEmpty() || nextSequence - open.firstKey() < SnapshotCodec.RESULTS_MAX)) {
            Pending pending = waiting.remove();
            pending.sequence = nextSequence++;
            pending.viewIndex = viewIndex.getAsLong();
            open.put(pending.sequence, pending);
            toPropose.add(pending);
        }
    }

    private byte @Nullable [] nextEntry(List<Pending> batch) {
        List<Envelope> envelopes = new ArrayList<>();
        long settledBelow = open.isEmpty() ? nextSequence : open.firstKey();
        int bytes = 0;
        while (!toPropose.isEmpty()
                && envelopes.size() < EntryCodec.COMMANDS_MAX
                && bytes < ENTRY_BYTES_FULL) {
            Pending pending = toPropose.remove();
            if (!pending.isDone) {
                Envelope envelope =
                        new Envelope(
                                client,
                                pending.sequence,
                                settledBelow,
                                pending.viewIndex,
                                pending.command);
                bytes += EntryCodec.bytesOf(envelope);
                envelopes.add(envelope);
                batch.add(pending);
            }
        }
        return envelopes.isEmpty() ? null : encode(envelopes);
    }

    private void onProposed(List<Pending> batch, @Nullable Throwable error) {
        if (error != null) {
            timer.later(RETRY_MILLIS, () -> proposeAgain(batch));
            return;
        }
        // Committed: each gets its outcome when this node applies it.
        synchronized (lock) {
            entriesInFlight--;
        }
        pump();
    }

    private void proposeAgain(List<Pending> batch) {
        synchronized (lock) {
            entriesInFlight--;
            for (int i = batch.size() - 1; i >= 0; i--) {
                if (!batch.get(i).isDone) {
                    toPropose.addFirst(batch.get(i));
                }
            }
        }
        pump();
    }

    private void giveUp(Pending pending) {
        synchronized (lock) {
            if (!finish(pending)) {
                return;
            }
        }
        pending.done.accept(
                new Outcome.Unknown(
                        "no leader has confirmed the command within "
                                + giveUpMillis / 1000
                                + " s; look at the state before it is tried again"));
        pump();
    }

    /** Whether it was not finished before. Under the lock. */
    private boolean finish(Pending pending) {
        if (pending.isDone) {
            return false;
        }
        pending.isDone = true;
        if (pending.sequence == 0) {
            waiting.remove(pending);
        } else {
            open.remove(pending.sequence);
        }
        return true;
    }

    private static byte[] encode(List<Envelope> envelopes) {
        ByteBuf out = Unpooled.buffer(256);
        EntryCodec.write(out, envelopes);
        byte[] bytes = new byte[out.readableBytes()];
        out.readBytes(bytes);
        return bytes;
    }
}
