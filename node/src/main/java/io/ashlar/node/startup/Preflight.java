package io.ashlar.node.startup;

import io.ashlar.node.OperatorException;
import io.ashlar.node.configuration.ByteSize;
import io.ashlar.node.configuration.HostPort;
import io.ashlar.node.configuration.NodeConfiguration;
import java.io.IOException;
import java.net.BindException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Looks at ports and disks before anything is opened, so that the usual troubles are told in one
 * line and leave everything as it was. What slips through is told by whoever meets it.
 */
final class Preflight {
    /** Room that the control state's log and the node's own files need to begin with. */
    private static final long METADATA_BYTES_MIN = 64L << 20;

    private Preflight() {}

    /**
     * @throws OperatorException naming the first trouble
     */
    static void check(NodeConfiguration configuration) {
        NodeConfiguration.Addresses addresses = configuration.addresses();
        port(configuration, "iscsi", addresses.iscsi());
        port(configuration, "data", addresses.data());
        port(configuration, "liveness", addresses.liveness());
        port(configuration, "raft", addresses.raft());
        port(configuration, "api", addresses.api());
        Path metadata = configuration.metadataDirectory();
        space(configuration, "metadataDirectory", metadata, METADATA_BYTES_MIN);
    }

    private static void port(NodeConfiguration configuration, String key, HostPort address) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(address.socketAddress());
        } catch (BindException e) {
            String message = String.valueOf(e.getMessage());
            boolean foreign = message.contains("assign");
            throw OperatorException.start(
                    configuration.file()
                            + ": addresses."
                            + key
                            + ": cannot listen on "
                            + address
                            + (foreign
                                    ? ": this machine has no such address; correct it"
                                    : ": the port is in use or not allowed ("
                                            + message
                                            + "); stop what listens there, or choose another"
                                            + " port"),
                    e);
        } catch (IOException e) {
            throw OperatorException.start(
                    configuration.file()
                            + ": addresses."
                            + key
                            + ": cannot listen on "
                            + address
                            + ": "
                            + e.getMessage()
                            + "; choose another address",
                    e);
        }
    }

    /** Refuses a disk that has no room to start with. */
    static void space(NodeConfiguration configuration, String key, Path directory, long bytesMin) {
        long usable;
        try {
            usable = Files.getFileStore(directory).getUsableSpace();
        } catch (IOException e) {
            throw OperatorException.start(
                    configuration.file()
                            + ": "
                            + key
                            + ": "
                            + directory
                            + " is not readable: "
                            + e
                            + "; check the disk",
                    e);
        }
        if (usable < bytesMin) {
            throw OperatorException.start(
                    configuration.file()
                            + ": "
                            + key
                            + ": the disk of "
                            + directory
                            + " is full: "
                            + ByteSize.format(usable)
                            + " free, "
                            + ByteSize.format(bytesMin)
                            + " needed; free space, or name a directory on another disk");
        }
    }
}
