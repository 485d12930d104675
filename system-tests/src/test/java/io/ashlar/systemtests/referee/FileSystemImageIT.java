package io.ashlar.systemtests.referee;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.systemtests.cluster.DevCluster;
import io.ashlar.systemtests.cluster.Program;
import io.ashlar.systemtests.cluster.WithCluster;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A file system travels through one node in and through another out. */
@Order(10)
@ExtendWith(WithCluster.class)
final class FileSystemImageIT {
    private static final Duration COPY_TIMEOUT = Duration.ofMinutes(5);

    @Test
    void imageWrittenThroughOneNodeIsReadBackThroughAnother(
            DevCluster cluster, @TempDir Path directory) throws Exception {
        // Protects the first thing that a user tries, with QEMU's initiator and real files.
        int lun = cluster.volume("image", Long.toString(FileSystemImage.BYTES));
        Path image = FileSystemImage.make(directory);

        long began = System.nanoTime();
        convert(image.toString(), cluster.url(1, lun), "-n");
        double writeSeconds = seconds(began);

        Path back = directory.resolve("back");
        began = System.nanoTime();
        convert(cluster.url(3, lun), back.toString());
        double readSeconds = seconds(began);
        try (FileChannel channel = FileChannel.open(back, StandardOpenOption.WRITE)) {
            assertThat(channel.size()).isGreaterThanOrEqualTo(FileSystemImage.BYTES);
            channel.truncate(FileSystemImage.BYTES);
        }
        System.out.printf(
                "written through node 1 in %.1f s, the volume read through node 3 in %.1f s%n",
                writeSeconds, readSeconds);

        assertThat(Files.mismatch(image, back)).as("first byte that differs").isEqualTo(-1);
        Program.run(COPY_TIMEOUT, "cmp", image.toString(), back.toString()).orThrow();
        Program.run(COPY_TIMEOUT, "e2fsck", "-fn", back.toString()).orThrow();
        cluster.assertReplicasEqual();
    }

    private static void convert(String from, String to, String... options) throws Exception {
        var command =
                new java.util.ArrayList<>(
                        java.util.List.of("qemu-img", "convert", "-f", "raw", "-O", "raw"));
        command.addAll(java.util.List.of(options));
        command.add(from);
        command.add(to);
        Program.run(COPY_TIMEOUT, java.util.Map.of(), command).orThrow();
    }

    private static double seconds(long began) {
        return (System.nanoTime() - began) / 1e9;
    }
}
