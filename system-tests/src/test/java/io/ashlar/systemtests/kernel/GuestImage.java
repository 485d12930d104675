package io.ashlar.systemtests.kernel;

import io.ashlar.systemtests.cluster.Program;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Kernel and contents of the guest, as {@code system-tests/src/test/guest/build} makes them, once.
 *
 * @param kernel uncompressed if that could be done
 * @param archive what the guest has, unpacked into its memory
 */
record GuestImage(Path kernel, Path archive) {
    private static final Duration BUILD_TIMEOUT = Duration.ofMinutes(10);

    /**
     * The image in a directory, built now if it is not there or not intact.
     *
     * @throws AssertionError saying in one line why it cannot be built
     */
    static GuestImage in(Path home, Path directory) throws IOException, InterruptedException {
        Path build = home.resolve("system-tests/src/test/guest/build").toAbsolutePath().normalize();
        Program.Result result =
                Program.run(BUILD_TIMEOUT, build.toString(), directory.toAbsolutePath().toString());
        if (result.exitCode() != 0) {
            throw new AssertionError(result.errors().strip());
        }
        System.out.print(result.output());
        return new GuestImage(directory.resolve("vmlinux"), directory.resolve("initrd"));
    }
}
