package io.ashlar.volume;

import io.ashlar.common.VolumeId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The newest fence certificates of this process, in memory. Each is also a line of the log, which
 * outlives a restart; of changes of ingress at most {@value #LOGGED_MAX} a second. Changes of owner
 * and of ingress are kept apart, so that a host whose paths flap does not push the former out. Safe
 * for use by any thread.
 */
public final class Certificates {
    private static final Logger LOG = LoggerFactory.getLogger(Certificates.class);

    /** Of each kind, for one volume and for all. */
    private static final int PER_VOLUME_MAX = 16;

    private static final int MAX = 1024;

    /** So many changes of ingress are logged in such a time; hosts can make many. */
    private static final int LOGGED_MAX = 10;

    private static final long LOG_WINDOW_NANOS = 1_000_000_000;

    private final Deque<FenceCertificate> changes = new ArrayDeque<>();
    private final Deque<FenceCertificate> switches = new ArrayDeque<>();

    private long logWindowNanos;
    private int logged;

    /** Keeps one, and the log does. */
    public synchronized void add(FenceCertificate certificate) {
        switch (certificate) {
            case FenceCertificate.OwnerChange change -> {
                keep(changes, change);
                LOG.info(
                        "fence certificate: {} {} from {} at {} to {} at {}: {} groups confirmed,"
                                + " {} drained, {} held, tickets {}, pause {} ms, install {} ms",
                        change.volume(),
                        change.cause(),
                        change.former(),
                        change.formerEpoch(),
                        change.owner(),
                        change.accessEpoch(),
                        change.confirmations().size(),
                        change.drained(),
                        change.held(),
                        change.ticketsTaken() ? "taken" : "refused",
                        millis(change.pauseNanos()),
                        millis(change.times().installed() - change.times().committed()));
            }
            case FenceCertificate.IngressSwitch change -> {
                keep(switches, change);
                if (change.nanos() - logWindowNanos > LOG_WINDOW_NANOS) {
                    logWindowNanos = change.nanos();
                    logged = 0;
                }
                if (++logged > LOGGED_MAX) {
                    return;
                }
                LOG.info(
                        "fence certificate: {} at {}: host {} switched from {} to {}, mark {},"
                                + " {} drained in {} ms",
                        change.volume(),
                        change.accessEpoch(),
                        change.host(),
                        change.former(),
                        change.ingress(),
                        change.mark(),
                        change.drained(),
                        millis(change.waitedNanos()));
            }
        }
    }

    private static double millis(long nanos) {
        return Math.round(nanos / 1e4) / 1e2;
    }

    private static void keep(Deque<FenceCertificate> ring, FenceCertificate newest) {
        int ofVolume = 1;
        for (Iterator<FenceCertificate> each = ring.descendingIterator(); each.hasNext(); ) {
            if (each.next().volume().equals(newest.volume()) && ++ofVolume > PER_VOLUME_MAX) {
                each.remove();
            }
        }
        ring.addLast(newest);
        if (ring.size() > MAX) {
            ring.removeFirst();
        }
    }

    /** Those of a volume, oldest first: changes of owner, then of ingress. */
    public synchronized List<FenceCertificate> of(VolumeId volume) {
        List<FenceCertificate> found = new ArrayList<>();
        changes.stream().filter(c -> c.volume().equals(volume)).forEach(found::add);
        switches.stream().filter(c -> c.volume().equals(volume)).forEach(found::add);
        return found;
    }
}
