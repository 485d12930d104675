package io.ashlar.volume;

import io.ashlar.common.Check;
import java.time.Duration;

/**
 * Times and limits of a {@link VolumeNode}. All must be positive.
 *
 * @param ticketInterval how often an owner numbers a new ticket
 * @param heartbeatInterval how often a node sends its newest ticket, which is its sign of life
 * @param ageMax T of DESIGN section 6, rule 6: a command older than this is refused when it would
 *     be issued. Well below the hosts' command timeouts
 * @param ownerSilenceMax an owner that was not heard for this long loses its volumes
 * @param pathSilenceMax a node that was not heard for this long is no path
 * @param answerHoldMax longest that a refusal is held back while no fresh ticket is there
 * @param pingAnswerMax longest that a refusal is held back for the host's sign of life
 * @param busyRetry pause before a request is repeated that a placement group could not take
 * @param receiveBufferBytes most that a host connection's socket holds unread
 * @param nodeBytesMax data of commands in flight by this node, likewise per host and per volume
 * @param hostBytesMax see {@code nodeBytesMax}
 * @param volumeBytesMax see {@code nodeBytesMax}
 * @param nodeCommandsMax commands in flight by this node as ingress
 * @param commandPartsMax parts of one command in flight at a time
 * @param ownedBytesMax data of parts at this node as owner, of all volumes, waiting or in flight
 * @param ownedPartsMax parts of one volume at its owner, waiting or in flight
 * @param waitingPartsMax parts of one connection that wait for its sign of life
 * @param hostsMax hosts of one volume that its owner remembers
 * @param installsMax placement groups of one volume that are fenced at a time
 * @param moves planned moves
 */
public record VolumeSettings(
        Duration ticketInterval,
        Duration heartbeatInterval,
        Duration ageMax,
        Duration ownerSilenceMax,
        Duration pathSilenceMax,
        Duration answerHoldMax,
        Duration pingAnswerMax,
        Duration busyRetry,
        int receiveBufferBytes,
        long nodeBytesMax,
        long hostBytesMax,
        long volumeBytesMax,
        int nodeCommandsMax,
        int commandPartsMax,
        long ownedBytesMax,
        int ownedPartsMax,
        int waitingPartsMax,
        int hostsMax,
        int installsMax,
        MoveSettings moves) {
    private static final long MIB = 1024 * 1024;

    public VolumeSettings {
        Check.argument(
                ageMax.compareTo(ticketInterval.multipliedBy(2)) > 0,
                "ageMax %s must be more than two ticket intervals of %s",
                ageMax,
                ticketInterval);
        Check.argument(
                ownerSilenceMax.compareTo(heartbeatInterval.multipliedBy(2)) > 0,
                "ownerSilenceMax %s must be more than two heartbeat intervals of %s",
                ownerSilenceMax,
                heartbeatInterval);
        Check.argument(receiveBufferBytes > 0, "receiveBufferBytes %s", receiveBufferBytes);
        Check.argument(
                nodeBytesMax > 0 && hostBytesMax > 0 && volumeBytesMax > 0, "limits are positive");
        Check.argument(
                nodeCommandsMax > 0
                        && commandPartsMax > 0
                        && ownedBytesMax > 0
                        && ownedPartsMax > 0
                        && waitingPartsMax > 0
                        && hostsMax > 0
                        && installsMax > 0,
                "limits are positive");
    }

    /** What a node of the reference size uses. */
    public static VolumeSettings defaults() {
        return new VolumeSettings(
                Duration.ofSeconds(1),
                Duration.ofMillis(250),
                Duration.ofSeconds(8),
                Duration.ofSeconds(2),
                Duration.ofSeconds(3),
                Duration.ofSeconds(5),
                Duration.ofSeconds(1),
                Duration.ofMillis(200),
                (int) (6 * MIB),
                256 * MIB,
                128 * MIB,
                128 * MIB,
                16_384,
                16,
                1024 * MIB,
                16_384,
                4_096,
                4_096,
                64,
                MoveSettings.defaults());
    }

    /**
     * The same, with each limit of data in memory lowered to {@code bytesMax} where it is above.
     */
    public VolumeSettings withBytesMax(long bytesMax) {
        return new VolumeSettings(
                ticketInterval,
                heartbeatInterval,
                ageMax,
                ownerSilenceMax,
                pathSilenceMax,
                answerHoldMax,
                pingAnswerMax,
                busyRetry,
                receiveBufferBytes,
                Math.min(nodeBytesMax, bytesMax),
                Math.min(hostBytesMax, bytesMax),
                Math.min(volumeBytesMax, bytesMax),
                nodeCommandsMax,
                commandPartsMax,
                Math.min(ownedBytesMax, bytesMax),
                ownedPartsMax,
                waitingPartsMax,
                hostsMax,
                installsMax,
                moves);
    }

    /** The same with other planned moves. */
    public VolumeSettings withMoves(MoveSettings others) {
        return new VolumeSettings(
                ticketInterval,
                heartbeatInterval,
                ageMax,
                ownerSilenceMax,
                pathSilenceMax,
                answerHoldMax,
                pingAnswerMax,
                busyRetry,
                receiveBufferBytes,
                nodeBytesMax,
                hostBytesMax,
                volumeBytesMax,
                nodeCommandsMax,
                commandPartsMax,
                ownedBytesMax,
                ownedPartsMax,
                waitingPartsMax,
                hostsMax,
                installsMax,
                others);
    }
}
