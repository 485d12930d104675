package io.ashlar.replication.group;

import io.ashlar.chunkstore.Blocks;
import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.NodeId;
import io.ashlar.common.Payload;
import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Shard;
import io.ashlar.common.Sizes;
import io.ashlar.metadata.PgConfig;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.replication.PgRules.Rule;
import io.ashlar.replication.wire.Codec;
import io.ashlar.replication.wire.GroupMessage.Copy;
import io.ashlar.replication.wire.GroupMessage.CopyAck;
import io.ashlar.replication.wire.GroupMessage.Inventory;
import io.ashlar.replication.wire.GroupMessage.Join;
import io.ashlar.replication.wire.GroupMessage.LearnDone;
import io.ashlar.replication.wire.GroupMessage.LearnDoneAck;
import io.ashlar.replication.wire.GroupMessage.LearnStart;
import io.ashlar.replication.wire.GroupMessage.Prepare;
import io.ashlar.replication.wire.GroupMessage.PrepareAck;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a primary makes members of learners (DESIGN section 5, "Learner"): a learner gets every new
 * entry from its start on, and in the same stream copies of what it lacks, each read while the
 * range stands still; when nothing is left and all is on its stable storage, it is proposed as a
 * member. Owned by the group's shard.
 */
final class Teaching {
    private static final Logger LOG = LoggerFactory.getLogger(Teaching.class);

    /**
     * Most chunks of an inventory; a group with more is refused with a log line rather than filling
     * the memory.
     */
    private static final int INVENTORY_MAX = 1_000_000;

    /** A learner that has not answered for so many resend times is given up; it will ask again. */
    private static final int SILENT_TIMES = 12;

    /** The same for one that is level, for which commits wait. */
    private static final int LEVEL_SILENT_TIMES = 3;

    /**
     * A learner that has so many bytes of entries still to store holds commits back, and gets no
     * copies: else a slow one, which all groups teach at once, would run out of memory.
     */
    private static final long BACKLOG_BYTES_MAX = 1 << 20;

    private final PgId pg;
    private final Primary primary;
    private final PlacementGroup group;
    private final GroupEnvironment environment;
    private final Replica replica;
    private final Shard shard;
    private final SortedMap<NodeId, Learner> learners = new TreeMap<>();
    private final CopyCharges charges;

    Teaching(
            Primary primary,
            PlacementGroup group,
            GroupEnvironment environment,
            Replica replica,
            Shard shard) {
        this.pg = group.id();
        this.primary = primary;
        this.group = group;
        this.environment = environment;
        this.replica = replica;
        this.shard = shard;
        this.charges = new CopyCharges(environment, group, primary);
    }

    int count() {
        return learners.size();
    }

    long bytesLeft() {
        long bytes = 0;
        for (Learner learner : learners.values()) {
            bytes += learner.bytesInFlight;
            for (BlockRange range : learner.copies) {
                bytes += (long) range.count() * Sizes.BLOCK_BYTES;
            }
        }
        return bytes;
    }

    /**
     * Up to which sequence a process is known to hold the entries of this lead; 0 if it is no
     * learner.
     */
    long durableOf(ProcessId process) {
        Learner learner = learners.get(process.node());
        return learner != null && isSame(learner, process) ? learner.durable : 0;
    }

    /**
     * How many learners that are level do not hold an entry yet. Commits wait for them as for
     * members: a learner is promoted when it holds all that is committed, which under a steady load
     * would else never be. They wait too for one that is far behind, so that hosts write no faster
     * than it can store.
     */
    int levelAndMissing(long sequence) {
        if (learners.isEmpty() || !environment.rules().has(Rule.BIND_PROPOSAL)) {
            return 0;
        }
        int missing = 0;
        for (Learner learner : learners.values()) {
            if (holdsCommits(learner)
                    && learner.durable < sequence
                    && !group.boundLearners().contains(learner.process)) {
                missing++;
            }
        }
        return missing;
    }

    private static boolean holdsCommits(Learner learner) {
        return learner.level || learner.backlogBytes() > BACKLOG_BYTES_MAX;
    }

    private boolean isSame(Learner learner, ProcessId process) {
        return learner.process.equals(process);
    }

    /**
     * Learners that have become members are learners no more; nor are those that are no targets, or
     * were none for a moment, in which they may have dropped what they had.
     */
    void forgetStrangers(PgConfig config) {
        learners.keySet().removeAll(config.members().keySet());
        giveUp(
                "its targets are others by now",
                learner -> isStranger(learner) && !group.boundLearners().contains(learner.process));
    }

    /** Whoever is given up asks again, and begins anew. */
    private void giveUp(String reason, Predicate<Learner> which) {
        for (Learner learner : List.copyOf(learners.values())) {
            if (which.test(learner)) {
                learners.remove(learner.process.node());
                LOG.info(
                        "{}: teaches {} no more, after {} bytes of copies: {}",
                        pg,
                        learner.process,
                        learner.copiedBytes,
                        reason);
            }
        }
    }

    private boolean isStranger(Learner learner) {
        return environment.rules().has(Rule.LEARN_TARGETS)
                && learner.targetsIndex != primary.config().targetsIndex();
    }

    // ---- beginning

    void onJoin(ProcessId from, Join join) {
        PgConfig config = primary.config();
        if (!primary.isServing()
                || config.members().containsKey(from.node())
                || !config.targets().contains(from.node())
                || (environment.rules().has(Rule.LEARN_TARGETS)
                        && join.targetsIndex() != config.targetsIndex())
                || !group.isRegistered(from)
                || group.boundLearners().contains(from)) {
            return;
        }
        LogMatch match =
                LogMatch.of(replica.log(), replica.reachesOrigin(), join, environment.rules());
        List<BlockRange> named = new ArrayList<>(match.lacking());
        named.addAll(primary.uncommittedRanges());
        List<BlockRange> lacking = RangeUnion.of(named);
        boolean full = match.full() || lacking.size() > Codec.ENTRIES_MAX;
        boolean returns = !full && match.sequence() > 0;
        if (!charges.mayTeach(returns)) {
            return;
        }
        Learner learner =
                new Learner(
                        from,
                        join.device(),
                        join.targetsIndex(),
                        join.copyBytesMax(),
                        group.nextLearnId(),
                        full,
                        returns,
                        primary.nextSequence(),
                        environment.clock().nanos());
        learners.put(from.node(), learner);
        charges.teaches(true);
        environment.counters().learners.increment();
        for (BlockRange range : full ? notYetOnDisk() : lacking) {
            addCopies(learner, range);
        }
        primary.send(
                from.node(),
                new LearnStart(
                        pg,
                        learner.device,
                        config.epoch(),
                        primary.leadEpoch(),
                        from.incarnation(),
                        join.joinId(),
                        learner.learnId,
                        full,
                        full ? 0 : match.sequence(),
                        primary.nextSequence(),
                        full ? List.of() : lacking));
        proceed(learner);
    }

    /** What a comparison does not see: it is not on the disk here yet, where chunks are listed. */
    private List<BlockRange> notYetOnDisk() {
        return environment.rules().has(Rule.COPY_UNCOMMITTED)
                ? RangeUnion.of(primary.uncommittedRanges())
                : List.of();
    }

    void onInventory(ProcessId from, Inventory inventory) {
        Learner learner = learner(from, inventory.learnId());
        if (learner == null || !learner.full || learner.listed) {
            return;
        }
        learner.progressNanos = environment.clock().nanos();
        for (Inventory.ChunkDigest chunk : inventory.chunks()) {
            learner.inventory.put(chunk.chunk(), chunk.digest());
        }
        if (learner.inventory.size() > INVENTORY_MAX) {
            learners.remove(from.node());
        } else if (inventory.last()) {
            listOwn(learner, new TreeSet<>(learner.inventory.keySet()), Optional.empty());
        }
    }

    /** Adds this node's own chunks to those that are to be compared. */
    private void listOwn(Learner learner, TreeSet<ChunkId> chunks, Optional<ChunkId> after) {
        int page = Inventory.CHUNKS_MAX;
        replica.device()
                .chunks(
                        pg,
                        after,
                        page,
                        shard,
                        own -> {
                            if (!isCurrent(learner)) {
                                return;
                            }
                            chunks.addAll(own);
                            if (own.size() == page) {
                                listOwn(learner, chunks, Optional.of(own.getLast()));
                            } else {
                                compare(learner, chunks);
                            }
                        });
    }

    /**
     * Copies the chunks whose digests differ. Equal digests are enough although writes go on: the
     * learner's was taken after its start, so it gets again, in order, all that has changed here
     * since; and copies of what was not yet on the disk here then.
     */
    private void compare(Learner learner, TreeSet<ChunkId> chunks) {
        if (!isCurrent(learner)) {
            return;
        }
        learner.progressNanos = environment.clock().nanos();
        ChunkId chunk = chunks.pollFirst();
        if (chunk == null) {
            learner.listed = true;
            learner.inventory.clear();
            proceed(learner);
            return;
        }
        long theirs = learner.inventory.getOrDefault(chunk, 0L);
        long began = environment.clock().nanos();
        replica.device()
                .digest(
                        pg,
                        chunk,
                        shard,
                        ours -> {
                            if (ours != theirs) {
                                addCopies(learner, wholeChunk(chunk));
                            }
                            rest(began, () -> compare(learner, chunks));
                        });
    }

    /**
     * Goes on at once, or, where copies are to leave hosts time, after a rest as long as that took.
     */
    private void rest(long beganNanos, Runnable next) {
        if (environment.copies().yields()) {
            shard.schedule(environment.clock().nanos() - beganNanos, next);
        } else {
            next.run();
        }
    }

    private BlockRange wholeChunk(ChunkId chunk) {
        VolumeRecord volume = group.view().volumes().get(chunk.volume());
        int bytes = volume == null ? Sizes.CHUNK_BYTES_MAX : volume.chunkBytes();
        return new BlockRange(chunk, 0, bytes / Sizes.BLOCK_BYTES);
    }

    private void addCopies(Learner learner, BlockRange range) {
        int blocks = environment.settings().copyBytes() / Sizes.BLOCK_BYTES;
        for (int first = range.first(); first < range.end(); first += blocks) {
            learner.copies.addLast(
                    new BlockRange(range.chunk(), first, Math.min(blocks, range.end() - first)));
        }
    }

    // ---- copying

    private void proceed(Learner learner) {
        while (isCurrent(learner)
                && !learner.copies.isEmpty()
                && learner.backlogBytes() <= BACKLOG_BYTES_MAX
                && learner.bytesInFlight < environment.settings().copyBytesInFlight()) {
            BlockRange range = learner.copies.getFirst();
            if (!charges.take(learner, range.count() * Sizes.BLOCK_BYTES)) {
                break;
            }
            learner.copies.removeFirst();
            learner.reading++;
            if (environment.rules().has(Rule.COPY_IN_ORDER)) {
                primary.requests().gate().acquire(range, () -> readCopy(learner, range));
            } else {
                primary.requests()
                        .mending()
                        .readOwn(
                                range,
                                blocks ->
                                        shard.schedule(
                                                environment.settings().resendNanos(),
                                                () -> sendCopy(learner, range, blocks)));
            }
        }
        finishIfLevel(learner);
    }

    /** Reads and sends while the range stands still. */
    private void readCopy(Learner learner, BlockRange range) {
        primary.requests()
                .mending()
                .readOwn(
                        range,
                        blocks -> {
                            sendCopy(learner, range, blocks);
                            primary.requests().gate().release(range);
                        });
    }

    private void sendCopy(Learner learner, BlockRange range, @Nullable Blocks blocks) {
        learner.reading--;
        if (!isCurrent(learner)) {
            return;
        }
        if (blocks == null && range.count() > 1) {
            // No member has all of it intact: block by block, to find those that are.
            charges.spare(learner, range.count() * Sizes.BLOCK_BYTES);
            charges.give(learner, range.count() * Sizes.BLOCK_BYTES);
            for (int block = range.first(); block < range.end(); block++) {
                learner.copies.addLast(new BlockRange(range.chunk(), block, 1));
            }
            proceed(learner);
            return;
        }
        if (blocks == null) {
            // The learner marks it, so that it is known to be lost there too, and nobody serves
            // anything for it until it is written.
            LOG.error("{}: no member has an intact copy of {}", pg, range);
            blocks =
                    Blocks.checksummed(
                            environment.rules().has(Rule.KEEP_LOST)
                                    ? Payload.EMPTY
                                    : Payload.zeros(Sizes.BLOCK_BYTES));
        }
        Copy copy =
                new Copy(
                        pg,
                        primary.config().epoch(),
                        primary.leadEpoch(),
                        learner.learnId,
                        range,
                        blocks);
        charges.spare(learner, range.count() * Sizes.BLOCK_BYTES - blocks.bytesSet());
        environment.counters().copiedBytes.add(blocks.bytesSet());
        learner.copiedBytes += blocks.bytesSet();
        primary.send(learner.process.node(), copy);
        proceed(learner);
    }

    void onCopyAck(ProcessId from, CopyAck ack) {
        Learner learner = learner(from, ack.learnId());
        if (learner != null) {
            learner.progressNanos = environment.clock().nanos();
            charges.give(learner, ack.bytes());
            proceed(learner);
        }
    }

    private void finishIfLevel(Learner learner) {
        if (isCurrent(learner)
                && learner.listed
                && !learner.doneSent
                && learner.copies.isEmpty()
                && learner.reading == 0
                && learner.bytesInFlight == 0) {
            learner.doneSent = true;
            primary.send(
                    learner.process.node(),
                    new LearnDone(
                            pg,
                            primary.config().epoch(),
                            primary.leadEpoch(),
                            learner.learnId,
                            replica.committed(),
                            replica.log()));
        }
    }

    void onLearnDoneAck(ProcessId from, LearnDoneAck ack) {
        Learner learner = learner(from, ack.learnId());
        if (learner != null && learner.doneSent) {
            learner.progressNanos = environment.clock().nanos();
            learner.level = true;
            LOG.info(
                    "{}: {} is level, {} bytes copied{}",
                    pg,
                    from,
                    learner.copiedBytes,
                    learner.full ? " after a comparison of all" : "");
        }
    }

    // ---- entries

    /** Sends a new entry to every learner. */
    void onAppend(Prepare prepare) {
        for (Learner learner : learners.values()) {
            learner.onSent(prepare.entry().sequence(), prepare.blocks().data().length());
            primary.send(learner.process.node(), prepare);
        }
    }

    /** Takes a learner's confirmation; false if the process is none. */
    boolean onPrepareAck(ProcessId from, PrepareAck ack) {
        Learner learner = learners.get(from.node());
        if (learner == null) {
            return false;
        }
        if (!isSame(learner, from)) {
            return true;
        }
        if (ack.failed()) {
            giveUp("it cannot store, or follows no more", learner::equals);
            return true;
        }
        if (ack.next() < learner.firstSequence) {
            return true; // it has not heard of its start yet, or never will: no progress
        }
        learner.progressNanos = environment.clock().nanos();
        learner.onDurable(ack.durable());
        proceed(learner);
        return true;
    }

    /**
     * A learner that is level and holds all that is committed, ready to be proposed as a member; or
     * null.
     */
    @Nullable Learner readyForPromotion() {
        for (Learner learner : learners.values()) {
            boolean level = learner.level || !environment.rules().has(Rule.PROMOTE_LEVEL);
            if (level
                    && learner.durable >= replica.committed()
                    && !isStranger(learner)
                    && group.isRegistered(learner.process)
                    && environment.leases().holds(learner.process, group.viewIndex())) {
                return learner;
            }
        }
        return null;
    }

    void close() {
        charges.teaches(false);
        charges.settle(this::isCurrent);
    }

    // ---- timers and streams

    void onTick(long nowNanos) {
        for (Learner learner : learners.values()) {
            if (!learner.doneSent && !holdsCommits(learner)) {
                charges.keepInTouch(learner, nowNanos);
            }
        }
        giveUp(
                "it is gone, or silent",
                learner ->
                        !group.boundLearners().contains(learner.process)
                                && (group.isGone(learner.process)
                                        || isStranger(learner)
                                        || nowNanos - learner.progressNanos
                                                > patienceNanos(learner)));
        for (Learner learner : new ArrayList<>(learners.values())) {
            proceed(learner);
        }
        charges.teaches(!learners.isEmpty());
        charges.settle(this::isCurrent);
    }

    private long patienceNanos(Learner learner) {
        long resendNanos = environment.settings().resendNanos();
        if (!holdsCommits(learner)) {
            return SILENT_TIMES * resendNanos;
        }
        boolean commitsWait = learner.durable < primary.nextSequence() - 1;
        return commitsWait ? LEVEL_SILENT_TIMES * resendNanos : Long.MAX_VALUE;
    }

    /**
     * What was sent to a learner by a former stream may be lost: it must begin anew, unless its
     * promotion is proposed.
     */
    void onConnected(ProcessId peer) {
        Learner learner = learners.get(peer.node());
        if (learner != null && !group.boundLearners().contains(learner.process)) {
            giveUp("its stream is another", learner::equals);
        }
    }

    private @Nullable Learner learner(ProcessId from, long learnId) {
        Learner learner = learners.get(from.node());
        return learner != null && learner.learnId == learnId && isSame(learner, from)
                ? learner
                : null;
    }

    private boolean isCurrent(Learner learner) {
        return !primary.isClosed() && learners.get(learner.process.node()) == learner;
    }
}
