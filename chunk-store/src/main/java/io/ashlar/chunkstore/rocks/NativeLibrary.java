package io.ashlar.chunkstore.rocks;

import io.ashlar.chunkstore.DeviceException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.rocksdb.RocksDB;
import org.rocksdb.util.Environment;

/**
 * Loads RocksDB's native library, once per process, from {@code java.library.path} or from a
 * directory where it is unpacked if it is not there yet. RocksDB itself would unpack its 17 MB into
 * the system's temporary directory at each start and leave it there when the process is killed.
 */
final class NativeLibrary {
    /** The library's name in the jar and on {@code java.library.path}. */
    private static final String NAME = Environment.getJniLibraryFileName("rocksdb");

    /** The name that {@link RocksDB#loadLibrary(List)} looks for: with "jni" twice. */
    private static final String UNPACKED_NAME = Environment.getJniLibraryFileName("rocksdbjni");

    private static boolean isLoaded;

    private NativeLibrary() {}

    static synchronized void load(Path directory) {
        if (isLoaded) {
            return;
        }
        try {
            if (isOnLibraryPath()) {
                RocksDB.loadLibrary();
            } else {
                unpack(directory);
                RocksDB.loadLibrary(List.of(directory.toAbsolutePath().toString()));
            }
        } catch (IOException e) {
            throw new DeviceException(
                    "cannot unpack RocksDB's native library into "
                            + directory
                            + ": "
                            + e
                            + "; make the directory writable, with 20 MB free, or put "
                            + NAME
                            + " on java.library.path",
                    e);
        } catch (UnsatisfiedLinkError e) {
            throw new DeviceException(
                    "cannot load RocksDB's native library: "
                            + e.getMessage()
                            + "; install libstdc++, and see that the file system of that file is"
                            + " not mounted noexec",
                    e);
        }
        isLoaded = true;
    }

    private static boolean isOnLibraryPath() {
        String path = System.getProperty("java.library.path", "");
        for (String entry : path.split(File.pathSeparator, -1)) {
            if (!entry.isEmpty() && Files.isRegularFile(Path.of(entry, NAME))) {
                return true;
            }
        }
        return false;
    }

    /**
     * Replaces the file unless it is byte for byte the library that this process was built with.
     */
    private static void unpack(Path directory) throws IOException {
        Files.createDirectories(directory);
        Path target = directory.resolve(UNPACKED_NAME);
        if (Files.isRegularFile(target)) {
            try (InputStream wanted = resource();
                    InputStream present = Files.newInputStream(target)) {
                if (isSame(wanted, present)) {
                    return;
                }
            }
        }
        // Of a fixed name, so that killed starts do not pile up; renamed, so never loaded in part.
        Path part = directory.resolve(UNPACKED_NAME + ".part");
        try (InputStream wanted = resource()) {
            Files.copy(wanted, part, StandardCopyOption.REPLACE_EXISTING);
        }
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    }

    private static InputStream resource() throws IOException {
        InputStream in = RocksDB.class.getClassLoader().getResourceAsStream(NAME);
        if (in == null) {
            throw new IOException(NAME + " is not on the class path");
        }
        return in;
    }

    private static boolean isSame(InputStream wanted, InputStream present) throws IOException {
        byte[] left = new byte[64 * 1024];
        byte[] right = new byte[left.length];
        while (true) {
            int count = wanted.readNBytes(left, 0, left.length);
            if (present.readNBytes(right, 0, right.length) != count
                    || !java.util.Arrays.equals(left, 0, count, right, 0, count)) {
                return false;
            }
            if (count == 0) {
                return true;
            }
        }
    }
}
