package io.ashlar.volume.paths;

import io.ashlar.common.Clock;
import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.NodeRecord;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * When each process was last heard on the liveness lane. Written by the volume shard; {@link
 * #alive} is for any thread.
 */
public final class Liveness {
    /** After so many times the silence of a path, a former process is forgotten. */
    private static final int FORMER_SILENCES = 10;

    private final ProcessId self;
    private final Clock clock;
    private final long pathSilenceMaxNanos;
    private final SortedMap<ProcessId, Long> heardNanos = new TreeMap<>();

    /** Processes that were never heard, and since when somebody has been asking for them. */
    private final SortedMap<ProcessId, Long> missedNanos = new TreeMap<>();

    private volatile SortedSet<NodeId> alive;

    public Liveness(ProcessId self, Clock clock, long pathSilenceMaxNanos) {
        this.self = self;
        this.clock = clock;
        this.pathSilenceMaxNanos = pathSilenceMaxNanos;
        this.alive = Collections.unmodifiableSortedSet(new TreeSet<>(List.of(self.node())));
    }

    public void onHeard(ProcessId process) {
        heardNanos.put(process, clock.nanos());
        missedNanos.remove(process);
    }

    /** How long a process has been silent; one that was never heard counts from the first ask. */
    long silentNanos(ProcessId process) {
        if (process.equals(self)) {
            return 0;
        }
        long now = clock.nanos();
        Long heard = heardNanos.get(process);
        return now - (heard != null ? heard : missedNanos.computeIfAbsent(process, _ -> now));
    }

    /** Whether a process was heard at all, not longer ago than this. */
    public boolean isHeard(ProcessId process, long silenceMaxNanos) {
        if (process.equals(self)) {
            return true;
        }
        Long heard = heardNanos.get(process);
        return heard != null && clock.nanos() - heard <= silenceMaxNanos;
    }

    /** Counts silence anew: this process itself did not run, or did not look, until now. */
    void restart() {
        long now = clock.nanos();
        heardNanos.replaceAll((_, _) -> now);
        missedNanos.clear();
    }

    /** The registered nodes whose registered process was heard lately, this one included. */
    public SortedSet<NodeId> alive() {
        return alive;
    }

    /**
     * Takes a new look.
     *
     * @return whether {@link #alive} has changed
     */
    public boolean refresh(ControlState view) {
        // Former processes are forgotten; those that the view does not know yet are few.
        heardNanos.keySet().removeIf(process -> isFormer(process, view));
        missedNanos.keySet().removeIf(process -> isFormer(process, view));
        SortedSet<NodeId> now = new TreeSet<>();
        now.add(self.node());
        for (NodeRecord node : view.nodes().values()) {
            if (isHeard(node.process(), pathSilenceMaxNanos)) {
                now.add(node.id());
            }
        }
        if (now.equals(alive)) {
            return false;
        }
        alive = Collections.unmodifiableSortedSet(now);
        return true;
    }

    private boolean isFormer(ProcessId process, ControlState view) {
        NodeRecord node = view.nodes().get(process.node());
        return node != null
                && !node.process().equals(process)
                && silentNanos(process) > FORMER_SILENCES * pathSilenceMaxNanos;
    }
}
