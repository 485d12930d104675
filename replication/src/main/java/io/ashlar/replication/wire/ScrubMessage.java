package io.ashlar.replication.wire;

import io.ashlar.chunkstore.Inspection;
import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.PgId;
import io.ashlar.common.Sizes;
import io.ashlar.common.Wire;
import io.ashlar.common.WireFormatException;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * Messages by which a primary compares what its members hold. Answers carry the epoch and number of
 * their question: those to a former lead, or that come late, are about other blocks.
 */
public sealed interface ScrubMessage extends GroupMessage {
    int FIRST_TYPE = 0x0120;
    int LAST_TYPE = 0x0123;

    /** Most chunks in one list. */
    int CHUNKS_MAX = 256;

    /** Most blocks that are looked at in one step. */
    int BLOCKS_MAX = Sizes.PAYLOAD_BYTES_MAX / Sizes.BLOCK_BYTES;

    long epoch();

    long scrubId();

    /** Asks for the group's chunks after one, or from the first. */
    record ListChunks(PgId pg, long epoch, long scrubId, Optional<ChunkId> after)
            implements ScrubMessage {
        static final int TYPE = 0x0120;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            Codec.writePg(out, pg);
            out.writeLong(epoch).writeLong(scrubId).writeBoolean(after.isPresent());
            after.ifPresent(chunk -> Codec.writeChunk(out, chunk));
        }

        static ListChunks decode(ByteBuf in) {
            return new ListChunks(
                    Codec.readPg(in),
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Wire.readBoolean(in) ? Optional.of(Codec.readChunk(in)) : Optional.empty());
        }
    }

    /** The member's next chunks, in order; fewer than {@link #CHUNKS_MAX} if there are no more. */
    record Chunks(PgId pg, long epoch, long scrubId, List<ChunkId> chunks) implements ScrubMessage {
        static final int TYPE = 0x0121;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            Codec.writePg(out, pg);
            out.writeLong(epoch).writeLong(scrubId).writeInt(chunks.size());
            chunks.forEach(chunk -> Codec.writeChunk(out, chunk));
        }

        static Chunks decode(ByteBuf in) {
            PgId pg = Codec.readPg(in);
            long epoch = Wire.readLong(in);
            long scrubId = Wire.readLong(in);
            int count = Wire.readCount(in, CHUNKS_MAX, 24);
            List<ChunkId> chunks = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                chunks.add(Codec.readChunk(in));
            }
            return new Chunks(pg, epoch, scrubId, chunks);
        }
    }

    /** Asks what the member holds of a range, which stands still meanwhile. */
    record Inspect(PgId pg, long epoch, long scrubId, BlockRange range) implements ScrubMessage {
        static final int TYPE = 0x0122;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            Codec.writePg(out, pg);
            out.writeLong(epoch).writeLong(scrubId);
            Codec.writeRange(out, range);
        }

        static Inspect decode(ByteBuf in) {
            Inspect inspect =
                    new Inspect(
                            Codec.readPg(in),
                            Wire.readLong(in),
                            Wire.readLong(in),
                            Codec.readRange(in));
            if (inspect.range.count() > BLOCKS_MAX) {
                throw new WireFormatException("inspection of " + inspect.range);
            }
            return inspect;
        }
    }

    /** What the member holds. */
    record Inspected(PgId pg, long epoch, long scrubId, Inspection inspection)
            implements ScrubMessage {
        static final int TYPE = 0x0123;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            Codec.writePg(out, pg);
            out.writeLong(epoch).writeLong(scrubId).writeInt(inspection.count());
            for (int i = 0; i < inspection.count(); i++) {
                out.writeBoolean(inspection.damaged().get(i)).writeInt(inspection.checksums()[i]);
            }
        }

        static Inspected decode(ByteBuf in) {
            PgId pg = Codec.readPg(in);
            long epoch = Wire.readLong(in);
            long scrubId = Wire.readLong(in);
            int[] checksums = new int[Wire.readCount(in, BLOCKS_MAX, 5)];
            BitSet damaged = new BitSet();
            for (int i = 0; i < checksums.length; i++) {
                damaged.set(i, Wire.readBoolean(in));
                checksums[i] = Wire.readInt(in);
            }
            return new Inspected(pg, epoch, scrubId, new Inspection(checksums, damaged));
        }
    }

    /** Decodes any of them. */
    static ScrubMessage decode(int type, ByteBuf in) {
        return switch (type) {
            case ListChunks.TYPE -> ListChunks.decode(in);
            case Chunks.TYPE -> Chunks.decode(in);
            case Inspect.TYPE -> Inspect.decode(in);
            case Inspected.TYPE -> Inspected.decode(in);
            default -> throw new WireFormatException("no group message of type " + type);
        };
    }
}
