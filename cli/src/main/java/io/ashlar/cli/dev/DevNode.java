package io.ashlar.cli.dev;

import io.ashlar.cli.CliException;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * One node of a development cluster: its directory and its process.
 *
 * <p>A process is known by its id and the time at which the kernel started it, both kept in a file;
 * a signal is sent only when both still match, so that no other process is ever hit.
 */
final class DevNode {
    private static final int CONSOLE_LINES = 15;
    private static final int CONSOLE_BYTES_MAX = 16 << 10;

    /** Fields of /proc/PID/stat after the command's name: state is the first, start time this. */
    private static final int START_TIME_AFTER_NAME = 19;

    private final DevSettings settings;
    private final int number;
    private final Path directory;

    DevNode(DevSettings settings, Path clusterDirectory, int number) {
        this.settings = settings;
        this.number = number;
        this.directory = clusterDirectory.toAbsolutePath().resolve("node" + number);
    }

    int number() {
        return number;
    }

    Path log() {
        return directory.resolve("node.log");
    }

    private Path console() {
        return directory.resolve("console.log");
    }

    private Path pidFile() {
        return directory.resolve("pid");
    }

    /**
     * Makes directories and configuration; what is there already stays, but the configuration.
     *
     * @param bootstrap whether the cluster may still be founded. Once it is, a node whose directory
     *     is empty has lost its vote and must not vote again
     */
    void prepare(boolean bootstrap) throws IOException {
        Files.createDirectories(directory.resolve("metadata"));
        for (Path data : dataDirectories()) {
            Files.createDirectories(data);
        }
        Files.createDirectories(directory.resolve("tmp"));
        Files.writeString(directory.resolve("node.yaml"), configuration(bootstrap));
    }

    /** Its data directories, one for each device: those that it was given last. */
    private List<Path> dataDirectories() {
        return IntStream.rangeClosed(1, settings.devices()).mapToObj(this::newest).toList();
    }

    private Path newest(int device) {
        int generation = 1;
        while (Files.isDirectory(data(device, generation + 1))) {
            generation++;
        }
        return data(device, generation);
    }

    private Path data(int device, int generation) {
        String name = device == 1 ? "data" : "data" + device;
        return directory.resolve(generation == 1 ? name : name + "-" + generation);
    }

    /**
     * Removes all that is on its devices, as if the disks were lost, and gives it other
     * directories: in those that are empty a node would miss its disks. What it knows as a voter
     * stays.
     */
    void wipe() throws IOException {
        for (int device = 1; device <= settings.devices(); device++) {
            Path lost = newest(device);
            int generation = 1;
            while (!data(device, generation).equals(lost)) {
                generation++;
            }
            try (Stream<Path> files = Files.walk(lost)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    if (!file.equals(lost)) {
                        Files.delete(file);
                    }
                }
            }
            Files.createDirectories(data(device, generation + 1));
        }
    }

    private String configuration(boolean bootstrap) {
        String directories =
                dataDirectories().stream()
                        .map(data -> data.getFileName().toString())
                        .collect(Collectors.joining(", "));
        String size =
                settings.deviceSize().isEmpty()
                        ? ""
                        : "deviceBytes: " + settings.deviceSize() + ", ";
        StringBuilder voters = new StringBuilder();
        for (int node = 1; node <= settings.nodes(); node++) {
            voters.append("  - {node: ")
                    .append(node)
                    .append(", raft: '")
                    .append(settings.at(node, DevSettings.RAFT_PORT))
                    .append("'}\n");
        }
        return """
        # Written by 'ashlar dev' at every start.
        cluster: %s
        node: %d
        failureDomain: host-%d
        addresses:
          iscsi: '%s'
          data: '%s'
          liveness: '%s'
          raft: '%s'
          api: '%s'
        voters:
        %sbootstrap: %s
        metadataDirectory: metadata
        dataDirectories: [%s]
        log: {file: node.log, level: info}
        limits: {%sdeviceReserveBytes: 256MiB, memtableBytes: 32MiB, blockCacheBytes: 32MiB}
        """
                .formatted(
                        settings.cluster(),
                        number,
                        number,
                        settings.at(number, DevSettings.ISCSI_PORT),
                        settings.at(number, DevSettings.DATA_PORT),
                        settings.at(number, DevSettings.LIVENESS_PORT),
                        settings.at(number, DevSettings.RAFT_PORT),
                        settings.at(number, DevSettings.API_PORT),
                        voters,
                        bootstrap,
                        directories,
                        size);
    }

    /**
     * Starts the process, in a session of its own so that Ctrl-C in a terminal does not reach it:
     * the command ends its nodes itself, in order.
     *
     * @param heap such as 768m
     * @param jvmOptions more options for its JVM
     */
    void start(String heap, List<String> jvmOptions) throws IOException {
        if (process().isPresent()) {
            return;
        }
        List<String> line = new ArrayList<>();
        line.add("setsid");
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        line.add("-Xmx" + heap);
        // Payloads are large arrays that die young: G1 treats them as humongous at such a heap,
        // Parallel does not, and its pauses stay far below a lease with so little that lives.
        line.add("-XX:+UseParallelGC");
        line.add("-XX:MaxDirectMemorySize=512m");
        line.add("-XX:+ExitOnOutOfMemoryError");
        line.add("-XX:-UsePerfData");
        line.add("-XX:ErrorFile=" + directory.resolve("hs_err_pid%p.log"));
        line.add("--enable-native-access=ALL-UNNAMED");
        line.add("--sun-misc-unsafe-memory-access=allow"); // the consensus engine's own Netty
        line.add("-Djava.io.tmpdir=" + directory.resolve("tmp"));
        startCache().ifPresent(cache -> line.add("-XX:AOTCache=" + cache));
        line.addAll(jvmOptions);
        line.add("-cp");
        line.add(absoluteClassPath());
        line.add("io.ashlar.node.Main");
        line.add("--config");
        line.add(directory.resolve("node.yaml").toString());

        ProcessBuilder builder = new ProcessBuilder(line);
        builder.directory(directory.toFile());
        builder.redirectInput(new File("/dev/null"));
        builder.redirectErrorStream(true);
        builder.redirectOutput(console().toFile());
        Process process = builder.start();
        long startTime = startTime(process.pid()).orElse(-1L);
        Files.writeString(pidFile(), process.pid() + " " + startTime + "\n");
    }

    /** Java's cache of what a node loads and runs at its start, if {@code bin/ashlar} made one. */
    private static Optional<Path> startCache() throws IOException {
        String name = System.getProperty("ashlar.nodeCache", "");
        Path cache = Path.of(name).toAbsolutePath();
        return !name.isEmpty() && Files.isRegularFile(cache) && Files.size(cache) > 0
                ? Optional.of(cache)
                : Optional.empty();
    }

    private static String absoluteClassPath() {
        List<String> absolute = new ArrayList<>();
        String classPath = System.getProperty("java.class.path");
        for (String element : classPath.split(File.pathSeparator, -1)) {
            absolute.add(Path.of(element).toAbsolutePath().toString());
        }
        return String.join(File.pathSeparator, absolute);
    }

    /** The id of its process, if that runs. */
    Optional<Long> process() {
        try {
            String[] parts = Files.readString(pidFile()).trim().split(" ", -1);
            if (parts.length != 2) {
                return Optional.empty();
            }
            long pid = Long.parseLong(parts[0]);
            long startTime = Long.parseLong(parts[1]);
            return startTime(pid).filter(t -> t == startTime).map(_ -> pid);
        } catch (NoSuchFileException | NumberFormatException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw CliException.failed(pidFile() + " cannot be read: " + e.getMessage());
        }
    }

    /** When the kernel started a process, in its own ticks; empty if it is gone or a zombie. */
    private static Optional<Long> startTime(long pid) {
        try {
            String stat =
                    Files.readString(
                            Path.of("/proc/" + pid + "/stat"), StandardCharsets.ISO_8859_1);
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            if (fields[0].equals("Z") || fields[0].equals("X")) {
                return Optional.empty();
            }
            return Optional.of(Long.parseLong(fields[START_TIME_AFTER_NAME]));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /**
     * Sends a signal.
     *
     * @param signal such as TERM, KILL, STOP, CONT
     * @return false if it does not run
     */
    boolean signal(String signal) {
        Optional<Long> pid = process();
        if (pid.isEmpty()) {
            return false;
        }
        try {
            Process kill =
                    new ProcessBuilder("sh", "-c", "kill -" + signal + " " + pid.get())
                            .redirectErrorStream(true)
                            .start();
            if (kill.waitFor() != 0 && process().isPresent()) {
                throw CliException.failed(
                        "node "
                                + number
                                + " (process "
                                + pid.get()
                                + ") could not be sent SIG"
                                + signal
                                + "; is it another user's?");
            }
            return true;
        } catch (IOException e) {
            throw CliException.failed("no signal could be sent: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw CliException.failed("interrupted");
        }
    }

    /** Waits until it has ended. */
    boolean awaitEnd(int seconds) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (process().isPresent()) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            pause();
        }
        return true;
    }

    static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw CliException.failed("interrupted");
        }
    }

    /** The last lines that it wrote, for an error message. */
    String lastWords() {
        try (RandomAccessFile file = new RandomAccessFile(console().toFile(), "r")) {
            int length = (int) Math.min(file.length(), CONSOLE_BYTES_MAX);
            byte[] bytes = new byte[length];
            file.seek(file.length() - length);
            file.readFully(bytes);
            List<String> lines = new String(bytes, StandardCharsets.UTF_8).lines().toList();
            return String.join(
                    "\n", lines.subList(Math.max(0, lines.size() - CONSOLE_LINES), lines.size()));
        } catch (IOException e) {
            return "(it wrote nothing)";
        }
    }
}
