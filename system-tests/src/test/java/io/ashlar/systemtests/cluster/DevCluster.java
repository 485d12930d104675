package io.ashlar.systemtests.cluster;

import io.ashlar.systemtests.iscsi.Discovery;
import io.ashlar.systemtests.iscsi.SessionOptions;
import io.ashlar.systemtests.multipath.MultipathClient;
import io.ashlar.systemtests.multipath.MultipathOptions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A cluster of three processes, on 127.0.0.1 to .3 or at another {@link Site}, driven by {@code
 * bin/ashlar} alone. Every call has a time-out. Not for many threads, except what only asks.
 */
public final class DevCluster implements AutoCloseable {
    public static final int NODES = 3;

    private static final Duration START_TIMEOUT = Duration.ofMinutes(6);
    private static final Duration COMMAND_TIMEOUT = Duration.ofMinutes(1);
    private static final int ISCSI_PORT = 3260;
    private static final int API_PORT = 7480;
    private static final int LOG_LINES = 40;

    /** The build that runs these tests has built the program. */
    private static final Map<String, String> ENVIRONMENT = Map.of("ASHLAR_NO_BUILD", "1");

    /**
     * Where the nodes run.
     *
     * @param prefix words before a command that starts something there, such as {@code ip netns
     *     exec NAME}
     * @param network the first three numbers of the nodes' addresses, with a dot at the end
     * @param first the last number of the first node's address; the others follow
     */
    public record Site(List<String> prefix, String network, int first) {
        /** This machine's loopback. */
        public static final Site LOOPBACK = new Site(List.of(), "127.0.0.", 1);

        public Site {
            prefix = List.copyOf(prefix);
        }

        /** IP address of a node, counted from 1. */
        public String address(int node) {
            return network + (first + node - 1);
        }
    }

    private final String program;
    private final Path directory;
    private final Site site;
    private final int portOffset;
    private final List<String> startOptions;
    private final Map<String, String> environment;
    private String targetName = "";

    /**
     * @param home the repository
     * @param directory where the cluster keeps its data; it need not exist
     * @param portOffset added to every standard port
     */
    public DevCluster(Path home, Path directory, int portOffset) {
        this(home, directory, portOffset, List.of(), Map.of());
    }

    /**
     * @param startOptions more options of {@code ashlar dev}
     * @param environment of its processes, beside this one's
     */
    public DevCluster(
            Path home,
            Path directory,
            int portOffset,
            List<String> startOptions,
            Map<String, String> environment) {
        this(home, directory, Site.LOOPBACK, portOffset, startOptions, environment);
    }

    /**
     * @param site where its nodes run; this process must reach their addresses
     */
    public DevCluster(
            Path home,
            Path directory,
            Site site,
            int portOffset,
            List<String> startOptions,
            Map<String, String> environment) {
        this.site = site;
        this.program = home.resolve("bin/ashlar").toAbsolutePath().normalize().toString();
        this.directory = directory.toAbsolutePath().normalize();
        this.portOffset = portOffset;
        this.startOptions = List.copyOf(startOptions);
        Map<String, String> all = new HashMap<>(ENVIRONMENT);
        all.putAll(environment);
        this.environment = Map.copyOf(all);
    }

    /** Starts it, or what of it is down, and waits until all is healthy. */
    public void start() throws IOException, InterruptedException {
        List<String> options =
                new ArrayList<>(List.of("--detach", "--port-offset", Integer.toString(portOffset)));
        options.addAll(List.of("--address", site.address(1)));
        options.addAll(startOptions);
        dev(START_TIMEOUT, options.toArray(String[]::new));
        awaitHealthy();
        targetName = api(1).status().path("target").asString();
    }

    /** Copies what its nodes have logged, for whoever looks for the reason of a failure. */
    public void keepLogs(Path to) throws IOException {
        Files.createDirectories(to);
        for (int node = 1; node <= NODES; node++) {
            Path log = directory.resolve("node" + node).resolve("node.log");
            if (Files.exists(log)) {
                Files.copy(
                        log,
                        to.resolve("node" + node + ".log"),
                        StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    /** Stops it and removes its data. */
    public void destroy() throws IOException, InterruptedException {
        if (!Files.isDirectory(directory)) {
            return;
        }
        dev(START_TIMEOUT, "stop"); // which may be the first to make the nodes' cache
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        if (Files.isDirectory(directory)) {
            dev(COMMAND_TIMEOUT, "stop");
        }
    }

    /** SIGKILL. */
    public void killNode(int node) throws IOException, InterruptedException {
        dev(COMMAND_TIMEOUT, "kill-node", Integer.toString(node));
    }

    /** SIGKILL to these by one call, so that none sees another go. */
    public void killAtOnce(int... nodes) throws IOException, InterruptedException {
        signal("-KILL", nodes);
    }

    /** SIGSTOP, returning much earlier than the others miss the node. */
    public void pauseAtOnce(int node) throws IOException, InterruptedException {
        signal("-STOP", node);
    }

    private void signal(String signal, int... nodes) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("kill", signal));
        for (int node : nodes) {
            // The first word is the process id, the second the time at which it was started.
            Path file = directory.resolve("node" + node).resolve("pid");
            command.add(Files.readString(file, StandardCharsets.UTF_8).split("\\s+")[0]);
        }
        Program.run(COMMAND_TIMEOUT, Map.of(), command).orThrow();
    }

    /** Starts a node that is down; with options of {@code ashlar dev}, if any are given. */
    public void startNode(int node, String... options) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of("start-node", Integer.toString(node)));
        arguments.addAll(List.of(options));
        dev(START_TIMEOUT, arguments.toArray(String[]::new));
    }

    /** One node more, without a vote. */
    public void addNode() throws IOException, InterruptedException {
        dev(START_TIMEOUT, "add-node");
    }

    /** The data of a node that does not run is lost. */
    public void wipeNode(int node) throws IOException, InterruptedException {
        dev(COMMAND_TIMEOUT, "wipe-node", Integer.toString(node));
    }

    /** SIGSTOP. */
    public void pauseNode(int node) throws IOException, InterruptedException {
        dev(COMMAND_TIMEOUT, "pause-node", Integer.toString(node));
    }

    /** SIGCONT. */
    public void resumeNode(int node) throws IOException, InterruptedException {
        dev(COMMAND_TIMEOUT, "resume-node", Integer.toString(node));
    }

    public Path directory() {
        return directory;
    }

    public int portOffset() {
        return portOffset;
    }

    public String targetName() {
        return targetName;
    }

    public InetSocketAddress portal(int node) {
        return new InetSocketAddress(site.address(node), ISCSI_PORT + portOffset);
    }

    public NodeApi api(int node) {
        return new NodeApi(URI.create(apiUrl(node)));
    }

    /** For QEMU and libiscsi. */
    public String url(int node, int lun) {
        return "iscsi://%s:%d/%s/%d"
                .formatted(site.address(node), ISCSI_PORT + portOffset, targetName, lun);
    }

    /** Runs the {@code ashlar} command against one node. */
    public Program.Result ashlar(int node, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(program));
        command.addAll(List.of(arguments));
        command.add("--api");
        command.add(apiUrl(node));
        return Program.run(COMMAND_TIMEOUT, ENVIRONMENT, command);
    }

    /** The same with {@code -o json}, parsed. */
    public JsonNode ashlarJson(int node, String... arguments)
            throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("-o", "json"));
        String output = ashlar(node, all.toArray(String[]::new)).orThrow().output();
        return JsonMapper.builder().build().readTree(output);
    }

    /**
     * Creates a volume that any host may attach, unless it is there; returns its LUN.
     *
     * @param options more of them for {@code volume create}
     */
    public int volume(String name, String size, String... options)
            throws IOException, InterruptedException {
        if (!hasVolume(name)) {
            List<String> create =
                    new ArrayList<>(List.of("volume", "create", name, "--size", size));
            create.add("--any-host");
            create.addAll(List.of(options));
            ashlar(1, create.toArray(String[]::new)).orThrow();
        }
        JsonNode lun = api(1).volume(name).path("anyHostLun");
        if (!lun.isInt()) {
            throw new AssertionError("volume " + name + " has no LUN for any host: " + lun);
        }
        return lun.asInt();
    }

    private boolean hasVolume(String name) throws IOException, InterruptedException {
        for (JsonNode volume : api(1).volumes()) {
            if (volume.path("name").asString().equals(name)) {
                return true;
            }
        }
        return false;
    }

    /** Removes all volumes but the one that every development cluster has. */
    public void deleteVolumes() throws IOException, InterruptedException {
        for (JsonNode volume : ashlarJson(1, "volume", "list")) {
            String name = volume.path("name").asString();
            if (!name.equals("demo")) {
                ashlar(1, "volume", "delete", name, "--yes").orThrow();
            }
        }
    }

    /** The node that owns a volume, as this node sees it. */
    public int owner(int askedNode, String volume) throws IOException, InterruptedException {
        return api(askedNode).volume(volume).path("owner").asInt();
    }

    /** Has a node own a volume, by a planned move unless it does already. */
    public void own(int node, String volume) throws IOException, InterruptedException {
        if (owner(node, volume) != node) {
            api(node).move(volume, node);
        }
    }

    /** A multipath host with one session to each of these nodes. */
    public MultipathClient host(String name, int lun, MultipathOptions timeouts, int... nodes)
            throws IOException, InterruptedException {
        List<SessionOptions> sessions = new ArrayList<>();
        for (int node : nodes) {
            sessions.add(
                    SessionOptions.of(portal(node), targetName)
                            .withInitiatorName(SessionOptions.INITIATOR_NAME + ":" + name));
        }
        return MultipathClient.open(sessions, lun, timeouts);
    }

    /** Portals as one node's SendTargets tells them. */
    public List<Discovery.Portal> discover(int node)
            throws IOException, InterruptedException, TimeoutException {
        return Discovery.sendTargets(portal(node), COMMAND_TIMEOUT)
                .getOrDefault(targetName, List.of());
    }

    /** Every group has all copies that it ought to have, as the first node sees it. */
    public boolean isWhole() throws IOException, InterruptedException {
        for (JsonNode group : api(1).placementGroups()) {
            if (!group.path("health").asString().equals("HEALTHY")
                    || !group.path("members").equals(group.path("targets"))) {
                return false;
            }
        }
        return true;
    }

    /** Every node up, and every group with all its copies, as every node sees it. */
    public boolean isHealthy() throws IOException, InterruptedException {
        for (int node = 1; node <= NODES; node++) {
            JsonNode status = api(node).status();
            if (!status.path("health").asString().equals("HEALTHY")) {
                return false;
            }
            for (JsonNode seen : status.path("nodes")) {
                if (!seen.path("up").asBoolean()) {
                    return false;
                }
            }
        }
        return true;
    }

    public void awaitHealthy() throws InterruptedException {
        Waiting.until("cluster healthy", Duration.ofMinutes(3), this::isHealthy, this::trouble);
    }

    /** What is not healthy, as each node sees it; on one line, since reports show no more. */
    private String trouble() {
        StringBuilder text = new StringBuilder();
        for (int node = 1; node <= NODES; node++) {
            text.append("node ").append(node).append(": ");
            try {
                JsonNode status = api(node).status();
                text.append(status.path("health").asString())
                        .append(", leader ")
                        .append(status.path("leader"))
                        .append(", groups ")
                        .append(status.path("placementGroups"));
                for (JsonNode seen : status.path("nodes")) {
                    if (!seen.path("up").asBoolean()) {
                        text.append(", down ").append(seen.path("id"));
                    }
                }
                for (JsonNode group : api(node).placementGroups()) {
                    if (!group.path("health").asString().equals("HEALTHY")) {
                        text.append(", for one ").append(group);
                        break;
                    }
                }
                for (JsonNode device : api(node).node(node).path("devices")) {
                    text.append(", device ").append(device);
                }
            } catch (Exception e) {
                text.append(e);
            }
            text.append("; ");
        }
        return text.toString();
    }

    /** Compares all replicas of all groups; call it when no load runs and all is healthy. */
    public void assertReplicasEqual() throws IOException, InterruptedException {
        int chunks = new ReplicaComparison(this).run();
        System.out.println("replicas equal: " + chunks + " chunks on each of three nodes");
    }

    /** Scrubs everything deeply, and waits until that has ended well. */
    public JsonNode scrub() throws IOException, InterruptedException {
        ashlar(1, "scrub", "start", "--deep").orThrow();
        JsonNode[] state = new JsonNode[1];
        Waiting.until(
                "the scrub ends",
                Duration.ofMinutes(2),
                () -> {
                    state[0] = api(1).scrub();
                    return !state[0].path("running").asBoolean();
                });
        System.out.println(ashlar(1, "scrub", "status").orThrow().output());
        return state[0];
    }

    /** A device of a node, by its place in the node's list. */
    public JsonNode device(int node, int index) throws IOException, InterruptedException {
        return api(1).node(node).path("devices").path(index);
    }

    /** The last lines of every log, for the report of a failure. */
    public String logTails() {
        StringBuilder text = new StringBuilder();
        try {
            for (int node = 1; node <= NODES; node++) {
                for (String name : List.of("console.log", "node.log")) {
                    Path log = directory.resolve("node" + node).resolve(name);
                    List<String> lines =
                            new String(Files.readAllBytes(log), StandardCharsets.UTF_8)
                                    .lines()
                                    .toList();
                    text.append("---- ").append(directory.relativize(log)).append('\n');
                    lines.stream()
                            .skip(Math.max(0, lines.size() - LOG_LINES))
                            .forEach(line -> text.append(line).append('\n'));
                }
            }
        } catch (IOException e) {
            text.append("no logs: ").append(e).append('\n');
        }
        return text.toString();
    }

    private String apiUrl(int node) {
        return "http://%s:%d".formatted(site.address(node), API_PORT + portOffset);
    }

    private void dev(Duration timeout, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(site.prefix());
        command.addAll(List.of(program, "dev"));
        command.addAll(List.of(arguments));
        command.addAll(List.of("--dir", directory.toString()));
        Program.run(timeout, environment, command).orThrow();
    }
}
