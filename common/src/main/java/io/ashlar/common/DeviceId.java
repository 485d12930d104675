package io.ashlar.common;

import java.util.UUID;

/** The random identity that a device got when it was formatted. A replaced disk has another one. */
public record DeviceId(UUID value) implements Comparable<DeviceId> {
    @Override
    public int compareTo(DeviceId other) {
        int high =
                Long.compareUnsigned(
                        value.getMostSignificantBits(), other.value.getMostSignificantBits());
        return high != 0
                ? high
                : Long.compareUnsigned(
                        value.getLeastSignificantBits(), other.value.getLeastSignificantBits());
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
