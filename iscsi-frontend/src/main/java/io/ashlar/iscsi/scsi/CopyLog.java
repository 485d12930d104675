package io.ashlar.iscsi.scsi;

import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What became of the copies that one I_T nexus has asked for, by list identifier, until it is asked
 * for or newer ones take its place. Owned by the session's shard.
 */
final class CopyLog {
    /** Most that are remembered. */
    static final int KEPT_MAX = 16;

    private static final int IN_PROGRESS = 0;
    private static final int DONE = 1;
    private static final int ENDED_WITH_ERRORS = 2;

    private final LinkedHashMap<Integer, Copy> byListId = new LinkedHashMap<>();

    /** One copy. */
    static final class Copy {
        private final ScsiTask task;
        private boolean done;
        private int segments;
        private long bytes;

        private Copy(ScsiTask task) {
            this.task = task;
        }

        /** One more segment, of so many bytes. */
        void copied(long more) {
            segments++;
            bytes += more;
        }

        /** All is copied. */
        void end() {
            done = true;
        }

        /** COPY MANAGER STATUS, SPC-4 table 195. */
        int status() {
            return done ? DONE : task.isOver() ? ENDED_WITH_ERRORS : IN_PROGRESS;
        }

        int segments() {
            return segments;
        }

        long bytes() {
            return bytes;
        }
    }

    /**
     * Begins one; it takes the place of another of the same identifier.
     *
     * @param listId negative if nobody will ask
     */
    Copy begin(int listId, ScsiTask task) {
        Copy copy = new Copy(task);
        if (listId >= 0) {
            byListId.remove(listId);
            byListId.put(listId, copy);
            if (byListId.size() > KEPT_MAX) {
                byListId.pollFirstEntry();
            }
        }
        return copy;
    }

    /** The one of that identifier, which is forgotten if it has ended; null if there is none. */
    @Nullable Copy take(int listId) {
        Copy copy = byListId.get(listId);
        if (copy != null && copy.status() != IN_PROGRESS) {
            byListId.remove(listId);
        }
        return copy;
    }
}
