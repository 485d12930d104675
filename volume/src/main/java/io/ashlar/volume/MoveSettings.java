package io.ashlar.volume;

import io.ashlar.common.Check;
import java.time.Duration;

/**
 * Times and limits of planned moves of a volume's owner.
 *
 * @param offerMax longest wait for the new owner's word that it would take the volume; nothing is
 *     held meanwhile
 * @param drainMax longest wait until what was admitted is decided; then the move is given up
 * @param holdMax longest that commands are held; then they go back to their hosts as BUSY
 * @param requestMax longest that somebody who asks for a move waits for its outcome
 * @param isImplicit whether volumes follow their hosts' I/O by themselves
 * @param slice I/O is looked at in slices of this length
 * @param slices in so many slices in a row one other node must have the clear majority
 * @param commandsMin slices with fewer commands favour nobody
 * @param majorityPercent of commands and of bytes; above 50
 * @param dwellMin least time at one owner before a volume moves by itself
 * @param dwellMax the same for volumes whose I/O keeps going to and fro
 */
public record MoveSettings(
        Duration offerMax,
        Duration drainMax,
        Duration holdMax,
        Duration requestMax,
        boolean isImplicit,
        Duration slice,
        int slices,
        int commandsMin,
        int majorityPercent,
        Duration dwellMin,
        Duration dwellMax) {
    public MoveSettings {
        Check.argument(
                offerMax.isPositive() && drainMax.isPositive() && slice.isPositive(),
                "times of moves are positive");
        Check.argument(
                holdMax.compareTo(drainMax) > 0,
                "holdMax %s must be more than drainMax %s",
                holdMax,
                drainMax);
        Check.argument(
                requestMax.compareTo(holdMax.plus(offerMax)) > 0,
                "requestMax %s must be more than offerMax and holdMax",
                requestMax);
        Check.argument(
                slices > 0 && commandsMin > 0 && majorityPercent > 50 && majorityPercent <= 100,
                "slices %s, commandsMin %s, majorityPercent %s",
                slices,
                commandsMin,
                majorityPercent);
        Check.argument(
                dwellMin.isPositive() && dwellMax.compareTo(dwellMin) >= 0,
                "dwellMin %s, dwellMax %s",
                dwellMin,
                dwellMax);
    }

    /** What a node of the reference size uses. */
    public static MoveSettings defaults() {
        return new MoveSettings(
                Duration.ofMillis(500),
                Duration.ofMillis(500),
                Duration.ofSeconds(1),
                Duration.ofSeconds(10),
                true,
                Duration.ofSeconds(1),
                5,
                10,
                75,
                Duration.ofSeconds(30),
                Duration.ofMinutes(16));
    }
}
