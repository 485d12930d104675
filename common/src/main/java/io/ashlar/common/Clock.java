package io.ashlar.common;

/** Monotonic time that goes on while the machine is suspended. Readable from any thread. */
public interface Clock {
    /** Nanoseconds since some fixed instant; never goes back. */
    long nanos();
}
