package io.ashlar.systemtests.kernel;

import io.ashlar.systemtests.cluster.DevCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * One cluster and one guest in a network of their own, made once for all classes that use them: the
 * guest takes longer to start than most of what is done with it. The cluster has no volumes at
 * first; who adds volumes and hosts gives them names of its own. Needs root, for a network
 * namespace. {@code -Dashlar.guest=DIRECTORY} names where the guest is kept.
 */
final class KernelLab implements AutoCloseable {
    private static final Path HOME = Path.of(System.getProperty("ashlar.home"));
    private static final Path TARGET =
            Path.of(System.getProperty("ashlar.target")).toAbsolutePath();

    /** The guest's own name; open-iscsi can take others for single sessions. */
    static final String INITIATOR = "iqn.2001-04.org.example:guest";

    private final long began = System.nanoTime();
    private final Fabric fabric;
    private final DevCluster cluster;
    private final Guest guest;

    KernelLab() throws IOException, InterruptedException {
        String directory = System.getProperty("ashlar.guest", TARGET.resolve("guest").toString());
        GuestImage image = GuestImage.in(HOME, Path.of(directory).toAbsolutePath());
        fabric = new Fabric();
        cluster =
                new DevCluster(
                        HOME,
                        TARGET.resolve("kernel-cluster"),
                        fabric.nodes(),
                        0,
                        List.of("--heap", "512m"),
                        Map.of());
        try {
            cluster.destroy();
            cluster.start();
            cluster.ashlar(1, "volume", "delete", "demo", "--yes").orThrow();
            say("the cluster is healthy");
            guest = new Guest(image, fabric, TARGET.resolve("guest-run"), INITIATOR);
        } catch (IOException | InterruptedException | AssertionError e) {
            try (Fabric closedLast = fabric) {
                cluster.destroy();
            }
            throw e;
        }
    }

    DevCluster cluster() {
        return cluster;
    }

    Fabric fabric() {
        return fabric;
    }

    Guest guest() {
        return guest;
    }

    /** IP address of a node's portal. */
    String address(int node) {
        return cluster.portal(node).getAddress().getHostAddress();
    }

    /** Address and port of a node's portal. */
    String portal(int node) {
        return address(node) + ":" + cluster.portal(node).getPort();
    }

    /** A file with a secret, for {@code ashlar host chap}. */
    String secretFile(String name, String secret) throws IOException {
        Path file = TARGET.resolve("secret-" + name);
        Files.writeString(file, secret);
        return file.toString();
    }

    /** Whether hosts may move volumes. */
    void explicitAlua(boolean isExplicit) throws IOException, InterruptedException {
        cluster.api(1).change("PATCH", "/v1/settings", "{\"explicitAlua\": " + isExplicit + "}");
    }

    /** A line of the report, with the time. */
    void say(String what) {
        System.out.printf("%6.1f s %s%n", (System.nanoTime() - began) / 1e9, what);
    }

    @Override
    public void close() throws IOException, InterruptedException {
        try (Fabric closedLast = fabric;
                Guest closedFirst = guest) {
            cluster.keepLogs(TARGET.resolve("kernel-logs"));
            cluster.destroy();
        }
    }
}
