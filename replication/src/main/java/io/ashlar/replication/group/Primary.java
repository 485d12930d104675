package io.ashlar.replication.group;

import io.ashlar.chunkstore.Blocks;
import io.ashlar.chunkstore.LogEntry;
import io.ashlar.common.BlockRange;
import io.ashlar.common.CompareMark;
import io.ashlar.common.NodeId;
import io.ashlar.common.Payload;
import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Shard;
import io.ashlar.metadata.Member;
import io.ashlar.metadata.PgConfig;
import io.ashlar.replication.GroupStatus;
import io.ashlar.replication.PeerTransport.Lane;
import io.ashlar.replication.PgReply;
import io.ashlar.replication.PgRules.Rule;
import io.ashlar.replication.wire.GroupMessage;
import io.ashlar.replication.wire.GroupMessage.CommitNote;
import io.ashlar.replication.wire.GroupMessage.Prepare;
import io.ashlar.replication.wire.GroupMessage.PrepareAck;
import io.ashlar.replication.wire.GroupMessage.ReconcileReply;
import io.ashlar.replication.wire.GroupMessage.ReconcileRequest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This process leads a group, for one lead: it makes the members equal (reconcile), then numbers
 * entries, sends them to every member in parallel and commits them in order when all hold them. It
 * lives until the lead ends; callbacks that come later find it closed. Requests are in {@link
 * Requests}, learners in {@link Teaching}, the comparison of copies in {@link Scrub}. Owned by the
 * group's shard.
 *
 * <pre>
 *   AWAIT_PROMISES ──all members promised──▶ RECONCILING ──all named ranges committed──▶ SERVING
 * </pre>
 */
final class Primary {
    private static final Logger LOG = LoggerFactory.getLogger(Primary.class);

    enum State {
        AWAIT_PROMISES,
        RECONCILING,
        SERVING
    }

    /** Ranges that are read and appended at a time while reconciling. */
    private static final int RECONCILE_PARALLEL = 8;

    /**
     * Without an answer for so many resend times, all that is pending goes out again; a lost stream
     * does it at once.
     */
    private static final int RESEND_TIMES = 4;

    /** An entry that is not committed. */
    private static final class Pending {
        final LogEntry entry;
        final Blocks blocks;
        final @Nullable Consumer<PgReply> reply;
        boolean stored;

        Pending(LogEntry entry, Blocks blocks, @Nullable Consumer<PgReply> reply) {
            this.entry = entry;
            this.blocks = blocks;
            this.reply = reply;
        }
    }

    /** What a member has told. */
    private static final class MemberState {
        final ProcessId process;
        @Nullable ReconcileReply promise;
        long durable;
        boolean failed;
        long sentNanos;

        /** Since when its lease was never found to be stale. */
        long freshNanos;

        /** Since when it is a member; it is not called silent before it had the time to answer. */
        final long sinceNanos;

        MemberState(ProcessId process, long sinceNanos) {
            this.process = process;
            this.sinceNanos = sinceNanos;
            this.freshNanos = sinceNanos;
        }
    }

    private final PgId pg;
    private final GroupEnvironment environment;
    private final Replica replica;
    private final PlacementGroup group;
    private final Requests requests;
    private final Teaching teaching;
    private final Scrub scrub;
    private final long leadEpoch;
    private final SortedMap<NodeId, MemberState> members = new TreeMap<>();
    private final ArrayDeque<Pending> pending = new ArrayDeque<>();
    private PgConfig config;
    private State state = State.AWAIT_PROMISES;
    private boolean closed;
    private CompareMarks marks = CompareMarks.none();
    private long firstSequence;
    private long nextSequence;
    private long committedTold;
    private ArrayDeque<BlockRange> reconcileLeft = new ArrayDeque<>();
    private int reconcileRunning;

    Primary(
            PlacementGroup group,
            GroupEnvironment environment,
            Shard shard,
            Replica replica,
            PgConfig config) {
        this.pg = group.id();
        this.group = group;
        this.environment = environment;
        this.replica = replica;
        this.config = config;
        this.leadEpoch = config.leadEpoch();
        this.requests = new Requests(this, group, environment, replica);
        this.teaching = new Teaching(this, group, environment, replica, shard);
        this.scrub = new Scrub(this, group, environment, replica, shard);
        syncMembers();
    }

    // ---- life

    /** Asks the members to promise. Called once, after construction. */
    void start() {
        environment.counters().leads.increment();
        if (environment.rules().has(Rule.COMPARE_MARKS_LOGGED)) {
            marks = CompareMarks.of(replica.log());
        }
        if (!environment.rules().has(Rule.RECONCILE_FIRST)) {
            firstSequence = replica.lastSequence() + 1;
            nextSequence = firstSequence;
            state = State.SERVING;
        }
        for (MemberState member : members.values()) {
            askPromise(member);
        }
        reconcileIfPromised();
    }

    /**
     * The lead is over. What is pending is decided by whoever leads next; askers are told to look
     * for it.
     */
    void close() {
        closed = true;
        pending.clear();
        requests.close();
        teaching.close();
        scrub.close();
    }

    boolean isClosed() {
        return closed;
    }

    boolean isServing() {
        return !closed && state == State.SERVING;
    }

    long leadEpoch() {
        return leadEpoch;
    }

    PgConfig config() {
        return config;
    }

    Requests requests() {
        return requests;
    }

    Teaching teaching() {
        return teaching;
    }

    Scrub scrub() {
        return scrub;
    }

    GroupStatus.Role role() {
        return state == State.SERVING ? GroupStatus.Role.PRIMARY : GroupStatus.Role.RECONCILING;
    }

    /** A newer configuration of the same lead. What is pending goes out again under its epoch. */
    void onConfig(PgConfig newer) {
        config = newer;
        syncMembers();
        for (MemberState member : members.values()) {
            if (member.promise == null && state == State.AWAIT_PROMISES) {
                askPromise(member);
            } else {
                resend(member);
            }
        }
        reconcileIfPromised();
        tryCommit();
    }

    /** The planner wants other targets, or another primary; the configuration is as it was. */
    void onPlacement(PgConfig newer) {
        config = newer;
        teaching.forgetStrangers(newer);
    }

    /** A proposal of this lead was decided, and the lead goes on. */
    void resume() {
        if (isServing() && !group.handsOver()) {
            requests.resume();
        }
        tryCommit();
    }

    private void syncMembers() {
        SortedMap<NodeId, MemberState> former = new TreeMap<>(members);
        members.clear();
        for (Member member : config.members().values()) {
            if (member.node().equals(environment.self().node())) {
                continue;
            }
            MemberState known = former.get(member.node());
            if (known == null || !known.process.equals(member.process())) {
                known = new MemberState(member.process(), environment.clock().nanos());
                known.durable = teaching.durableOf(member.process());
            }
            members.put(member.node(), known);
        }
        teaching.forgetStrangers(config);
    }

    // ---- reconcile

    private void askPromise(MemberState member) {
        member.sentNanos = environment.clock().nanos();
        send(
                member.process.node(),
                new ReconcileRequest(
                        pg,
                        config.epoch(),
                        leadEpoch,
                        member.process.incarnation(),
                        replica.committed()));
    }

    void onReconcileReply(ProcessId from, ReconcileReply reply) {
        MemberState member = members.get(from.node());
        if (state != State.AWAIT_PROMISES || member == null || reply.leadEpoch() != leadEpoch) {
            return;
        }
        if (environment.rules().has(Rule.INCARNATION) && !member.process.equals(from)) {
            return;
        }
        if (reply.lastSequence() < replica.committed()
                && environment.rules().has(Rule.HELD_COMMITTED)) {
            LOG.error(
                    "{}: the log of {} ends at {}, but {} was committed with it; it is taken out,"
                            + " and learns anew",
                    pg,
                    from,
                    reply.lastSequence(),
                    replica.committed());
            member.failed = true;
            return;
        }
        member.promise = reply;
        reconcileIfPromised();
    }

    private void reconcileIfPromised() {
        if (closed || state != State.AWAIT_PROMISES) {
            return;
        }
        long top = replica.lastSequence();
        Set<BlockRange> named = new LinkedHashSet<>();
        for (LogEntry entry : replica.above(replica.committed())) {
            named.add(entry.range());
        }
        for (MemberState member : members.values()) {
            if (member.promise == null) {
                return;
            }
            top = Math.max(top, member.promise.lastSequence());
            for (LogEntry entry : member.promise.entries()) {
                named.add(entry.range());
            }
        }
        if (!environment.rules().has(Rule.RECONCILE_ENTRIES)) {
            named.clear();
        }
        firstSequence = top + 1;
        nextSequence = firstSequence;
        for (MemberState member : members.values()) {
            member.durable = top;
            member.promise = null;
        }
        state = State.RECONCILING;
        reconcileLeft = new ArrayDeque<>(named);
        reconcileMore();
    }

    /** Writes its own contents of every named range as ordinary entries of this lead. */
    private void reconcileMore() {
        while (reconcileRunning < RECONCILE_PARALLEL && !reconcileLeft.isEmpty()) {
            BlockRange range = reconcileLeft.removeFirst();
            reconcileRunning++;
            requests.mending()
                    .readOwn(
                            range,
                            blocks -> {
                                reconcileRunning--;
                                if (blocks != null) {
                                    appendContents(range, blocks, null);
                                } else if (range.count() > 1) {
                                    for (int i = 0; i < range.count(); i++) {
                                        reconcileLeft.addLast(
                                                new BlockRange(
                                                        range.chunk(), range.first() + i, 1));
                                    }
                                } else {
                                    // All members said that theirs is damaged: there is nothing to
                                    // make
                                    // equal, and reads of it are answered so, until it is written
                                    // again.
                                    LOG.error("{}: no member has an intact copy of {}", pg, range);
                                }
                                reconcileMore();
                            });
        }
        serveIfReconciled();
    }

    private void serveIfReconciled() {
        if (state == State.RECONCILING
                && reconcileLeft.isEmpty()
                && reconcileRunning == 0
                && pending.isEmpty()) {
            state = State.SERVING;
            requests.onServing();
        }
    }

    // ---- entries

    /** The marks that hold after the newest entry. */
    CompareMarks marks() {
        return marks;
    }

    /**
     * Appends the contents that the range has already, or should have: a WRITE, or a TRIM if they
     * are zeros. Marks go on holding.
     */
    void appendContents(BlockRange range, Blocks blocks, @Nullable Consumer<PgReply> reply) {
        appendContents(range, blocks, marks.of(range), reply);
    }

    /** Likewise, after which these marks hold for the range. */
    void appendContents(
            BlockRange range,
            Blocks blocks,
            List<CompareMark> holding,
            @Nullable Consumer<PgReply> reply) {
        if (blocks.data().isZero()) {
            append(LogEntry.Kind.TRIM, range, Blocks.checksummed(Payload.EMPTY), holding, reply);
        } else {
            append(LogEntry.Kind.WRITE, range, blocks, holding, reply);
        }
    }

    /** Appends an entry after which no mark holds for its range. */
    void append(
            LogEntry.Kind kind,
            BlockRange range,
            Blocks blocks,
            @Nullable Consumer<PgReply> reply) {
        append(kind, range, blocks, List.of(), reply);
    }

    /**
     * Numbers an entry, stores it and sends it to all that need it. {@code reply} is told when it
     * is decided.
     *
     * @param holding every mark that holds for the range after it
     */
    void append(
            LogEntry.Kind kind,
            BlockRange range,
            Blocks blocks,
            List<CompareMark> holding,
            @Nullable Consumer<PgReply> reply) {
        LogEntry entry = new LogEntry(config.epoch(), nextSequence++, kind, range, holding);
        marks.onAppend(entry);
        Pending item = new Pending(entry, blocks, reply);
        pending.addLast(item);
        replica.append(
                entry,
                blocks,
                stored -> {
                    if (closed) {
                        return;
                    }
                    if (!stored) {
                        group.leave(String.valueOf(replica.failure()));
                        return;
                    }
                    item.stored = true;
                    tryCommit();
                });
        Prepare prepare = prepare(item);
        for (MemberState member : members.values()) {
            send(member.process.node(), prepare);
        }
        teaching.onAppend(prepare);
    }

    private Prepare prepare(Pending item) {
        return new Prepare(
                pg,
                config.epoch(),
                leadEpoch,
                firstSequence,
                replica.committed(),
                item.entry,
                item.blocks);
    }

    void onPrepareAck(ProcessId from, PrepareAck ack) {
        if (ack.leadEpoch() != leadEpoch) {
            return;
        }
        if (state == State.AWAIT_PROMISES) {
            MemberState waited = members.get(from.node());
            if (waited != null && waited.process.equals(from)) {
                waited.failed |= ack.failed(); // it will never promise
            }
            return;
        }
        if (teaching.onPrepareAck(from, ack)) {
            tryCommit();
            return;
        }
        MemberState member = members.get(from.node());
        if (member == null
                || (environment.rules().has(Rule.INCARNATION) && !member.process.equals(from))) {
            return;
        }
        member.failed |= ack.failed();
        if (ack.durable() > member.durable) {
            member.durable = ack.durable();
            member.sentNanos = environment.clock().nanos();
            tryCommit();
        }
    }

    /** Commits, in order, what all members of the configuration (and of a proposed one) hold. */
    void tryCommit() {
        boolean committedAny = false;
        while (!closed && !pending.isEmpty()) {
            Pending head = pending.peekFirst();
            if (!isHeld(head)) {
                break;
            }
            pending.removeFirst();
            replica.commitTo(head.entry.sequence());
            committedAny = true;
            if (head.reply != null) {
                environment.counters().writes.increment();
                environment.counters().writtenBytes.add(head.blocks.data().length());
                head.reply.accept(
                        config.members().size() >= group.inSyncMin()
                                ? PgReply.DONE
                                : new PgReply.Busy(belowMinimum()));
            }
        }
        if (committedAny && !closed) {
            requests.onCommit();
            serveIfReconciled();
        }
    }

    private boolean isHeld(Pending item) {
        boolean counts = item.reply == null && !environment.rules().has(Rule.RECONCILE_STABLE);
        return counts || (item.stored && isHeldByAll(item.entry.sequence()));
    }

    String belowMinimum() {
        return pg
                + " has "
                + config.members().size()
                + " in-sync replicas, the pool wants "
                + group.inSyncMin();
    }

    private boolean isHeldByAll(long sequence) {
        int missing = 0;
        for (MemberState member : members.values()) {
            if (member.durable < sequence) {
                missing++;
            }
        }
        for (ProcessId bound : group.boundLearners()) {
            if (teaching.durableOf(bound) < sequence) {
                missing++;
            }
        }
        missing += teaching.levelAndMissing(sequence);
        return missing == 0 || (!environment.rules().has(Rule.ALL_MEMBERS) && missing == 1);
    }

    /** Whether an uncommitted entry changes these blocks. */
    boolean isUncommitted(BlockRange range) {
        for (Pending item : pending) {
            if (item.entry.range().overlaps(range)) {
                return true;
            }
        }
        return false;
    }

    /** Ranges of all uncommitted entries. */
    List<BlockRange> uncommittedRanges() {
        List<BlockRange> ranges = new ArrayList<>(pending.size());
        for (Pending item : pending) {
            ranges.add(item.entry.range());
        }
        return ranges;
    }

    long nextSequence() {
        return nextSequence;
    }

    /**
     * Whether this process may read from its own store at this instant: every member has a fresh
     * answer to its name.
     */
    boolean hasLease() {
        if (closed || group.handsOver()) {
            return false;
        }
        long viewIndex = group.viewIndex();
        for (MemberState member : members.values()) {
            if (!environment.leases().holds(member.process, viewIndex)) {
                return false;
            }
        }
        for (ProcessId bound : group.boundLearners()) {
            if (!environment.leases().holds(bound, viewIndex)) {
                return false;
            }
        }
        return true;
    }

    /** Whether all members' devices take writes, as far as they told. */
    boolean isWritable() {
        if (!replica.device().space().writable()) {
            return false;
        }
        for (MemberState member : members.values()) {
            if (!environment.leases().isWritable(member.process)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Whether a backup could lead as well as this process does: it holds all that is committed, its
     * devices take writes, and its lease was fresh for some time, so that leads do not go to and
     * fro.
     */
    boolean canLead(NodeId node, long nowNanos) {
        MemberState member = members.get(node);
        return member != null
                && !member.failed
                && member.durable >= replica.committed()
                && group.isRegistered(member.process)
                && environment.leases().isWritable(member.process)
                && nowNanos - member.freshNanos >= environment.settings().calmNanos();
    }

    // ---- timers and streams

    /**
     * Members that must be taken out: silent, failed, or no longer the process that was configured.
     * Who hears too few calls nobody silent.
     */
    Set<NodeId> lostMembers() {
        Set<NodeId> lost = new LinkedHashSet<>();
        long leaseNanos = environment.settings().leaseNanos();
        long now = environment.clock().nanos();
        for (MemberState member : members.values()) {
            // one that was never heard has the time of a lease from the begin of this lead on
            boolean silent =
                    environment.leases().isSilent(member.process, leaseNanos)
                            && (environment.leases().hasAnswered(member.process)
                                    || now - member.sinceNanos > leaseNanos);
            if (member.failed
                    || (silent && !environment.judgesNobody())
                    || group.isGone(member.process)) {
                lost.add(member.process.node());
            }
        }
        return lost;
    }

    void onTick(long nowNanos) {
        long resendNanos = environment.settings().resendNanos();
        for (MemberState member : members.values()) {
            if (!environment.leases().holds(member.process, group.viewIndex())) {
                member.freshNanos = nowNanos;
            }
            if (nowNanos - member.sentNanos < resendNanos) {
                continue;
            }
            if (state == State.AWAIT_PROMISES) {
                if (member.promise == null) {
                    askPromise(member);
                }
            } else if (!pending.isEmpty()
                    && member.durable < pending.peekFirst().entry.sequence()
                    && nowNanos - member.sentNanos >= RESEND_TIMES * resendNanos) {
                resend(member);
            }
        }
        if (replica.committed() > committedTold && pending.isEmpty() && state == State.SERVING) {
            committedTold = replica.committed();
            CommitNote note = new CommitNote(pg, config.epoch(), leadEpoch, committedTold);
            for (MemberState member : members.values()) {
                send(member.process.node(), note);
            }
        }
        requests.onTick();
        teaching.onTick(nowNanos);
        tryCommit();
        scrub.onTick(nowNanos);
    }

    /** A new stream to a process stands; what was sent by the former may be lost. */
    void onConnected(ProcessId peer) {
        teaching.onConnected(peer);
        MemberState member = members.get(peer.node());
        if (member == null || !member.process.equals(peer)) {
            return;
        }
        if (state == State.AWAIT_PROMISES) {
            askPromise(member);
        } else {
            resend(member);
        }
    }

    /** Sends again what the member has not confirmed. */
    private void resend(MemberState member) {
        member.sentNanos = environment.clock().nanos();
        for (Pending item : pending) {
            if (item.entry.sequence() > member.durable) {
                send(member.process.node(), prepare(item));
            }
        }
    }

    void send(NodeId to, GroupMessage message) {
        environment.transport().send(Lane.DATA, to, message);
    }
}
