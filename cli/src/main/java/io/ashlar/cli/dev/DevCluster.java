package io.ashlar.cli.dev;

import io.ashlar.cli.ApiClient;
import io.ashlar.cli.CliException;
import io.ashlar.node.api.ApiViews;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A development cluster: its directory, its nodes, and what is done with them. */
final class DevCluster {
    static final String VOLUME = "demo";
    static final int LUN = 1;

    /** Made when all was healthy for the first time. */
    private static final String FOUNDED = "founded";

    /** A node that is asked to end needs this long at most; then it is killed. */
    private static final int STOP_SECONDS = 30;

    private final Path directory;
    private final DevSettings settings;
    private final List<DevNode> nodes = new ArrayList<>();

    private DevCluster(Path directory, DevSettings settings) {
        this.directory = directory;
        this.settings = settings;
        for (int number = 1; number <= settings.total(); number++) {
            nodes.add(new DevNode(settings, directory, number));
        }
    }

    /** The cluster that was made in a directory. */
    static DevCluster existing(Path directory) {
        return new DevCluster(directory, DevSettings.read(directory));
    }

    /** The cluster of a directory, made now if there is none. */
    static DevCluster make(
            Path directory,
            int nodes,
            String address,
            int portOffset,
            int devices,
            String deviceSize)
            throws IOException {
        if (DevSettings.exist(directory)) {
            DevSettings settings = DevSettings.read(directory);
            if (settings.nodes() != nodes
                    || !settings.address().equals(address)
                    || settings.portOffset() != portOffset
                    || settings.devices() != devices
                    || !settings.deviceSize().equals(deviceSize)) {
                throw CliException.failed(
                        directory
                                + " holds a cluster of "
                                + settings.nodes()
                                + " nodes from "
                                + settings.at(1, DevSettings.ISCSI_PORT)
                                + " on, with "
                                + settings.devices()
                                + " devices each"
                                + (settings.deviceSize().isEmpty()
                                        ? ""
                                        : " of " + settings.deviceSize())
                                + "; start it with those options, or name another --dir");
            }
            return new DevCluster(directory, settings);
        }
        Files.createDirectories(directory);
        var settings =
                new DevSettings(
                        DevSettings.VERSION,
                        UUID.randomUUID(),
                        nodes,
                        0,
                        address,
                        portOffset,
                        devices,
                        deviceSize);
        settings.write(directory);
        return new DevCluster(directory, settings);
    }

    DevSettings settings() {
        return settings;
    }

    List<DevNode> nodes() {
        return nodes;
    }

    DevNode node(int number) {
        if (number < 1 || number > nodes.size()) {
            throw CliException.usage("there is no node " + number + "; give 1 to " + nodes.size());
        }
        return nodes.get(number - 1);
    }

    ApiClient client() {
        return new ApiClient(settings.apiUrls());
    }

    void start(String heap, List<String> jvmOptions) throws IOException {
        for (DevNode node : nodes) {
            start(node, heap, jvmOptions);
        }
    }

    void start(DevNode node, String heap, List<String> jvmOptions) throws IOException {
        node.prepare(!isFounded());
        node.start(heap, jvmOptions);
    }

    /** Makes room for one more node, which follows without a vote; the others are not touched. */
    static DevCluster withOneMore(Path directory) throws IOException {
        DevSettings settings = DevSettings.read(directory).withOneMore();
        settings.write(directory);
        return new DevCluster(directory, settings);
    }

    /** Whether an earlier start has founded it, and made its volume. */
    boolean isFounded() {
        return Files.exists(directory.resolve(FOUNDED));
    }

    /** Notes that the cluster is founded, for later starts. */
    void noteFounded() throws IOException {
        Path marker = directory.resolve(FOUNDED);
        if (!Files.exists(marker)) {
            Files.createFile(marker);
        }
    }

    /** Ends all nodes, all at the same time, cleanly where they can. */
    void stop() {
        for (DevNode node : nodes) {
            node.signal("CONT"); // one that is paused could not end
            node.signal("TERM");
        }
        for (DevNode node : nodes) {
            if (!node.awaitEnd(STOP_SECONDS)) {
                node.signal("KILL");
                node.awaitEnd(STOP_SECONDS);
            }
        }
    }

    /** The state as the first node that answers tells it, or null. */
    ApiViews.@Nullable Status status() {
        try {
            return client().get("/v1/status", ApiViews.Status.class);
        } catch (CliException e) {
            return null;
        }
    }

    /**
     * Waits until every node is up and everything is healthy.
     *
     * @throws CliException naming the node that failed, with its last words
     */
    ApiViews.Status awaitHealthy(int seconds) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (true) {
            for (DevNode node : nodes) {
                if (node.process().isEmpty()) {
                    throw CliException.failed(
                            "node "
                                    + node.number()
                                    + " has ended; its last words:\n"
                                    + node.lastWords()
                                    + "\nThe whole log is in "
                                    + node.log());
                }
            }
            ApiViews.Status status = status();
            if (status != null && isHealthy(status)) {
                return status;
            }
            if (System.nanoTime() - deadline > 0) {
                throw late(status, seconds);
            }
            DevNode.pause();
        }
    }

    private boolean isHealthy(ApiViews.Status status) {
        return status.health() == ApiViews.Health.HEALTHY
                && status.nodes().size() == nodes.size()
                && status.nodes().stream().allMatch(n -> n.up() && n.inTouch());
    }

    private CliException late(ApiViews.@Nullable Status status, int seconds) {
        StringBuilder message =
                new StringBuilder("the cluster is not healthy after " + seconds + " s: ");
        List<DevNode> suspects = nodes;
        if (status == null) {
            message.append("no node answers");
        } else {
            List<Integer> up =
                    status.nodes().stream()
                            .filter(n -> n.up() && n.inTouch())
                            .map(ApiViews.Node::id)
                            .toList();
            suspects = nodes.stream().filter(n -> !up.contains(n.number())).toList();
            message.append(status.placementGroups().healthy())
                    .append(" of ")
                    .append(status.placementGroups().total())
                    .append(" placement groups are healthy");
            String missing =
                    suspects.stream()
                            .map(n -> Integer.toString(n.number()))
                            .collect(Collectors.joining(", "));
            message.append(missing.isEmpty() ? "" : ", not up: node " + missing);
            status.placementGroups()
                    .reasons()
                    .forEach((why, count) -> message.append("\n  ").append(count + ": " + why));
        }
        for (DevNode node : suspects) {
            message.append("\nLast words of node ")
                    .append(node.number())
                    .append(" (")
                    .append(node.log())
                    .append("):\n")
                    .append(node.lastWords());
        }
        return CliException.failed(message.toString());
    }

    /** Makes the volume {@code demo}, unless it is there. */
    void makeVolume(String size) {
        ApiClient client = client();
        ApiViews.Volume[] volumes = client.get("/v1/volumes", ApiViews.Volume[].class);
        for (ApiViews.Volume volume : volumes) {
            if (volume.name().equals(VOLUME)) {
                return;
            }
        }
        client.change(
                "POST",
                "/v1/volumes",
                new ApiViews.CreateVolume(VOLUME, size, null, null, null, null, true, LUN));
    }

    /** Lines to copy and paste. */
    void printWelcome(PrintWriter out, ApiViews.Status status) {
        String target = status.target();
        String first = settings.at(1, DevSettings.ISCSI_PORT);
        String url = "iscsi://" + first + "/" + target + "/" + LUN;
        String portals =
                nodes.stream()
                        .map(n -> settings.at(n.number(), DevSettings.ISCSI_PORT))
                        .collect(Collectors.joining(", "));
        out.printf("The cluster is healthy. Its data is in %s%n%n", directory);
        out.printf("  target   %s%n", target);
        out.printf("  portals  %s (any of them serves every volume)%n", portals);
        boolean hasVolume = status.volumes().stream().anyMatch(v -> v.name().equals(VOLUME));
        if (hasVolume) {
            out.printf("  volume   %s, LUN %d, any host may attach it%n", VOLUME, LUN);
        }
        out.printf("  api      %s%n%n", settings.apiUrls());
        out.printf("open-iscsi, all paths at once (as root, with multipathd running):%n");
        out.printf("  iscsiadm -m discovery -t sendtargets -p %s%n", first);
        out.printf("  iscsiadm -m node -T %s --login%n", target);
        out.printf("  iscsiadm -m node -T %s --logout%n%n", target);
        if (hasVolume) {
            printUrl(out, url);
        }
        out.printf("libiscsi:%n");
        out.printf("  iscsi-ls --show-luns iscsi://%s%n", first);
        if (hasVolume) {
            out.printf("  iscsi-inq %s%n", url);
        }
        out.println();
        out.flush();
    }

    private static void printUrl(PrintWriter out, String url) {
        out.printf("QEMU:%n");
        out.printf("  qemu-img info %s%n", url);
        out.printf("  qemu-system-x86_64 -m 1G -drive file=%s,format=raw,if=virtio%n%n", url);
    }
}
