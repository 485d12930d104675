package io.ashlar.replication.group;

import io.ashlar.chunkstore.Blocks;
import io.ashlar.chunkstore.LogEntry;
import io.ashlar.chunkstore.ReadResult;
import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.CompareMark;
import io.ashlar.common.Payload;
import io.ashlar.common.PgId;
import io.ashlar.common.Sizes;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.replication.PgReply;
import io.ashlar.replication.PgRequest;
import io.ashlar.replication.PgRules.Rule;
import io.ashlar.replication.wire.RequestMessage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What owners ask of a primary: it checks their access epochs, widens writes to whole blocks, reads
 * under the lease, and mends what it finds damaged. Owned by the group's shard.
 */
final class Requests {
    /** Requests that wait for a lead to serve; more are turned away to look again. */
    private static final int WAITING_MAX = 4_096;

    /** One request on its way. {@code answered} guards against two answers. */
    private static final class Request {
        final PgRequest what;
        final @Nullable BlockRange range;
        final Consumer<Optional<PgReply>> answer;
        final long cameNanos;
        boolean answered;

        Request(
                PgRequest what,
                @Nullable BlockRange range,
                Consumer<Optional<PgReply>> answer,
                long cameNanos) {
            this.cameNanos = cameNanos;
            this.what = what;
            this.range = range;
            this.answer = answer;
        }
    }

    private record FenceWait(Request fence, Set<Request> older) {}

    private final PgId pg;
    private final Primary primary;
    private final PlacementGroup group;
    private final GroupEnvironment environment;
    private final Replica replica;
    private final RangeGate gate = new RangeGate();
    private final Mending mending;
    private final Comparisons comparisons;
    private final OrWrites orWrites;
    private final Map<VolumeId, Long> installed = new HashMap<>();
    private final Set<Request> writes = new LinkedHashSet<>();

    /** Reads being fetched; remembered only to be turned away when the lead ends. */
    private final Set<Request> reads = new LinkedHashSet<>();

    private final List<FenceWait> fences = new ArrayList<>();
    private List<Request> waitingToServe = new ArrayList<>();
    private List<Request> waitingForView = new ArrayList<>();
    private List<Request> waitingForCommit = new ArrayList<>();
    private List<Request> waitingForLease = new ArrayList<>();
    private boolean closed;

    Requests(Primary primary, PlacementGroup group, GroupEnvironment environment, Replica replica) {
        this.pg = group.id();
        this.primary = primary;
        this.group = group;
        this.environment = environment;
        this.replica = replica;
        this.mending = new Mending(primary, group, environment, replica, gate);
        HeldBlocks blocks = new HeldBlocks(environment.rules(), gate, mending);
        this.comparisons = new Comparisons(primary, environment.rules(), blocks);
        this.orWrites = new OrWrites(primary, blocks);
    }

    Mending mending() {
        return mending;
    }

    RangeGate gate() {
        return gate;
    }

    /**
     * Takes a request. {@code answer} gets its reply, or nothing if this process does not lead any
     * more.
     */
    void submit(PgRequest what, Consumer<Optional<PgReply>> answer) {
        Request request = new Request(what, rangeOf(what), answer, environment.clock().nanos());
        if (request.range != null) {
            environment.copies().requestBegan();
        }
        if (closed) {
            finish(request, null);
        } else if (!primary.isServing() || group.handsOver()) {
            if (waitingToServe.size() >= WAITING_MAX) {
                finish(request, null);
            } else {
                waitingToServe.add(request);
            }
        } else {
            admit(request);
        }
    }

    void onServing() {
        resume();
        sweep(Optional.empty());
    }

    /** Admits what came while the lead did not serve, or was perhaps handed over. */
    void resume() {
        List<Request> waited = waitingToServe;
        waitingToServe = new ArrayList<>();
        for (Request request : waited) {
            admit(request);
        }
    }

    void close() {
        closed = true;
        List<List<Request>> lists =
                List.of(
                        waitingToServe,
                        waitingForView,
                        waitingForCommit,
                        waitingForLease,
                        List.copyOf(reads),
                        List.copyOf(writes));
        for (List<Request> list : lists) {
            for (Request request : list) {
                finish(request, null);
            }
        }
        for (FenceWait wait : fences) {
            finish(wait.fence, null);
        }
        fences.clear();
        mending.close();
    }

    private void finish(Request request, @Nullable PgReply reply) {
        if (request.answered) {
            return;
        }
        request.answered = true;
        noteEnd(request, reply);
        request.answer.accept(Optional.ofNullable(reply));
        reads.remove(request);
        if (writes.remove(request) && !fences.isEmpty()) {
            for (Iterator<FenceWait> each = fences.iterator(); each.hasNext(); ) {
                FenceWait wait = each.next();
                wait.older.remove(request);
                if (wait.older.isEmpty()) {
                    each.remove();
                    finish(wait.fence, installed());
                }
            }
        }
    }

    /** Tells how long hosts wait; what was not served says nothing about that. */
    private void noteEnd(Request request, @Nullable PgReply reply) {
        if (request.range == null) {
            return;
        }
        CopyBudget copies = environment.copies();
        if (reply == null || reply instanceof PgReply.Fenced) {
            copies.requestDropped();
        } else {
            copies.requestEnded(
                    request.what instanceof PgRequest.Read,
                    environment.clock().nanos() - request.cameNanos);
        }
    }

    // ---- admission

    private static @Nullable BlockRange rangeOf(PgRequest what) {
        return switch (what) {
            case PgRequest.Write write ->
                    blocksOf(write.chunk(), write.offset(), write.data().length());
            case PgRequest.OrWrite or -> blocksOf(or.chunk(), or.offset(), or.data().length());
            case PgRequest.Read read -> blocksOf(read.chunk(), read.offset(), read.length());
            case PgRequest.CompareAndWrite compare -> blocksOf(compare.chunk(), compare.mark());
            case PgRequest.Settle settle -> blocksOf(settle.chunk(), settle.mark());
            case PgRequest.Trim trim -> trim.range();
            case PgRequest.Fence _ -> null;
        };
    }

    private static BlockRange blocksOf(ChunkId chunk, CompareMark mark) {
        return blocksOf(chunk, mark.offset(), mark.length());
    }

    private static BlockRange blocksOf(ChunkId chunk, int offset, int length) {
        int first = offset / Sizes.BLOCK_BYTES;
        return new BlockRange(chunk, first, RequestMessage.pieces(offset, length));
    }

    /**
     * The lowest access epoch that is taken for a volume: what was installed here, or stands in
     * this node's view.
     */
    private long accessFloor(VolumeId volume) {
        VolumeRecord record = group.view().volumes().get(volume);
        long inView = record == null ? 0 : record.accessEpoch();
        return Math.max(inView, installed.getOrDefault(volume, 0L));
    }

    private boolean isFenced(Request request) {
        return environment.rules().has(Rule.ACCESS_EPOCH)
                && request.what.accessEpoch() < accessFloor(request.what.volume());
    }

    private void refuseFenced(Request request) {
        environment.counters().fenced.increment();
        finish(request, new PgReply.Fenced(accessFloor(request.what.volume())));
    }

    private void admit(Request request) {
        VolumeRecord volume = group.view().volumes().get(request.what.volume());
        if (volume == null) {
            if (request.what.volume().value() >= group.view().nextVolumeId()) {
                waitingForView.add(request);
            } else {
                finish(request, new PgReply.Refused(request.what.volume() + " was deleted"));
            }
            return;
        }
        if (isFenced(request)) {
            refuseFenced(request);
            return;
        }
        installed.merge(request.what.volume(), request.what.accessEpoch(), Math::max);
        BlockRange range = request.range;
        if (range != null) {
            ChunkId chunk = range.chunk();
            boolean isBeyond =
                    chunk.index() >= volume.chunkCount()
                            && environment.rules().has(Rule.GROWTH_SHOWN);
            if (chunk.layer() > volume.layer() || isBeyond) {
                waitingForView.add(request);
                return;
            }
            int chunkBlocks = volume.chunkBytes() / Sizes.BLOCK_BYTES;
            if (chunk.layer() < volume.layer()
                    || range.end() > chunkBlocks
                    || !group.holds(volume, chunk.index())) {
                finish(request, new PgReply.Refused(range + " does not lie in " + pg));
                return;
            }
        }
        switch (request.what) {
            case PgRequest.Write write -> admitWrite(request, write);
            case PgRequest.OrWrite or -> admitOr(request, or);
            case PgRequest.CompareAndWrite compare -> admitCompare(request, compare);
            case PgRequest.Settle settle -> admitCompare(request, settle);
            case PgRequest.Trim trim -> admitTrim(request, trim);
            case PgRequest.Read _ -> read(request);
            case PgRequest.Fence fence -> admitFence(request, fence);
        }
    }

    /**
     * Whether the group takes changes now; if not, the request is answered. What makes room is
     * taken from devices that are full, too: they keep room for that.
     */
    private boolean takesWrites(Request request, boolean makesRoom) {
        if (primary.config().members().size() < group.inSyncMin()) {
            finish(request, new PgReply.Busy(primary.belowMinimum()));
            return false;
        }
        if (!makesRoom && !primary.isWritable()) {
            finish(request, new PgReply.OutOfSpace());
            return false;
        }
        return true;
    }

    private void admitWrite(Request request, PgRequest.Write write) {
        if (!takesWrites(request, false)) {
            return;
        }
        if (isDamaged(request, write.offset(), write.data(), write.checksums())) {
            return;
        }
        writes.add(request);
        BlockRange range = java.util.Objects.requireNonNull(request.range);
        boolean whole =
                write.offset() % Sizes.BLOCK_BYTES == 0
                        && write.data().length() % Sizes.BLOCK_BYTES == 0;
        gate.acquire(
                range,
                () -> {
                    if (isDropped(request)) {
                        gate.release(range);
                    } else if (whole) {
                        Blocks blocks = new Blocks(write.data(), write.checksums());
                        primary.append(
                                LogEntry.Kind.WRITE,
                                range,
                                blocks,
                                reply -> finish(request, reply));
                        gate.release(range);
                    } else {
                        widen(request, write, range);
                    }
                });
    }

    /**
     * Reads the blocks whose edges the write leaves alone, and writes them whole. The range is held
     * meanwhile.
     */
    private void widen(Request request, PgRequest.Write write, BlockRange range) {
        boolean held = environment.rules().has(Rule.WIDEN_HELD);
        if (!held) {
            gate.release(range);
        }
        mending.readOwn(
                range,
                old -> {
                    if (isDropped(request)) {
                        // It has its answer.
                    } else if (old == null) {
                        finish(request, new PgReply.Unrecovered(range + " has no intact copy"));
                    } else {
                        byte[] merged = old.data().toByteArray();
                        int at = write.offset() - range.first() * Sizes.BLOCK_BYTES;
                        write.data().copyTo(0, merged, at, write.data().length());
                        int[] checksums = old.checksums().clone();
                        Payload data = Payload.of(merged);
                        for (int i = 0; i < checksums.length; i++) {
                            boolean covered =
                                    at <= i * Sizes.BLOCK_BYTES
                                            && at + write.data().length()
                                                    >= (i + 1) * Sizes.BLOCK_BYTES;
                            checksums[i] =
                                    covered
                                            ? write.checksums()[i]
                                            : data.crc32c(i * Sizes.BLOCK_BYTES, Sizes.BLOCK_BYTES);
                        }
                        primary.append(
                                LogEntry.Kind.WRITE,
                                range,
                                new Blocks(data, checksums),
                                primary.marks()
                                        .outside(range, write.offset(), write.data().length()),
                                reply -> finish(request, reply));
                    }
                    if (held) {
                        gate.release(range);
                    }
                });
    }

    private void admitOr(Request request, PgRequest.OrWrite or) {
        if (!takesWrites(request, false)
                || isDamaged(request, or.offset(), or.data(), or.checksums())) {
            return;
        }
        writes.add(request);
        orWrites.admit(
                or,
                java.util.Objects.requireNonNull(request.range),
                () -> isDropped(request),
                reply -> finish(request, reply));
    }

    /** One that compares, or settles a comparison. */
    private void admitCompare(Request request, PgRequest what) {
        if (!takesWrites(request, what instanceof PgRequest.Settle)) {
            return;
        }
        writes.add(request);
        comparisons.admit(
                what,
                java.util.Objects.requireNonNull(request.range),
                () -> isDropped(request),
                reply -> finish(request, reply));
    }

    private void admitTrim(Request request, PgRequest.Trim trim) {
        if (!takesWrites(request, true)) {
            return;
        }
        writes.add(request);
        BlockRange range = trim.range();
        gate.acquire(
                range,
                () -> {
                    if (!isDropped(request)) {
                        primary.append(
                                LogEntry.Kind.TRIM,
                                range,
                                Blocks.checksummed(Payload.EMPTY),
                                reply -> finish(request, reply));
                    }
                    gate.release(range);
                });
    }

    /** Whether a request that waited must not go on; it has its answer then. */
    private boolean isDropped(Request request) {
        if (closed || request.answered) {
            return true;
        }
        if (isFenced(request)) {
            refuseFenced(request);
            return true;
        }
        return false;
    }

    /** Whether the data is not what its checksums say; if so, the request is answered. */
    private boolean isDamaged(Request request, int offset, Payload data, int[] checksums) {
        int at = 0;
        int piece = 0;
        while (at < data.length()) {
            int room = Sizes.BLOCK_BYTES - (offset + at) % Sizes.BLOCK_BYTES;
            int bytes = Math.min(room, data.length() - at);
            if (piece >= checksums.length || data.crc32c(at, bytes) != checksums[piece]) {
                finish(
                        request,
                        new PgReply.Refused(
                                "checksum of piece " + piece + " does not match its data"));
                return true;
            }
            at += bytes;
            piece++;
        }
        return false;
    }

    /**
     * Confirms when all writes that were taken under a lower access epoch are decided; what only
     * waits is refused.
     */
    private void admitFence(Request request, PgRequest.Fence fence) {
        Set<Request> older = new LinkedHashSet<>();
        for (Request write : List.copyOf(writes)) {
            if (write.what.volume().equals(fence.volume())
                    && write.what.accessEpoch() < fence.accessEpoch()) {
                older.add(write);
            }
        }
        if (older.isEmpty() || !environment.rules().has(Rule.ACCESS_DRAIN)) {
            finish(request, installed());
        } else {
            fences.add(new FenceWait(request, older));
        }
    }

    private PgReply installed() {
        return new PgReply.Installed(environment.self(), primary.leadEpoch());
    }

    // ---- reads

    private void read(Request request) {
        BlockRange range = java.util.Objects.requireNonNull(request.range);
        if (environment.rules().has(Rule.READ_WAIT) && primary.isUncommitted(range)) {
            waitingForCommit.add(request);
            return;
        }
        reads.add(request);
        boolean leaseBefore = environment.rules().has(Rule.READ_CHECK) || primary.hasLease();
        replica.read(
                range,
                result -> {
                    if (closed) {
                        return;
                    }
                    if (isFenced(request)) {
                        refuseFenced(request);
                    } else if (environment.rules().has(Rule.READ_WAIT)
                            && environment.rules().has(Rule.READ_CHECK)
                            && primary.isUncommitted(range)) {
                        waitingForCommit.add(request);
                    } else if (environment.rules().has(Rule.READ_CHECK)
                            ? !primary.hasLease()
                            : !leaseBefore) {
                        waitingForLease.add(request);
                    } else {
                        answerRead(request, range, result);
                    }
                });
    }

    private void answerRead(Request request, BlockRange range, ReadResult result) {
        PgRequest.Read read = (PgRequest.Read) request.what;
        switch (result) {
            case ReadResult.Ok(Blocks blocks) -> {
                environment.counters().reads.increment();
                environment.counters().readBytes.add(read.length());
                finish(request, done(read, range, blocks));
            }
            case ReadResult.Corrupt(int block, String reason) -> {
                environment.counters().corrupt.increment();
                mending.repair(
                        range,
                        repaired -> {
                            if (repaired) {
                                read(request);
                            } else {
                                finish(
                                        request,
                                        new PgReply.Unrecovered(
                                                range.chunk() + " block " + block + ": " + reason));
                            }
                        });
            }
            case ReadResult.Failed(String reason) -> group.leave(reason);
        }
    }

    /**
     * Cuts the bytes out of their blocks. Whole blocks keep their checksums, which were verified by
     * the read.
     */
    private static PgReply done(PgRequest.Read read, BlockRange range, Blocks blocks) {
        int at = read.offset() - range.first() * Sizes.BLOCK_BYTES;
        if (at == 0 && read.length() == blocks.data().length()) {
            return new PgReply.Done(blocks.data(), blocks.checksums());
        }
        Payload data = blocks.data().slice(at, read.length());
        int[] checksums = new int[blocks.count()];
        int done = 0;
        for (int i = 0; i < checksums.length; i++) {
            int bytes =
                    Math.min(
                            Sizes.BLOCK_BYTES - (read.offset() + done) % Sizes.BLOCK_BYTES,
                            read.length() - done);
            checksums[i] =
                    bytes == Sizes.BLOCK_BYTES ? blocks.checksums()[i] : data.crc32c(done, bytes);
            done += bytes;
        }
        return new PgReply.Done(data, checksums);
    }

    // ---- wake-ups

    void onCommit() {
        List<Request> waited = waitingForCommit;
        waitingForCommit = new ArrayList<>();
        for (Request request : waited) {
            read(request);
        }
        mending.onCommit();
    }

    void onView() {
        List<Request> waited = waitingForView;
        waitingForView = new ArrayList<>();
        for (Request request : waited) {
            admit(request);
        }
    }

    void onTick() {
        List<Request> waited = waitingForLease;
        waitingForLease = new ArrayList<>();
        for (Request request : waited) {
            read(request);
        }
        mending.onTick();
    }

    // ---- deleted volumes

    /**
     * Trims chunks of volumes that are gone, as entries like any other. Called when a lead begins
     * and when volumes go.
     */
    void sweep(Optional<ChunkId> after) {
        if (closed) {
            return;
        }
        int page = 256;
        replica.device()
                .chunks(
                        pg,
                        after,
                        page,
                        group.shard(),
                        chunks -> {
                            if (!primary.isServing()) {
                                return;
                            }
                            for (ChunkId chunk : chunks) {
                                if (group.isDeleted(chunk.volume())) {
                                    trimWhole(chunk);
                                }
                            }
                            if (chunks.size() == page) {
                                sweep(Optional.of(chunks.getLast()));
                            }
                        });
    }

    private void trimWhole(ChunkId chunk) {
        BlockRange all = new BlockRange(chunk, 0, Sizes.CHUNK_BYTES_MAX / Sizes.BLOCK_BYTES);
        gate.acquire(
                all,
                () -> {
                    if (!closed) {
                        primary.append(
                                LogEntry.Kind.TRIM,
                                all,
                                Blocks.checksummed(Payload.EMPTY),
                                _ -> {});
                    }
                    gate.release(all);
                });
    }
}
