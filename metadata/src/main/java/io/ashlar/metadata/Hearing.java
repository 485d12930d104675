package io.ashlar.metadata;

import io.ashlar.common.NodeId;
import io.ashlar.common.ProcessId;
import java.util.Collection;
import java.util.function.Predicate;

/**
 * Who may judge others. A node that hears no majority of those who vote is <em>deaf</em>: what it
 * takes for the silence of others is more likely its own fault. So it takes nobody out, asks for no
 * lead and moves no volume; and it tells the others, to whom it counts as silent, although they
 * hear it. Else a node that can speak and not hear would keep what it serves, which nobody can
 * reach, and take the healthy ones out.
 *
 * <p>Where no majority is heard by anybody nothing can be decided anyhow. It takes no part in
 * safety.
 */
public final class Hearing {
    private Hearing() {}

    /**
     * Whether a node is deaf.
     *
     * @param voters as far as is known; nobody is deaf while none are
     * @param hears whether a node has answered this one lately
     */
    public static boolean isDeaf(Collection<NodeId> voters, NodeId self, Predicate<NodeId> hears) {
        long heard = voters.stream().filter(node -> node.equals(self) || hears.test(node)).count();
        return 2 * heard <= voters.size() && !voters.isEmpty();
    }

    /** The same, where processes are heard: a node's is the one that is registered. */
    public static boolean isDeaf(MetadataClient metadata, NodeId self, Predicate<ProcessId> hears) {
        ControlState state = metadata.state();
        return isDeaf(
                metadata.voters(),
                self,
                node -> {
                    NodeRecord record = state.nodes().get(node);
                    return record != null && hears.test(record.process());
                });
    }
}
