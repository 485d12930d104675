package io.ashlar.volume.ingress;

import io.ashlar.common.Clock;
import io.ashlar.common.ProcessId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The tickets that this ingress holds, by owner process, with the number of their arrival here
 * (DESIGN section 6, rule 6). Connections note arrival numbers, which say nothing about owners; a
 * command's ticket is found when its owner is known. Written by the volume shard; {@link #arrivals}
 * is for any thread.
 */
public final class TicketBook {
    /** Tickets kept of one owner; with the spacing they reach back past any age bound in use. */
    private static final int TICKETS_MAX = 128;

    private static final int OWNERS_MAX = 1024;

    private record Held(long arrival, long tick, long nanos) {}

    private final Clock clock;
    private final long spacingNanos;
    private final SortedMap<ProcessId, Deque<Held>> byOwner = new TreeMap<>();
    private volatile long arrivals;

    public TicketBook(Clock clock, long ageMaxNanos) {
        this.clock = clock;
        this.spacingNanos = ageMaxNanos / (TICKETS_MAX / 2);
    }

    /** How many tickets have arrived. What is read here was held at this moment. */
    public long arrivals() {
        return arrivals;
    }

    /** A ticket has arrived. */
    public void onTicket(ProcessId owner, long tick) {
        if (tick <= 0) {
            return;
        }
        if (!byOwner.containsKey(owner) && byOwner.size() >= OWNERS_MAX) {
            byOwner.remove(byOwner.firstKey());
        }
        Deque<Held> held = byOwner.computeIfAbsent(owner, _ -> new ArrayDeque<>());
        Held newest = held.peekLast();
        if (newest != null && newest.tick >= tick) {
            return;
        }
        if (newest != null) {
            // Thinned out: one that came right after the one before it gives way. Commands that
            // would have had it get an older one, which is safe.
            held.removeLast();
            Held before = held.peekLast();
            if (before == null || newest.nanos - before.nanos >= spacingNanos) {
                held.addLast(newest);
            }
        }
        long arrival = arrivals + 1;
        held.addLast(new Held(arrival, tick, clock.nanos()));
        if (held.size() > TICKETS_MAX) {
            held.removeFirst();
        }
        arrivals = arrival; // after the ticket is in place, for whoever reads both
    }

    /** The newest tick of the owner that had arrived by then; 0 if none. */
    long tick(ProcessId owner, long arrival) {
        Deque<Held> held = byOwner.get(owner);
        if (held == null) {
            return 0;
        }
        for (Iterator<Held> it = held.descendingIterator(); it.hasNext(); ) {
            Held ticket = it.next();
            if (ticket.arrival <= arrival) {
                return ticket.tick;
            }
        }
        return 0;
    }

    /** The newest tick of the owner. */
    long newest(ProcessId owner) {
        return tick(owner, Long.MAX_VALUE);
    }
}
