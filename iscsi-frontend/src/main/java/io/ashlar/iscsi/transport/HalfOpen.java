package io.ashlar.iscsi.transport;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * Counts the connections that are in login, so that who opens many and says nothing keeps nobody
 * else out. Safe for use by any thread.
 */
final class HalfOpen {
    private static final int IPV6_BYTES = 16;

    /** One IPv6 host may have a whole subnet of addresses. */
    private static final int IPV6_SUBNET_BYTES = 8;

    private final int max;
    private final int perSourceMax;
    private final Map<String, Integer> bySource = new HashMap<>();
    private int all;

    /**
     * @param max over all sources
     * @param perSourceMax of one IPv4 address or IPv6 subnet of 64 bits
     */
    HalfOpen(int max, int perSourceMax) {
        this.max = max;
        this.perSourceMax = perSourceMax;
    }

    /**
     * Lets one more in, unless that would be one too many.
     *
     * @return whether it is in; then {@link #leave} must follow
     */
    synchronized boolean enter(InetAddress address) {
        String source = source(address);
        int before = bySource.getOrDefault(source, 0);
        if (all >= max || before >= perSourceMax) {
            return false;
        }
        bySource.put(source, before + 1);
        all++;
        return true;
    }

    /** One that entered has logged in, or is gone. */
    synchronized void leave(InetAddress address) {
        bySource.computeIfPresent(source(address), (_, count) -> count == 1 ? null : count - 1);
        all--;
    }

    /** How many are in login. */
    synchronized int size() {
        return all;
    }

    /** How many sources are remembered: those with connections in login, no others. */
    synchronized int sourceCount() {
        return bySource.size();
    }

    private static String source(InetAddress address) {
        byte[] bytes = address.getAddress();
        boolean bySubnet = bytes.length == IPV6_BYTES && !address.isLinkLocalAddress();
        return HexFormat.of().formatHex(bySubnet ? Arrays.copyOf(bytes, IPV6_SUBNET_BYTES) : bytes);
    }
}
