package io.ashlar.metadata.wire;

import io.ashlar.common.Wire;
import io.ashlar.common.WireFormatException;
import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.Outcome;
import io.ashlar.metadata.wire.SessionImage.Session;
import io.netty.buffer.ByteBuf;
import java.util.Collections;
import java.util.TreeMap;
import java.util.UUID;

/**
 * A snapshot of all that the state machine knows.
 *
 * <pre>
 * control state, as in ControlStateCodec
 * forgottenIndex, 8 bytes; sessions, 4; then for each:
 *   client, 16; lastIndex, 8; settledBelow, 8; results, 4; then for each:
 *     sequence, 8; outcome, as in OutcomeCodec
 * </pre>
 */
public final class SnapshotCodec {
    /** Sessions that are remembered. */
    public static final int SESSIONS_MAX = 1024;

    /** Results of one session that are remembered; so many sequences a client has under way. */
    public static final int RESULTS_MAX = 256;

    /** Bytes of one snapshot, frame included. */
    public static final int SNAPSHOT_BYTES_MAX = 256 * 1024 * 1024;

    /**
     * Since 2 hosts have secrets, since 3 volumes have reservations, since 4 ALUA may be explicit,
     * since 5 there are host groups.
     */
    private static final int VERSION = 5;

    private static final Frame FRAME =
            new Frame(
                    Frame.magic("ASHS"),
                    "metadata snapshot",
                    VERSION,
                    SNAPSHOT_BYTES_MAX - Frame.HEADER_BYTES);
    private static final int SESSION_BYTES_MIN = 36;
    private static final int RESULT_BYTES_MIN = 19;

    private SnapshotCodec() {}

    /** The contents of a snapshot. */
    public record Snapshot(ControlState state, SessionImage sessions) {}

    public static void write(ByteBuf out, Snapshot snapshot) {
        FRAME.write(
                out,
                body -> {
                    ControlStateCodec.write(body, snapshot.state());
                    writeSessions(body, snapshot.sessions());
                });
    }

    /**
     * @throws WireFormatException for anything that {@link #write} did not write
     */
    public static Snapshot read(ByteBuf in) {
        return FRAME.read(
                in,
                (body, version) ->
                        new Snapshot(ControlStateCodec.read(body, version), readSessions(body)));
    }

    private static void writeSessions(ByteBuf out, SessionImage image) {
        out.writeLong(image.forgottenIndex()).writeInt(image.sessions().size());
        image.sessions()
                .forEach((client, session) -> {
                    Wire.writeUuid(out, client);
                    out.writeLong(session.lastIndex())
                            .writeLong(session.settledBelow())
                            .writeInt(session.results().size());
                    session.results()
                            .forEach((sequence, outcome) ->
                                    OutcomeCodec.write(out.writeLong(sequence), outcome));
                });
    }

    private static SessionImage readSessions(ByteBuf in) {
        long forgottenIndex = Wire.readLong(in);
        TreeMap<UUID, Session> sessions = new TreeMap<>();
        for (int i = Wire.readCount(in, SESSIONS_MAX, SESSION_BYTES_MIN); i > 0; i--) {
            UUID client = Wire.readUuid(in);
            long lastIndex = Wire.readLong(in);
            long settledBelow = Wire.readLong(in);
            TreeMap<Long, Outcome> results = new TreeMap<>();
            for (int j = Wire.readCount(in, RESULTS_MAX, RESULT_BYTES_MIN); j > 0; j--) {
                long sequence = Wire.readLong(in);
                if (results.put(sequence, OutcomeCodec.read(in)) != null) {
                    throw new WireFormatException("sequence " + sequence + " is there twice");
                }
            }
            Session session =
                    new Session(
                            lastIndex, settledBelow, Collections.unmodifiableSortedMap(results));
            if (sessions.put(client, session) != null) {
                throw new WireFormatException("client " + client + " is there twice");
            }
        }
        return new SessionImage(forgottenIndex, Collections.unmodifiableSortedMap(sessions));
    }
}
