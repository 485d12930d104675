package io.ashlar.metadata.wire;

import io.ashlar.common.Wire;
import io.ashlar.metadata.Outcome;
import io.ashlar.metadata.Outcome.Reason;
import io.netty.buffer.ByteBuf;

/** Outcomes, within snapshots. An outcome that nobody knows is never stored. */
final class OutcomeCodec {
    private static final int APPLIED = 1;
    private static final int REJECTED = 2;

    private OutcomeCodec() {}

    static void write(ByteBuf out, Outcome outcome) {
        switch (outcome) {
            case Outcome.Applied(long index, long value) ->
                    out.writeByte(APPLIED).writeLong(index).writeLong(value);
            case Outcome.Rejected(long index, Reason reason, String message) -> {
                out.writeByte(REJECTED).writeLong(index).writeByte(reason.code());
                Fields.writeText(out, message);
            }
            case Outcome.Unknown(String message) ->
                    throw new IllegalArgumentException("an unknown outcome: " + message);
        }
    }

    static Outcome read(ByteBuf in) {
        int kind = Wire.readByte(in);
        return switch (kind) {
            case APPLIED -> new Outcome.Applied(Wire.readLong(in), Wire.readLong(in));
            case REJECTED ->
                    new Outcome.Rejected(Wire.readLong(in), readReason(in), Fields.readText(in));
            default -> throw Fields.unknown("outcome kind", kind);
        };
    }

    private static Reason readReason(ByteBuf in) {
        int code = Wire.readByte(in);
        for (Reason reason : Reason.values()) {
            if (reason.code() == code) {
                return reason;
            }
        }
        throw Fields.unknown("reason", code);
    }
}
