package io.ashlar.replication.group;

import io.ashlar.common.BlockRange;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * Lets those through that change blocks, one at a time per block and in the order in which they
 * came. Whoever is through holds the range until it lets go; a plain write does so at once, a
 * read-modify-write or a copy when it is done.
 */
final class RangeGate {
    private record Waiting(BlockRange range, Runnable go) {}

    private final List<BlockRange> held = new ArrayList<>();
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private boolean draining;

    /**
     * Runs {@code go} when the range is free, at once if it is. It must be followed by {@link
     * #release}.
     */
    void acquire(BlockRange range, Runnable go) {
        if (overlapsAny(held, range) || overlapsWaiting(range)) {
            waiting.addLast(new Waiting(range, go));
            return;
        }
        held.add(range);
        go.run();
    }

    /** Lets go of a range that {@link #acquire} gave. */
    void release(BlockRange range) {
        for (int i = held.size() - 1; i >= 0; i--) {
            if (held.get(i) == range) {
                held.remove(i);
                break;
            }
        }
        drain();
    }

    private void drain() {
        if (draining || waiting.isEmpty()) {
            return;
        }
        draining = true;
        try {
            boolean moved = true;
            while (moved) {
                moved = false;
                List<BlockRange> ahead = new ArrayList<>();
                for (Iterator<Waiting> each = waiting.iterator(); each.hasNext(); ) {
                    Waiting next = each.next();
                    if (overlapsAny(held, next.range) || overlapsAny(ahead, next.range)) {
                        ahead.add(next.range);
                        continue;
                    }
                    each.remove();
                    held.add(next.range);
                    next.go.run();
                    moved = true;
                    break;
                }
            }
        } finally {
            draining = false;
        }
    }

    private static boolean overlapsAny(List<BlockRange> ranges, BlockRange range) {
        for (BlockRange other : ranges) {
            if (other.overlaps(range)) {
                return true;
            }
        }
        return false;
    }

    private boolean overlapsWaiting(BlockRange range) {
        for (Waiting other : waiting) {
            if (other.range.overlaps(range)) {
                return true;
            }
        }
        return false;
    }
}
