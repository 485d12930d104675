package io.ashlar.replication.group;

import io.ashlar.chunkstore.Blocks;
import io.ashlar.chunkstore.LogEntry;
import io.ashlar.chunkstore.ReadResult;
import io.ashlar.common.ChunkId;
import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Shard;
import io.ashlar.common.Sizes;
import io.ashlar.replication.PeerTransport.Lane;
import io.ashlar.replication.PgRules.Rule;
import io.ashlar.replication.wire.GroupMessage;
import io.ashlar.replication.wire.GroupMessage.Copy;
import io.ashlar.replication.wire.GroupMessage.CopyAck;
import io.ashlar.replication.wire.GroupMessage.Inventory;
import io.ashlar.replication.wire.GroupMessage.Inventory.ChunkDigest;
import io.ashlar.replication.wire.GroupMessage.LearnDone;
import io.ashlar.replication.wire.GroupMessage.LearnDoneAck;
import io.ashlar.replication.wire.GroupMessage.LearnStart;
import io.ashlar.replication.wire.GroupMessage.LearnWait;
import io.ashlar.replication.wire.GroupMessage.Prepare;
import io.ashlar.replication.wire.GroupMessage.PrepareAck;
import io.ashlar.replication.wire.GroupMessage.ReconcileReply;
import io.ashlar.replication.wire.GroupMessage.ReconcileRequest;
import io.ashlar.replication.wire.ScrubMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * This process as backup or learner of a group: it takes what one primary sends in one lead, in
 * order, without a gap. A lead is followed from a {@link ReconcileRequest} or a {@link LearnStart}
 * on, never from the middle, so that the log never has a gap that nobody knows of. Epochs were
 * checked by {@link PlacementGroup}. Owned by the group's shard.
 */
final class Follower {
    /** What is followed. {@code next} is 0 until the first entry of the lead. */
    private static final class Following {
        final ProcessId primary;
        final long leadEpoch;
        final long learnId;
        boolean level;
        long next;
        long durable;
        boolean ackScheduled;

        Following(ProcessId primary, long leadEpoch, long learnId, long next) {
            this.primary = primary;
            this.leadEpoch = leadEpoch;
            this.learnId = learnId;
            this.level = learnId == 0;
            this.next = next;
            this.durable = next - 1;
        }
    }

    private final PgId pg;
    private final GroupEnvironment environment;
    private final Shard shard;
    private final Replica replica;
    private final PlacementGroup group;
    private @Nullable Following following;
    private long progressNanos;
    private long joinIds;

    /** Joins up to here told of a replica that was dropped since. */
    private long joinsForgotten;

    private boolean inspecting;

    Follower(PlacementGroup group, GroupEnvironment environment, Shard shard, Replica replica) {
        this.pg = group.id();
        this.group = group;
        this.environment = environment;
        this.shard = shard;
        this.replica = replica;
    }

    /** Whether it is being taught, or waits to be promoted, and heard of its teacher lately. */
    boolean isLearning(long nowNanos) {
        return following != null
                && following.learnId != 0
                && nowNanos - progressNanos < 10 * environment.settings().resendNanos();
    }

    boolean isLearner() {
        return following != null && following.learnId != 0;
    }

    /** Names the next request to learn. */
    long nextJoinId() {
        return ++joinIds;
    }

    /** What earlier requests to learn told of the replica is true no more. */
    void forgetJoins() {
        joinsForgotten = joinIds;
    }

    /** Stops following whatever lead it follows. */
    void stop() {
        following = null;
    }

    /** Stops following a lead older than this one. */
    void stopBefore(long leadEpoch) {
        if (following != null && following.leadEpoch < leadEpoch) {
            following = null;
        }
    }

    void onReconcileRequest(ProcessId from, ReconcileRequest request) {
        if (request.incarnation() != environment.self().incarnation()
                && environment.rules().has(Rule.INCARNATION)) {
            return;
        }
        if (following == null
                || following.leadEpoch != request.leadEpoch()
                || !following.primary.equals(from)) {
            following = new Following(from, request.leadEpoch(), 0, 0);
            following.durable = 0;
        }
        send(
                from,
                new ReconcileReply(
                        pg,
                        request.epoch(),
                        request.leadEpoch(),
                        replica.lastSequence(),
                        replica.above(request.committed())));
    }

    void onPrepare(ProcessId from, Prepare prepare) {
        Following lead = followed(from, prepare.leadEpoch());
        if (lead == null) {
            // Configured, yet not following: this process can never catch up as a member. It asks
            // to be taken out.
            send(from, new PrepareAck(pg, prepare.epoch(), prepare.leadEpoch(), 0, 0, true));
            return;
        }
        if (lead.next == 0) {
            lead.next = prepare.leadFirstSequence();
            lead.durable = lead.next - 1;
        }
        progressNanos = environment.clock().nanos();
        LogEntry entry = prepare.entry();
        if (entry.sequence() != lead.next || prepare.blocks().firstMismatch() >= 0) {
            acknowledge(lead);
            return;
        }
        if (replica.failure() != null && environment.rules().has(Rule.NO_GAPS)) {
            acknowledge(lead);
            return;
        }
        lead.next++;
        if (!environment.rules().has(Rule.CONFIRM_STABLE)) {
            lead.durable = entry.sequence();
            acknowledge(lead);
        }
        replica.append(
                entry,
                prepare.blocks(),
                stored -> {
                    // Once one was refused, later ones that were stored leave a gap before them.
                    boolean whole =
                            replica.failure() == null || !environment.rules().has(Rule.NO_GAPS);
                    if (stored && whole) {
                        lead.durable = entry.sequence();
                    }
                    acknowledge(lead);
                });
        replica.commitTo(prepare.committed());
    }

    void onCommitNote(ProcessId from, GroupMessage.CommitNote note) {
        Following lead = followed(from, note.leadEpoch());
        if (lead != null && lead.next != 0) {
            replica.commitTo(Math.min(note.committed(), lead.next - 1));
        }
    }

    /** Answers once for all that has become durable in this turn. */
    private void acknowledge(Following lead) {
        if (!lead.ackScheduled) {
            lead.ackScheduled = true;
            shard.execute(() -> {
                lead.ackScheduled = false;
                if (following == lead) {
                    send(
                            lead.primary,
                            new PrepareAck(
                                    pg,
                                    group.epoch(),
                                    lead.leadEpoch,
                                    lead.durable,
                                    lead.next,
                                    replica.failure() != null));
                }
            });
        }
    }

    void onLearnStart(ProcessId from, LearnStart start) {
        if ((environment.rules().has(Rule.INCARNATION)
                        && start.incarnation() != environment.self().incarnation())
                || (environment.rules().has(Rule.LEARN_TARGETS) && start.joinId() <= joinsForgotten)
                || !start.device().equals(replica.device().id())) {
            return; // what it is to be sent was made out from a replica that is no more
        }
        progressNanos = environment.clock().nanos();
        following = new Following(from, start.leadEpoch(), start.learnId(), start.nextSequence());
        LearnState state =
                environment.rules().has(Rule.KEEP_DIRTY)
                        ? new LearnState(
                                start.full() ? 0 : start.match(), start.full(), start.dirty())
                        : null;
        if (state == null) {
            replica.endLearning(replica.log(), 0, _ -> {});
        } else {
            replica.beginLearning(start.full() ? 0 : start.match(), state);
        }
        if (start.full()) {
            sendInventory(following, Optional.empty());
        }
    }

    private void sendInventory(Following lead, Optional<ChunkId> after) {
        replica.device()
                .chunks(
                        pg,
                        after,
                        Inventory.CHUNKS_MAX,
                        shard,
                        chunks -> digestNext(lead, chunks, new ArrayList<>(chunks.size())));
    }

    private void digestNext(Following lead, List<ChunkId> chunks, List<ChunkDigest> digests) {
        if (following != lead) {
            return;
        }
        progressNanos = environment.clock().nanos();
        if (digests.size() < chunks.size()) {
            ChunkId chunk = chunks.get(digests.size());
            replica.device()
                    .digest(
                            pg,
                            chunk,
                            shard,
                            digest -> {
                                digests.add(new ChunkDigest(chunk, digest));
                                digestNext(lead, chunks, digests);
                            });
            return;
        }
        boolean last = chunks.size() < Inventory.CHUNKS_MAX;
        send(lead.primary, new Inventory(pg, lead.learnId, last, digests));
        if (!last) {
            sendInventory(lead, Optional.of(chunks.getLast()));
        }
    }

    void onCopy(ProcessId from, Copy copy) {
        Following lead = followed(from, copy.leadEpoch());
        if (lead == null || lead.learnId != copy.learnId()) {
            return;
        }
        progressNanos = environment.clock().nanos();
        if (copy.blocks().firstMismatch() >= 0) {
            following = null;
            return;
        }
        int bytes = copy.range().count() * Sizes.BLOCK_BYTES;
        CopyAck ack = new CopyAck(pg, lead.learnId, bytes);
        boolean waits = environment.rules().has(Rule.PROMOTE_STABLE);
        if (!waits) {
            send(from, ack);
        }
        Consumer<Boolean> done =
                stored -> {
                    if (!stored) {
                        giveUp(lead);
                    } else if (waits && following == lead) {
                        send(from, ack);
                    }
                };
        if (copy.isLost()) {
            replica.lose(copy.range(), done);
        } else {
            replica.copy(copy.range(), copy.blocks(), done);
        }
    }

    /**
     * What it was taught could not be stored: it will never be level. It asks anew once its device
     * takes changes again, and tells its teacher nothing until then.
     */
    private void giveUp(Following lead) {
        if (following == lead) {
            following = null;
        }
    }

    /** Its teacher has not forgotten it, so it need not ask again; nor has it forgotten itself. */
    void onLearnWait(ProcessId from, LearnWait wait) {
        Following lead = following;
        if (lead != null && lead.primary.equals(from) && lead.learnId == wait.learnId()) {
            progressNanos = environment.clock().nanos();
            send(from, new CopyAck(pg, lead.learnId, 0));
        }
    }

    void onLearnDone(ProcessId from, LearnDone done) {
        Following lead = followed(from, done.leadEpoch());
        if (lead == null || lead.learnId != done.learnId()) {
            return;
        }
        if (replica.lastSequence() > 0
                && !done.entries().isEmpty()
                && done.entries().getLast().sequence() < lead.next - 1) {
            following = null;
            return;
        }
        progressNanos = environment.clock().nanos();
        boolean waits = environment.rules().has(Rule.PROMOTE_STABLE);
        if (!waits) {
            lead.level = true;
            send(from, new LearnDoneAck(pg, lead.learnId));
        }
        replica.endLearning(
                done.entries(),
                done.committed(),
                stored -> {
                    if (!stored) {
                        giveUp(lead);
                    } else if (waits && following == lead) {
                        lead.level = true;
                        send(from, new LearnDoneAck(pg, lead.learnId));
                    }
                });
    }

    void onFetch(ProcessId from, GroupMessage.Fetch fetch) {
        if (!mayAnswer(fetch.epoch())) {
            return;
        }
        replica.read(
                fetch.range(),
                result -> {
                    Blocks blocks =
                            result instanceof ReadResult.Ok(Blocks intact)
                                    ? intact
                                    : Blocks.checksummed(io.ashlar.common.Payload.EMPTY);
                    answer(
                            from,
                            fetch.epoch(),
                            new GroupMessage.FetchReply(
                                    pg, fetch.epoch(), fetch.fetchId(), blocks));
                });
    }

    void onListChunks(ProcessId from, ScrubMessage.ListChunks question) {
        if (!mayAnswer(question.epoch())) {
            return;
        }
        replica.device()
                .chunks(
                        pg,
                        question.after(),
                        ScrubMessage.CHUNKS_MAX,
                        shard,
                        chunks ->
                                answer(
                                        from,
                                        question.epoch(),
                                        new ScrubMessage.Chunks(
                                                pg, question.epoch(), question.scrubId(), chunks)));
    }

    /** One at a time: a primary that asks for more has not waited for the answer. */
    void onInspect(ProcessId from, ScrubMessage.Inspect question) {
        if (inspecting || !mayAnswer(question.epoch())) {
            return;
        }
        inspecting = true;
        replica.device()
                .inspect(
                        pg,
                        question.range(),
                        shard,
                        found -> {
                            inspecting = false;
                            answer(
                                    from,
                                    question.epoch(),
                                    new ScrubMessage.Inspected(
                                            pg, question.epoch(), question.scrubId(), found));
                        });
    }

    private boolean mayAnswer(long epoch) {
        boolean may = group.mayAnswer(epoch);
        if (!may) {
            environment.counters().stale.increment();
        }
        return may;
    }

    /** Tells what the device was read for, if that still may be: much can happen meanwhile. */
    private void answer(ProcessId from, long epoch, GroupMessage message) {
        if (mayAnswer(epoch)) {
            send(from, message);
        }
    }

    private @Nullable Following followed(ProcessId from, long leadEpoch) {
        Following lead = following;
        return lead != null && lead.leadEpoch == leadEpoch && lead.primary.equals(from)
                ? lead
                : null;
    }

    private void send(ProcessId to, GroupMessage message) {
        environment.transport().send(Lane.DATA, to.node(), message);
    }
}
