package io.ashlar.replication;

import io.ashlar.common.ChunkId;
import io.ashlar.common.PgId;
import java.util.List;

/**
 * How the scrub of a group stands at the process that leads it. It is kept in memory: a process
 * that took the lead lately has not seen what its predecessor did.
 *
 * @param state what it does now
 * @param deep whether the pass that runs or waits is a deep one
 * @param chunksDone of the pass that runs
 * @param sinceLightNanos since a light pass, or a deep one, ended well; -1 if none has
 * @param sinceDeepNanos since a deep pass ended well; -1 if none has
 * @param bytes compared, of one copy
 * @param damaged copies of blocks that were found damaged
 * @param repaired blocks that were written again from a good copy
 * @param inconsistent blocks of which intact copies differed, which must never be
 * @param unrecoverable blocks that no member has intact, as the last passes found them; at most
 *     {@link #PLACES_MAX}
 * @param problem why the last pass could not be finished, or empty
 */
public record ScrubStatus(
        PgId pg,
        State state,
        boolean deep,
        long chunksDone,
        long sinceLightNanos,
        long sinceDeepNanos,
        long bytes,
        long damaged,
        long repaired,
        long inconsistent,
        List<Place> unrecoverable,
        String problem) {
    /** Most places that are kept of a group. */
    public static final int PLACES_MAX = 64;

    /** What a scrub does. */
    public enum State {
        IDLE,
        /** Wanted by a job, and waits for others to end. */
        WAITING,
        RUNNING
    }

    /** One block. */
    public record Place(ChunkId chunk, int block) {}
}
