package io.ashlar.metadata.wire;

import io.ashlar.metadata.Command;
import java.util.UUID;

/**
 * A command on its way to the state machine, with what it takes to apply it at most once.
 *
 * @param client drawn by a client when it started
 * @param sequence of the command within the client, from 1; a repeat has the same
 * @param settledBelow the client waits for no outcome of sequences below this one any more, and
 *     will not repeat them; at most {@code sequence}
 * @param viewIndex log index of the client's view when it took the sequence
 * @param command what to apply
 */
public record Envelope(
        UUID client, long sequence, long settledBelow, long viewIndex, Command command) {}
