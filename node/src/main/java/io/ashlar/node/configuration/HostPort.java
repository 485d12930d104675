package io.ashlar.node.configuration;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/**
 * An IP address and a TCP port. Names are not resolved: an address that others are told must not
 * depend on anybody's resolver.
 *
 * @param host IP address as text, IPv6 without brackets
 * @param port 1 to 65535
 */
public record HostPort(String host, int port) {
    /**
     * Parses {@code 192.0.2.1:3260} or {@code [2001:db8::1]:3260}.
     *
     * @throws IllegalArgumentException with a message that says what is wrong
     */
    public static HostPort parse(String text) {
        int colon = text.lastIndexOf(':');
        if (colon <= 0) {
            throw new IllegalArgumentException("'" + text + "' is not ADDRESS:PORT");
        }
        String host = text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        } else if (host.indexOf(':') >= 0) {
            throw new IllegalArgumentException(
                    "'" + text + "': write an IPv6 address in brackets, [ADDRESS]:PORT");
        }
        InetAddress address;
        try {
            address = InetAddress.ofLiteral(host);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "'" + host + "' is not an IP address; names are not resolved");
        }
        if (address.isAnyLocalAddress()) {
            throw new IllegalArgumentException(
                    "'" + host + "' is no address that others can connect to; name one interface");
        }
        int port;
        try {
            port = Integer.parseInt(text.substring(colon + 1));
        } catch (NumberFormatException e) {
            port = -1;
        }
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException(
                    "port '" + text.substring(colon + 1) + "' is not in 1 to 65535");
        }
        return new HostPort(host, port);
    }

    public InetSocketAddress socketAddress() {
        return new InetSocketAddress(InetAddress.ofLiteral(host), port);
    }

    public boolean isLoopback() {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false; // cannot happen for a literal
        }
    }

    @Override
    public String toString() {
        return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
    }
}
