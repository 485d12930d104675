package io.ashlar.systemtests.kernel;

import io.ashlar.systemtests.cluster.Program;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A small machine with Debian's kernel under QEMU's emulation, in a {@link Fabric}. Commands go
 * over a virtual serial port, whose other end is a socket in the file system; {@code
 * system-tests/src/test/guest/init} describes the lines. When that connection ends, so does the
 * guest. For one thread.
 */
final class Guest implements AutoCloseable {
    private static final Duration BOOT_TIMEOUT = Duration.ofMinutes(2);

    /** The guest itself ends what takes too long; this much later it counts as dead. */
    private static final Duration GRACE = Duration.ofSeconds(30);

    /** What the connection's end leaves in the queue of lines. */
    private static final String GONE = "";

    private static final int MEMORY_MIB = 1024;

    private final Path directory;
    private final Path socketDirectory;
    private final Process qemu;
    private final Thread endWithThis;
    private final SocketChannel channel;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final String kernelVersion;
    private int requests;

    /**
     * Boots it and waits until it takes commands.
     *
     * @param directory for its console and QEMU's messages
     * @param initiatorName its iSCSI name
     */
    Guest(GuestImage image, Fabric fabric, Path directory, String initiatorName)
            throws IOException, InterruptedException {
        this.directory = Files.createDirectories(directory);
        // Of a short name: a socket's path has 107 characters at most.
        this.socketDirectory = Files.createTempDirectory("guest");
        long began = System.nanoTime();
        Path socket = socketDirectory.resolve("agent");
        List<String> command = new ArrayList<>(fabric.prefix());
        command.addAll(qemu(image, socket, fabric.guestAddress(), initiatorName));
        qemu = Program.start(Map.of(), command, log("qemu.out"), log("qemu.err"));
        endWithThis = new Thread(qemu::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(endWithThis);
        try {
            channel = connect(socket, began);
            Thread.ofVirtual().start(this::read);
            kernelVersion = answer("ready", BOOT_TIMEOUT).output().strip();
        } catch (IOException | InterruptedException | AssertionError e) {
            close();
            throw e;
        }
        System.out.printf(
                "guest with kernel %s ready after %.1f s%n",
                kernelVersion, (System.nanoTime() - began) / 1e9);
    }

    private List<String> qemu(GuestImage image, Path socket, String address, String initiatorName) {
        String kernelOptions =
                "console=ttyS0 quiet panic=-1 net.ifnames=0 random.trust_cpu=on mitigations=off"
                        + " tsc=reliable nowatchdog audit=0 ashlar.address="
                        + address
                        + " ashlar.initiator="
                        + initiatorName;
        // No KVM: where it is a nested one, it does not run every kernel.
        return List.of(
                "qemu-system-x86_64",
                "-machine",
                "q35",
                "-cpu",
                "max",
                "-accel",
                "tcg,thread=multi",
                "-smp",
                "2",
                "-m",
                Integer.toString(MEMORY_MIB),
                "-nodefaults",
                "-no-user-config",
                "-no-reboot",
                "-display",
                "none",
                "-vga",
                "none",
                "-kernel",
                image.kernel().toString(),
                "-initrd",
                image.archive().toString(),
                "-append",
                kernelOptions,
                "-serial",
                "file:" + log("console.log"),
                "-device",
                "virtio-rng-pci",
                "-device",
                "virtio-serial-pci",
                "-chardev",
                "socket,id=agent,server=on,wait=off,path=" + socket,
                "-device",
                "virtserialport,chardev=agent,name=agent",
                "-netdev",
                "tap,id=net0,script=no,downscript=no,ifname=" + Fabric.TAP,
                "-device",
                "virtio-net-pci,netdev=net0,romfile=");
    }

    private Path log(String name) {
        return directory.resolve(name);
    }

    private SocketChannel connect(Path socket, long began)
            throws IOException, InterruptedException {
        while (true) {
            SocketChannel attempt = SocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                attempt.connect(UnixDomainSocketAddress.of(socket));
                return attempt;
            } catch (IOException e) {
                attempt.close();
                if (!qemu.isAlive() || System.nanoTime() - began > BOOT_TIMEOUT.toNanos()) {
                    throw new AssertionError("QEMU did not start: " + logs(), e);
                }
                Thread.sleep(50);
            }
        }
    }

    private void read() {
        try (BufferedReader reader =
                new BufferedReader(Channels.newReader(channel, StandardCharsets.US_ASCII))) {
            String line;
            while ((line = reader.readLine()) != null) {
                lines.add(line);
            }
        } catch (IOException e) {
            // The guest has ended, or was ended.
        }
        lines.add(GONE);
    }

    /**
     * Runs a script of bash and waits for its end; 124 is the status of one that took longer than
     * {@code limit}. Standard error is part of the output.
     *
     * @throws AssertionError if the guest has died
     */
    Program.Result run(Duration limit, String script) throws IOException, InterruptedException {
        String id = "r" + ++requests;
        String encoded =
                Base64.getEncoder().encodeToString(script.getBytes(StandardCharsets.UTF_8));
        ByteBuffer line =
                StandardCharsets.US_ASCII.encode(
                        "%s %d %s\n".formatted(id, limit.toSeconds(), encoded));
        while (line.hasRemaining()) {
            channel.write(line);
        }
        Program.Result result = answer(id, limit.plus(GRACE));
        return new Program.Result(
                List.of("guest:", script), result.exitCode(), result.output(), "");
    }

    private Program.Result answer(String id, Duration timeout) throws InterruptedException {
        String line = lines.poll(timeout.toNanos(), TimeUnit.NANOSECONDS);
        if (line == null || line.equals(GONE)) {
            throw new AssertionError(
                    (line == null ? "the guest is silent: " : "the guest has died: ") + logs());
        }
        String[] words = line.split(" ", -1);
        if (words.length != 3 || !words[0].equals(id)) {
            throw new AssertionError("the guest answered '%s' to %s".formatted(line, id));
        }
        byte[] output = Base64.getDecoder().decode(words[2]);
        return new Program.Result(
                List.of(id),
                Integer.parseInt(words[1]),
                new String(output, StandardCharsets.UTF_8),
                "");
    }

    /** All that its kernel has said since it started. */
    String kernelLog() throws IOException, InterruptedException {
        return run(Duration.ofSeconds(30), "dmesg").orThrow().output();
    }

    /** Its console and what QEMU said, for the report of a failure. */
    String logs() {
        StringBuilder text = new StringBuilder();
        for (String name : List.of("qemu.out", "qemu.err", "console.log")) {
            text.append("\n---- ").append(name).append('\n');
            try {
                String all = new String(Files.readAllBytes(log(name)), StandardCharsets.UTF_8);
                List<String> of = all.lines().toList();
                of.stream()
                        .skip(Math.max(0, of.size() - 60))
                        .forEach(line -> text.append(line).append('\n'));
            } catch (IOException e) {
                text.append(e).append('\n');
            }
        }
        return text.toString();
    }

    /** Cuts its power. */
    @Override
    public void close() throws IOException, InterruptedException {
        Program.end(qemu);
        Runtime.getRuntime().removeShutdownHook(endWithThis);
        Files.deleteIfExists(socketDirectory.resolve("agent"));
        Files.deleteIfExists(socketDirectory);
    }
}
