package io.ashlar.volume.ingress;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** An ingress never claims a ticket that it did not hold at the moment in question. */
class TicketBookTest {
    private static final ProcessId OWNER = new ProcessId(new NodeId(1), 1);
    private static final ProcessId OTHER = new ProcessId(new NodeId(2), 1);
    private static final long SECOND = 1_000_000_000;

    private long nanos;
    private final TicketBook book = new TicketBook(() -> nanos, 8 * SECOND);

    @Test
    void findsWhatWasHeldAtAMoment() {
        long before = book.arrivals();
        book.onTicket(OWNER, 7);
        long between = book.arrivals();
        nanos += SECOND;
        book.onTicket(OTHER, 90);
        nanos += SECOND;
        book.onTicket(OWNER, 9);
        assertThat(book.tick(OWNER, before)).isZero();
        assertThat(book.tick(OWNER, between)).isEqualTo(7);
        assertThat(book.newest(OWNER)).isEqualTo(9);
        assertThat(book.newest(OTHER)).isEqualTo(90);
        assertThat(book.newest(new ProcessId(new NodeId(1), 2))).isZero();
    }

    /** Two lanes bring tickets; an old one that comes late changes nothing. */
    @Test
    void ignoresWhatItHasPassed() {
        book.onTicket(OWNER, 7);
        long arrivals = book.arrivals();
        book.onTicket(OWNER, 7);
        book.onTicket(OWNER, 3);
        assertThat(book.arrivals()).isEqualTo(arrivals);
        assertThat(book.newest(OWNER)).isEqualTo(7);
    }

    /** Thinned out and bounded, it still never errs to the new side, and keeps the age bound. */
    @Test
    void staysBoundedAndSafe() {
        SplittableRandom random = new SplittableRandom(3);
        long[] tickAt = new long[40_000];
        long[] nanosAt = new long[40_000];
        for (int i = 1; i < tickAt.length; i++) {
            nanos += random.nextInt(20) == 0 ? SECOND / 4 : SECOND / 1000;
            book.onTicket(OWNER, i);
            tickAt[i] = i;
            nanosAt[i] = nanos;
        }
        assertThat(book.arrivals()).isEqualTo(tickAt.length - 1);
        for (int i = 1; i < tickAt.length; i++) {
            long tick = book.tick(OWNER, i);
            assertThat(tick).isLessThanOrEqualTo(tickAt[i]);
            if (nanos - nanosAt[i] < 7 * SECOND) {
                assertThat(nanosAt[i] - nanosAt[(int) tick]).isLessThan(SECOND / 2);
            }
        }
    }
}
