package io.ashlar.systemtests.iscsi;

import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * How to log in.
 *
 * @param isidQualifier distinguishes the sessions of one initiator: it becomes the last two bytes
 *     of a random-type ISID (RFC 7143 section 11.12.5)
 * @param immediateData whether to offer ImmediateData=Yes
 * @param initialR2t whether to insist on InitialR2T=Yes; else unsolicited data is sent when the
 *     target allows it
 */
public record SessionOptions(
        InetSocketAddress portal,
        String initiatorName,
        String targetName,
        int isidQualifier,
        boolean immediateData,
        boolean initialR2t,
        Duration loginTimeout) {
    public static final String INITIATOR_NAME = "iqn.2026-11.io.ashlar:system-tests";

    public static SessionOptions of(InetSocketAddress portal, String targetName) {
        return new SessionOptions(
                portal, INITIATOR_NAME, targetName, 1, true, false, Duration.ofSeconds(10));
    }

    public SessionOptions withPortal(InetSocketAddress other) {
        return new SessionOptions(
                other,
                initiatorName,
                targetName,
                isidQualifier,
                immediateData,
                initialR2t,
                loginTimeout);
    }

    public SessionOptions withIsidQualifier(int qualifier) {
        return new SessionOptions(
                portal,
                initiatorName,
                targetName,
                qualifier,
                immediateData,
                initialR2t,
                loginTimeout);
    }

    public SessionOptions withInitiatorName(String name) {
        return new SessionOptions(
                portal, name, targetName, isidQualifier, immediateData, initialR2t, loginTimeout);
    }

    public SessionOptions withData(boolean immediate, boolean r2tFirst) {
        return new SessionOptions(
                portal,
                initiatorName,
                targetName,
                isidQualifier,
                immediate,
                r2tFirst,
                loginTimeout);
    }

    public SessionOptions withLoginTimeout(Duration timeout) {
        return new SessionOptions(
                portal,
                initiatorName,
                targetName,
                isidQualifier,
                immediateData,
                initialR2t,
                timeout);
    }
}
