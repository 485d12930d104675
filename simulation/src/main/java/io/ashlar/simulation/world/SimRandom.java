package io.ashlar.simulation.world;

import io.ashlar.common.RandomSource;
import java.util.List;

/** Seeded choices of the simulation, in the words that it needs. */
public final class SimRandom implements RandomSource {
    private final RandomSource source;

    public SimRandom(long seed) {
        this.source = RandomSource.seeded(seed);
    }

    /** Another source, so that one part's choices do not shift another's. */
    public SimRandom split() {
        return new SimRandom(source.nextLong());
    }

    @Override
    public long nextLong() {
        return source.nextLong();
    }

    @Override
    public int nextInt(int bound) {
        return source.nextInt(bound);
    }

    /** True with the given probability, 0 to 1. */
    public boolean chance(double probability) {
        return fraction() < probability;
    }

    /** Uniform over {@code [0, 1)}. */
    public double fraction() {
        return (source.nextLong() >>> 11) * 0x1.0p-53;
    }

    /** Uniform over {@code from..to}, both included. */
    public long between(long from, long to) {
        return from + (long) (fraction() * (to - from + 1));
    }

    /** Between {@code from} and {@code to}, small values much more often than large ones. */
    public long skewed(long from, long to) {
        double power = Math.pow((double) Math.max(to, 1) / Math.max(from, 1), fraction());
        return Math.min(to, Math.max(from, (long) (Math.max(from, 1) * power)));
    }

    public <T> T pick(List<T> choices) {
        return choices.get(source.nextInt(choices.size()));
    }
}
