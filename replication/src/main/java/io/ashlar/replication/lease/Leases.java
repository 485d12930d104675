package io.ashlar.replication.lease;

import io.ashlar.common.Clock;
import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.replication.PgRules;
import io.ashlar.replication.PgRules.Rule;
import io.ashlar.replication.ReplicationSettings;
import io.ashlar.replication.wire.LeaseMessage.Beacon;
import io.ashlar.replication.wire.LeaseMessage.BeaconAnswer;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The leases of this process (DESIGN section 5, "Read"). They are per pair of processes, not per
 * group; so an answer names the newest configuration that its sender knew, counts only once the
 * reader's view is there, and is withheld from a primary while a petition against it is undecided.
 *
 * <p>Used by the transport's liveness thread and by all shards: every method is one short critical
 * section, and the decisions that must be atomic (answering a beacon against beginning a petition)
 * are one method each.
 */
public final class Leases {
    /** Answers that are kept of each process; the newest may not count yet since the view lags. */
    private static final int ANSWERS_KEPT = 8;

    private record Answer(long fromNanos, long configIndex) {}

    private static final long NEVER = Long.MIN_VALUE;

    private static final class Peer {
        final ArrayDeque<Answer> answers = new ArrayDeque<>();
        boolean writable = true;
        long answeredNanos = NEVER;
        int petitions;
    }

    private final Clock clock;
    private final ReplicationSettings settings;
    private final PgRules rules;
    private final ProcessId self;
    private final Map<ProcessId, Peer> peers = new HashMap<>();
    private final Map<NodeId, Peer> byNode = new HashMap<>();

    public Leases(ProcessId self, Clock clock, ReplicationSettings settings, PgRules rules) {
        this.self = self;
        this.clock = clock;
        this.settings = settings;
        this.rules = rules;
    }

    private Peer peer(ProcessId process) {
        return peers.computeIfAbsent(
                process, p -> byNode.compute(p.node(), (n, old) -> new Peer()));
    }

    /**
     * Answers a beacon, unless a petition against its sender is undecided. One whose sender is deaf
     * is answered for it to hear, and counts for nothing else.
     */
    public synchronized Optional<BeaconAnswer> onBeacon(
            ProcessId from, Beacon beacon, long configIndex, boolean writable) {
        Peer peer = peer(from);
        if (peer.petitions > 0 && rules.has(Rule.LEASE_WITHHELD)) {
            return Optional.empty();
        }
        if (beacon.deaf() && rules.has(Rule.DEAF_IS_SILENT)) {
            configIndex = BeaconAnswer.NO_LEASE;
        } else {
            peer.answeredNanos = clock.nanos();
        }
        return Optional.of(
                new BeaconAnswer(from.incarnation(), beacon.sentNanos(), configIndex, writable));
    }

    /**
     * Notes an answer; it counts from when its beacon was sent, by this process and no former one:
     * that may have had another clock.
     */
    public synchronized void onAnswer(ProcessId from, BeaconAnswer answer) {
        if (answer.incarnation() != self.incarnation() && rules.has(Rule.INCARNATION)) {
            return;
        }
        Peer peer =
                rules.has(Rule.INCARNATION)
                        ? peer(from)
                        : byNode.computeIfAbsent(from.node(), n -> new Peer());
        peer.writable = answer.writable();
        long fromNanos = rules.has(Rule.LEASE_FROM_SENT) ? answer.sentNanos() : clock.nanos();
        peer.answers.addLast(new Answer(fromNanos, answer.configIndex()));
        if (peer.answers.size() > ANSWERS_KEPT) {
            peer.answers.removeFirst();
        }
    }

    /**
     * Whether the process has answered a beacon that was sent within the lease time, and with no
     * newer configuration in mind than {@code viewIndex}.
     */
    public synchronized boolean holds(ProcessId member, long viewIndex) {
        Peer peer = rules.has(Rule.INCARNATION) ? peers.get(member) : byNode.get(member.node());
        if (peer == null) {
            return false;
        }
        long now = clock.nanos();
        for (Answer answer : peer.answers) {
            if ((answer.configIndex <= viewIndex || !rules.has(Rule.LEASE_INDEX))
                    && now - answer.fromNanos < settings.leaseNanos()) {
                return true;
            }
        }
        return false;
    }

    /**
     * Whether the process has not answered any beacon that was sent within the last {@code nanos}.
     */
    public synchronized boolean isSilent(ProcessId member, long nanos) {
        Peer peer = peers.get(member);
        return peer == null
                || peer.answers.isEmpty()
                || clock.nanos() - peer.answers.getLast().fromNanos >= nanos;
    }

    /** Whether the process has ever answered a beacon. */
    public synchronized boolean hasAnswered(ProcessId member) {
        Peer peer = peers.get(member);
        return peer != null && !peer.answers.isEmpty();
    }

    /** Whether the process said that its devices take writes; true while it has said nothing. */
    public synchronized boolean isWritable(ProcessId member) {
        Peer peer = peers.get(member);
        return peer == null || peer.writable;
    }

    /**
     * Begins a petition against a primary if this process has answered none of its beacons for the
     * grace; one of which there never was a beacon is given the grace from {@code sinceNanos} on.
     * From then on no beacon of it is answered, until {@link #petitionDecided}.
     */
    public synchronized boolean beginPetition(ProcessId primary, long sinceNanos) {
        Peer peer = peer(primary);
        long last = peer.answeredNanos == NEVER ? sinceNanos : peer.answeredNanos;
        if (rules.has(Rule.GRACE) && clock.nanos() - last <= settings.graceNanos()) {
            return false;
        }
        peer.petitions++;
        return true;
    }

    /** The outcome of a petition is in this process's view. */
    public synchronized void petitionDecided(ProcessId primary) {
        peer(primary).petitions--;
    }
}
