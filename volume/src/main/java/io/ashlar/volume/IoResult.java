package io.ashlar.volume;

import io.ashlar.common.Payload;

/** The outcome of an {@link IoRequest}. */
public sealed interface IoResult {
    /** It is done. {@code data} is what a read asked for, else empty. */
    record Done(Payload data) implements IoResult {}

    /**
     * A {@link IoRequest.CompareAndWrite} found something else, and wrote nothing.
     *
     * @param offset of the first byte that differs, from where the comparison began
     */
    record Miscompared(int offset) implements IoResult {}

    /** It is not, or nobody knows: see {@link IoError}. */
    record Failed(IoError error) implements IoResult {}

    /** Done, without data. */
    IoResult DONE = new Done(Payload.EMPTY);
}
