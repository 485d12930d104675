package io.ashlar.node.identity;

import io.ashlar.common.Crc32c;
import io.ashlar.node.OperatorException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A small file of the node's own, of text, that people can read:
 *
 * <pre>
 * ashlar-KIND VERSION
 * KEY VALUE
 * crc32c CHECKSUM       of everything above
 * </pre>
 *
 * It is replaced by rename, and on stable storage when {@link #write} returns.
 */
final class StateFile {
    private static final int VERSION = 1;
    private static final int BYTES_MAX = 64 << 10;

    private final Path file;
    private final String kind;

    StateFile(Path directory, String kind) {
        this.file = directory.resolve(kind);
        this.kind = kind;
    }

    boolean exists() {
        return Files.exists(file);
    }

    void write(Map<String, String> fields) throws IOException {
        StringBuilder text = new StringBuilder("ashlar-" + kind + " " + VERSION + "\n");
        fields.forEach((key, value) -> text.append(key).append(' ').append(value).append('\n'));
        String checksum = checksum(text.toString());
        text.append("crc32c ").append(checksum).append('\n');
        Path temporary = file.resolveSibling(file.getFileName() + ".new");
        try (FileChannel out =
                FileChannel.open(
                        temporary,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            ByteBuffer bytes = StandardCharsets.UTF_8.encode(text.toString());
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            out.force(true);
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        try (FileChannel parent = FileChannel.open(file.resolveSibling(""))) {
            parent.force(true);
        }
    }

    /**
     * The fields, in the order in which they were written.
     *
     * @throws OperatorException if the file is damaged or of an unknown version
     */
    Map<String, String> read() throws IOException {
        if (Files.size(file) > BYTES_MAX) {
            throw damaged("it is too long");
        }
        String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        List<String> lines = text.lines().toList();
        String prefix = "ashlar-" + kind + " ";
        if (lines.size() < 2 || !lines.getFirst().startsWith(prefix)) {
            throw damaged("it does not begin with '" + prefix.trim() + "'");
        }
        String version = lines.getFirst().substring(prefix.length());
        if (!version.equals(Integer.toString(VERSION))) {
            throw OperatorException.start(
                    file
                            + " has format version "
                            + version
                            + ", this program knows "
                            + VERSION
                            + "; start the newer program that wrote it");
        }
        String body = text.substring(0, Math.max(0, text.lastIndexOf("crc32c ")));
        if (!lines.getLast().equals("crc32c " + checksum(body))) {
            throw damaged("its checksum does not match");
        }
        Map<String, String> fields = new LinkedHashMap<>();
        for (String line : lines.subList(1, lines.size() - 1)) {
            int space = line.indexOf(' ');
            if (space > 0) {
                fields.put(line.substring(0, space), line.substring(space + 1));
            }
        }
        return fields;
    }

    /** One field that must be there. */
    String read(String key) throws IOException {
        String value = read().get(key);
        if (value == null) {
            throw damaged("'" + key + "' is missing");
        }
        return value;
    }

    OperatorException damaged(String how) {
        return OperatorException.start(
                file
                        + " is damaged: "
                        + how
                        + "; restore it from a backup, or remove the node from the cluster and"
                        + " add it again with empty directories");
    }

    private static String checksum(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return String.format("%08x", Crc32c.of(bytes, 0, bytes.length));
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
