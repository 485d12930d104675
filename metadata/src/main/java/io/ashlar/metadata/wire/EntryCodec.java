package io.ashlar.metadata.wire;

import io.ashlar.common.Check;
import io.ashlar.common.Wire;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * One entry of Raft's log: the commands that arrived together, in order.
 *
 * <pre>
 * count, 4 bytes; then for each command:
 *   client, 16 bytes; sequence, 8; settledBelow, 8; viewIndex, 8; command, as in CommandCodec
 * </pre>
 */
public final class EntryCodec {
    /** Commands of one entry. */
    public static final int COMMANDS_MAX = 256;

    /** Bytes of one entry, frame included. */
    public static final int ENTRY_BYTES_MAX = 2 * 1024 * 1024;

    private static final Frame FRAME =
            new Frame(
                    Frame.magic("ASHC"),
                    "metadata command",
                    1,
                    ENTRY_BYTES_MAX - Frame.HEADER_BYTES);
    private static final int ENVELOPE_BYTES_MIN = 41;

    private EntryCodec() {}

    /**
     * @throws IllegalArgumentException if there are too many commands, or too long ones
     */
    public static void write(ByteBuf out, List<Envelope> envelopes) {
        Check.argument(
                !envelopes.isEmpty() && envelopes.size() <= COMMANDS_MAX,
                "%s commands in one entry",
                envelopes.size());
        FRAME.write(
                out,
                body -> {
                    body.writeInt(envelopes.size());
                    envelopes.forEach(envelope -> writeEnvelope(body, envelope));
                });
    }

    /**
     * @throws io.ashlar.common.WireFormatException for anything that {@link #write} did not write
     */
    public static List<Envelope> read(ByteBuf in) {
        return FRAME.read(
                in,
                body -> {
                    int count = Wire.readCount(body, COMMANDS_MAX, ENVELOPE_BYTES_MIN);
                    List<Envelope> envelopes = new ArrayList<>(count);
                    for (int i = 0; i < count; i++) {
                        envelopes.add(readEnvelope(body));
                    }
                    return envelopes;
                });
    }

    /** Bytes that a command takes within an entry. */
    public static int bytesOf(Envelope envelope) {
        ByteBuf out = Unpooled.buffer(256);
        writeEnvelope(out, envelope);
        return out.readableBytes();
    }

    private static void writeEnvelope(ByteBuf out, Envelope envelope) {
        Wire.writeUuid(out, envelope.client());
        out.writeLong(envelope.sequence())
                .writeLong(envelope.settledBelow())
                .writeLong(envelope.viewIndex());
        CommandCodec.write(out, envelope.command());
    }

    private static Envelope readEnvelope(ByteBuf in) {
        UUID client = Wire.readUuid(in);
        long sequence = Wire.readLong(in);
        long settledBelow = Wire.readLong(in);
        long viewIndex = Wire.readLong(in);
        Check.argument(
                sequence >= 1 && settledBelow <= sequence && viewIndex >= 0,
                "sequence %s, settled below %s, view %s",
                sequence,
                settledBelow,
                viewIndex);
        return new Envelope(client, sequence, settledBelow, viewIndex, CommandCodec.read(in));
    }
}
