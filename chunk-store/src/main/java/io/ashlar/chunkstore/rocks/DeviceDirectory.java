package io.ashlar.chunkstore.rocks;

import io.ashlar.chunkstore.DeviceConfig;
import io.ashlar.chunkstore.DeviceException;
import io.ashlar.common.DeviceId;
import io.ashlar.common.RandomSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.rocksdb.RocksDBException;

/** Formats a directory, and checks before opening that it is the right one. */
public final class DeviceDirectory {
    static final String DATABASE = "db";

    /** What a fresh file system has in its root. */
    private static final String LOST_AND_FOUND = "lost+found";

    /** What was set aside begins with this. */
    private static final String ASIDE = "aside-";

    private DeviceDirectory() {}

    /** See {@link io.ashlar.chunkstore.RocksChunkDevice#format}. */
    public static DeviceId format(DeviceConfig config, RandomSource random) {
        Path directory = config.directory();
        Optional<DeviceIdentity> present = DeviceIdentity.read(directory);
        if (present.isPresent()) {
            throw new DeviceException(
                    directory
                            + " already holds device "
                            + present.get().device()
                            + " of cluster "
                            + present.get().cluster()
                            + "; open it, or empty the directory first if its data is not needed");
        }
        try {
            Files.createDirectories(directory);
            if (!isEmpty(directory)) {
                throw new DeviceException(
                        directory
                                + " is not empty and holds no device; choose an empty directory, or"
                                + " empty this one if what is in it is not needed");
            }
            DeviceId device = new DeviceId(randomUuid(random));
            new RocksStore(config, directory.resolve(DATABASE), true).close();
            DeviceIdentity.forceDirectory(directory.resolve(DATABASE));
            // Last: a directory that has an identity has all the rest.
            new DeviceIdentity(config.cluster(), device, config.node()).write(directory);
            Path parent = directory.toAbsolutePath().getParent();
            if (parent != null) {
                DeviceIdentity.forceDirectory(parent);
            }
            return device;
        } catch (IOException e) {
            throw new DeviceException(
                    "cannot format "
                            + directory
                            + ": "
                            + e
                            + "; check that the disk is mounted, healthy, and writable by the user"
                            + " of this process",
                    e);
        } catch (RocksDBException e) {
            throw RocksStore.explained(directory, e);
        }
    }

    /**
     * Moves what is in the directory into one in it, so that it can be formatted anew and nothing
     * is lost that somebody may still want to look at.
     *
     * @return where it is now; empty if there was nothing
     * @throws DeviceException if it cannot be moved
     */
    public static Optional<Path> setAside(Path directory, DeviceId device) {
        Path aside = directory.resolve(ASIDE + device);
        try {
            if (isEmpty(directory)) {
                return Optional.empty();
            }
            Files.createDirectories(aside);
            // The identity first: what is left behind by a crash is then no device.
            for (String name : List.of(DeviceIdentity.FILE, DATABASE)) {
                if (Files.exists(directory.resolve(name))) {
                    Files.move(
                            directory.resolve(name),
                            aside.resolve(name),
                            StandardCopyOption.ATOMIC_MOVE);
                }
            }
            DeviceIdentity.forceDirectory(aside);
            DeviceIdentity.forceDirectory(directory);
            return Optional.of(aside);
        } catch (IOException e) {
            throw new DeviceException(
                    "what is in "
                            + directory
                            + " cannot be moved to "
                            + aside
                            + " ("
                            + e
                            + "); mount a disk that works there",
                    e);
        }
    }

    private static boolean isEmpty(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            List<Path> others =
                    entries.filter(entry -> !entry.endsWith(LOST_AND_FOUND))
                            .filter(entry -> !entry.getFileName().toString().startsWith(ASIDE))
                            .limit(1)
                            .toList();
            return others.isEmpty();
        }
    }

    private static UUID randomUuid(RandomSource random) {
        long high = (random.nextLong() & ~0xF000L) | 0x4000L; // version 4
        long low = (random.nextLong() & ~(3L << 62)) | (2L << 62); // RFC 9562 variant
        return new UUID(high, low);
    }

    /**
     * The identity of the device that the configuration means.
     *
     * @throws DeviceException if the directory is not that
     */
    static DeviceIdentity check(DeviceConfig config) {
        Path directory = config.directory();
        DeviceIdentity identity =
                DeviceIdentity.read(directory)
                        .orElseThrow(() ->
                                new DeviceException(
                                        directory
                                                + " holds no device; check that the disk is"
                                                + " mounted there, or format it if it is"
                                                + " new"));
        if (!identity.cluster().equals(config.cluster())) {
            throw new DeviceException(
                    "the device in "
                            + directory
                            + " belongs to cluster "
                            + identity.cluster()
                            + ", not to this one, "
                            + config.cluster()
                            + "; correct the directory, or empty and format it if its data is not"
                            + " needed");
        }
        if (!identity.node().equals(config.node())) {
            throw new DeviceException(
                    "the device in "
                            + directory
                            + " belongs to "
                            + identity.node()
                            + ", and this is "
                            + config.node()
                            + "; correct the directory or the node's id, or empty and format it");
        }
        if (!Files.isWritable(directory) || !Files.isWritable(directory.resolve(DATABASE))) {
            throw new DeviceException(
                    directory
                            + " is not writable; mount it for writing and make it and its files"
                            + " writable by the user of this process");
        }
        return identity;
    }
}
