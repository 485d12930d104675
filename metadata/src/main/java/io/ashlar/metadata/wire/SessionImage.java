package io.ashlar.metadata.wire;

import io.ashlar.metadata.Outcome;
import java.util.SortedMap;
import java.util.UUID;

/**
 * What a snapshot says of the clients' sessions.
 *
 * @param forgottenIndex no session that was forgotten had been used after this log index
 * @param sessions by client
 */
public record SessionImage(long forgottenIndex, SortedMap<UUID, Session> sessions) {
    /**
     * One client's session.
     *
     * @param lastIndex log index of its newest command
     * @param settledBelow no command with a lower sequence is applied any more
     * @param results outcomes of those from there on that were applied, by sequence
     */
    public record Session(long lastIndex, long settledBelow, SortedMap<Long, Outcome> results) {}
}
