package io.ashlar.common;

/** Randomness, given to whoever needs it, so that a simulation can seed it. Not for secrets. */
public interface RandomSource {
    /** Uniform over all longs. */
    long nextLong();

    /** Uniform over {@code 0..bound-1}. */
    int nextInt(int bound);

    /** A seeded source; not safe for use by several threads. */
    static RandomSource seeded(long seed) {
        java.util.SplittableRandom random = new java.util.SplittableRandom(seed);
        return new RandomSource() {
            @Override
            public long nextLong() {
                return random.nextLong();
            }

            @Override
            public int nextInt(int bound) {
                return random.nextInt(bound);
            }
        };
    }

    /** The system's randomness; safe for use by several threads. */
    static RandomSource system() {
        java.security.SecureRandom random = new java.security.SecureRandom();
        return new RandomSource() {
            @Override
            public long nextLong() {
                return random.nextLong();
            }

            @Override
            public int nextInt(int bound) {
                return random.nextInt(bound);
            }
        };
    }
}
