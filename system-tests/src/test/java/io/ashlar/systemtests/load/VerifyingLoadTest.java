package io.ashlar.systemtests.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The judge is judged: a device that keeps its word passes, each kind of liar is found. */
final class VerifyingLoadTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final long OPERATIONS = 6_000;
    private static final LoadPlan PLAN = LoadPlan.DEFAULT.withRegionBytes(512 << 10);

    /** A RAM disk; each write and read is atomic. */
    private static class RamTarget implements BlockTarget {
        final byte[] bytes = new byte[PLAN.spanBytes()];
        final AtomicLong writes = new AtomicLong();

        @Override
        public int blockBytes() {
            return 512;
        }

        @Override
        public synchronized byte[] read(long lba, int blocks) throws IOException {
            byte[] data = new byte[blocks * 512];
            System.arraycopy(bytes, (int) lba * 512, data, 0, data.length);
            return data;
        }

        @Override
        public void write(long lba, byte[] data) throws IOException {
            apply(lba, data, writes.incrementAndGet());
        }

        synchronized void apply(long lba, byte[] data, long number) throws IOException {
            System.arraycopy(data, 0, bytes, (int) lba * 512, data.length);
        }
    }

    @Test
    void deviceThatKeepsItsWordPasses() throws Exception {
        // Protects against a judge who accuses the innocent.
        VerifyingLoad load = new VerifyingLoad(PLAN);
        RamTarget target = new RamTarget();
        LoadReport report = runUntil(load, target);
        assertThat(report.operations()).isGreaterThanOrEqualTo(OPERATIONS);
        load.verifyAll(target);
    }

    @Test
    void deviceThatForgetsAnAcknowledgedWriteIsFound() {
        // Protects R1: an acknowledged write is readable until overwritten.
        RamTarget forgetful =
                new RamTarget() {
                    @Override
                    synchronized void apply(long lba, byte[] data, long number) throws IOException {
                        if (number % 50 != 0) {
                            super.apply(lba, data, number);
                        }
                    }
                };
        assertFound(forgetful);
    }

    @Test
    void deviceThatRepeatsAnOldWriteLateIsFound() {
        // Protects F1: the late repetition by a stalled path, which is this suite's reason to be.
        RamTarget late =
                new RamTarget() {
                    private long keptLba;
                    private byte[] kept;

                    @Override
                    synchronized void apply(long lba, byte[] data, long number) throws IOException {
                        super.apply(lba, data, number);
                        if (number % 100 == 0) {
                            keptLba = lba;
                            kept = data;
                        } else if (number % 100 == 99 && kept != null) {
                            super.apply(keptLba, kept, number);
                        }
                    }
                };
        assertFound(late);
    }

    @Test
    void deviceThatTearsSectorsIsFound() {
        // Protects the sector as the unit that is never half old, half new.
        RamTarget torn =
                new RamTarget() {
                    @Override
                    synchronized void apply(long lba, byte[] data, long number) throws IOException {
                        byte[] part = number % 50 == 0 ? java.util.Arrays.copyOf(data, 300) : data;
                        super.apply(lba, part, number);
                    }
                };
        assertFound(torn);
    }

    @Test
    void deviceThatMisplacesAWriteIsFound() {
        // Protects against writes that land on another chunk.
        RamTarget misplacing =
                new RamTarget() {
                    @Override
                    synchronized void apply(long lba, byte[] data, long number) throws IOException {
                        super.apply(number % 50 == 0 ? lba / 2 : lba, data, number);
                    }
                };
        assertFound(misplacing);
    }

    @Test
    void writeOfUnknownOutcomeMayOrMayNotBeThere() throws Exception {
        // Protects the crash test from calling a write lost that was never acknowledged.
        RamTarget dying =
                new RamTarget() {
                    @Override
                    synchronized void apply(long lba, byte[] data, long number) throws IOException {
                        if (number % 2 == 0 || number < OPERATIONS) {
                            super.apply(lba, data, number);
                        }
                        if (number >= OPERATIONS) {
                            throw new IOException("gone");
                        }
                    }
                };
        VerifyingLoad load = new VerifyingLoad(PLAN);
        load.fill(dying);
        load.start(dying);
        load.expectErrors();
        load.awaitEnd(TIMEOUT);
        assertThat(load.givenUp()).isPositive();
        load.verifyAll(dying);
    }

    private static void assertFound(RamTarget liar) {
        VerifyingLoad load = new VerifyingLoad(PLAN);
        assertThatThrownBy(
                        () -> {
                            runUntil(load, liar);
                            load.verifyAll(liar);
                        })
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("sector");
    }

    private static LoadReport runUntil(VerifyingLoad load, RamTarget target) throws Exception {
        load.fill(target);
        load.start(target);
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        while (load.operations() < OPERATIONS && !load.hasFailed()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
        return load.stop(TIMEOUT);
    }
}
