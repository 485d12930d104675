package io.ashlar.common;

/**
 * One process that plays a node. The incarnation changes at every start; what another incarnation
 * of the same node sends does not count (DESIGN section 5, "Configurations").
 */
public record ProcessId(NodeId node, long incarnation) implements Comparable<ProcessId> {
    @Override
    public int compareTo(ProcessId other) {
        int byNode = node.compareTo(other.node);
        return byNode != 0 ? byNode : Long.compare(incarnation, other.incarnation);
    }

    @Override
    public String toString() {
        return node + "#" + Long.toHexString(incarnation);
    }
}
