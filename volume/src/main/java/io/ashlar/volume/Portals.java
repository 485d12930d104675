package io.ashlar.volume;

import io.ashlar.common.Check;
import io.ashlar.common.NodeId;

/** Reads addresses as nodes register them. */
final class Portals {
    private Portals() {}

    /**
     * @param address {@code host:port}, an IPv6 host in brackets
     */
    static Portal parse(NodeId node, String address) {
        int colon = address.lastIndexOf(':');
        Check.argument(colon > 0, "address %s has no port", address);
        String host = address.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        }
        return new Portal(node, host, Integer.parseInt(address.substring(colon + 1)));
    }
}
