package io.ashlar.cli;

import io.ashlar.common.ChapSecrets;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads a secret from where other users of the machine do not see it. */
final class SecretFile {
    /** What an editor may add to a secret: the end of its line. */
    private static final int LINE_END_BYTES_MAX = 2;

    private SecretFile() {}

    /**
     * The file's only line, without its end.
     *
     * @param name of a file, or {@code -} for standard input
     * @throws CliException if it cannot be read or is no secret; its contents are not told
     */
    static String read(String name) {
        int bytesMax = ChapSecrets.BYTES_MAX + LINE_END_BYTES_MAX;
        byte[] bytes;
        try {
            if (name.equals("-")) {
                bytes = System.in.readNBytes(bytesMax + 1);
            } else {
                try (InputStream in = Files.newInputStream(Path.of(name))) {
                    bytes = in.readNBytes(bytesMax + 1);
                }
            }
        } catch (IOException e) {
            throw CliException.failed(
                    "cannot read the secret of " + name + " (" + e + "); name a file, or '-'");
        }
        String text = new String(bytes, StandardCharsets.UTF_8);
        String secret = text.lines().findFirst().orElse("");
        boolean isOneLine = text.equals(secret) || text.strip().equals(secret);
        if (!isOneLine
                || secret.length() < ChapSecrets.BYTES_MIN
                || secret.length() > ChapSecrets.BYTES_MAX) {
            throw CliException.failed(
                    name
                            + " holds no secret: one line of "
                            + ChapSecrets.BYTES_MIN
                            + " to "
                            + ChapSecrets.BYTES_MAX
                            + " printable ASCII letters without spaces");
        }
        return secret;
    }
}
