package io.ashlar.systemtests.load;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Which generations each sector of a span may hold: for every sector the writes that no
 * acknowledged later write has superseded. Generations and all other moments are numbers of one
 * counter, so that "ended before that began" is a comparison.
 *
 * <p>A write supersedes, once acknowledged, all that had ended before it began. Writes that overlap
 * in time may both remain, until a read has shown which came last. A write of unknown outcome
 * remains until then too.
 *
 * <p>Safe for many threads.
 */
final class WriteHistory {
    /** What was there before the load began: not looked at. */
    static final long BEFORE = 0;

    private static final long PENDING = Long.MAX_VALUE;

    /** A write under way: its generation is also the moment at which it began. */
    record Write(long generation, long firstSector, int sectors) {}

    /** A read under way, with the candidates of each sector when it began. */
    record Read(long began, long firstSector, long[][] allowed) {}

    private final long firstSector;
    private final long run;
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by lock.
    private long moments = 1;

    /** For each sector pairs of (generation, moment of its end). */
    private final long[][] candidates;

    WriteHistory(long run, long firstSector, int sectors) {
        this.run = run;
        this.firstSector = firstSector;
        this.candidates = new long[sectors][];
        Arrays.setAll(candidates, _ -> new long[] {BEFORE, BEFORE});
    }

    Write beginWrite(long sector, int sectors) {
        lock.lock();
        try {
            long generation = moments++;
            for (int i = 0; i < sectors; i++) {
                int at = index(sector) + i;
                long[] old = candidates[at];
                long[] grown = Arrays.copyOf(old, old.length + 2);
                grown[old.length] = generation;
                grown[old.length + 1] = PENDING;
                candidates[at] = grown;
            }
            return new Write(generation, sector, sectors);
        } finally {
            lock.unlock();
        }
    }

    void acknowledged(Write write) {
        lock.lock();
        try {
            long now = moments++;
            for (int i = 0; i < write.sectors; i++) {
                long[] pairs = candidates[index(write.firstSector) + i];
                for (int p = 0; p < pairs.length; p += 2) {
                    if (pairs[p] == write.generation) {
                        pairs[p + 1] = now;
                    }
                }
                supersede(index(write.firstSector) + i, write.generation, write.generation);
            }
        } finally {
            lock.unlock();
        }
    }

    Read beginRead(long sector, int sectors) {
        lock.lock();
        try {
            long[][] allowed = new long[sectors][];
            for (int i = 0; i < sectors; i++) {
                allowed[i] = candidates[index(sector) + i].clone();
            }
            return new Read(moments++, sector, allowed);
        } finally {
            lock.unlock();
        }
    }

    /** Checks what a read returned; what it did not see although it had ended is superseded. */
    void check(Read read, byte[] data) throws WrongData {
        if (data.length != read.allowed.length * SectorStamp.BYTES) {
            throw new WrongData("short read: " + data.length);
        }
        ByteBuffer buffer = ByteBuffer.wrap(data);
        for (int i = 0; i < read.allowed.length; i++) {
            long sector = read.firstSector + i;
            if (mayBeFromBefore(read.allowed[i])) {
                continue;
            }
            long generation = SectorStamp.read(buffer, i * SectorStamp.BYTES, run, sector);
            // A generation after the read's beginning is of a write that ran beside it.
            if (generation < read.began && !contains(read.allowed[i], generation)) {
                throw new WrongData(
                        "sector %d holds generation %d; may hold %s (the read began at %d)"
                                .formatted(
                                        sector, generation, describe(read.allowed[i]), read.began));
            }
            lock.lock();
            try {
                if (contains(candidates[index(sector)], generation)) {
                    supersede(index(sector), generation, read.began);
                }
            } finally {
                lock.unlock();
            }
        }
    }

    /** The bytes of a write. */
    byte[] contents(Write write, int region) {
        ByteBuffer buffer = ByteBuffer.allocate(write.sectors * SectorStamp.BYTES);
        for (int i = 0; i < write.sectors; i++) {
            SectorStamp.write(
                    buffer,
                    i * SectorStamp.BYTES,
                    run,
                    write.firstSector + i,
                    write.generation,
                    region);
        }
        return buffer.array();
    }

    /** Drops what ended before a moment, except one generation. */
    private void supersede(int at, long except, long before) {
        long[] pairs = candidates[at];
        int kept = 0;
        for (int p = 0; p < pairs.length; p += 2) {
            if (pairs[p] == except || pairs[p + 1] >= before) {
                pairs[kept] = pairs[p];
                pairs[kept + 1] = pairs[p + 1];
                kept += 2;
            }
        }
        if (kept < pairs.length) {
            candidates[at] = Arrays.copyOf(pairs, kept);
        }
    }

    private static boolean mayBeFromBefore(long[] pairs) {
        return contains(pairs, BEFORE);
    }

    private static boolean contains(long[] pairs, long generation) {
        for (int p = 0; p < pairs.length; p += 2) {
            if (pairs[p] == generation) {
                return true;
            }
        }
        return false;
    }

    private static String describe(long[] pairs) {
        StringBuilder text = new StringBuilder();
        for (int p = 0; p < pairs.length; p += 2) {
            text.append(text.isEmpty() ? "" : ", ").append(pairs[p]);
            text.append(pairs[p + 1] == PENDING ? " (pending)" : "");
        }
        return text.toString();
    }

    private int index(long sector) {
        return Math.toIntExact(sector - firstSector);
    }
}
