package io.ashlar.chunkstore;

/**
 * Room on a device, in bytes.
 *
 * @param capacityBytes size of the file system, or the limit that the configuration sets
 * @param usedBytes of it taken
 * @param writable whether new writes should be sent; false somewhat before the device refuses them,
 *     so that those on their way are still taken, and long before it could fail for lack of space.
 *     It tells of room alone: hosts are told of a full disk by another status than of a broken one
 * @param fileSystem the whole file system that the device lies on, whatever else is on it
 */
public record Space(long capacityBytes, long usedBytes, boolean writable, FileSystem fileSystem) {
    /**
     * A file system, in bytes.
     *
     * @param usedBytes by anybody
     * @param freeBytes that this process could take; less than the rest where some is kept for the
     *     system
     */
    public record FileSystem(long usedBytes, long freeBytes) {}
}
