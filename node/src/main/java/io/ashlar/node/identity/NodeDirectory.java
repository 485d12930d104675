package io.ashlar.node.identity;

import io.ashlar.common.DeviceId;
import io.ashlar.common.NodeId;
import io.ashlar.common.RandomSource;
import io.ashlar.node.OperatorException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * The node's own directory while a process uses it: locked, so that no second process can, and
 * known to belong to this node of this cluster. Three {@linkplain StateFile files} lie in it:
 * {@code identity} (cluster and node, written once), {@code incarnation} (the newest one given
 * away) and {@code devices} (which device was formatted in which directory).
 */
public final class NodeDirectory implements AutoCloseable {
    /** An incarnation is milliseconds since 1970 and so many random bits: some 61 bits in all. */
    private static final int RANDOM_BITS = 20;

    private final Path directory;
    private final FileChannel lockChannel;

    /** Most characters that are kept of a reason. */
    private static final int REASON_MAX = 300;

    private final StateFile identity;
    private final StateFile incarnation;
    private final StateFile devices;
    private final StateFile failures;

    private NodeDirectory(Path directory, FileChannel lockChannel) {
        this.directory = directory;
        this.lockChannel = lockChannel;
        this.identity = new StateFile(directory, "identity");
        this.incarnation = new StateFile(directory, "incarnation");
        this.devices = new StateFile(directory, "devices");
        this.failures = new StateFile(directory, "failed-devices");
    }

    /**
     * Locks the directory and checks whose it is; an empty one becomes this node's.
     *
     * @throws OperatorException if it is in use, of another cluster or node, or unreadable
     */
    public static NodeDirectory open(Path directory, UUID cluster, NodeId node) {
        FileChannel channel = lock(directory);
        boolean opened = false;
        try {
            NodeDirectory result = new NodeDirectory(directory, channel);
            result.claim(cluster, node);
            opened = true;
            return result;
        } catch (IOException e) {
            throw diskProblem(directory, e);
        } finally {
            if (!opened) {
                closeQuietly(channel);
            }
        }
    }

    private static FileChannel lock(Path directory) {
        try {
            FileChannel channel =
                    FileChannel.open(
                            directory.resolve("lock"),
                            StandardOpenOption.CREATE,
                            StandardOpenOption.WRITE);
            FileLock lock = null;
            try {
                lock = channel.tryLock();
            } catch (OverlappingFileLockException _) {
                // this very process holds it: as taken as by another one
            }
            if (lock == null) {
                closeQuietly(channel);
                throw OperatorException.start(
                        directory
                                + " is in use by another process; stop that node first, or give"
                                + " this one its own metadataDirectory");
            }
            return channel;
        } catch (IOException e) {
            throw diskProblem(directory, e);
        }
    }

    private void claim(UUID cluster, NodeId node) throws IOException {
        if (!identity.exists()) {
            Map<String, String> fields = new LinkedHashMap<>();
            fields.put("cluster", cluster.toString());
            fields.put("node", Integer.toString(node.value()));
            identity.write(fields);
            return;
        }
        String foundCluster = identity.read("cluster");
        String foundNode = identity.read("node");
        if (!foundCluster.equals(cluster.toString())) {
            throw OperatorException.start(
                    directory
                            + " belongs to cluster "
                            + foundCluster
                            + ", the configuration says "
                            + cluster
                            + "; correct 'cluster', or name another metadataDirectory");
        }
        if (!foundNode.equals(Integer.toString(node.value()))) {
            throw OperatorException.start(
                    directory
                            + " belongs to node "
                            + foundNode
                            + ", the configuration says node "
                            + node.value()
                            + "; correct 'node', or name another metadataDirectory");
        }
    }

    /**
     * Gives the incarnation of this start: higher than every former one, whatever the wall clock
     * says, and on stable storage when this returns.
     *
     * @param wallClockMillis milliseconds since 1970
     */
    public long nextIncarnation(long wallClockMillis, RandomSource random) {
        try {
            long last = incarnation.exists() ? Long.parseLong(incarnation.read("last")) : 0;
            long byClock = (wallClockMillis << RANDOM_BITS) | random.nextInt(1 << RANDOM_BITS);
            long next = byClock > last ? byClock : last + 1 + random.nextInt(1 << RANDOM_BITS);
            incarnation.write(Map.of("last", Long.toString(next)));
            return next;
        } catch (NumberFormatException e) {
            throw incarnation.damaged("'last' is not a number");
        } catch (IOException e) {
            throw diskProblem(directory, e);
        }
    }

    /**
     * The device that was formatted in a directory, if any was. When it is not there any more its
     * disk is not mounted, or was replaced.
     */
    public Optional<DeviceId> deviceOf(Path dataDirectory) {
        try {
            if (!devices.exists()) {
                return Optional.empty();
            }
            for (Map.Entry<String, String> entry : devices.read().entrySet()) {
                if (entry.getValue().equals(dataDirectory.toString())) {
                    return Optional.of(new DeviceId(UUID.fromString(entry.getKey())));
                }
            }
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            throw devices.damaged("a device's identity is no UUID");
        } catch (IOException e) {
            throw diskProblem(directory, e);
        }
    }

    /** Notes which device lies in a directory; on stable storage when this returns. */
    public void noteDevice(Path dataDirectory, DeviceId device) {
        try {
            Map<String, String> known = devices.exists() ? devices.read() : new LinkedHashMap<>();
            Map<String, String> updated = new LinkedHashMap<>(known);
            updated.values().removeIf(dataDirectory.toString()::equals);
            updated.put(device.toString(), dataDirectory.toString());
            if (!updated.equals(known)) {
                devices.write(updated);
            }
        } catch (IOException e) {
            throw diskProblem(directory, e);
        }
    }

    /**
     * Notes that a device has failed, on stable storage: it is not used again, also not by a later
     * process. What the kernel has in memory of its files may look well and not be on the disk.
     */
    public void noteFailure(DeviceId device, String reason) {
        try {
            Map<String, String> known = failures.exists() ? failures.read() : Map.of();
            if (known.containsKey(device.toString())) {
                return;
            }
            Map<String, String> updated = new LinkedHashMap<>(known);
            String line = reason.lines().findFirst().orElse("");
            updated.put(
                    device.toString(),
                    line.length() > REASON_MAX ? line.substring(0, REASON_MAX) : line);
            failures.write(updated);
        } catch (IOException e) {
            throw diskProblem(directory, e);
        }
    }

    /** Why a device is not used any more, if it has failed. */
    public Optional<String> failureOf(DeviceId device) {
        try {
            return failures.exists()
                    ? Optional.ofNullable(failures.read().get(device.toString()))
                    : Optional.empty();
        } catch (IOException e) {
            throw diskProblem(directory, e);
        }
    }

    private static OperatorException diskProblem(Path directory, IOException e) {
        return OperatorException.start(
                directory
                        + " cannot be written: "
                        + (e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage())
                        + "; free space on its disk and check its mode",
                e);
    }

    private static void closeQuietly(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException _) {
            // nothing was written by it
        }
    }

    /** Lets go of the directory. */
    @Override
    public void close() {
        closeQuietly(lockChannel);
    }
}
