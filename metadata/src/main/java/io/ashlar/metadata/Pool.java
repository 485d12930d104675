package io.ashlar.metadata;

/**
 * A pool of placement groups.
 *
 * @param id from 1
 * @param name unique
 * @param pgCount a power of two, fixed
 * @param replicas wanted members of a group, 1 to 5
 * @param inSyncMin below it a group takes no writes
 */
public record Pool(int id, String name, int pgCount, int replicas, int inSyncMin) {}
