package io.ashlar.metadata.planning;

import io.ashlar.common.NodeId;

/**
 * Weighted rendezvous hashing: how much a group likes a node. Depends on nothing but the two and
 * the weight, so a node that comes or goes changes no preference among the others.
 */
public final class Rendezvous {
    /** Higher is better; -weight / ln(u) for a u in (0, 1) drawn by hashing group and node. */
    double score(int group, NodeId node, long weight) {
        long bits = mix(mix(group + 0x9E3779B97F4A7C15L) ^ (node.value() * 0xD1B54A32D192ED03L));
        double u = ((bits >>> 11) + 0.5) * 0x1.0p-53;
        return -weight / StrictMath.log(u);
    }

    /** The finalizer of SplitMix64. */
    private static long mix(long z) {
        long a = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        long b = (a ^ (a >>> 27)) * 0x94D049BB133111EBL;
        return b ^ (b >>> 31);
    }
}
