package io.ashlar.cli.dev;

import io.ashlar.cli.CliException;
import io.ashlar.cli.StatusText;
import io.ashlar.node.api.ApiViews;
import io.ashlar.node.configuration.ByteSize;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** {@code ashlar dev}. */
@Command(
        name = "dev",
        description = {
            "Start a development cluster on this machine, with a volume 'demo' to attach.",
            "It runs until Ctrl-C; a restart finds the old data."
        })
public final class DevCommand implements Runnable {
    private static final int STATUS_SECONDS = 1;

    /** The reserve of a development cluster's device, and as much again. */
    private static final long DEVICE_BYTES_MIN = 512L << 20;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(
            names = "--dir",
            scope = ScopeType.INHERIT,
            paramLabel = "DIR",
            description = "Where its data lies; default: ${DEFAULT-VALUE}.")
    private Path directory = Path.of(".ashlar-dev");

    @Option(names = "--detach", description = "Return when it is healthy, and leave it running.")
    private boolean detach;

    @Option(names = "--nodes", description = "1, 3 or 5; default: ${DEFAULT-VALUE}.")
    private int nodes = 3;

    @Option(
            names = "--address",
            description =
                    "Of the first node, the others follow: a loopback address, or one of"
                            + " 198.51.100.0/24 and 203.0.113.0/24 in a network namespace;"
                            + " default: ${DEFAULT-VALUE}.")
    private String address = DevSettings.ADDRESS_DEFAULT;

    @Option(
            names = "--port-offset",
            description =
                    "Added to all ports (iSCSI 3260, data 7460, liveness 7461, raft 7462,"
                            + " api 7480); default: ${DEFAULT-VALUE}.")
    private int portOffset;

    @Option(
            names = "--heap",
            scope = ScopeType.INHERIT,
            description = "Java heap of each node; default: ${DEFAULT-VALUE}.")
    private String heap = "768m";

    @Option(
            names = "--jvm-option",
            scope = ScopeType.INHERIT,
            description = "One more option for each node's JVM; may be repeated.")
    private List<String> jvmOptions = new ArrayList<>();

    @Option(names = "--devices", description = "Of each node, 1 to 8; default: ${DEFAULT-VALUE}.")
    private int devices = 1;

    @Option(
            names = "--device-size",
            description = "Most that a device may take, such as 1GiB; default: no limit.")
    private String deviceSize = "";

    @Option(names = "--volume-size", description = "Of 'demo'; default: ${DEFAULT-VALUE}.")
    private String volumeSize = "1GiB";

    @Option(
            names = "--timeout",
            scope = ScopeType.INHERIT,
            description = "Seconds to wait until it is healthy; default: ${DEFAULT-VALUE}.")
    private int timeoutSeconds = 120;

    @Override
    public void run() {
        checkOptions();
        PrintWriter out = spec.commandLine().getOut();
        DevCluster cluster;
        try {
            cluster = DevCluster.make(directory, nodes, address, portOffset, devices, deviceSize);
            boolean running = cluster.nodes().stream().anyMatch(n -> n.process().isPresent());
            if (running && !detach) {
                throw CliException.failed(
                        "the cluster in "
                                + directory
                                + " runs already; 'ashlar dev status' shows it, 'ashlar dev stop'"
                                + " ends it");
            }
            out.printf("Starting %d nodes in %s ...%n", nodes, directory);
            out.flush();
            if (!detach) {
                stopAtExit(cluster, out);
            }
            cluster.start(heap, jvmOptions);
            cluster.awaitHealthy(timeoutSeconds);
            if (!cluster.isFounded()) {
                cluster.makeVolume(volumeSize); // later starts leave volumes to the operator
                cluster.noteFounded();
            }
        } catch (IOException e) {
            throw CliException.failed(
                    "the cluster cannot be started in " + directory + ": " + e.getMessage());
        }
        cluster.printWelcome(out, cluster.awaitHealthy(timeoutSeconds));
        if (detach) {
            out.printf("It runs on. 'ashlar dev stop' ends it.%n");
            out.flush();
        } else {
            out.printf("Ctrl-C ends it.%n%n");
            out.flush();
            watch(cluster, out);
        }
    }

    private void checkOptions() {
        if (nodes != 1 && nodes != 3 && nodes != 5) {
            throw usage("--nodes " + nodes + ": give 1, 3 or 5");
        }
        if (portOffset < 0 || portOffset > 65535 - DevSettings.API_PORT) {
            throw usage("--port-offset " + portOffset + ": no port may be above 65535");
        }
        if (devices < 1 || devices > 8) {
            throw usage("--devices " + devices + ": give 1 to 8");
        }
        try {
            if (!deviceSize.isEmpty() && ByteSize.parse(deviceSize) < DEVICE_BYTES_MIN) {
                throw usage(
                        "--device-size "
                                + deviceSize
                                + ": give at least "
                                + ByteSize.format(DEVICE_BYTES_MIN));
            }
        } catch (IllegalArgumentException e) {
            throw usage("--device-size: " + e.getMessage() + "; write for example 1GiB");
        }
        if (!heap.matches("[1-9][0-9]*[mMgG]")) {
            throw usage("--heap " + heap + ": write for example 768m");
        }
        if (!isAddressForDevelopment(address)) {
            throw usage(
                    "--address "
                            + address
                            + ": give one in 127.0.0.0/8, such as 127.0.1.1, or, in a network"
                            + " namespace, in 198.51.100.0/24 or 203.0.113.0/24");
        }
    }

    /**
     * Loopback, or a documentation network (RFC 5737) that is routed nowhere: a network namespace
     * has it, so that a virtual machine can reach every portal. 192.0.2.0/24 is left out, it is in
     * use here and there.
     */
    private static boolean isAddressForDevelopment(String address) {
        if (address.indexOf(':') >= 0 || address.endsWith(".0")) {
            return false;
        }
        try {
            InetAddress literal = InetAddress.ofLiteral(address);
            return literal.isLoopbackAddress()
                    || literal.getHostAddress().startsWith("198.51.100.")
                    || literal.getHostAddress().startsWith("203.0.113.");
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    /** However this command ends, its nodes end with it. */
    private static void stopAtExit(DevCluster cluster, PrintWriter out) {
        Thread hook =
                new Thread(() -> {
                    out.printf("%nStopping the nodes ...%n");
                    out.flush();
                    cluster.stop();
                });
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Shows the state, in place on a terminal, else line by line when it changes. */
    private static void watch(DevCluster cluster, PrintWriter out) {
        boolean terminal = System.console() != null && System.console().isTerminal();
        String last = "";
        while (true) {
            ApiViews.Status status = cluster.status();
            String line = status == null ? "no node answers" : StatusText.line(status);
            if (terminal) {
                out.print("\r\u001b[K" + line);
            } else if (!line.equals(last)) {
                out.println(line);
            }
            out.flush();
            last = line;
            try {
                TimeUnit.SECONDS.sleep(STATUS_SECONDS);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    @Command(name = "stop", description = "End all nodes.")
    void stop() {
        DevCluster cluster = DevCluster.existing(directory);
        cluster.stop();
        say("stopped; the data stays in " + directory);
    }

    @Command(name = "status", description = "Show the nodes and their processes.")
    void status() {
        DevCluster cluster = DevCluster.existing(directory);
        int running = 0;
        for (DevNode node : cluster.nodes()) {
            Optional<Long> pid = node.process();
            running += pid.isPresent() ? 1 : 0;
            say(
                    "node "
                            + node.number()
                            + ": "
                            + pid.map(p -> "process " + p).orElse("not running")
                            + ", log "
                            + node.log());
        }
        ApiViews.@Nullable Status status = running == 0 ? null : cluster.status();
        if (status != null) {
            say(StatusText.line(status));
        } else {
            throw CliException.unreachable("no node answers; start them with 'ashlar dev'");
        }
    }

    @Command(name = "kill-node", description = "End a node with SIGKILL.")
    void killNode(@Parameters(paramLabel = "NODE") int number) {
        DevNode node = running(number);
        node.signal("KILL");
        node.awaitEnd(timeoutSeconds);
        say("node " + number + " is killed");
    }

    @Command(name = "stop-node", description = "End a node cleanly.")
    void stopNode(@Parameters(paramLabel = "NODE") int number) {
        DevNode node = running(number);
        node.signal("TERM");
        if (!node.awaitEnd(timeoutSeconds)) {
            throw CliException.failed("node " + number + " does not end; see " + node.log());
        }
        say("node " + number + " is stopped");
    }

    @Command(name = "start-node", description = "Start a node that does not run.")
    void startNode(@Parameters(paramLabel = "NODE") int number) {
        DevCluster cluster = DevCluster.existing(directory);
        DevNode node = cluster.node(number);
        if (node.process().isPresent()) {
            throw CliException.failed("node " + number + " runs already");
        }
        try {
            cluster.start(node, heap, jvmOptions);
        } catch (IOException e) {
            throw CliException.failed("node " + number + " cannot be started: " + e.getMessage());
        }
        say("node " + number + " is started");
    }

    @Command(
            name = "add-node",
            description = "Add a node, without a vote; it gets its share of everything.")
    void addNode() {
        int number;
        try {
            DevCluster cluster = DevCluster.withOneMore(directory);
            number = cluster.settings().total();
            cluster.start(cluster.node(number), heap, jvmOptions);
        } catch (IOException e) {
            throw CliException.failed("no node can be added: " + e.getMessage());
        }
        say("node " + number + " is started; 'ashlar node show " + number + "' tells its share");
    }

    @Command(
            name = "wipe-node",
            description = "Lose the data of a node that does not run, as if its disk was gone.")
    void wipeNode(@Parameters(paramLabel = "NODE") int number) {
        DevNode node = DevCluster.existing(directory).node(number);
        if (node.process().isPresent()) {
            throw CliException.failed("node " + number + " runs; stop or kill it first");
        }
        try {
            node.wipe();
        } catch (IOException e) {
            throw CliException.failed("node " + number + " is wiped in part: " + e.getMessage());
        }
        say("node " + number + " has lost its data; 'ashlar dev start-node' has it rebuilt");
    }

    @Command(name = "pause-node", description = "Stop a node in its tracks with SIGSTOP.")
    void pauseNode(@Parameters(paramLabel = "NODE") int number) {
        running(number).signal("STOP");
        say("node " + number + " is paused");
    }

    @Command(name = "resume-node", description = "Let a paused node go on.")
    void resumeNode(@Parameters(paramLabel = "NODE") int number) {
        running(number).signal("CONT");
        say("node " + number + " goes on");
    }

    private DevNode running(int number) {
        DevNode node = DevCluster.existing(directory).node(number);
        if (node.process().isEmpty()) {
            throw CliException.failed("node " + number + " does not run");
        }
        return node;
    }

    private void say(String text) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(text);
        out.flush();
    }
}
