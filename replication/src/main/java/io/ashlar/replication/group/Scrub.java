package io.ashlar.replication.group;

import io.ashlar.chunkstore.Inspection;
import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Shard;
import io.ashlar.common.Sizes;
import io.ashlar.metadata.Member;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.replication.PgRules.Rule;
import io.ashlar.replication.ScrubSettings;
import io.ashlar.replication.ScrubStatus;
import io.ashlar.replication.wire.GroupMessage;
import io.ashlar.replication.wire.ScrubMessage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares what the members of a group hold, piece by piece, and mends what differs (DESIGN section
 * 5, "Scrub"). A piece is compared at one point of the log: it is held against changes, as a copy
 * for a learner is, and all that was appended to it is committed, so that every member has exactly
 * that. It is let go when the repairs are entries of the log.
 *
 * <p>A light pass looks for every chunk on every member, and at one piece of each, another one each
 * time; a deep pass looks at all. A member that does not answer in time ends the pass; nothing
 * waits for it. Owned by the group's shard, and lives as long as a lead.
 */
final class Scrub {
    private static final Logger LOG = LoggerFactory.getLogger(Scrub.class);

    /** What is being looked at. */
    private static final class Pass {
        final ScrubRecord.Order order;
        final ArrayDeque<ChunkId> chunks = new ArrayDeque<>();
        Optional<ChunkId> after;
        boolean isListed;
        @Nullable ChunkId chunk;
        int nextBlock;
        int endBlock;
        long chunksDone;
        long stepBeganNanos;

        Pass(ScrubRecord.Order order, Optional<ChunkId> after) {
            this.order = order;
            this.after = after;
        }
    }

    /** A question that all members have been asked, and what they have said. */
    private static final class Question<T> {
        final long id;
        final SortedMap<NodeId, ProcessId> asked;
        final SortedMap<NodeId, T> answers = new TreeMap<>();
        final Consumer<SortedMap<NodeId, T>> then;
        final Runnable again;
        final long askedNanos;

        Question(
                long id,
                SortedMap<NodeId, ProcessId> asked,
                long askedNanos,
                Consumer<SortedMap<NodeId, T>> then,
                Runnable again) {
            this.id = id;
            this.asked = asked;
            this.askedNanos = askedNanos;
            this.then = then;
            this.again = again;
        }
    }

    private record Repair(BlockRange block, ScrubVerdict verdict) {}

    private final Primary primary;
    private final PlacementGroup group;
    private final GroupEnvironment environment;
    private final Replica replica;
    private final Shard shard;
    private final ScrubBudget budget;
    private final ScrubSettings settings;
    private final ScrubRecord record;
    private final NodeId self;
    private @Nullable Pass pass;
    private @Nullable Question<List<ChunkId>> lists;
    private @Nullable Question<Inspection> inspections;
    private @Nullable BlockRange held;
    private long nextId = 1;
    private boolean closed;

    Scrub(
            Primary primary,
            PlacementGroup group,
            GroupEnvironment environment,
            Replica replica,
            Shard shard) {
        this.primary = primary;
        this.group = group;
        this.environment = environment;
        this.replica = replica;
        this.shard = shard;
        this.budget = environment.scrub();
        this.settings = budget.settings();
        this.record = group.scrubRecord();
        this.self = environment.self().node();
    }

    ScrubStatus status(long nowNanos) {
        Pass running = pass;
        return record.status(
                nowNanos,
                running == null ? null : running.order,
                running == null ? 0 : running.chunksDone);
    }

    void close() {
        closed = true;
        if (pass != null) {
            pass = null;
            budget.end();
        }
    }

    // ---- passes

    void onTick(long nowNanos) {
        if (pass == null) {
            if (primary.isServing() && record.isDue(nowNanos) && budget.begin()) {
                begin(nowNanos);
            }
            return;
        }
        checkAnswers(lists, nowNanos);
        checkAnswers(inspections, nowNanos);
    }

    private void begin(long nowNanos) {
        ScrubRecord.Order order = record.due(nowNanos);
        if (order == null) {
            budget.end();
            return;
        }
        record.begin(order);
        // The chunks of a volume follow each other; its first one comes after this.
        Optional<ChunkId> after =
                order.volume()
                        .filter(volume -> volume.value() > 1)
                        .map(volume ->
                                new ChunkId(
                                        new io.ashlar.common.VolumeId(volume.value() - 1),
                                        Long.MAX_VALUE,
                                        Long.MAX_VALUE));
        pass = new Pass(order, after);
        LOG.debug("{}: scrub begins, {}", group.id(), order);
        list(pass);
    }

    private void end(Pass ended, @Nullable String problem) {
        if (pass != ended) {
            return;
        }
        pass = null;
        lists = null;
        inspections = null;
        release();
        budget.end();
        long now = environment.clock().nanos();
        if (problem == null) {
            record.ended(ended.order, now);
            if (ended.order.isForJob()) {
                group.reportScrubbed(ended.order.job());
            }
        } else {
            LOG.info("{}: the scrub ends early: {}", group.id(), problem);
            record.broken(problem, now);
        }
    }

    private void release() {
        BlockRange range = held;
        held = null;
        if (range != null) {
            primary.requests().gate().release(range);
        }
    }

    // ---- questions

    private SortedMap<NodeId, ProcessId> members() {
        SortedMap<NodeId, ProcessId> members = new TreeMap<>();
        for (Member member : primary.config().members().values()) {
            members.put(member.node(), member.process());
        }
        return members;
    }

    private <T> Question<T> ask(
            LongFunction<GroupMessage> message,
            Consumer<SortedMap<NodeId, T>> then,
            Runnable again) {
        Question<T> question =
                new Question<>(nextId++, members(), environment.clock().nanos(), then, again);
        for (NodeId node : question.asked.keySet()) {
            if (!node.equals(self)) {
                primary.send(node, message.apply(question.id));
            }
        }
        return question;
    }

    /** Ends the pass if a member is silent; begins a question anew if it went to others. */
    private void checkAnswers(@Nullable Question<?> question, long nowNanos) {
        Pass running = pass;
        if (question == null || running == null) {
            return;
        }
        if (!question.asked.equals(members())) {
            question.again.run();
        } else if (nowNanos - question.askedNanos > settings.patienceNanos()) {
            List<NodeId> silent = new ArrayList<>(question.asked.keySet());
            silent.removeAll(question.answers.keySet());
            end(running, silent + " did not answer in time");
        }
    }

    private <T> void answered(@Nullable Question<T> question, long id, ProcessId from, T answer) {
        if (question != null && question.id == id && from.equals(question.asked.get(from.node()))) {
            question.answers.put(from.node(), answer);
            if (question.answers.size() == question.asked.size()) {
                if (question.asked.equals(members())) {
                    question.then.accept(question.answers);
                } else {
                    question.again.run();
                }
            }
        }
    }

    void onChunks(ProcessId from, ScrubMessage.Chunks answer) {
        if (answer.epoch() >= primary.leadEpoch()) {
            answered(lists, answer.scrubId(), from, answer.chunks());
        }
    }

    void onInspected(ProcessId from, ScrubMessage.Inspected answer) {
        if (answer.epoch() >= primary.leadEpoch()) {
            answered(inspections, answer.scrubId(), from, answer.inspection());
        }
    }

    // ---- chunks

    private void list(Pass running) {
        Question<List<ChunkId>> question =
                ask(
                        id ->
                                new ScrubMessage.ListChunks(
                                        group.id(), primary.config().epoch(), id, running.after),
                        found -> merge(running, found),
                        () -> list(running));
        lists = question;
        replica.device()
                .chunks(
                        group.id(),
                        running.after,
                        ScrubMessage.CHUNKS_MAX,
                        shard,
                        own -> answered(lists, question.id, environment.self(), own));
    }

    /** All chunks that any member has, as far as every one of them has told. */
    private void merge(Pass running, SortedMap<NodeId, List<ChunkId>> found) {
        lists = null;
        TreeSet<ChunkId> all = new TreeSet<>();
        ChunkId end = null;
        for (List<ChunkId> chunks : found.values()) {
            all.addAll(chunks);
            boolean isCut = chunks.size() >= ScrubMessage.CHUNKS_MAX;
            if (isCut && (end == null || chunks.getLast().compareTo(end) < 0)) {
                end = chunks.getLast();
            }
        }
        running.isListed = end == null;
        running.chunks.addAll(end == null ? all : all.headSet(end, true));
        running.after = Optional.ofNullable(end);
        next(running);
    }

    /**
     * Goes on between two pieces, where nothing is held: the only place where a pass may stop that
     * its job does not want any more.
     */
    private void next(Pass running) {
        while (!closed && pass == running) {
            if (!record.isWanted(running.order)) {
                pass = null;
                budget.end();
                return;
            }
            ChunkId chunk = running.chunk;
            if (chunk != null && running.nextBlock < running.endBlock) {
                int blocks = settings.pieceBytes() / Sizes.BLOCK_BYTES;
                int count = Math.min(blocks, running.endBlock - running.nextBlock);
                hold(running, new BlockRange(chunk, running.nextBlock, count));
                return;
            }
            if (chunk != null) {
                running.chunk = null;
                running.chunksDone++;
            } else if (!running.chunks.isEmpty()) {
                take(running, running.chunks.removeFirst());
            } else if (running.isListed) {
                end(running, null);
            } else {
                list(running);
                return;
            }
        }
    }

    private void take(Pass running, ChunkId chunk) {
        if (running.order.volume().isPresent()
                && !running.order.volume().get().equals(chunk.volume())) {
            if (running.order.volume().get().compareTo(chunk.volume()) < 0) {
                running.chunks.clear();
                running.isListed = true;
            }
            return;
        }
        VolumeRecord volume = group.view().volumes().get(chunk.volume());
        if (volume == null) {
            return; // it was deleted, and its chunks are being trimmed
        }
        int blocks = volume.chunkBytes() / Sizes.BLOCK_BYTES;
        int pieceBlocks = Math.min(blocks, settings.pieceBytes() / Sizes.BLOCK_BYTES);
        int pieces = (blocks + pieceBlocks - 1) / pieceBlocks;
        running.chunk = chunk;
        running.nextBlock =
                running.order.deep() ? 0 : Math.floorMod(record.lightPasses, pieces) * pieceBlocks;
        running.endBlock =
                running.order.deep() ? blocks : Math.min(blocks, running.nextBlock + pieceBlocks);
    }

    // ---- pieces

    private void hold(Pass running, BlockRange range) {
        if (!environment.rules().has(Rule.SCRUB_POINT)) {
            inspect(running, range);
            return;
        }
        primary.requests()
                .gate()
                .acquire(
                        range,
                        () -> {
                            held = range;
                            primary.requests()
                                    .mending()
                                    .whenCommitted(range, () -> inspect(running, range));
                        });
    }

    private void inspect(Pass running, BlockRange range) {
        if (closed || pass != running) {
            return;
        }
        running.stepBeganNanos = environment.clock().nanos();
        Question<Inspection> question =
                ask(
                        id ->
                                new ScrubMessage.Inspect(
                                        group.id(), primary.config().epoch(), id, range),
                        found -> judge(running, range, found),
                        () -> inspect(running, range));
        inspections = question;
        replica.device()
                .inspect(
                        group.id(),
                        range,
                        shard,
                        own -> answered(inspections, question.id, environment.self(), own));
    }

    private void judge(Pass running, BlockRange range, SortedMap<NodeId, Inspection> copies) {
        inspections = null;
        ArrayDeque<Repair> repairs = new ArrayDeque<>();
        for (var copy : copies.entrySet()) {
            if (copy.getValue().count() != range.count()) {
                end(running, copy.getKey() + " gave a wrong number of blocks");
                return;
            }
        }
        for (int i = 0; i < range.count(); i++) {
            BlockRange block = new BlockRange(range.chunk(), range.first() + i, 1);
            ScrubVerdict verdict = ScrubVerdict.of(i, self, copies);
            record.damaged += verdict.damaged();
            environment.counters().corrupt.add(verdict.damaged());
            switch (verdict.kind()) {
                case EQUAL -> {}
                case REPAIR -> repairs.addLast(new Repair(block, verdict));
                case REPAIR_INCONSISTENT -> {
                    reportInconsistent(block, copies, i, "repaired as " + verdict.sources());
                    repairs.addLast(new Repair(block, verdict));
                }
                case UNDECIDED -> {
                    reportInconsistent(block, copies, i, "left, since nobody knows which counts");
                    reportUnrecoverable(block);
                }
                case LOST -> reportUnrecoverable(block);
            }
        }
        long bytes = (long) range.count() * Sizes.BLOCK_BYTES;
        record.bytes += bytes;
        environment.counters().scrubbedBytes.add(bytes);
        if (!environment.rules().has(Rule.REPAIR_HELD)) {
            release();
        }
        repair(running, range, repairs);
    }

    private void reportInconsistent(
            BlockRange block, SortedMap<NodeId, Inspection> copies, int index, String what) {
        record.inconsistent++;
        environment.counters().inconsistent.increment();
        StringBuilder held = new StringBuilder();
        copies.forEach((node, inspection) ->
                held.append(
                        String.format(
                                ", %s %s",
                                node,
                                inspection.damaged().get(index)
                                        ? "damaged"
                                        : String.format("%08x", inspection.checksums()[index]))));
        LOG.error(
                "{}: INCONSISTENT: intact copies of {} differ, {}{}",
                group.id(),
                describe(block),
                what,
                held);
    }

    private void reportUnrecoverable(BlockRange block) {
        environment.counters().unrecoverable.increment();
        if (record.noteUnrecoverable(block.chunk(), block.first())) {
            LOG.error("{}: UNRECOVERABLE: no member has {} intact", group.id(), describe(block));
        }
    }

    private String describe(BlockRange block) {
        VolumeRecord volume = group.view().volumes().get(block.chunk().volume());
        if (volume == null) {
            return block.toString();
        }
        long offset =
                block.chunk().index() * volume.chunkBytes()
                        + (long) block.first() * Sizes.BLOCK_BYTES;
        return "4096 bytes at " + offset + " of volume " + volume.name();
    }

    /** Writes good contents as ordinary entries, to all members; then lets the piece go. */
    private void repair(Pass running, BlockRange range, ArrayDeque<Repair> repairs) {
        if (closed || pass != running) {
            return;
        }
        Repair next = repairs.pollFirst();
        if (next == null) {
            release();
            rest(running, range);
            return;
        }
        if (!primary.isWritable()) {
            end(running, "a device is too full to write repaired blocks");
            return;
        }
        primary.requests()
                .mending()
                .readFrom(
                        next.verdict.sources(),
                        next.block,
                        blocks -> {
                            if (blocks != null
                                    && blocks.checksums()[0] == next.verdict.checksum()) {
                                primary.appendContents(
                                        next.block,
                                        blocks,
                                        _ -> {
                                            record.repaired++;
                                            environment.counters().repaired.increment();
                                        });
                            } else {
                                LOG.warn(
                                        "{}: {} could not be read from {}; the next pass tries"
                                                + " again",
                                        group.id(),
                                        next.block,
                                        next.verdict.sources());
                            }
                            repair(running, range, repairs);
                        });
    }

    private void rest(Pass running, BlockRange range) {
        running.nextBlock = range.end();
        long now = environment.clock().nanos();
        long bytes = (long) range.count() * Sizes.BLOCK_BYTES;
        long rest =
                budget.restNanos(
                        now, bytes, now - running.stepBeganNanos, running.order.isForJob());
        shard.schedule(rest, () -> next(running));
    }
}
