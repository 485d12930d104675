package io.ashlar.chunkstore;

import io.ashlar.chunkstore.rocks.DeviceDirectory;
import io.ashlar.chunkstore.rocks.DeviceIdentity;
import io.ashlar.chunkstore.rocks.PerBlockLayout;
import io.ashlar.chunkstore.rocks.RocksDevice;
import io.ashlar.common.DeviceId;
import io.ashlar.common.RandomSource;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Devices on RocksDB, one instance per data disk (DESIGN section 8). A directory is formatted once
 * and then opened at each start:
 *
 * <pre>
 * DIRECTORY/ashlar-device   whose it is, written last when it is formatted
 * DIRECTORY/db/             RocksDB
 * DIRECTORY/native/         RocksDB's native library, unless configured otherwise
 * </pre>
 *
 * <p>An open device has one thread that writes, with one fsync for all batches that arrive
 * together, and a few that read. Callbacks must not close the device when they run on these threads
 * (executor {@code Runnable::run}).
 */
public final class RocksChunkDevice {
    private RocksChunkDevice() {}

    /**
     * Makes an empty or missing directory a device of the cluster and the node. Blocking.
     *
     * @throws DeviceException if the directory holds anything, or cannot be written; nothing in it
     *     was changed then
     */
    public static DeviceId format(DeviceConfig config, RandomSource random) {
        return DeviceDirectory.format(config, random);
    }

    /**
     * Opens a formatted directory. Blocking, and long after a crash: the log is replayed.
     *
     * @throws DeviceException if there is no device of this cluster and node in it, it is in use,
     *     damaged, not writable or of an unknown version; nothing in it was changed then
     */
    public static ChunkDevice open(DeviceConfig config) {
        return RocksDevice.open(
                config,
                store -> new PerBlockLayout(store.db(), store.dataFamily(), store.readOptions()));
    }

    /**
     * Moves what a device's directory holds to {@code DIRECTORY/aside-DEVICE}, so that it can be
     * formatted anew. The device must not be open. Blocking.
     *
     * @return where it is now; empty if the directory was empty
     * @throws DeviceException if it cannot be moved
     */
    public static Optional<Path> setAside(Path directory, DeviceId device) {
        return DeviceDirectory.setAside(directory, device);
    }

    /**
     * The identity that a directory was formatted with, or empty if it holds no device.
     *
     * @throws DeviceException if the identity is damaged or of an unknown version
     */
    public static Optional<DeviceId> identify(Path directory) {
        return DeviceIdentity.read(directory).map(DeviceIdentity::device);
    }
}
