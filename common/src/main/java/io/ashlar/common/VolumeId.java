package io.ashlar.common;

/**
 * A volume, positive, never reused. Its identities on the wire (NAA, serial) derive from it and the
 * cluster's id.
 */
public record VolumeId(long value) implements Comparable<VolumeId> {
    public VolumeId {
        Check.argument(value > 0, "volume id %s is not positive", value);
    }

    @Override
    public int compareTo(VolumeId other) {
        return Long.compare(value, other.value);
    }

    @Override
    public String toString() {
        return "vol" + value;
    }
}
