package io.ashlar.metadata.healing;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.NodeRecord;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/** Since when nodes have not been heard, by this process while it leads. Owned by one shard. */
public final class Silence {
    private final TreeMap<NodeId, Long> sinceNanos = new TreeMap<>();

    /** Who is silent now, and who has been for so long that it counts as away. */
    public record Absent(SortedSet<NodeId> silent, SortedSet<NodeId> away) {}

    /** Forgets it all: what this process heard while it did not lead says little. */
    public void restart() {
        sinceNanos.clear();
    }

    /**
     * Looks once.
     *
     * @param hears whether a process has been heard lately
     */
    public Absent look(ControlState state, Predicate<ProcessId> hears, long nowNanos) {
        long awayNanos = state.settings().away().toNanos();
        sinceNanos.keySet().retainAll(state.nodes().keySet());
        TreeSet<NodeId> silent = new TreeSet<>();
        TreeSet<NodeId> away = new TreeSet<>();
        for (NodeRecord node : state.nodes().values()) {
            if (hears.test(node.process())) {
                sinceNanos.remove(node.id());
                continue;
            }
            silent.add(node.id());
            long since = sinceNanos.computeIfAbsent(node.id(), _ -> nowNanos);
            if (nowNanos - since > awayNanos) {
                away.add(node.id());
            }
        }
        return new Absent(silent, away);
    }
}
