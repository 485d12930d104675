package io.ashlar.volume.owner;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One write at a time per block, in the order of admission (DESIGN section 6, rule 9). A write
 * keeps its range until it is decided, however often it is sent.
 */
final class WriteOrder {
    /** Undecided writes by chunk, in the order of admission. */
    private final SortedMap<Long, List<OwnedPart>> byChunk = new TreeMap<>();

    /** Adds a write; true if it may be issued at once. */
    boolean add(OwnedPart part) {
        List<OwnedPart> queue = byChunk.computeIfAbsent(part.chunk(), _ -> new ArrayList<>());
        boolean isFree = isFree(queue, queue.size(), part);
        queue.add(part);
        return isFree;
    }

    /** Takes a decided write out; gives those that may now be issued. */
    List<OwnedPart> remove(OwnedPart part) {
        List<OwnedPart> queue = byChunk.get(part.chunk());
        if (queue == null || !queue.remove(part)) {
            return List.of();
        }
        if (queue.isEmpty()) {
            byChunk.remove(part.chunk());
            return List.of();
        }
        List<OwnedPart> freed = new ArrayList<>();
        for (int i = 0; i < queue.size(); i++) {
            OwnedPart other = queue.get(i);
            if (other.overlaps(part) && isFree(queue, i, other)) {
                freed.add(other);
            }
        }
        return freed;
    }

    private static boolean isFree(List<OwnedPart> queue, int before, OwnedPart part) {
        for (int i = 0; i < before; i++) {
            if (queue.get(i).overlaps(part)) {
                return false;
            }
        }
        return true;
    }
}
