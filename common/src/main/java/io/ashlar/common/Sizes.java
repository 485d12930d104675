package io.ashlar.common;

/** Sizes that are fixed by the format. */
public final class Sizes {
    /** The unit of checksum and of copy-on-write, in bytes. */
    public static final int BLOCK_BYTES = 4096;

    /** Smallest chunk, in bytes. */
    public static final int CHUNK_BYTES_MIN = 64 * 1024;

    /** A chunk unless the volume says otherwise, in bytes. */
    public static final int CHUNK_BYTES_DEFAULT = 4 * 1024 * 1024;

    /** Largest chunk, in bytes. */
    public static final int CHUNK_BYTES_MAX = 16 * 1024 * 1024;

    /** Most data in one message between nodes or one log entry, in bytes. */
    public static final int PAYLOAD_BYTES_MAX = 1024 * 1024;

    private Sizes() {}
}
