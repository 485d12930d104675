package io.ashlar.volume.owner;

import io.ashlar.common.ProcessId;
import io.ashlar.volume.owner.FenceRules.Rule;
import io.ashlar.volume.wire.HandOver;
import io.ashlar.volume.wire.Stamp;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What an owner knows about all hosts of one volume, and by that decides what may be admitted
 * (DESIGN section 6, rules 3, 4, 6 and 7).
 *
 * <p><b>Tickets of two owners.</b> After a planned move a command may be judged by the former
 * owner's ticket. All that the former owner did came before all that this one does, so its tickets
 * are taken as older than anything that happens here: one is good if the former owner would have
 * taken it at its end ({@link FormerFence}), and if nothing has been admitted or aborted here yet
 * for that host by another ingress, and nothing was reset. Hence F1 holds as if one owner had gone
 * on: whatever would have made the former owner refuse the command is either in what it handed
 * over, or has happened here.
 */
final class VolumeFence {
    private final OwnerContext context;
    private final SortedMap<String, HostFence> hosts = new TreeMap<>();
    private final @Nullable FormerFence former;

    /** Whether an earlier epoch of this very process handed on what it knew. */
    private final boolean isInherited;

    /** Own tickets up to this tick are of before the volume was served here. */
    private long servedAt;

    /** Own tickets up to this tick are of before the last reset. */
    private long resetAt;

    /** Newest mark of hosts that were forgotten. */
    private long floorAt;

    VolumeFence(OwnerContext context, @Nullable FormerFence former) {
        this(context, former, false);
    }

    private VolumeFence(OwnerContext context, @Nullable FormerFence former, boolean isInherited) {
        this.context = context;
        this.former = former;
        this.isInherited = isInherited;
    }

    /**
     * For a later access epoch of the same process: it did all that was done meanwhile, so it knows
     * it, and its tickets stay good.
     */
    VolumeFence successor() {
        VolumeFence successor = new VolumeFence(context, former, true);
        successor.servedAt = servedAt;
        successor.resetAt = resetAt;
        successor.floorAt = floorAt;
        hosts.forEach((name, host) -> successor.hosts.put(name, host.successor()));
        return successor;
    }

    /**
     * Whether commands with tickets of before may be admitted, so that it is worth to hold them.
     */
    boolean takesEarlierTickets() {
        return isInherited || former != null;
    }

    boolean hasHandOver() {
        return former != null;
    }

    void onServing() {
        if (!isInherited) {
            servedAt = context.ticks().mark();
        }
    }

    // ---- hosts

    HostFence host(String name) {
        HostFence host = hosts.get(name);
        if (host == null) {
            host = new HostFence(name, context.rules());
            hosts.put(name, host);
        }
        return host;
    }

    @Nullable HostFence known(String name) {
        return hosts.get(name);
    }

    /** For callers that change them. */
    List<HostFence> hosts() {
        return List.copyOf(hosts.values());
    }

    /** Beyond the limit an idle host's marks become a floor for all: stricter, and bounded. */
    void forgetIfIdle(HostFence host) {
        if (hosts.size() > context.settings().hostsMax() && host.isIdle()) {
            floorAt = Math.max(floorAt, host.newestMark());
            hosts.remove(host.name);
        }
    }

    /** Tickets of before this moment are worth nothing by other paths, or by any. */
    void noteAbort(String host, ProcessId ingress, boolean isReset) {
        long tick = context.ticks().mark();
        host(host).mark(ingress, tick);
        if (isReset) {
            resetAt = tick;
        }
    }

    // ---- decisions

    /**
     * @param pongTick newest tick of a ping that was answered to this owner on the connection
     */
    HostFence.Verdict verdict(OwnedPart part, long pongTick) {
        Stamp own = part.message.stamp();
        long tick = isByFormer(part) ? Long.MAX_VALUE : own.tick();
        long proven =
                isProvenToFormer(part) ? Long.MAX_VALUE : Math.max(pongTick, own.provenTick());
        return part.host.verdict(part.from, tick, proven, Math.max(servedAt, floorAt), resetAt);
    }

    /** What a connection's next proof must be newer than. */
    long provenSince(OwnedPart part) {
        return Math.max(Math.max(servedAt, floorAt), part.host.markOfOthers(part.from));
    }

    /** Whether its ticket, by which it would be admitted, is older than the age bound. */
    boolean isTooOld(OwnedPart part) {
        Stamp stamp = part.message.former();
        if (former != null && stamp != null && isByFormer(part)) {
            return !former.isYoung(stamp);
        }
        return !context.ticks().isYoung(part.message.stamp().tick());
    }

    /** Whether only the former owner's ticket lets it in. */
    private boolean isByFormer(OwnedPart part) {
        Stamp stamp = part.message.former();
        return former != null
                && stamp != null
                && part.message.stamp().tick() <= servedAt
                && isUntouched(part)
                && former.isNewEnough(part.host.name, part.from, stamp);
    }

    private boolean isProvenToFormer(OwnedPart part) {
        Stamp stamp = part.message.former();
        return former != null
                && stamp != null
                && isUntouched(part)
                && former.isProven(part.host.name, part.from, stamp);
    }

    /** Nothing has happened here yet that the command must be newer than. */
    private boolean isUntouched(OwnedPart part) {
        return !context.rules().has(Rule.HAND_OVER_ORDER)
                || (resetAt == 0 && floorAt == 0 && part.host.markOfOthers(part.from) == 0);
    }

    // ---- handing over

    /** What a successor must know, when nothing is undecided. */
    HandOver handOver(long dwellNanos) {
        List<HandOver.HostMarks> marks = new ArrayList<>();
        for (HostFence host : hosts.values()) {
            HandOver.HostMarks ofHost = host.marks();
            if (ofHost != null) {
                marks.add(ofHost);
            }
        }
        long floor = floorAt;
        if (marks.size() > HandOver.HOSTS_MAX) {
            marks.sort(Comparator.comparingLong(HandOver.HostMarks::newest).reversed());
            floor = Math.max(floor, marks.get(HandOver.HOSTS_MAX).newest());
            marks = marks.subList(0, HandOver.HOSTS_MAX);
        }
        return new HandOver(servedAt, resetAt, floor, context.ticks().ages(), marks, dwellNanos);
    }

    /** How many parts wait on all connections. */
    int waiting() {
        int count = 0;
        for (HostFence host : hosts.values()) {
            for (HostFence.Lane lane : host.lanes.values()) {
                count += lane.waiting.size();
            }
        }
        return count;
    }

    /** Takes out all that waits. */
    Collection<OwnedPart> takeWaiting() {
        List<OwnedPart> waiting = new ArrayList<>();
        for (HostFence host : hosts.values()) {
            host.lanes.values().forEach(lane -> waiting.addAll(lane.waiting));
            host.lanes.clear();
        }
        return waiting;
    }
}
