package io.ashlar.volume.owner;

import io.ashlar.common.Clock;
import io.ashlar.common.ProcessId;
import io.ashlar.volume.owner.FenceRules.Rule;
import io.ashlar.volume.wire.HandOver;
import io.ashlar.volume.wire.Stamp;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the owner before this one handed over: its tickets, and what they must be newer than (DESIGN
 * section 6, rule 7). It stands still, since the former owner admitted and aborted nothing more. So
 * it says exactly what the former owner would have said of a command at that moment, and the new
 * owner asks it only as long as it has itself done nothing that the command must be newer than.
 *
 * <p>Clocks are not shared. Ages count from the moment at which this node heard of the move, which
 * is before they were taken; ticks that the former owner issued later count as old as the last one
 * that it told of. Both err to "too old".
 */
final class FormerFence {
    private final ProcessId issuer;
    private final HandOver handOver;
    private final SortedMap<String, HandOver.HostMarks> hosts = new TreeMap<>();
    private final Clock clock;
    private final long sinceNanos;
    private final long ageMaxNanos;
    private final FenceRules rules;

    /**
     * @param sinceNanos a moment of this node before the former owner took the ages
     */
    FormerFence(
            ProcessId issuer,
            HandOver handOver,
            Clock clock,
            long sinceNanos,
            long ageMaxNanos,
            FenceRules rules) {
        this.issuer = issuer;
        this.handOver = handOver;
        this.clock = clock;
        this.sinceNanos = sinceNanos;
        this.ageMaxNanos = ageMaxNanos;
        this.rules = rules;
        handOver.hosts().forEach(host -> hosts.put(host.host(), host));
    }

    ProcessId issuer() {
        return issuer;
    }

    /** Whether the former owner's ticket is newer than all that it must be newer than. */
    boolean isNewEnough(String host, ProcessId ingress, Stamp stamp) {
        long tick = stamp.tick();
        return stamp.issuer().equals(issuer)
                && tick > handOver.servedAt()
                && (!rules.has(Rule.HAND_OVER_MARKS)
                        || (tick > handOver.resetAt()
                                && tick > handOver.floorAt()
                                && tick > markOfOthers(host, ingress)));
    }

    /** Whether the connection was alive after the host was last admitted elsewhere. */
    boolean isProven(String host, ProcessId ingress, Stamp stamp) {
        long since = Math.max(handOver.servedAt(), handOver.floorAt());
        return stamp.issuer().equals(issuer)
                && stamp.provenTick() > Math.max(since, markOfOthers(host, ingress));
    }

    private long markOfOthers(String host, ProcessId ingress) {
        HandOver.HostMarks marks = hosts.get(host);
        return marks == null ? 0 : marks.ofOthers(ingress);
    }

    /** Whether the ticket was issued within the age bound. Errs to no. */
    boolean isYoung(Stamp stamp) {
        if (!rules.has(Rule.HAND_OVER_AGE)) {
            return true;
        }
        long later = clock.nanos() - sinceNanos;
        for (HandOver.Age age : handOver.ages().reversed()) {
            if (age.tick() <= stamp.tick()) {
                return age.nanos() + later <= ageMaxNanos;
            }
        }
        return false;
    }
}
