package io.ashlar.volume;

import io.ashlar.common.VolumeId;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;

/** What a node's volumes did since it started; for metrics. Safe for use by any thread. */
public final class VolumeCounters {
    /** Why an owner refuses what it is sent. */
    public enum Refusal {
        /** The ticket is not newer than what the host did by another path, or than a reset. */
        TICKET,
        /** The ticket is older than the age bound. */
        AGE,
        /** It was meant for, or admitted by, an owner that is none any more. */
        EPOCH
    }

    /** Parts of commands that were admitted. */
    public final LongAdder admitted = new LongAdder();

    /** Parts that were held by the owner during a planned move. */
    public final LongAdder held = new LongAdder();

    /** Parts that this node as ingress sent on to a new owner. */
    public final LongAdder forwarded = new LongAdder();

    /** Changes of a host's ingress. */
    public final LongAdder ingressSwitches = new LongAdder();

    /** Volumes that came to be served here. */
    public final LongAdder changes = new LongAdder();

    /** Moves from here that were made, and that came to nothing. */
    public final LongAdder moved = new LongAdder();

    public final LongAdder notMoved = new LongAdder();

    private final SortedMap<Refusal, LongAdder> refusals;
    private final ConcurrentSkipListMap<VolumeId, LongAdder> refusedByVolume =
            new ConcurrentSkipListMap<>();

    public VolumeCounters() {
        SortedMap<Refusal, LongAdder> each = new TreeMap<>();
        for (Refusal refusal : Refusal.values()) {
            each.put(refusal, new LongAdder());
        }
        refusals = Collections.unmodifiableSortedMap(each);
    }

    /** Counts a refused part. */
    public void refused(VolumeId volume, Refusal refusal) {
        LongAdder sum = refusals.get(refusal);
        if (sum != null) {
            sum.increment();
        }
        refusedByVolume.computeIfAbsent(volume, _ -> new LongAdder()).increment();
    }

    /** A volume is gone. */
    public void forget(VolumeId volume) {
        refusedByVolume.remove(volume);
    }

    /** Refused parts by reason. */
    public SortedMap<Refusal, LongAdder> refusals() {
        return refusals;
    }

    /** Refused parts of each volume of which there were any. */
    public SortedMap<VolumeId, Long> refusedByVolume() {
        SortedMap<VolumeId, Long> sums = new TreeMap<>();
        refusedByVolume.forEach((volume, sum) -> sums.put(volume, sum.sum()));
        return sums;
    }
}
