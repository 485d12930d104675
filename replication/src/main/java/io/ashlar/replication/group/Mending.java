package io.ashlar.replication.group;

import io.ashlar.chunkstore.Blocks;
import io.ashlar.chunkstore.ReadResult;
import io.ashlar.common.BlockRange;
import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.replication.PgRules.Rule;
import io.ashlar.replication.wire.GroupMessage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How a primary comes by blocks that are damaged on its own device: from another member, once all
 * that changes them is committed, and back into the group as an entry like any write. Owned by the
 * group's shard.
 */
final class Mending {
    private record CommitWait(BlockRange range, Runnable go) {}

    private static final class FetchWait {
        final BlockRange range;
        final Consumer<@Nullable Blocks> done;
        final ArrayDeque<ProcessId> left;

        /** Whether members that did not answer are asked again. */
        final boolean insists;

        long askedNanos;

        /** Whether some member did not answer, so that it may have the blocks intact. */
        boolean unsure;

        FetchWait(
                BlockRange range,
                Consumer<@Nullable Blocks> done,
                ArrayDeque<ProcessId> left,
                boolean insists) {
            this.range = range;
            this.done = done;
            this.left = left;
            this.insists = insists;
        }
    }

    private final Primary primary;
    private final PlacementGroup group;
    private final GroupEnvironment environment;
    private final Replica replica;
    private final RangeGate gate;
    private List<CommitWait> commitWaits = new ArrayList<>();
    private final Map<Long, FetchWait> fetches = new HashMap<>();
    private long nextFetchId = 1;

    Mending(
            Primary primary,
            PlacementGroup group,
            GroupEnvironment environment,
            Replica replica,
            RangeGate gate) {
        this.primary = primary;
        this.group = group;
        this.environment = environment;
        this.replica = replica;
        this.gate = gate;
    }

    /**
     * Reads this node's blocks once they are quiet; damaged ones come from another member. Null if
     * none has them intact.
     */
    void readOwn(BlockRange range, Consumer<@Nullable Blocks> done) {
        replica.whenQuiet(
                range,
                () ->
                        replica.read(
                                range,
                                result -> {
                                    if (primary.isClosed()) {
                                        return;
                                    }
                                    switch (result) {
                                        case ReadResult.Ok(Blocks blocks) -> done.accept(blocks);
                                        case ReadResult.Corrupt _ -> {
                                            environment.counters().corrupt.increment();
                                            whenCommitted(
                                                    range,
                                                    () -> fetch(range, others(), true, done));
                                        }
                                        case ReadResult.Failed(String reason) ->
                                                group.leave(reason);
                                    }
                                }));
    }

    /** Replaces damaged blocks by a member's; tells whether there was one. */
    void repair(BlockRange range, Consumer<Boolean> done) {
        if (!environment.rules().has(Rule.REPAIR_ENTRY)) {
            readOwn(
                    range,
                    blocks -> {
                        if (blocks == null) {
                            done.accept(false);
                        } else {
                            replica.copy(range, blocks, done);
                        }
                    });
            return;
        }
        gate.acquire(
                range,
                () ->
                        readOwn(
                                range,
                                blocks -> {
                                    if (blocks == null) {
                                        gate.release(range);
                                        done.accept(false);
                                        return;
                                    }
                                    environment.counters().repaired.add(range.count());
                                    primary.appendContents(range, blocks, _ -> done.accept(true));
                                    gate.release(range);
                                }));
    }

    /**
     * Reads blocks from any of these members, whose contents are known to be good; null if none of
     * them gives them. The caller holds the range.
     */
    void readFrom(Collection<NodeId> members, BlockRange range, Consumer<@Nullable Blocks> done) {
        if (!members.contains(environment.self().node())) {
            ArrayDeque<ProcessId> asked = others();
            asked.removeIf(process -> !members.contains(process.node()));
            fetch(range, asked, false, done);
            return;
        }
        replica.read(
                range,
                result -> {
                    if (!primary.isClosed()) {
                        done.accept(result instanceof ReadResult.Ok(Blocks blocks) ? blocks : null);
                    }
                });
    }

    /**
     * Runs the task when no entry of the range is uncommitted: only then does every member hold all
     * that this node holds of it, so that a member's blocks may take the place of its own.
     */
    void whenCommitted(BlockRange range, Runnable go) {
        if (primary.isUncommitted(range)) {
            commitWaits.add(new CommitWait(range, go));
        } else {
            go.run();
        }
    }

    private ArrayDeque<ProcessId> others() {
        ArrayDeque<ProcessId> others = new ArrayDeque<>();
        for (var member : primary.config().members().values()) {
            if (!member.node().equals(environment.self().node())) {
                others.add(member.process());
            }
        }
        return others;
    }

    /** Asks one member after the other; all over again while one of them does not answer. */
    private void fetch(
            BlockRange range,
            ArrayDeque<ProcessId> members,
            boolean insists,
            Consumer<@Nullable Blocks> done) {
        long fetchId = nextFetchId++;
        fetches.put(fetchId, new FetchWait(range, done, members, insists));
        askNext(fetchId);
    }

    private void askNext(long fetchId) {
        FetchWait wait = java.util.Objects.requireNonNull(fetches.get(fetchId));
        ProcessId next = wait.left.pollFirst();
        if (next == null) {
            fetches.remove(fetchId);
            if (wait.unsure && wait.insists) {
                fetch(wait.range, others(), true, wait.done);
            } else {
                wait.done.accept(null);
            }
            return;
        }
        wait.askedNanos = environment.clock().nanos();
        primary.send(
                next.node(),
                new GroupMessage.Fetch(group.id(), primary.config().epoch(), fetchId, wait.range));
    }

    void onFetchReply(GroupMessage.FetchReply reply) {
        FetchWait wait = fetches.get(reply.fetchId());
        // Numbers begin anew with every lead: an answer to a former one is about other blocks.
        if (wait == null || reply.epoch() < primary.leadEpoch()) {
            return;
        }
        if (reply.blocks().count() == wait.range.count() && reply.blocks().firstMismatch() < 0) {
            fetches.remove(reply.fetchId());
            wait.done.accept(reply.blocks());
        } else {
            askNext(reply.fetchId());
        }
    }

    void onCommit() {
        List<CommitWait> waits = commitWaits;
        commitWaits = new ArrayList<>();
        for (CommitWait wait : waits) {
            whenCommitted(wait.range, wait.go);
        }
    }

    void onTick() {
        long now = environment.clock().nanos();
        for (long fetchId : List.copyOf(fetches.keySet())) {
            FetchWait wait = fetches.get(fetchId);
            if (wait != null && now - wait.askedNanos > 2 * environment.settings().resendNanos()) {
                wait.unsure = true;
                askNext(fetchId);
            }
        }
    }

    void close() {
        fetches.clear();
        commitWaits.clear();
    }
}
