package io.ashlar.replication.transport;

import io.ashlar.common.NodeId;
import io.ashlar.metadata.NodeRecord;
import io.ashlar.replication.PeerTransport.Lane;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.function.Function;

/**
 * Where nodes listen, as the replicated view knows it now. Asked before every attempt to connect,
 * on the transport's threads: it must not block.
 */
@FunctionalInterface
public interface PeerAddresses {
    /** The address of a node's lane, resolved or not; empty while it is not known. */
    Optional<InetSocketAddress> address(Lane lane, NodeId node);

    /** Reads them from the nodes' records. */
    static PeerAddresses ofRecords(Function<NodeId, Optional<NodeRecord.Addresses>> records) {
        return (lane, node) ->
                records.apply(node)
                        .map(addresses ->
                                switch (lane) {
                                    case DATA -> parse(addresses.data());
                                    case LIVENESS -> parse(addresses.liveness());
                                });
    }

    /**
     * Parses {@code host:port}, IPv6 hosts in brackets; names are not resolved here.
     *
     * @throws IllegalArgumentException if it is neither
     */
    static InetSocketAddress parse(String text) {
        int colon = text.lastIndexOf(':');
        String host = colon > 0 ? text.substring(0, colon) : "";
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        } else if (host.contains(":")) {
            host = "";
        }
        if (!host.isEmpty()) {
            try {
                int port = Integer.parseInt(text.substring(colon + 1));
                if (port >= 0 && port <= 0xFFFF) {
                    return InetSocketAddress.createUnresolved(host, port);
                }
            } catch (NumberFormatException _) {
                // the message below says it better
            }
        }
        throw new IllegalArgumentException(
                "\"" + text + "\" is not host:port or [IPv6 address]:port");
    }
}
