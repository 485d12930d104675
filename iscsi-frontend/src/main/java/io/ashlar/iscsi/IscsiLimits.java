package io.ashlar.iscsi;

import io.ashlar.common.Check;

/**
 * Bounds of an iSCSI target.
 *
 * @param connectionsMax open connections of the node
 * @param halfOpenMax connections that may be in login at once
 * @param halfOpenPerSourceMax the same from one IPv4 address or IPv6 subnet of 64 bits
 * @param commandWindow commands in progress of one session, a power of two
 * @param inFlightBytesMax data of commands in progress of one session, bytes; others wait
 * @param nodeInFlightBytesMax the same over all sessions, bytes; others get TASK SET FULL
 * @param loginSeconds how long a login may take
 * @param idleSeconds silence after which an initiator is asked for a sign of life
 * @param answerSeconds how long it has to give one before its session ends
 */
public record IscsiLimits(
        int connectionsMax,
        int halfOpenMax,
        int halfOpenPerSourceMax,
        int commandWindow,
        long inFlightBytesMax,
        long nodeInFlightBytesMax,
        int loginSeconds,
        int idleSeconds,
        int answerSeconds) {
    /** What a node uses unless it is told otherwise. */
    public static final IscsiLimits DEFAULT =
            new IscsiLimits(1024, 128, 64, 64, 16 * 1024 * 1024, 512 * 1024 * 1024, 10, 10, 10);

    public IscsiLimits {
        Check.argument(
                commandWindow >= 1 && commandWindow <= 1024 && Integer.bitCount(commandWindow) == 1,
                "command window %s is not a power of two in 1..1024",
                commandWindow);
        Check.argument(
                connectionsMax > 0 && halfOpenMax > 0 && halfOpenPerSourceMax > 0,
                "at least one connection must be allowed");
        Check.argument(
                inFlightBytesMax > 0 && nodeInFlightBytesMax >= inFlightBytesMax,
                "a node's in-flight bytes are at least those of a session");
        Check.argument(
                loginSeconds > 0 && idleSeconds > 0 && answerSeconds > 0,
                "times are at least one second");
    }
}
