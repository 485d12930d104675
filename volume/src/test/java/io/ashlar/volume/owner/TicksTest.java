package io.ashlar.volume.owner;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What tickets are compared with: newer than every mark, and old when they are old. */
class TicksTest {
    private static final long SECOND = 1_000_000_000;

    private long nanos = 5 * SECOND;
    private final Ticks ticks = new Ticks(() -> nanos, 8 * SECOND);

    @Test
    void aFreshTickIsNewerThanEveryMark() {
        long mark = ticks.mark();
        assertThat(ticks.fresh()).isGreaterThan(mark);
        assertThat(ticks.fresh()).isEqualTo(ticks.fresh());
    }

    /** However many refusals issue ticks, an age is never taken for less than it is. */
    @Test
    void agesAreNeverUnderstated() {
        SplittableRandom random = new SplittableRandom(1);
        long[] issued = new long[50_000];
        issued[1] = nanos;
        for (int i = 2; i < issued.length; i++) {
            nanos += random.nextInt(50) == 0 ? SECOND : random.nextInt(1_000_000);
            ticks.advance();
            issued[i] = nanos;
            int old = 1 + random.nextInt(i);
            if (nanos - issued[old] > 8 * SECOND) {
                assertThat(ticks.isYoung(old)).isFalse();
            } else if (nanos - issued[old] < 7 * SECOND) {
                assertThat(ticks.isYoung(old)).as("age of %s", old).isTrue();
            }
        }
    }

    @Test
    void whatWasNeverIssuedIsNotYoung() {
        assertThat(ticks.isYoung(0)).isFalse();
        assertThat(ticks.isYoung(-3)).isFalse();
        assertThat(ticks.isYoung(ticks.current() + 1)).isFalse();
        assertThat(ticks.isYoung(ticks.current())).isTrue();
    }
}
