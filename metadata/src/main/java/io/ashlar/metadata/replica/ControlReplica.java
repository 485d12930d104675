package io.ashlar.metadata.replica;

import io.ashlar.metadata.ControlState;
import io.ashlar.metadata.ControlStateMachine;
import io.ashlar.metadata.Outcome;
import io.ashlar.metadata.wire.EntryCodec;
import io.ashlar.metadata.wire.Envelope;
import io.ashlar.metadata.wire.SnapshotCodec;
import io.ashlar.metadata.wire.SnapshotCodec.Snapshot;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One node's copy of the replicated state: log entries in, outcomes out, snapshots both ways. The
 * same entries make the same snapshot, byte for byte. Owned by the thread that applies.
 */
public final class ControlReplica {
    private ControlState state = ControlState.initial();
    private Sessions sessions = new Sessions();

    /** What became of one command of an entry; Unknown if it came too late to be applied. */
    public record Done(UUID client, long sequence, Outcome outcome) {}

    public ControlState state() {
        return state;
    }

    /**
     * Applies one entry of the log.
     *
     * @throws io.ashlar.common.WireFormatException if this build cannot read it; nothing was
     *     applied then, and the node must not go on
     */
    public List<Done> apply(long index, ByteBuf entry) {
        List<Envelope> envelopes = EntryCodec.read(entry);
        List<Done> done = new ArrayList<>(envelopes.size());
        for (Envelope envelope : envelopes) {
            Outcome outcome = sessions.repeatOf(envelope, index);
            if (outcome == null) {
                ControlStateMachine.Result result =
                        ControlStateMachine.apply(state, index, envelope.command());
                state = result.state();
                outcome = result.outcome();
                sessions.record(envelope, outcome);
            }
            done.add(new Done(envelope.client(), envelope.sequence(), outcome));
        }
        return done;
    }

    /**
     * The outcome of a command that is in the state, as after loading a snapshot; null if unknown.
     */
    public @Nullable Outcome outcomeOf(UUID client, long sequence) {
        return sessions.outcomeOf(client, sequence);
    }

    /** All of it, as {@link #load} takes it. */
    public byte[] save() {
        ByteBuf out = Unpooled.buffer(4096);
        SnapshotCodec.write(out, new Snapshot(state, sessions.image()));
        byte[] bytes = new byte[out.readableBytes()];
        out.readBytes(bytes);
        return bytes;
    }

    /**
     * Replaces all of it.
     *
     * @throws io.ashlar.common.WireFormatException if it is no snapshot; nothing has changed then
     */
    public void load(byte[] snapshot) {
        Snapshot loaded = SnapshotCodec.read(Unpooled.wrappedBuffer(snapshot));
        state = loaded.state();
        sessions = new Sessions(loaded.sessions());
    }
}
