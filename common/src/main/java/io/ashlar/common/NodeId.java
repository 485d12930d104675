package io.ashlar.common;

/**
 * A node of the cluster: one host's daemon, whatever process currently plays it. Positive, at most
 * 65535.
 */
public record NodeId(int value) implements Comparable<NodeId> {
    public NodeId {
        Check.argument(value > 0 && value <= 0xFFFF, "node id %s is not in 1..65535", value);
    }

    @Override
    public int compareTo(NodeId other) {
        return Integer.compare(value, other.value);
    }

    @Override
    public String toString() {
        return "node" + value;
    }
}
