package io.ashlar.volume.owner;

import io.ashlar.common.Clock;
import io.ashlar.volume.wire.HandOver;
import java.util.ArrayList;
import java.util.List;

/**
 * This node's tick counter as owner: what its tickets are numbered with, and what admissions and
 * aborts are noted at (DESIGN section 6, rules 4 and 6). A ticket above the tick of an admission
 * was issued after it. Owned by the volume shard.
 */
public final class Ticks {
    private static final int ISSUED_MAX = HandOver.AGES_MAX;

    private final Clock clock;
    private final long ageMaxNanos;
    private final long spacingNanos;

    /** When ticks were issued, thinned out: a ring of (tick, time), oldest at {@code first}. */
    private final long[] issuedTick = new long[ISSUED_MAX];

    private final long[] issuedNanos = new long[ISSUED_MAX];
    private int first;
    private int count;

    private long current;
    private long marked;

    public Ticks(Clock clock, long ageMaxNanos) {
        this.clock = clock;
        this.ageMaxNanos = ageMaxNanos;
        // The ring must reach back past the age bound; each entry may be replaced by an older one.
        this.spacingNanos = ageMaxNanos / (ISSUED_MAX / 2);
        advance();
    }

    /** The newest tick. */
    public long current() {
        return current;
    }

    /** Issues another tick. */
    public void advance() {
        current++;
        long now = clock.nanos();
        int newest = (first + count - 1 + ISSUED_MAX) % ISSUED_MAX;
        if (count > 0 && now - issuedNanos[newest] < spacingNanos) {
            return; // its age counts from the entry before: older than it is, which is safe
        }
        if (count == ISSUED_MAX) {
            first = (first + 1) % ISSUED_MAX;
            count--;
        }
        int next = (first + count) % ISSUED_MAX;
        issuedTick[next] = current;
        issuedNanos[next] = now;
        count++;
    }

    /** Notes that something happened which later tickets must be newer than; gives its tick. */
    public long mark() {
        marked = current;
        return current;
    }

    /** A tick that is newer than everything that was marked. */
    public long fresh() {
        if (marked >= current) {
            advance();
        }
        return current;
    }

    /** When ticks were issued, by their age now, oldest first; thinned out to the safe side. */
    public List<HandOver.Age> ages() {
        long now = clock.nanos();
        List<HandOver.Age> ages = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int at = (first + i) % ISSUED_MAX;
            ages.add(new HandOver.Age(issuedTick[at], now - issuedNanos[at]));
        }
        return ages;
    }

    /** Whether the tick was issued within the age bound. Errs to no. */
    public boolean isYoung(long tick) {
        if (tick <= 0 || tick > current) {
            return false;
        }
        for (int i = count - 1; i >= 0; i--) {
            int at = (first + i) % ISSUED_MAX;
            if (issuedTick[at] <= tick) {
                return clock.nanos() - issuedNanos[at] <= ageMaxNanos;
            }
        }
        return false;
    }
}
