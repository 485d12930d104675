package io.ashlar.systemtests.kernel;

import io.ashlar.systemtests.cluster.DevCluster;
import io.ashlar.systemtests.cluster.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A network of its own for one cluster and one guest, in a network namespace: 198.51.100.0/24, a
 * documentation network (RFC 5737). Nodes, guest and this process see each other by the same
 * addresses, so what discovery tells is right for all. Needs root.
 */
final class Fabric implements AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofSeconds(20);
    private static final String NETWORK = "198.51.100.";
    private static final String PREFIX_LENGTH = "/24";
    private static final int TEST = 1;
    private static final int BRIDGE_ITSELF = 10;
    private static final int FIRST_NODE = 11;
    private static final int GUEST = 101;
    private static final String BRIDGE = "fabric";
    private static final String NAME = "ashlar-it-";

    /** The guest's end of the network, in the namespace. */
    static final String TAP = "guest";

    private final String namespace = NAME + ProcessHandle.current().pid();

    /** This process's end; the name of an interface has 15 characters at most. */
    private final String link = "ash" + ProcessHandle.current().pid();

    Fabric() throws IOException, InterruptedException {
        removeLeftovers();
        try {
            ip("netns add " + namespace);
            inside("link set lo up");
            inside("link add " + BRIDGE + " type bridge");
            // The first address stays: without it all others would go, or be made anew, which
            // breaks connections that have nothing to do with the address that is removed.
            inside("addr add " + at(BRIDGE_ITSELF) + " dev " + BRIDGE);
            for (int node = 0; node < DevCluster.NODES; node++) {
                inside("addr add " + at(FIRST_NODE + node) + " dev " + BRIDGE);
            }
            inside("link set " + BRIDGE + " up");
            inside("tuntap add " + TAP + " mode tap");
            inside("link set " + TAP + " master " + BRIDGE + " up");
            ip("link add " + link + " type veth peer name test netns " + namespace);
            inside("link set test master " + BRIDGE + " up");
            ip("addr add " + at(TEST) + " dev " + link);
            ip("link set " + link + " up");
        } catch (AssertionError e) {
            close();
            throw new AssertionError(
                    "no network namespace could be made; it needs root and the package iproute2",
                    e);
        }
    }

    private static String at(int host) {
        return NETWORK + host + PREFIX_LENGTH;
    }

    /** What a run that was killed has left behind. Its processes are not looked for. */
    private static void removeLeftovers() throws IOException, InterruptedException {
        String list = Program.run(TIMEOUT, "ip", "netns", "list").orThrow().output();
        for (String line : list.lines().toList()) {
            String name = line.split(" ")[0];
            if (name.startsWith(NAME)) {
                String pid = name.substring(NAME.length());
                if (!Files.isDirectory(Path.of("/proc", pid))) {
                    tryIp("link del ash" + pid);
                    tryIp("netns del " + name);
                }
            }
        }
    }

    /** Words before a command that is to run in this network. */
    List<String> prefix() {
        return List.of("ip", "netns", "exec", namespace);
    }

    /** Where a cluster's nodes find their addresses. */
    DevCluster.Site nodes() {
        return new DevCluster.Site(prefix(), NETWORK, FIRST_NODE);
    }

    /**
     * Nothing reaches a node any more, counted from 1, as if the switch dropped it: who is
     * connected hears nothing, and nobody else gets a connection. What the node itself has
     * connected to other nodes stands, which is worse than a cable that is pulled out.
     */
    void cut(int node) throws IOException, InterruptedException {
        inside("addr del " + at(FIRST_NODE + node - 1) + " dev " + BRIDGE);
    }

    /** Ends a {@link #cut}. */
    void mend(int node) throws IOException, InterruptedException {
        inside("addr add " + at(FIRST_NODE + node - 1) + " dev " + BRIDGE);
    }

    /** With the length of the prefix. */
    String guestAddress() {
        return at(GUEST);
    }

    /** Processes that still run in the namespace keep it alive, without a name. */
    @Override
    public void close() throws IOException, InterruptedException {
        tryIp("link del " + link);
        tryIp("netns del " + namespace);
    }

    private void inside(String arguments) throws IOException, InterruptedException {
        ip("-n " + namespace + " " + arguments);
    }

    private static void ip(String arguments) throws IOException, InterruptedException {
        tryIp(arguments).orThrow();
    }

    private static Program.Result tryIp(String arguments) throws IOException, InterruptedException {
        return run(List.of("ip"), arguments);
    }

    private static Program.Result run(List<String> first, String arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(first);
        command.addAll(List.of(arguments.split(" ")));
        return Program.run(TIMEOUT, Map.of(), command);
    }
}
