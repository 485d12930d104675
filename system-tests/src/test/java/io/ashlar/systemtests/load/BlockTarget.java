package io.ashlar.systemtests.load;

import java.io.IOException;

/** What a load runs against. Safe for many threads. */
public interface BlockTarget {
    /** Logical block size in bytes; addresses and counts are in these. */
    int blockBytes();

    byte[] read(long lba, int blocks) throws IOException, InterruptedException;

    /** Returns when the write is acknowledged; an exception leaves its outcome unknown. */
    void write(long lba, byte[] data) throws IOException, InterruptedException;
}
