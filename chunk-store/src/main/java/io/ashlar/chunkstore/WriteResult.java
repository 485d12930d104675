package io.ashlar.chunkstore;

/** What became of a batch. */
public sealed interface WriteResult {
    /** It is on stable storage, whole. */
    record Durable() implements WriteResult {}

    /**
     * Refused before anything was written: the device is short of space. The device stays usable.
     */
    record OutOfSpace() implements WriteResult {}

    /**
     * The device failed, and whether the batch is there is unknown. The device is closed for good:
     * an fsync that failed is never retried.
     */
    record Failed(String reason) implements WriteResult {}

    WriteResult DURABLE = new Durable();
    WriteResult OUT_OF_SPACE = new OutOfSpace();
}
