package io.ashlar.common;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Linux {@code CLOCK_BOOTTIME}: monotonic, and runs through suspend, as lease clocks must (DESIGN
 * section 5, "Read"). {@code System.nanoTime} stands still while the machine sleeps.
 */
@SuppressWarnings("restricted") // a call into libc, on purpose: the JDK does not offer this clock
public final class BootTimeClock implements Clock {
    private static final int CLOCK_BOOTTIME = 7;
    private static final MethodHandle CLOCK_GETTIME =
            Linker.nativeLinker()
                    .downcallHandle(
                            Linker.nativeLinker().defaultLookup().findOrThrow("clock_gettime"),
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.ADDRESS));

    /** One timespec per thread; the segments live as long as their threads. */
    private final ThreadLocal<MemorySegment> timespec =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(16, 8));

    @Override
    public long nanos() {
        MemorySegment segment = timespec.get();
        try {
            int status = (int) CLOCK_GETTIME.invokeExact(CLOCK_BOOTTIME, segment);
            Check.invariant(status == 0, "clock_gettime failed");
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
        return segment.get(ValueLayout.JAVA_LONG, 0) * 1_000_000_000L
                + segment.get(ValueLayout.JAVA_LONG, 8);
    }
}
