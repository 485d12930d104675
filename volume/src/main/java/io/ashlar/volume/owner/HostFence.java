package io.ashlar.volume.owner;

import io.ashlar.common.ProcessId;
import io.ashlar.metadata.VolumeRecord;
import io.ashlar.volume.FenceCertificate;
import io.ashlar.volume.owner.FenceRules.Rule;
import io.ashlar.volume.wire.HandOver;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the owner of a volume knows about one host under one access epoch: by which ingress
 * processes it was admitted, when last, and what of that is undecided. Decides whether a command
 * may be admitted (DESIGN section 6, rules 3, 4 and 6).
 *
 * <p>An ingress is a process, not a node: what a former process of the same node sent must pass as
 * a change of path.
 */
final class HostFence {
    /** Ingress processes that are remembered; the rest is kept as one floor. */
    private static final int MARKS_MAX = 64;

    /** What may be done with a command. */
    enum Verdict {
        ADMIT,
        /** Its connection must answer a ping first. */
        PING,
        /** What came by other ingresses must be decided first. */
        DRAIN,
        /** Back to the host. */
        REFUSE
    }

    /** Commands of one connection that wait, in their order. */
    static final class Lane {
        final Deque<OwnedPart> waiting = new ArrayDeque<>();

        /** The ticket that went out with the last ping; 0 if none did. */
        long pingTick;

        long pingNanos;

        /** The newest tick at which the ingress sent a ping that was answered. */
        long provenTick;

        boolean isDraining;

        /** Once it has drained: since when, and what it waited for. */
        long drainNanos;

        int drained;
    }

    record LaneKey(ProcessId ingress, long connection) implements Comparable<LaneKey> {
        @Override
        public int compareTo(LaneKey other) {
            int byIngress = ingress.compareTo(other.ingress);
            return byIngress != 0 ? byIngress : Long.compare(connection, other.connection);
        }
    }

    final String name;
    final SortedMap<LaneKey, Lane> lanes = new TreeMap<>();
    private final FenceRules rules;
    private final SortedMap<ProcessId, Long> marks = new TreeMap<>();
    private final SortedMap<ProcessId, Integer> admitted = new TreeMap<>();
    private long floor;
    private int undecided;

    /** By which it was admitted last under this owner. */
    @Nullable ProcessId lastIngress;

    HostFence(String name, FenceRules rules) {
        this.name = name;
        this.rules = rules;
    }

    /**
     * @param tick the command's ticket, issued by this process
     * @param provenTick newest tick of a ping that was answered on its connection
     * @param servedAt tick at which the owner began to serve
     * @param resetAt tick of the volume's last reset
     */
    Verdict verdict(ProcessId ingress, long tick, long provenTick, long servedAt, long resetAt) {
        if ((rules.has(Rule.TICK_EPOCH) && tick <= servedAt) || tick <= resetAt) {
            return Verdict.REFUSE;
        }
        long others = markOfOthers(ingress);
        if (rules.has(Rule.TICK_SWITCH) && tick <= others) {
            return Verdict.REFUSE;
        }
        if (rules.has(Rule.PING) && provenTick <= Math.max(servedAt, others)) {
            return Verdict.PING;
        }
        if (rules.has(Rule.DRAIN) && undecidedOfOthers(ingress) > 0) {
            return Verdict.DRAIN;
        }
        return Verdict.ADMIT;
    }

    /** The tick of the last admission or abort by any other ingress. */
    long markOfOthers(ProcessId ingress) {
        long newest = floor;
        for (Map.Entry<ProcessId, Long> mark : marks.entrySet()) {
            if (!mark.getKey().equals(ingress)) {
                newest = Math.max(newest, mark.getValue());
            }
        }
        return newest;
    }

    /** The tick of the last admission or abort. */
    long newestMark() {
        long newest = floor;
        for (long mark : marks.values()) {
            newest = Math.max(newest, mark);
        }
        return newest;
    }

    /** Notes an admission or an abort. */
    void mark(ProcessId ingress, long tick) {
        marks.merge(ingress, tick, Math::max);
        if (marks.size() > MARKS_MAX) {
            ProcessId oldest = ingress;
            for (Map.Entry<ProcessId, Long> mark : marks.entrySet()) {
                if (mark.getValue() < marks.getOrDefault(oldest, 0L)) {
                    oldest = mark.getKey();
                }
            }
            floor = Math.max(floor, marks.getOrDefault(oldest, 0L));
            marks.remove(oldest);
        }
    }

    /** What a successor must know; null if there is nothing. */
    HandOver.@Nullable HostMarks marks() {
        ProcessId newest = null;
        for (Map.Entry<ProcessId, Long> mark : marks.entrySet()) {
            if (newest == null || mark.getValue() > marks.getOrDefault(newest, 0L)) {
                newest = mark.getKey();
            }
        }
        return newest == null
                ? null
                : new HandOver.HostMarks(name, newest, newestMark(), markOfOthers(newest));
    }

    /** The same host under a later access epoch of the same process: nothing of it is here yet. */
    HostFence successor() {
        HostFence successor = new HostFence(name, rules);
        successor.marks.putAll(marks);
        successor.floor = floor;
        successor.lastIngress = lastIngress;
        return successor;
    }

    /** Whether it was admitted last by another ingress. */
    boolean isSwitch(ProcessId ingress) {
        return lastIngress != null && !ingress.equals(lastIngress);
    }

    /** Of the switch to this ingress, before {@link #lastIngress} is changed. */
    FenceCertificate certificate(
            VolumeRecord volume, ProcessId ingress, long mark, Lane lane, long now) {
        ProcessId before = lastIngress == null ? ingress : lastIngress;
        return new FenceCertificate.IngressSwitch(
                volume.id(),
                volume.accessEpoch(),
                name,
                before,
                ingress,
                mark,
                lane.isDraining ? lane.drained : 0,
                lane.isDraining ? now - lane.drainNanos : 0,
                now);
    }

    /** How much of what came by other ingresses is undecided. */
    int undecidedOfOthers(ProcessId ingress) {
        return undecided - admitted.getOrDefault(ingress, 0);
    }

    void onAdmitted(ProcessId ingress) {
        undecided++;
        admitted.merge(ingress, 1, Integer::sum);
    }

    void onDecided(ProcessId ingress) {
        undecided--;
        admitted.computeIfPresent(ingress, (_, count) -> count == 1 ? null : count - 1);
    }

    Lane lane(ProcessId ingress, long connection) {
        return lanes.computeIfAbsent(new LaneKey(ingress, connection), _ -> new Lane());
    }

    boolean isIdle() {
        return undecided == 0 && lanes.isEmpty();
    }
}
