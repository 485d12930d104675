package io.ashlar.common;

/** A placement group: pool number and index in the pool, {@code 0 <= index < pgCount}. */
public record PgId(int pool, int index) implements Comparable<PgId> {
    public PgId {
        Check.argument(pool > 0 && index >= 0, "placement group %s.%s", pool, index);
    }

    @Override
    public int compareTo(PgId other) {
        int byPool = Integer.compare(pool, other.pool);
        return byPool != 0 ? byPool : Integer.compare(index, other.index);
    }

    @Override
    public String toString() {
        return pool + "." + index;
    }
}
