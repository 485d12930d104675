package io.ashlar.replication.wire;

import io.ashlar.common.Wire;
import io.ashlar.common.WireFormatException;
import io.ashlar.replication.PeerMessage;
import io.netty.buffer.ByteBuf;

/** A message of the leases between two processes; on the liveness lane. */
public sealed interface LeaseMessage extends PeerMessage {
    int FIRST_TYPE = 0x0201;
    int LAST_TYPE = 0x0202;

    /**
     * Asks the other process to answer.
     *
     * @param sentNanos the sender's clock, in nanoseconds
     * @param deaf whether the sender hears too few to count as alive
     */
    record Beacon(long sentNanos, boolean deaf) implements LeaseMessage {
        static final int TYPE = 0x0201;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            out.writeLong(sentNanos).writeBoolean(deaf);
        }
    }

    /**
     * The answer.
     *
     * @param incarnation of the process whose beacon it was: its successor may get the answer, and
     *     has another clock if the machine was started anew
     * @param sentNanos of the beacon, as it came
     * @param configIndex the log index of the newest configuration that the sender knows of any
     *     group; {@link #NO_LEASE} if this is a sign of life and no more
     * @param writable whether all the sender's devices take writes
     */
    record BeaconAnswer(long incarnation, long sentNanos, long configIndex, boolean writable)
            implements LeaseMessage {
        static final int TYPE = 0x0202;

        /** Higher than any view: the answer extends no lease. */
        public static final long NO_LEASE = Long.MAX_VALUE;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            out.writeLong(incarnation).writeLong(sentNanos);
            out.writeLong(configIndex).writeBoolean(writable);
        }
    }

    /** Decodes either. */
    static LeaseMessage decode(int type, ByteBuf in) {
        return switch (type) {
            case Beacon.TYPE -> new Beacon(Wire.readLong(in), Wire.readBoolean(in));
            case BeaconAnswer.TYPE ->
                    new BeaconAnswer(
                            Wire.readLong(in),
                            Wire.readLong(in),
                            Wire.readLong(in),
                            Wire.readBoolean(in));
            default -> throw new WireFormatException("no lease message of type " + type);
        };
    }
}
