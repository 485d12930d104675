package io.ashlar.replication.group;

import io.ashlar.chunkstore.ChunkDevice;
import io.ashlar.common.NodeId;
import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Shard;
import io.ashlar.common.VolumeId;
import io.ashlar.metadata.Command;
import io.ashlar.metadata.Command.ReconfigureGroup.Change;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.JobBoard;
import io.ashlar.metadata.JobKind;
import io.ashlar.metadata.JobRecord;
import io.ashlar.metadata.Member;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.metadata.Outcome;
import io.ashlar.metadata.PgConfig;
import io.ashlar.metadata.Pool;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.replication.GroupStatus;
import io.ashlar.replication.PeerTransport.Lane;
import io.ashlar.replication.PgReply;
import io.ashlar.replication.PgRequest;
import io.ashlar.replication.PgRules.Rule;
import io.ashlar.replication.ScrubStatus;
import io.ashlar.replication.wire.GroupMessage;
import io.ashlar.replication.wire.ScrubMessage;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One placement group in this process: which configuration it knows, which epoch it has promised,
 * and whether it leads, follows, learns or asks to (DESIGN section 5). Owned by one shard.
 */
public final class PlacementGroup {
    private static final Logger LOG = LoggerFactory.getLogger(PlacementGroup.class);

    private final PgId id;
    private final GroupEnvironment environment;
    private final Shard shard;
    private final Replica replica;
    private final Follower follower;
    private ControlState view;
    private @Nullable JobBoard jobsSeen;
    private @Nullable PgConfig config;
    private long epoch;
    private @Nullable Primary primary;
    private final Proposals proposals;
    private final Membership membership;
    private final Departure departure;
    private long configSinceNanos;
    private long joinedNanos;
    private long learnIds;
    private final ScrubRecord scrubRecord;

    /** Why this process leaves the group, if it does. */
    private @Nullable String leaving;

    private long toldLeavingNanos;

    /**
     * @param promised the highest epoch that this process has promised for the group, if it had it
     *     on another device before; else 0
     * @throws io.ashlar.chunkstore.DeviceException if the device cannot read what it has of it
     */
    public PlacementGroup(
            PgId id,
            GroupEnvironment environment,
            Shard shard,
            ChunkDevice device,
            ControlState view,
            long promised) {
        this.epoch = promised;
        this.id = id;
        this.environment = environment;
        this.shard = shard;
        this.view = view;
        this.replica = new Replica(id, device, shard, environment.settings().logEntriesMax());
        this.follower = new Follower(this, environment, shard, replica);
        this.proposals = new Proposals(id, environment, shard, this::settleProposals);
        this.membership = new Membership(this, environment);
        this.departure = new Departure(id, environment, shard, replica, follower);
        this.scrubRecord =
                new ScrubRecord(
                        id,
                        environment.scrub().settings(),
                        environment.clock().nanos(),
                        environment.self().incarnation());
        this.joinedNanos = environment.clock().nanos() - environment.settings().joinNanos();
    }

    public PgId id() {
        return id;
    }

    /** What this process is for the group, for people. */
    public GroupStatus status() {
        Primary lead = primary;
        GroupStatus.Role role;
        if (lead != null) {
            role = lead.role();
        } else if (follower.isLearner()) {
            role = GroupStatus.Role.LEARNER;
        } else if (config != null && config.isMember(environment.self())) {
            role = GroupStatus.Role.BACKUP;
        } else {
            role = GroupStatus.Role.OUTSIDE;
        }
        return new GroupStatus(
                id,
                role,
                epoch,
                replica.lastSequence(),
                replica.committed(),
                lead == null ? 0 : lead.teaching().count(),
                lead == null ? 0 : lead.teaching().bytesLeft());
    }

    /** How the scrub of the group stands, if this process leads it. */
    public Optional<ScrubStatus> scrubStatus() {
        Primary lead = primary;
        return lead == null || !lead.isServing()
                ? Optional.empty()
                : Optional.of(lead.scrub().status(environment.clock().nanos()));
    }

    /** Tells that a pass that a job wants has ended well; again, until that is known. */
    void reportScrubbed(long job) {
        environment
                .metadata()
                .submit(
                        new Command.ReportScrubbed(job, id),
                        shard,
                        outcome -> {
                            if (outcome instanceof Outcome.Unknown) {
                                shard.schedule(
                                        environment.settings().resendNanos(),
                                        () -> reportAgain(job));
                            }
                        });
    }

    private void reportAgain(long job) {
        JobRecord record = view.jobs().all().get(job);
        if (record != null && record.isOpen() && record.left().contains(id)) {
            reportScrubbed(job);
        }
    }

    /** The pass that jobs want of this group: that of the oldest one that runs. */
    private ScrubRecord.@Nullable Order wantedScrub(ControlState state) {
        for (JobRecord job : state.jobs().all().values()) {
            if (job.kind() instanceof JobKind.Scrub(var volume, boolean deep)
                    && job.isRunning()
                    && job.left().contains(id)) {
                return new ScrubRecord.Order(job.id(), volume, deep);
            }
        }
        return null;
    }

    ScrubRecord scrubRecord() {
        return scrubRecord;
    }

    /**
     * This process can keep nothing more of the group, since its device has failed or refused an
     * entry: it leads no more, follows no more, and tells so until it is a member no more. It says
     * nothing that it does not keep: a primary reads and acknowledges nothing from here on.
     */
    void leave(String reason) {
        if (leaving != null) {
            return;
        }
        if (config != null && isStranded(config)) {
            environment.fatal().accept(id + ": " + reason);
            return;
        }
        LOG.error("{}: leaves the group: {}", id, reason);
        leaving = reason;
        if (environment.rules().has(Rule.RESIGN_CLOSES)) {
            closePrimary();
        }
        follower.stop();
        tellLeaving();
    }

    /**
     * Whether this process is a member by another device than that which has the group here: the
     * other one failed before the group was placed. What it confirmed would be where nobody looks
     * for it.
     */
    private boolean isMisplaced(PgConfig current) {
        Member self = current.members().get(environment.self().node());
        return self != null
                && current.isMember(environment.self())
                && !self.device().equals(replica.device().id())
                && environment.rules().has(Rule.NAMED_DEVICE);
    }

    /**
     * Whether nobody but this process can lead, and its device works: a restart finds what is
     * stored, and leads again with that.
     */
    private boolean isStranded(PgConfig current) {
        return replica.device().failure().isEmpty()
                && !isMisplaced(current)
                && current.isMember(environment.self())
                && current.members().size() == 1;
    }

    /** Whether this process has left the group since its device failed. */
    public boolean hasLostItsDevice() {
        return leaving != null && replica.device().failure().isPresent();
    }

    private void tellLeaving() {
        PgConfig current = config;
        toldLeavingNanos = environment.clock().nanos();
        if (current == null || !current.isMember(environment.self())) {
            return;
        }
        for (NodeId node : current.members().keySet()) {
            boolean isToAll = current.isPrimary(environment.self());
            if (!node.equals(environment.self().node())
                    && (isToAll || node.equals(current.primary()))) {
                GroupMessage message =
                        isToAll
                                ? new GroupMessage.Resign(id, current.epoch())
                                : new GroupMessage.PrepareAck(
                                        id, current.epoch(), current.leadEpoch(), 0, 0, true);
                environment.transport().send(Lane.DATA, node, message);
            }
        }
    }

    /** Tells again; once it is no member, and its device works, it may begin anew. */
    private void goOnLeaving(PgConfig current, long now) {
        if (isStranded(current)) {
            // the last other member was taken out after this one had left
            environment.fatal().accept(id + ": " + leaving);
        } else if (current.isMember(environment.self())) {
            if (now - toldLeavingNanos >= environment.settings().resendNanos()) {
                tellLeaving();
            }
        } else if (replica.device().failure().isEmpty()) {
            leaving = null;
        }
    }

    /** The primary leads no more, and is no more to be waited for. */
    private void onResign(ProcessId from, GroupMessage.Resign resign) {
        PgConfig current = config;
        if (current != null
                && resign.epoch() == current.epoch()
                && current.isPrimary(from)
                && current.isMember(environment.self())
                && epoch <= current.epoch()
                && proposals.isEmpty()) {
            propose(new Change.Petition(), null);
        }
    }

    /**
     * Whether this process leads the group, serves, and holds a full lease now; for the
     * simulation's invariant R2.
     */
    public boolean servesReads() {
        return primary != null && primary.isServing() && primary.hasLease();
    }

    /** The highest epoch that this process has promised. */
    public long epoch() {
        return epoch;
    }

    Shard shard() {
        return shard;
    }

    ControlState view() {
        return view;
    }

    /** The log index that this group's view stands at. */
    long viewIndex() {
        return view.index();
    }

    int inSyncMin() {
        Pool pool = view.pools().get(id.pool());
        return pool == null ? Integer.MAX_VALUE : pool.inSyncMin();
    }

    long nextLearnId() {
        return ++learnIds;
    }

    /** Whether a chunk of the volume lies in this group. */
    boolean holds(VolumeRecord volume, long chunk) {
        Pool pool = view.pools().get(volume.pool());
        return pool != null
                && chunk < volume.chunkCount()
                && volume.placementGroup(chunk, pool).equals(id);
    }

    boolean isDeleted(VolumeId volume) {
        return volume.value() < view.nextVolumeId() && !view.volumes().containsKey(volume);
    }

    /** Whether another process of its node has registered since. */
    boolean isGone(ProcessId process) {
        NodeRecord node = view.nodes().get(process.node());
        return node == null || node.incarnation() != process.incarnation();
    }

    boolean isRegistered(ProcessId process) {
        return !isGone(process);
    }

    /**
     * Learners whose promotion is proposed: their answers and leases are needed from the proposal
     * on.
     */
    List<ProcessId> boundLearners() {
        return environment.rules().has(Rule.BIND_PROPOSAL) ? proposals.added() : List.of();
    }

    /**
     * Whether the lead may be another's already: its holder has given up its lease and admits
     * nothing until its view shows the outcome.
     */
    boolean handsOver() {
        return environment.rules().has(Rule.YIELD_LEASE) && proposals.handsOver();
    }

    /** Whether this node holds nothing of the group, for the simulation. */
    public boolean isEmpty() {
        return departure.isEmpty();
    }

    // ---- configuration

    /** A newer state of the replicated view. */
    public void onView(ControlState newer) {
        assert shard.isCurrent();
        boolean volumesWent =
                newer.volumes().size() < view.volumes().size()
                        || newer.nextVolumeId() != view.nextVolumeId();
        view = newer;
        if (newer.jobs() != jobsSeen) {
            jobsSeen = newer.jobs();
            scrubRecord.want(wantedScrub(newer));
        }
        PgConfig next = newer.placementGroups().get(id);
        if (next != null && !next.equals(config)) {
            boolean changed = config == null || next.epoch() > config.epoch();
            config = next;
            if (changed) {
                onConfig(next);
            } else if (primary != null) {
                primary.onPlacement(next);
            }
        }
        settleProposals();
        if (primary != null) {
            primary.requests().onView();
            primary.tryCommit();
            if (volumesWent && primary.isServing()) {
                primary.requests().sweep(Optional.empty());
            }
        }
    }

    private void onConfig(PgConfig next) {
        configSinceNanos = environment.clock().nanos();
        boolean promisedMore = epoch > next.epoch();
        epoch = Math.max(epoch, next.epoch());
        if (isMisplaced(next)) {
            leave("it is on " + replica.device().id() + ", and counts as a member by another disk");
        }
        if (leaving != null && environment.rules().has(Rule.RESIGN_CLOSES)) {
            closePrimary();
            tellLeaving();
            return;
        }
        if (!next.isPrimary(environment.self()) || promisedMore) {
            closePrimary();
            if (next.isMember(environment.self())) {
                follower.stopBefore(next.leadEpoch());
            } else if (!follower.isLearner()) {
                follower.stop();
            } else {
                follower.stopBefore(next.leadEpoch());
            }
            return;
        }
        follower.stop();
        if (primary != null && primary.leadEpoch() == next.leadEpoch()) {
            primary.onConfig(next);
            return;
        }
        closePrimary();
        LOG.info("{}: leads at epoch {} with {}", id, next.epoch(), next.members().keySet());
        primary = new Primary(this, environment, shard, replica, next);
        primary.start();
    }

    private void closePrimary() {
        if (primary != null) {
            Primary old = primary;
            primary = null;
            old.close();
        }
    }

    /** What was decided of this process's proposals has its effect. */
    private void settleProposals() {
        if (config != null && !proposals.isEmpty()) {
            proposals.settle(config, view.index());
            if (primary != null) {
                primary.resume();
            }
        }
    }

    private void propose(Change change, @Nullable ProcessId against) {
        proposals.propose(change, java.util.Objects.requireNonNull(config).epoch(), against);
    }

    // ---- timers

    public void onTick() {
        assert shard.isCurrent();
        PgConfig current = config;
        if (current == null) {
            return;
        }
        long now = environment.clock().nanos();
        proposals.onTick(now);
        if (leaving == null) {
            replica.device().failure().ifPresent(this::leave);
        }
        if (leaving != null) {
            goOnLeaving(current, now);
            if (environment.rules().has(Rule.RESIGN_CLOSES)) {
                return;
            }
        }
        if (primary != null) {
            primary.onTick(now);
            Change change = proposals.isEmpty() ? membership.next(primary, now) : null;
            if (change != null) {
                propose(change, null);
            }
        } else if (current.isMember(environment.self())) {
            petitionIfSilent(current);
        } else if (isRegistered(environment.self())) {
            boolean member = current.members().containsKey(environment.self().node());
            if (member || (!environment.rules().has(Rule.RESTART_LAST) && isDown(current))) {
                leadIfDown(current, now);
            } else if (current.targets().contains(environment.self().node())) {
                join(current, now);
            } else {
                departure.onTick(view, now);
            }
        }
    }

    /** Asks for promotion once the primary has been silent for the grace. */
    private void petitionIfSilent(PgConfig current) {
        Member leader = current.members().get(current.primary());
        if (!proposals.isEmpty() || leader == null || epoch > current.epoch()) {
            return;
        }
        if (!environment.judgesNobody()
                && environment.leases().beginPetition(leader.process(), configSinceNanos)) {
            propose(new Change.Petition(), leader.process());
        }
    }

    /**
     * After a restart: asks to lead the group again if nobody has taken this node out of its
     * configuration for the grace.
     */
    private void leadIfDown(PgConfig current, long now) {
        Member former = current.members().get(environment.self().node());
        boolean wasMember = former != null || !environment.rules().has(Rule.RESTART_LAST);
        boolean sameDevice =
                former == null
                        || former.device().equals(replica.device().id())
                        || !environment.rules().has(Rule.RESTART_DEVICE);
        if (!proposals.isEmpty()
                || !wasMember
                || !sameDevice
                || replica.learnState() != null
                || now - Math.max(environment.startedNanos(), configSinceNanos)
                        <= environment.settings().graceNanos()
                || environment.judgesNobody()) {
            return;
        }
        propose(new Change.Lead(), null);
    }

    /** Whether no process of the configuration is left. */
    private boolean isDown(PgConfig current) {
        return current.members().values().stream().allMatch(member -> isGone(member.process()));
    }

    private void join(PgConfig current, long now) {
        if (follower.isLearning(now)
                || now - joinedNanos < environment.settings().joinNanos()
                || !recoverReplica()) {
            return;
        }
        joinedNanos = now;
        LearnState learn = replica.learnState();
        environment
                .transport()
                .send(
                        Lane.DATA,
                        current.primary(),
                        new GroupMessage.Join(
                                id,
                                follower.nextJoinId(),
                                current.targetsIndex(),
                                environment.learnShare().of(view),
                                replica.device().id(),
                                replica.log(),
                                replica.committed(),
                                learn == null ? -1 : learn.trusted(),
                                learn != null && learn.allDirty(),
                                learn == null ? List.of() : learn.dirty()));
    }

    /** Whether the replica can take changes, if need be after a fresh look at its device. */
    private boolean recoverReplica() {
        if (replica.failure() == null) {
            return true;
        }
        follower.stop();
        return replica.recover();
    }

    // ---- messages

    /** A message of another replica. */
    public void onMessage(ProcessId from, GroupMessage message) {
        assert shard.isCurrent();
        if (leaving != null && environment.rules().has(Rule.RESIGN_CLOSES)) {
            return;
        }
        switch (message) {
            case GroupMessage.Prepare prepare -> {
                if (adopts(prepare.epoch(), prepare.leadEpoch())) {
                    follower.onPrepare(from, prepare);
                }
            }
            case GroupMessage.ReconcileRequest request -> {
                if (adopts(request.epoch(), -1)) {
                    follower.onReconcileRequest(from, request);
                }
            }
            case GroupMessage.LearnStart start -> {
                if (adopts(start.epoch(), start.leadEpoch())) {
                    departure.arrive();
                    follower.onLearnStart(from, start);
                }
            }
            case GroupMessage.Copy copy -> {
                if (adopts(copy.epoch(), copy.leadEpoch())) {
                    follower.onCopy(from, copy);
                }
            }
            case GroupMessage.LearnWait wait -> follower.onLearnWait(from, wait);
            case GroupMessage.LearnDone done -> {
                if (adopts(done.epoch(), done.leadEpoch())) {
                    follower.onLearnDone(from, done);
                }
            }
            case GroupMessage.CommitNote note -> {
                if (adopts(note.epoch(), note.leadEpoch())) {
                    follower.onCommitNote(from, note);
                }
            }
            case GroupMessage.Resign resign -> onResign(from, resign);
            case GroupMessage.Fetch fetch -> follower.onFetch(from, fetch);
            case GroupMessage.PrepareAck ack -> withPrimary(lead -> lead.onPrepareAck(from, ack));
            case GroupMessage.ReconcileReply reply ->
                    withPrimary(lead -> lead.onReconcileReply(from, reply));
            case GroupMessage.Join join -> withPrimary(lead -> lead.teaching().onJoin(from, join));
            case GroupMessage.Inventory inventory ->
                    withPrimary(lead -> lead.teaching().onInventory(from, inventory));
            case GroupMessage.CopyAck ack ->
                    withPrimary(lead -> lead.teaching().onCopyAck(from, ack));
            case GroupMessage.LearnDoneAck ack ->
                    withPrimary(lead -> lead.teaching().onLearnDoneAck(from, ack));
            case GroupMessage.FetchReply reply ->
                    withPrimary(lead -> lead.requests().mending().onFetchReply(reply));
            case ScrubMessage.ListChunks question -> follower.onListChunks(from, question);
            case ScrubMessage.Inspect question -> follower.onInspect(from, question);
            case ScrubMessage.Chunks answer ->
                    withPrimary(lead -> lead.scrub().onChunks(from, answer));
            case ScrubMessage.Inspected answer ->
                    withPrimary(lead -> lead.scrub().onInspected(from, answer));
        }
    }

    /**
     * Whether a primary that asks for this process's blocks is to be answered. Not one of a lead
     * before the one that was promised: what is here now is nothing that such a lead knows of. And
     * not by who is no member by its own view: it may have dropped what it had, or be a process
     * with another disk, and would pass zeros for a good copy.
     */
    boolean mayAnswer(long messageEpoch) {
        PgConfig current = config;
        if (environment.rules().has(Rule.MEMBER_ANSWERS)
                && (current == null || !current.isMember(environment.self()))) {
            return false;
        }
        long since = current != null && epoch == current.epoch() ? current.leadEpoch() : epoch;
        return messageEpoch >= since || !environment.rules().has(Rule.EPOCH_CHECK);
    }

    private void withPrimary(Consumer<Primary> task) {
        if (primary != null) {
            task.accept(primary);
        }
    }

    /**
     * The one place that turns away an older epoch. A newer one is promised: a primary that meets
     * it leads no more, since its members answer another one now. Inside one lead the epoch may
     * have risen in this node's view before the lead's messages show it; those are not repeated for
     * a learner, so they still count, unless a later lead was promised.
     *
     * @param leadEpoch of the lead that sent it, -1 if that does not matter
     */
    private boolean adopts(long messageEpoch, long leadEpoch) {
        boolean ofPresentLead =
                config != null && epoch == config.epoch() && leadEpoch == config.leadEpoch();
        if (messageEpoch < epoch && !ofPresentLead && environment.rules().has(Rule.EPOCH_CHECK)) {
            environment.counters().stale.increment();
            return false;
        }
        if (messageEpoch > epoch) {
            epoch = messageEpoch;
            closePrimary();
        }
        return primary == null;
    }

    /**
     * A request of an owner, meant for one lead. Without a reply: this process does not lead under
     * it.
     */
    public void onRequest(long leadEpoch, PgRequest request, Consumer<Optional<PgReply>> answer) {
        assert shard.isCurrent();
        Primary lead = primary;
        boolean meant =
                lead != null
                        && (lead.leadEpoch() == leadEpoch
                                || !environment.rules().has(Rule.REQUEST_LEAD));
        if (lead == null || !meant) {
            answer.accept(Optional.empty());
        } else {
            lead.requests().submit(request, answer);
        }
    }

    /** A new stream to a process stands. */
    public void onConnected(ProcessId peer) {
        if (primary != null) {
            primary.onConnected(peer);
        }
    }
}
