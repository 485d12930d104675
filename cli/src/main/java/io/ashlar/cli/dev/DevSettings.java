package io.ashlar.cli.dev;

import io.ashlar.cli.CliException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a development cluster was made with; kept in its directory, so that a restart finds the same
 * cluster again.
 *
 * @param version of this format
 * @param cluster its identity
 * @param nodes 1, 3 or 5: those that it was made with, which vote
 * @param added nodes that came later, numbered after them
 * @param address of the first node; the others have the following ones
 * @param portOffset added to every standard port
 * @param devices of each node
 * @param deviceSize most that a device may take, or empty for no limit
 */
record DevSettings(
        int version,
        UUID cluster,
        int nodes,
        int added,
        String address,
        int portOffset,
        int devices,
        String deviceSize) {
    static final int VERSION = 2;
    static final String ADDRESS_DEFAULT = "127.0.0.1";

    static final int ISCSI_PORT = 3260;
    static final int DATA_PORT = 7460;
    static final int LIVENESS_PORT = 7461;
    static final int RAFT_PORT = 7462;
    static final int API_PORT = 7480;

    private static final String FILE = "cluster.json";
    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

    /** Whether a cluster was made in the directory. */
    static boolean exist(Path directory) {
        return Files.exists(directory.resolve(FILE));
    }

    static DevSettings read(Path directory) {
        Path file = directory.resolve(FILE);
        if (!exist(directory)) {
            throw CliException.failed(
                    "there is no development cluster in "
                            + directory
                            + "; start one with 'ashlar dev', or name another --dir");
        }
        try {
            DevSettings settings = MAPPER.readValue(Files.readAllBytes(file), DevSettings.class);
            if (settings.version() != VERSION) {
                throw CliException.failed(
                        file
                                + " has version "
                                + settings.version()
                                + ", this 'ashlar' knows "
                                + VERSION
                                + "; use the 'ashlar' that made it");
            }
            return settings;
        } catch (IOException | JacksonException e) {
            throw CliException.failed(file + " cannot be read: " + e.getMessage() + "; restore it");
        }
    }

    void write(Path directory) throws IOException {
        Path temporary = directory.resolve(FILE + ".new");
        Files.write(temporary, MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(this));
        Files.move(temporary, directory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
    }

    /** How many nodes there are, with and without a vote. */
    int total() {
        return nodes + added;
    }

    DevSettings withOneMore() {
        return new DevSettings(
                version, cluster, nodes, added + 1, address, portOffset, devices, deviceSize);
    }

    /** IP address of a node, counted from 1. */
    String addressOf(int node) {
        int dot = address.lastIndexOf('.');
        int last = Integer.parseInt(address.substring(dot + 1)) + node - 1;
        return address.substring(0, dot + 1) + last;
    }

    String at(int node, int port) {
        return addressOf(node) + ":" + (port + portOffset);
    }

    /** Every node's interface, for the client. */
    String apiUrls() {
        StringBuilder urls = new StringBuilder();
        for (int node = 1; node <= total(); node++) {
            urls.append(urls.isEmpty() ? "" : ",").append("http://").append(at(node, API_PORT));
        }
        return urls.toString();
    }
}
