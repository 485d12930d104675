package io.ashlar.node.identity;

import io.ashlar.node.OperatorException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/**
 * The identity of this boot of the host's kernel. When it is another one than at the last start,
 * whatever was not on stable storage is gone.
 */
public final class BootId {
    private static final Path FILE = Path.of("/proc/sys/kernel/random/boot_id");

    private BootId() {}

    public static UUID read() {
        try {
            return UUID.fromString(Files.readString(FILE).trim());
        } catch (IOException | IllegalArgumentException e) {
            throw OperatorException.start(
                    FILE + " cannot be read; a node runs on Linux with /proc mounted", e);
        }
    }
}
