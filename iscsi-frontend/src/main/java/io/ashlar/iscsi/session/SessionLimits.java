package io.ashlar.iscsi.session;

/**
 * Bounds of one session.
 *
 * @param commandWindow commands in progress, {@code 1..1024}
 * @param immediateCommandsMax immediate commands in progress, beyond the window
 * @param inFlightBytesMax data of commands in progress; further ones wait
 * @param loginSeconds how long a login may take
 * @param idleSeconds after so long without a byte the initiator is asked for a sign of life
 * @param answerSeconds how long it has for that
 */
public record SessionLimits(
        int commandWindow,
        int immediateCommandsMax,
        long inFlightBytesMax,
        int loginSeconds,
        int idleSeconds,
        int answerSeconds) {}
