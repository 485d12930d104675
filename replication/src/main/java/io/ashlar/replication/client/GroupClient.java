package io.ashlar.replication.client;

import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Shard;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.Member;
import io.ashlar.metadata.PgConfig;
import io.ashlar.replication.BlockGroups;
import io.ashlar.replication.PeerTransport;
import io.ashlar.replication.PeerTransport.Lane;
import io.ashlar.replication.PgReply;
import io.ashlar.replication.PgRequest;
import io.ashlar.replication.wire.RequestMessage.GroupRequest;
import io.ashlar.replication.wire.RequestMessage.GroupResponse;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests to the primaries that the view names, and again when a primary changes, turns them
 * away or its stream broke, until they are decided. Each is meant for one lead: a copy that arrives
 * late is refused by any other, so that it can never overwrite what came after. Its state belongs
 * to one shard.
 */
public final class GroupClient implements BlockGroups {
    /**
     * How long after being turned away a request goes out again, if the view shows nothing new
     * meanwhile.
     */
    private static final long RETRY_NANOS = 50_000_000L;

    private static final class Outstanding {
        final PgRequest request;
        final Shard shard;
        final Consumer<PgReply> done;
        long id;
        int attempt;
        long leadEpoch;
        @Nullable ProcessId sentTo;

        /** Whether a copy of it was sent of whose fate nothing is known. */
        boolean mayHaveRun;

        volatile boolean cancelled;

        Outstanding(PgRequest request, Shard shard, Consumer<PgReply> done) {
            this.request = request;
            this.shard = shard;
            this.done = done;
        }
    }

    private final Shard shard;
    private final PeerTransport transport;
    private final TreeMap<Long, Outstanding> outstanding = new TreeMap<>();
    private ControlState view;
    private long nextId = 1;
    private boolean timerRuns;

    public GroupClient(Shard shard, PeerTransport transport, ControlState view) {
        this.shard = shard;
        this.transport = transport;
        this.view = view;
    }

    @Override
    public Shard.Cancellable submit(PgRequest request, Shard caller, Consumer<PgReply> done) {
        Outstanding item = new Outstanding(request, caller, done);
        if (shard.isCurrent()) {
            begin(item);
        } else {
            shard.execute(() -> begin(item));
        }
        return () -> item.cancelled = true;
    }

    private void begin(Outstanding item) {
        if (!item.cancelled) {
            item.id = nextId++;
            outstanding.put(item.id, item);
            send(item);
        }
    }

    /** Sends to the present primary; if that cannot be, the timer or a new stream tries again. */
    private void send(Outstanding item) {
        item.mayHaveRun |= item.sentTo != null;
        item.sentTo = null;
        PgConfig config = view.placementGroups().get(item.request.pg());
        Member primary = config == null ? null : config.members().get(config.primary());
        if (config != null && primary != null) {
            item.attempt++;
            item.leadEpoch = config.leadEpoch();
            GroupRequest message =
                    new GroupRequest(item.id, item.attempt, config.leadEpoch(), item.request);
            if (transport.send(Lane.DATA, primary.node(), message)) {
                item.sentTo = primary.process();
            }
        }
        if (item.sentTo == null) {
            armTimer();
        }
    }

    private void armTimer() {
        if (!timerRuns) {
            timerRuns = true;
            shard.schedule(RETRY_NANOS, this::onTimer);
        }
    }

    private void onTimer() {
        timerRuns = false;
        for (Outstanding item : List.copyOf(outstanding.values())) {
            if (item.cancelled) {
                outstanding.remove(item.id);
            } else if (item.sentTo == null) {
                send(item);
            }
        }
    }

    /** A newer view: requests whose group has another lead go to it. */
    public void onView(ControlState newer) {
        view = newer;
        PgId checked = null;
        PgConfig config = null;
        for (Outstanding item : List.copyOf(outstanding.values())) {
            PgId pg = item.request.pg();
            if (!pg.equals(checked)) {
                checked = pg;
                config = newer.placementGroups().get(pg);
            }
            if (item.cancelled) {
                outstanding.remove(item.id);
            } else if (config != null && config.leadEpoch() != item.leadEpoch) {
                send(item);
            }
        }
    }

    /**
     * A new stream to a process, or from it, stands: what was sent by the former may be lost,
     * questions or answers. A request that is executed twice does no harm: both copies came before
     * whatever its owner issues after the answer, in one stream or in two of which the former was
     * ended first.
     */
    public void onConnected(ProcessId peer) {
        for (Outstanding item : List.copyOf(outstanding.values())) {
            ProcessId sentTo = item.sentTo;
            if (sentTo == null || sentTo.node().equals(peer.node())) {
                send(item);
            }
        }
    }

    /** An answer. One that does not decide counts only for the newest attempt. */
    public void onResponse(ProcessId from, GroupResponse response) {
        Outstanding item = outstanding.get(response.requestId());
        // Numbers begin anew with every process: an answer to a former one is about another
        // request.
        if (item == null || response.incarnation() != transport.self().incarnation()) {
            return;
        }
        boolean newest = item.attempt == response.attempt();
        PgReply reply = response.reply().orElse(null);
        if (reply == null) {
            item.mayHaveRun = true; // it may have been pending when the lead ended
            if (newest) {
                item.sentTo = null;
                armTimer();
            }
            return;
        }
        boolean isDone = reply instanceof PgReply.Done || reply instanceof PgReply.Installed;
        if (!newest && !isDone) {
            return;
        }
        outstanding.remove(item.id);
        PgReply answer =
                item.mayHaveRun && reply instanceof PgReply.OutOfSpace
                        // "Nothing was written" holds for this copy only.
                        ? new PgReply.Busy("short of space; an earlier copy may have been executed")
                        : reply;
        if (!item.cancelled) {
            if (item.shard.isCurrent()) {
                item.done.accept(answer);
            } else {
                item.shard.execute(() -> {
                    if (!item.cancelled) {
                        item.done.accept(answer);
                    }
                });
            }
        }
    }
}
