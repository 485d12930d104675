package io.ashlar.metadata;

import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * All jobs that are open, and the last that ended. Immutable.
 *
 * @param nextId ids below it were given away
 * @param all by id
 */
public record JobBoard(long nextId, SortedMap<Long, JobRecord> all) {
    public static final JobBoard EMPTY = new JobBoard(1, new TreeMap<>());

    public JobBoard {
        all = Collections.unmodifiableSortedMap(new TreeMap<>(all));
    }

    /** Those that run or are paused, the oldest first. */
    public Stream<JobRecord> open() {
        return all.values().stream().filter(JobRecord::isOpen);
    }

    /** The open job that another one like this would disturb. */
    public Optional<JobRecord> openLike(JobKind kind) {
        return open().filter(job -> job.kind().excludes(kind)).findFirst();
    }

    /** Takes a job in, new or changed; the one that ended first goes when too many have. */
    JobBoard with(JobRecord job) {
        TreeMap<Long, JobRecord> jobs = new TreeMap<>(all);
        jobs.put(job.id(), job);
        long ended = jobs.values().stream().filter(other -> !other.isOpen()).count();
        if (ended > Limits.JOBS_ENDED_MAX) {
            jobs.values().stream()
                    .filter(other -> !other.isOpen())
                    .min(
                            java.util.Comparator.comparingLong(JobRecord::index)
                                    .thenComparingLong(JobRecord::id))
                    .ifPresent(oldest -> jobs.remove(oldest.id()));
        }
        return new JobBoard(Math.max(nextId, job.id() + 1), jobs);
    }
}
