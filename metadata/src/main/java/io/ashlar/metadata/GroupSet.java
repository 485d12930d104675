package io.ashlar.metadata;

import io.ashlar.common.PgId;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/**
 * A set of placement groups as one bit for each, since a scrub takes one after the other out of a
 * set that may hold all groups of a large cluster. Immutable; equal sets are equal.
 */
public final class GroupSet {
    public static final GroupSet EMPTY = new GroupSet(new TreeMap<>());

    /** By pool; no pool without a group. The bits are never changed. */
    private final SortedMap<Integer, BitSet> pools;

    private GroupSet(SortedMap<Integer, BitSet> pools) {
        this.pools = pools;
    }

    /**
     * @throws IllegalArgumentException if an index is negative or beyond what a pool may have
     */
    public static GroupSet of(Collection<PgId> groups) {
        TreeMap<Integer, BitSet> pools = new TreeMap<>();
        for (PgId pg : groups) {
            io.ashlar.common.Check.argument(
                    pg.index() >= 0 && pg.index() < Limits.GROUPS_PER_POOL_MAX, "group %s", pg);
            pools.computeIfAbsent(pg.pool(), _ -> new BitSet()).set(pg.index());
        }
        return new GroupSet(pools);
    }

    /**
     * The inverse of {@link #forEachPool}; null if a pool is named twice, or is too large or empty.
     */
    public static @org.jspecify.annotations.Nullable GroupSet ofPools(
            Collection<SortedMap.Entry<Integer, byte[]>> bits) {
        TreeMap<Integer, BitSet> pools = new TreeMap<>();
        for (SortedMap.Entry<Integer, byte[]> pool : bits) {
            BitSet set = BitSet.valueOf(pool.getValue());
            if (set.isEmpty()
                    || set.length() > Limits.GROUPS_PER_POOL_MAX
                    || !Arrays.equals(set.toByteArray(), pool.getValue())
                    || pools.put(pool.getKey(), set) != null) {
                return null;
            }
        }
        return new GroupSet(pools);
    }

    /** Gives each pool's bits, the lowest group first; the last byte is never zero. */
    public void forEachPool(BiConsumer<Integer, byte[]> action) {
        pools.forEach((pool, bits) -> action.accept(pool, bits.toByteArray()));
    }

    public int poolCount() {
        return pools.size();
    }

    public boolean contains(PgId pg) {
        BitSet bits = pools.get(pg.pool());
        return bits != null && pg.index() >= 0 && bits.get(pg.index());
    }

    public int size() {
        return pools.values().stream().mapToInt(BitSet::cardinality).sum();
    }

    public boolean isEmpty() {
        return pools.isEmpty();
    }

    GroupSet without(PgId pg) {
        BitSet present = pools.get(pg.pool());
        if (present == null || !contains(pg)) {
            return this;
        }
        TreeMap<Integer, BitSet> left = new TreeMap<>(pools);
        BitSet bits = (BitSet) present.clone();
        bits.clear(pg.index());
        if (bits.isEmpty()) {
            left.remove(pg.pool());
        } else {
            left.put(pg.pool(), bits);
        }
        return new GroupSet(left);
    }

    @Override
    public boolean equals(@org.jspecify.annotations.Nullable Object other) {
        return other instanceof GroupSet set && pools.equals(set.pools);
    }

    @Override
    public int hashCode() {
        return pools.hashCode();
    }

    @Override
    public String toString() {
        return pools.toString();
    }
}
