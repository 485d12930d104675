package io.ashlar.metadata.replica;

import io.ashlar.metadata.Outcome;
import io.ashlar.metadata.wire.Envelope;
import io.ashlar.metadata.wire.SessionImage;
import io.ashlar.metadata.wire.SnapshotCodec;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Remembers what was applied for whom, so that a command that reaches the log twice is applied
 * once. Part of the replicated state: every node remembers and forgets the same at the same log
 * index. The engine's own cache of replies is no substitute, since it is neither in snapshots nor
 * for ever.
 *
 * <p>A forgotten session cannot let a late repeat through: the repeat names the index of its
 * client's view from before it was first applied, which is below {@code forgottenIndex}. Owned by
 * the thread that applies.
 */
final class Sessions {
    /** A session that was not used for so many log entries is forgotten. */
    static final long IDLE_ENTRIES_MAX = 1_000_000;

    private final TreeMap<UUID, Session> sessions = new TreeMap<>();
    private long forgottenIndex;

    private static final class Session {
        private long lastIndex;
        private long settledBelow;
        private final TreeMap<Long, Outcome> results = new TreeMap<>();
    }

    Sessions() {}

    Sessions(SessionImage image) {
        forgottenIndex = image.forgottenIndex();
        image.sessions()
                .forEach((client, saved) -> {
                    Session session = new Session();
                    session.lastIndex = saved.lastIndex();
                    session.settledBelow = saved.settledBelow();
                    session.results.putAll(saved.results());
                    sessions.put(client, session);
                });
    }

    SessionImage image() {
        TreeMap<UUID, SessionImage.Session> saved = new TreeMap<>();
        sessions.forEach((client, session) ->
                saved.put(
                        client,
                        new SessionImage.Session(
                                session.lastIndex,
                                session.settledBelow,
                                Collections.unmodifiableSortedMap(
                                        new TreeMap<>(session.results)))));
        return new SessionImage(forgottenIndex, Collections.unmodifiableSortedMap(saved));
    }

    /**
     * Whether a command is to be applied now.
     *
     * @return null if it is, and {@link #record} must follow; else the outcome that it had, or
     *     Unknown if that is forgotten, in which case it is not applied now or later
     */
    @Nullable Outcome repeatOf(Envelope envelope, long index) {
        Session session = sessions.get(envelope.client());
        if (session == null) {
            if (envelope.viewIndex() < forgottenIndex) {
                return new Outcome.Unknown(
                        "the command is older than what is remembered of its client");
            }
            session = open(envelope.client(), index);
        }
        session.lastIndex = index;
        if (envelope.sequence() < session.settledBelow) {
            return new Outcome.Unknown("its client has given the command up");
        }
        settle(session, envelope.settledBelow());
        return session.results.get(envelope.sequence());
    }

    void record(Envelope envelope, Outcome outcome) {
        Session session = sessions.get(envelope.client());
        if (session == null) {
            throw new IllegalStateException("no session of " + envelope.client());
        }
        session.results.put(envelope.sequence(), outcome);
        if (session.results.size() > SnapshotCodec.RESULTS_MAX) {
            settle(session, session.results.firstKey() + 1);
        }
    }

    /** The outcome of a command of a client, if it was applied and is remembered. */
    @Nullable Outcome outcomeOf(UUID client, long sequence) {
        Session session = sessions.get(client);
        return session == null ? null : session.results.get(sequence);
    }

    private Session open(UUID client, long index) {
        sessions.values().removeIf(session -> forgetIfUnusedSince(session, index));
        if (sessions.size() >= SnapshotCodec.SESSIONS_MAX) {
            UUID oldest = sessions.firstKey();
            long lastIndex = Long.MAX_VALUE;
            for (Map.Entry<UUID, Session> entry : sessions.entrySet()) {
                if (entry.getValue().lastIndex < lastIndex) {
                    lastIndex = entry.getValue().lastIndex;
                    oldest = entry.getKey();
                }
            }
            sessions.remove(oldest);
            forgottenIndex = Math.max(forgottenIndex, lastIndex);
        }
        Session session = new Session();
        sessions.put(client, session);
        return session;
    }

    private boolean forgetIfUnusedSince(Session session, long index) {
        boolean idle = session.lastIndex < index - IDLE_ENTRIES_MAX;
        if (idle) {
            forgottenIndex = Math.max(forgottenIndex, session.lastIndex);
        }
        return idle;
    }

    private static void settle(Session session, long below) {
        session.settledBelow = Math.max(session.settledBelow, below);
        session.results.headMap(session.settledBelow).clear();
    }
}
