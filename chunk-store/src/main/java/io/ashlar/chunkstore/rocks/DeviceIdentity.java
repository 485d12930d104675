package io.ashlar.chunkstore.rocks;

import io.ashlar.chunkstore.DeviceException;
import io.ashlar.common.Crc32c;
import io.ashlar.common.DeviceId;
import io.ashlar.common.NodeId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Whose device a directory is. Lies in the directory as a text file of five lines, written last
 * when a device is formatted: a directory without it holds no device.
 *
 * <pre>
 * ashlar-device 1
 * cluster 6f0e...
 * device 91c4...
 * node 3
 * crc32c 1a2b3c4d     of the lines above
 * </pre>
 */
public record DeviceIdentity(UUID cluster, DeviceId device, NodeId node) {
    static final String FILE = "ashlar-device";
    static final int FORMAT_VERSION = 1;
    private static final int FILE_BYTES_MAX = 1024;

    /**
     * What the directory says, or empty if it has no identity file.
     *
     * @throws DeviceException if the file cannot be read, is damaged or of another version
     */
    public static Optional<DeviceIdentity> read(Path directory) {
        Path file = directory.resolve(FILE);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            if (Files.size(file) > FILE_BYTES_MAX) {
                throw damaged(directory, null);
            }
            return Optional.of(
                    parse(directory, Files.readString(file, StandardCharsets.ISO_8859_1)));
        } catch (IOException e) {
            throw new DeviceException(
                    "cannot read "
                            + file
                            + ": "
                            + e.getMessage()
                            + "; make the directory and its files readable and writable by the user"
                            + " of this process",
                    e);
        }
    }

    private static DeviceIdentity parse(Path directory, String text) {
        List<String> lines = text.lines().toList();
        String first = lines.isEmpty() ? "" : lines.getFirst();
        if (first.startsWith(FILE + " ") && !first.equals(FILE + " " + FORMAT_VERSION)) {
            throw new DeviceException(
                    "the device in "
                            + directory
                            + " has format version "
                            + first.substring(FILE.length() + 1)
                            + " and this software knows only version "
                            + FORMAT_VERSION
                            + "; run the software version that wrote it, or format an empty"
                            + " directory");
        }
        try {
            if (lines.size() != 5 || !text.equals(body(lines) + lines.get(4) + "\n")) {
                throw damaged(directory, null);
            }
            int checksum = Integer.parseUnsignedInt(value(lines, 4, "crc32c"), 16);
            if (checksum != checksum(body(lines))) {
                throw damaged(directory, null);
            }
            return new DeviceIdentity(
                    UUID.fromString(value(lines, 1, "cluster")),
                    new DeviceId(UUID.fromString(value(lines, 2, "device"))),
                    new NodeId(Integer.parseInt(value(lines, 3, "node"))));
        } catch (IllegalArgumentException e) {
            throw damaged(directory, e);
        }
    }

    private static String body(List<String> lines) {
        return String.join("\n", lines.subList(0, 4)) + "\n";
    }

    private static String value(List<String> lines, int line, String name) {
        String text = lines.get(line);
        if (!text.startsWith(name + " ")) {
            throw new IllegalArgumentException("line " + (line + 1) + " is not " + name);
        }
        return text.substring(name.length() + 1);
    }

    private static int checksum(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        return Crc32c.of(bytes, 0, bytes.length);
    }

    private static DeviceException damaged(Path directory, @Nullable Throwable cause) {
        return DeviceException.broken(
                "the file "
                        + directory.resolve(FILE)
                        + " is damaged, so it is unknown whose data the directory holds; check the"
                        + " disk, then take it out with 'ashlar device replace': the other replicas"
                        + " hold the data",
                cause);
    }

    /**
     * Writes the file and makes it durable, all or nothing.
     *
     * @throws IOException if the directory cannot be written
     */
    void write(Path directory) throws IOException {
        String body =
                FILE
                        + " "
                        + FORMAT_VERSION
                        + "\ncluster "
                        + cluster
                        + "\ndevice "
                        + device
                        + "\nnode "
                        + node.value()
                        + "\n";
        String text = body + "crc32c " + Integer.toHexString(checksum(body)) + "\n";
        Path part = directory.resolve(FILE + ".part");
        try (FileChannel out =
                FileChannel.open(
                        part,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            out.force(true);
        }
        Files.move(part, directory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
        forceDirectory(directory);
    }

    /** Makes the directory's entries durable. */
    static void forceDirectory(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
