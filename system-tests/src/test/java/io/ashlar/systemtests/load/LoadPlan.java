package io.ashlar.systemtests.load;

/**
 * What a load does.
 *
 * @param firstByte where its span begins on the volume
 * @param regionBytes the size of each region
 * @param aloneWorkers workers with a region to themselves: their writes to a block follow one
 *     another
 * @param crowdWorkers workers that all write the same hot region, beside each other
 * @param readPercent reads among the operations
 * @param seed for sizes and places
 */
public record LoadPlan(
        long firstByte,
        int regionBytes,
        int aloneWorkers,
        int crowdWorkers,
        int readPercent,
        long seed) {
    public static final LoadPlan DEFAULT = new LoadPlan(0, 8 << 20, 6, 3, 35, 1);

    public LoadPlan withFirstByte(long byteOffset) {
        return new LoadPlan(byteOffset, regionBytes, aloneWorkers, crowdWorkers, readPercent, seed);
    }

    public LoadPlan withWorkers(int alone, int crowd) {
        return new LoadPlan(firstByte, regionBytes, alone, crowd, readPercent, seed);
    }

    public LoadPlan withRegionBytes(int bytes) {
        return new LoadPlan(firstByte, bytes, aloneWorkers, crowdWorkers, readPercent, seed);
    }

    public LoadPlan withSeed(long other) {
        return new LoadPlan(firstByte, regionBytes, aloneWorkers, crowdWorkers, readPercent, other);
    }

    /** Bytes from {@link #firstByte} that the load may touch. */
    public int spanBytes() {
        return Math.multiplyExact(regionBytes, aloneWorkers + (crowdWorkers > 0 ? 1 : 0));
    }
}
