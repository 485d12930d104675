package io.ashlar.systemtests.referee;

import io.ashlar.systemtests.cluster.Program;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** An ext4 image with the machine's own files in it, made by mke2fs. */
final class FileSystemImage {
    static final long BYTES = 512L << 20;

    private static final Duration TIMEOUT = Duration.ofMinutes(3);
    private static final Path SOURCE = Path.of("/usr/share");
    private static final long CONTENTS_BYTES_MAX = 320L << 20;
    private static final int FILES_MAX = 60_000;
    private static final int BLOCK_BYTES = 4096;

    private FileSystemImage() {}

    /** What one folder takes up in the image. */
    private record Size(long bytes, int files) {
        Size plus(Size other) {
            return new Size(bytes + other.bytes, files + other.files);
        }

        boolean fits() {
            return bytes <= CONTENTS_BYTES_MAX && files <= FILES_MAX;
        }
    }

    /** Copies as many folders of /usr/share as fit and makes an image of them. */
    static Path make(Path workDirectory) throws IOException, InterruptedException {
        Path contents = Files.createDirectories(workDirectory.resolve("contents"));
        List<String> copy = new ArrayList<>(List.of("cp", "-a", "--reflink=auto", "-t"));
        copy.add(contents.toString());
        Size total = new Size(0, 0);
        for (Path folder : children(SOURCE)) {
            Size with = total.plus(size(folder));
            if (with.fits()) {
                total = with;
                copy.add(folder.toString());
            }
        }
        Program.run(TIMEOUT, Map.of(), copy).orThrow();
        Path image = workDirectory.resolve("image");
        Program.run(
                        TIMEOUT,
                        "mkfs.ext4",
                        "-q",
                        "-F",
                        "-N",
                        Integer.toString(FILES_MAX + 5000),
                        "-d",
                        contents.toString(),
                        image.toString(),
                        BYTES / 1024 + "k")
                .orThrow();
        System.out.printf(
                "image of %d MiB with %d files, %d MiB of them%n",
                BYTES >> 20, total.files, total.bytes >> 20);
        return image;
    }

    private static List<Path> children(Path folder) throws IOException {
        try (Stream<Path> children = Files.list(folder)) {
            return children.sorted().toList();
        }
    }

    private static Size size(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.map(FileSystemImage::sizeOfOne).reduce(new Size(0, 0), Size::plus);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Size sizeOfOne(Path file) {
        try {
            if (!Files.isRegularFile(file, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
                return new Size(BLOCK_BYTES, 1);
            }
            long blocks = (Files.size(file) + BLOCK_BYTES - 1) / BLOCK_BYTES;
            return new Size(blocks * BLOCK_BYTES, 1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
