package io.ashlar.node.startup;

import io.ashlar.chunkstore.ChunkDevice;
import io.ashlar.chunkstore.DeviceConfig;
import io.ashlar.chunkstore.DeviceException;
import io.ashlar.chunkstore.RocksChunkDevice;
import io.ashlar.common.Clock;
import io.ashlar.common.DeviceId;
import io.ashlar.common.RandomSource;
import io.ashlar.node.OperatorException;
import io.ashlar.node.api.LocalDevice;
import io.ashlar.node.configuration.NodeConfiguration;
import io.ashlar.node.identity.NodeDirectory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The devices of this node: one for each data directory. One whose disk does not work or whose
 * contents are damaged is left out, and the others go on; that it has failed is noted on stable
 * storage, so that no later process uses it either. It stays as it is, for whoever wants to look at
 * it, until an operator has it replaced. Safe for use by any thread; everything blocks.
 */
final class DeviceSet implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceSet.class);

    private static final class Slot {
        final Path path;
        @Nullable DeviceId id;
        volatile @Nullable ChunkDevice device; // also read without the lock
        @Nullable String failure;
        boolean isBusy;

        Slot(Path path) {
            this.path = path;
        }
    }

    private final NodeConfiguration configuration;
    private final NodeDirectory directory;
    private final Clock clock;
    private final RandomSource random;
    private final List<Slot> slots = new ArrayList<>(); // filled before anyone sees it

    private DeviceSet(
            NodeConfiguration configuration,
            NodeDirectory directory,
            Clock clock,
            RandomSource random) {
        this.configuration = configuration;
        this.directory = directory;
        this.clock = clock;
        this.random = random;
    }

    /**
     * Opens all that work. A directory that is empty is formatted, unless a device was there
     * before: then its disk is not mounted, and what would be written would go to the wrong place.
     *
     * @throws OperatorException if one cannot be opened for another reason than that it is broken
     */
    static DeviceSet open(
            NodeConfiguration configuration,
            NodeDirectory directory,
            Clock clock,
            RandomSource random) {
        DeviceSet devices = new DeviceSet(configuration, directory, clock, random);
        boolean complete = false;
        try {
            for (Path path : configuration.dataDirectories()) {
                devices.open(path);
            }
            complete = true;
            return devices;
        } catch (DeviceException e) {
            throw OperatorException.start(String.valueOf(e.getMessage()), e);
        } finally {
            if (!complete) {
                devices.close();
            }
        }
    }

    private void open(Path path) {
        Slot slot = new Slot(path);
        slots.add(slot);
        slot.id = directory.deviceOf(path).orElse(null);
        if (slot.id != null) {
            slot.failure = directory.failureOf(slot.id).orElse(null);
        }
        if (slot.failure != null) {
            LOG.error(
                    "device {} in {} is not used, since it has failed: {}; 'ashlar device replace'"
                            + " puts a new one in its place",
                    slot.id,
                    path,
                    slot.failure);
            return;
        }
        try {
            formatIfNew(path);
            ChunkDevice device = RocksChunkDevice.open(config(path));
            slot.device = device;
            slot.id = device.id();
            directory.noteDevice(path, device.id());
        } catch (DeviceException e) {
            if (!e.isDeviceBroken() || slot.id == null) {
                throw e; // how it is set up is wrong, or it never was a device of this node
            }
            fail(slot, String.valueOf(e.getMessage()));
        }
    }

    private DeviceConfig config(Path path) {
        NodeConfiguration.Limits limits = configuration.limits();
        return DeviceConfig.of(path, configuration.cluster(), configuration.node(), clock)
                .withNativeDirectory(configuration.metadataDirectory().resolve("native"))
                .withCapacityBytes(limits.deviceBytes())
                .withReserveBytes(limits.deviceReserveBytes())
                .withMemory(limits.memtableBytes(), limits.blockCacheBytes());
    }

    private void formatIfNew(Path path) {
        if (RocksChunkDevice.identify(path).isPresent()) {
            return;
        }
        Optional<DeviceId> before = directory.deviceOf(path);
        if (before.isPresent()) {
            throw OperatorException.start(
                    path
                            + " is empty, device "
                            + before.get()
                            + " was there; mount its disk; if it was replaced, name another directory"
                            + " for the new one");
        }
        format(path);
    }

    private void format(Path path) {
        DeviceConfig config = config(path);
        Preflight.space(configuration, "dataDirectories", path, config.reserveBytes());
        DeviceId device = RocksChunkDevice.format(config, random);
        LOG.info("formatted {} as device {}", path, device);
    }

    private void fail(Slot slot, String reason) {
        slot.failure = reason;
        if (slot.id != null) {
            directory.noteFailure(slot.id, reason);
        }
        LOG.error("device {} in {} is taken out: {}", slot.id, slot.path, reason);
    }

    /** Takes out what has failed since; tells whether there was any. */
    synchronized boolean takeOutFailed() {
        boolean any = false;
        for (Slot slot : slots) {
            ChunkDevice device = slot.device;
            if (slot.failure == null && device != null && device.failure().isPresent()) {
                fail(slot, device.failure().get());
                any = true;
            }
        }
        return any;
    }

    /** Those that work, as far as is known. */
    synchronized List<ChunkDevice> working() {
        List<ChunkDevice> working = new ArrayList<>();
        for (Slot slot : slots) {
            if (slot.failure == null && slot.device != null) {
                working.add(slot.device);
            }
        }
        return working;
    }

    /** Bytes of writes that wait for the disks. Waits for nobody. */
    long pendingBytes() {
        long bytes = 0;
        for (Slot slot : slots) {
            ChunkDevice device = slot.device;
            bytes += device == null ? 0 : device.pendingBytes();
        }
        return bytes;
    }

    /** Those that work, with the capacity of each in bytes. */
    SequencedMap<DeviceId, Long> capacities() {
        LinkedHashMap<DeviceId, Long> capacities = new LinkedHashMap<>();
        for (ChunkDevice device : working()) {
            capacities.put(device.id(), device.space().capacityBytes());
        }
        return capacities;
    }

    /** All of them, with what is wrong with some. */
    synchronized List<LocalDevice> all() {
        List<LocalDevice> all = new ArrayList<>();
        for (Slot slot : slots) {
            if (slot.id != null) {
                all.add(
                        new LocalDevice(
                                slot.id,
                                slot.path,
                                slot.failure == null
                                        ? Optional.ofNullable(slot.device)
                                        : Optional.empty(),
                                Optional.ofNullable(slot.failure)));
            }
        }
        return all;
    }

    /**
     * Puts a new device in the place of one that has failed: what is in the directory is set aside,
     * never removed; a new disk may have been mounted there meanwhile.
     *
     * @throws DeviceException if there is no such device, it works, or the directory cannot be used
     */
    ChunkDevice replace(DeviceId id) {
        Slot slot;
        ChunkDevice old;
        synchronized (this) {
            slot = failedSlot(id);
            slot.isBusy = true;
            old = slot.device;
            slot.device = null;
        }
        // Not under the lock: a disk that does not answer must not hold up who only asks.
        try {
            if (old != null) {
                old.close();
            }
            ChunkDevice device = replace(slot.path, id);
            synchronized (this) {
                slot.device = device;
                slot.id = device.id();
                slot.failure = null;
            }
            LOG.info("device {} in {} takes the place of {}", device.id(), slot.path, id);
            return device;
        } finally {
            synchronized (this) {
                slot.isBusy = false;
            }
        }
    }

    private Slot failedSlot(DeviceId id) {
        for (Slot slot : slots) {
            if (id.equals(slot.id)) {
                if (slot.failure == null) {
                    throw new DeviceException("device " + id + " works; it is not replaced");
                }
                if (slot.isBusy) {
                    throw new DeviceException(
                            "device " + id + " is being replaced already; wait for that");
                }
                return slot;
            }
        }
        throw new DeviceException(
                "this node has no device " + id + "; 'ashlar node show' lists its devices");
    }

    private ChunkDevice replace(Path path, DeviceId id) {
        RocksChunkDevice.setAside(path, id)
                .ifPresent(aside ->
                        LOG.warn(
                                "what device {} held is in {}; remove it when it is not needed any"
                                        + " more",
                                id,
                                aside));
        try {
            format(path);
        } catch (OperatorException e) {
            throw new DeviceException(String.valueOf(e.getMessage()), e);
        }
        ChunkDevice device = RocksChunkDevice.open(config(path));
        directory.noteDevice(path, device.id());
        return device;
    }

    @Override
    public synchronized void close() {
        for (Slot slot : slots) {
            if (slot.device != null) {
                slot.device.close();
            }
        }
    }
}
