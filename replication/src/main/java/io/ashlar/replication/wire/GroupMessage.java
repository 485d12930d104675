package io.ashlar.replication.wire;

import io.ashlar.chunkstore.Blocks;
import io.ashlar.chunkstore.LogEntry;
import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.DeviceId;
import io.ashlar.common.PgId;
import io.ashlar.common.Wire;
import io.ashlar.common.WireFormatException;
import io.ashlar.replication.PeerMessage;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;

/** A message between two replicas of a placement group. */
public sealed interface GroupMessage extends PeerMessage
        permits GroupMessage.Prepare,
                GroupMessage.PrepareAck,
                GroupMessage.ReconcileRequest,
                GroupMessage.ReconcileReply,
                GroupMessage.Join,
                GroupMessage.LearnStart,
                GroupMessage.Inventory,
                GroupMessage.Copy,
                GroupMessage.CopyAck,
                GroupMessage.LearnDone,
                GroupMessage.LearnDoneAck,
                GroupMessage.LearnWait,
                GroupMessage.CommitNote,
                GroupMessage.Fetch,
                GroupMessage.FetchReply,
                GroupMessage.Resign,
                ScrubMessage {
    int FIRST_TYPE = 0x0101;
    int LAST_TYPE = ScrubMessage.LAST_TYPE;

    /** The group that it is for. */
    PgId pg();

    /**
     * An entry to hold. The data's checksums are verified by the receiver.
     *
     * @param epoch of the sender's configuration
     * @param leadEpoch since when the sender leads
     * @param leadFirstSequence the first sequence that it gave since then
     * @param committed all up to here is committed
     */
    record Prepare(
            PgId pg,
            long epoch,
            long leadEpoch,
            long leadFirstSequence,
            long committed,
            LogEntry entry,
            Blocks blocks)
            implements GroupMessage {
        static final int TYPE = 0x0101;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            Codec.writePg(out, pg);
            out.writeLong(epoch)
                    .writeLong(leadEpoch)
                    .writeLong(leadFirstSequence)
                    .writeLong(committed);
            Codec.writeEntry(out, entry);
            Codec.writeBlocks(out, blocks);
        }

        static Prepare decode(ByteBuf in) {
            Prepare prepare =
                    new Prepare(
                            Codec.readPg(in),
                            Wire.readLong(in),
                            Wire.readLong(in),
                            Wire.readLong(in),
                            Wire.readLong(in),
                            Codec.readEntry(in),
                            Codec.readBlocks(in));
            int expected =
                    prepare.entry.kind() == LogEntry.Kind.WRITE ? prepare.entry.range().count() : 0;
            if (prepare.blocks.count() != expected) {
                throw new WireFormatException(
                        prepare.entry
                                + " with "
                                + prepare.blocks.count()
                                + " blocks, not "
                                + expected);
            }
            return prepare;
        }
    }

    /**
     * All entries of the sender's lead up to a sequence are on stable storage.
     *
     * @param durable that sequence
     * @param next the sequence that the member expects next; if it is lower than what was sent,
     *     something was lost
     * @param failed the member's device cannot hold more: take it out
     */
    record PrepareAck(PgId pg, long epoch, long leadEpoch, long durable, long next, boolean failed)
            implements GroupMessage {
        static final int TYPE = 0x0102;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            Codec.writePg(out, pg);
            out.writeLong(epoch)
                    .writeLong(leadEpoch)
                    .writeLong(durable)
                    .writeLong(next)
                    .writeBoolean(failed);
        }

        static PrepareAck decode(ByteBuf in) {
            return new PrepareAck(
                    Codec.readPg(in),
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Wire.readBoolean(in));
        }
    }

    /**
     * Asks a member to promise the epoch, and for its entries above {@code committed}.
     *
     * @param incarnation of the process that is the member; another one of the same node ignores
     *     it, since its log may have a gap
     */
    record ReconcileRequest(PgId pg, long epoch, long leadEpoch, long incarnation, long committed)
            implements GroupMessage {
        static final int TYPE = 0x0103;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            Codec.writePg(out, pg);
            out.writeLong(epoch).writeLong(leadEpoch).writeLong(incarnation).writeLong(committed);
        }

        static ReconcileRequest decode(ByteBuf in) {
            return new ReconcileRequest(
                    Codec.readPg(in),
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Wire.readLong(in));
        }
    }

    /**
     * The member has promised; these are its entries above the committed point that it was told.
     */
    record ReconcileReply(
            PgId pg, long epoch, long leadEpoch, long lastSequence, List<LogEntry> entries)
            implements GroupMessage {
        static final int TYPE = 0x0104;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            Codec.writePg(out, pg);
            out.writeLong(epoch).writeLong(leadEpoch).writeLong(lastSequence);
            Codec.writeEntries(out, entries);
        }

        static ReconcileReply decode(ByteBuf in) {
            return new ReconcileReply(
                    Codec.readPg(in),
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Codec.readEntries(in));
        }
    }

    /**
     * A process that is no member asks to become a learner, and says what it holds.
     *
     * @param joinId rises with every request of the process
     * @param targetsIndex of the targets under which it asks
     * @param device on which it holds it; as a member it is bound to that one
     * @param committed all of its log up to here is committed
     * @param trusted its log is one with the group's only up to here, -1 if all of it is
     * @param allDirty it may lack anything
     * @param dirty what else it may lack
     */
    record Join(
            PgId pg,
            long joinId,
            long targetsIndex,
            long copyBytesMax,
            DeviceId device,
            List<LogEntry> entries,
            long committed,
            long trusted,
            boolean allDirty,
            List<BlockRange> dirty)
            implements GroupMessage {
        static final int TYPE = 0x0105;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            Codec.writePg(out, pg);
            out.writeLong(joinId).writeLong(targetsIndex).writeLong(copyBytesMax);
            Wire.writeUuid(out, device.value());
            Codec.writeEntries(out, entries);
            out.writeLong(committed).writeLong(trusted).writeBoolean(allDirty);
            Codec.writeRanges(out, dirty);
        }

        static Join decode(ByteBuf in) {
            return new Join(
                    Codec.readPg(in),
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Wire.readLong(in),
                    new DeviceId(Wire.readUuid(in)),
                    Codec.readEntries(in),
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Wire.readBoolean(in),
                    Codec.readRanges(in));
        }
    }

    /**
     * Begins to teach a learner. From here on it gets every entry, and copies.
     *
     * @param incarnation of the process that asked
     * @param joinId of its request
     * @param learnId of this attempt
     * @param full logs do not reach: it must send its inventory
     * @param match it keeps its log up to here
     * @param dirty what it lacks until it is level, unless {@code full}
     * @param nextSequence of the first entry that it will get
     * @param device of which all this is said: a process that has put the group on another one
     *     since must not take it for that
     */
    record LearnStart(
            PgId pg,
            DeviceId device,
            long epoch,
            long leadEpoch,
            long incarnation,
            long joinId,
            long learnId,
            boolean full,
            long match,
            long nextSequence,
            List<BlockRange> dirty)
            implements GroupMessage {
        static final int TYPE = 0x0106;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            Codec.writePg(out, pg);
            Wire.writeUuid(out, device.value());
            out.writeLong(epoch).writeLong(leadEpoch).writeLong(incarnation).writeLong(joinId);
            out.writeLong(learnId).writeBoolean(full);
            out.writeLong(match).writeLong(nextSequence);
            Codec.writeRanges(out, dirty);
        }

        static LearnStart decode(ByteBuf in) {
            return new LearnStart(
                    Codec.readPg(in),
                    new DeviceId(Wire.readUuid(in)),
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Wire.readBoolean(in),
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Codec.readRanges(in));
        }
    }

    /** Digests of a part of the learner's chunks. */
    record Inventory(PgId pg, long learnId, boolean last, List<ChunkDigest> chunks)
            implements GroupMessage {
        static final int TYPE = 0x0107;

        /** Most chunks in one message. */
        public static final int CHUNKS_MAX = 4_096;

        /** A chunk and the digest of its contents. */
        public record ChunkDigest(ChunkId chunk, long digest) {}

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            Codec.writePg(out, pg);
            out.writeLong(learnId).writeBoolean(last).writeInt(chunks.size());
            for (ChunkDigest chunk : chunks) {
                Codec.writeChunk(out, chunk.chunk);
                out.writeLong(chunk.digest);
            }
        }

        static Inventory decode(ByteBuf in) {
            PgId pg = Codec.readPg(in);
            long learnId = Wire.readLong(in);
            boolean last = Wire.readBoolean(in);
            int count = Wire.readCount(in, CHUNKS_MAX, 32);
            List<ChunkDigest> chunks = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                chunks.add(new ChunkDigest(Codec.readChunk(in), Wire.readLong(in)));
            }
            return new Inventory(pg, learnId, last, chunks);
        }
    }

    /**
     * Contents for a learner, as they are at this place of the stream of entries.
     *
     * @param blocks none if no member has them intact: the learner marks them as lost; those that
     *     are all zeros do not travel
     */
    record Copy(PgId pg, long epoch, long leadEpoch, long learnId, BlockRange range, Blocks blocks)
            implements GroupMessage {
        static final int TYPE = 0x0108;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            Codec.writePg(out, pg);
            out.writeLong(epoch).writeLong(leadEpoch).writeLong(learnId);
            Codec.writeRange(out, range);
            Codec.writeSparse(out, blocks);
        }

        public boolean isLost() {
            return blocks.count() == 0;
        }

        static Copy decode(ByteBuf in) {
            Copy copy =
                    new Copy(
                            Codec.readPg(in),
                            Wire.readLong(in),
                            Wire.readLong(in),
                            Wire.readLong(in),
                            Codec.readRange(in),
                            Codec.readSparse(in));
            if (copy.blocks.count() != copy.range.count() && !copy.isLost()) {
                throw new WireFormatException(
                        "copy of " + copy.range + " with " + copy.blocks.count() + " blocks");
            }
            return copy;
        }
    }

    /** The learner has the copy on stable storage; copies are confirmed in order. */
    record CopyAck(PgId pg, long learnId, int bytes) implements GroupMessage {
        static final int TYPE = 0x0109;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            Codec.writePg(out, pg);
            out.writeLong(learnId).writeInt(bytes);
        }

        static CopyAck decode(ByteBuf in) {
            return new CopyAck(Codec.readPg(in), Wire.readLong(in), Wire.readInt(in));
        }
    }

    /** The learner holds everything; it takes this log for its own. */
    record LearnDone(
            PgId pg,
            long epoch,
            long leadEpoch,
            long learnId,
            long committed,
            List<LogEntry> entries)
            implements GroupMessage {
        static final int TYPE = 0x010A;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            Codec.writePg(out, pg);
            out.writeLong(epoch).writeLong(leadEpoch).writeLong(learnId).writeLong(committed);
            Codec.writeEntries(out, entries);
        }

        static LearnDone decode(ByteBuf in) {
            return new LearnDone(
                    Codec.readPg(in),
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Wire.readLong(in),
                    Codec.readEntries(in));
        }
    }

    /** The learner is level, on stable storage. */
    record LearnDoneAck(PgId pg, long learnId) implements GroupMessage {
        static final int TYPE = 0x010B;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            Codec.writePg(out, pg);
            out.writeLong(learnId);
        }

        static LearnDoneAck decode(ByteBuf in) {
            return new LearnDoneAck(Codec.readPg(in), Wire.readLong(in));
        }
    }

    /**
     * A teacher has not forgotten its learner, though it has nothing for it now; answered by a
     * {@link CopyAck} of nothing.
     */
    record LearnWait(PgId pg, long learnId) implements GroupMessage {
        static final int TYPE = 0x010F;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            Codec.writePg(out, pg);
            out.writeLong(learnId);
        }

        static LearnWait decode(ByteBuf in) {
            return new LearnWait(Codec.readPg(in), Wire.readLong(in));
        }
    }

    /** Everything up to a sequence is committed; sent when no entry carries the news. */
    record CommitNote(PgId pg, long epoch, long leadEpoch, long committed) implements GroupMessage {
        static final int TYPE = 0x010C;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            Codec.writePg(out, pg);
            out.writeLong(epoch).writeLong(leadEpoch).writeLong(committed);
        }

        static CommitNote decode(ByteBuf in) {
            return new CommitNote(
                    Codec.readPg(in), Wire.readLong(in), Wire.readLong(in), Wire.readLong(in));
        }
    }

    /** Asks a member for its blocks, since the primary's own are damaged. */
    record Fetch(PgId pg, long epoch, long fetchId, BlockRange range) implements GroupMessage {
        static final int TYPE = 0x010D;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            Codec.writePg(out, pg);
            out.writeLong(epoch).writeLong(fetchId);
            Codec.writeRange(out, range);
        }

        static Fetch decode(ByteBuf in) {
            return new Fetch(
                    Codec.readPg(in), Wire.readLong(in), Wire.readLong(in), Codec.readRange(in));
        }
    }

    /** The member's blocks; none if they are damaged too. */
    record FetchReply(PgId pg, long epoch, long fetchId, Blocks blocks) implements GroupMessage {
        static final int TYPE = 0x010E;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            Codec.writePg(out, pg);
            out.writeLong(epoch).writeLong(fetchId);
            Codec.writeBlocks(out, blocks);
        }

        static FetchReply decode(ByteBuf in) {
            return new FetchReply(
                    Codec.readPg(in), Wire.readLong(in), Wire.readLong(in), Codec.readBlocks(in));
        }
    }

    /**
     * The primary has given up its lead, for good: it reads and acknowledges nothing more. Any
     * backup may ask for the lead at once, without a grace.
     */
    record Resign(PgId pg, long epoch) implements GroupMessage {
        static final int TYPE = 0x0118;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            Codec.writePg(out, pg);
            out.writeLong(epoch);
        }

        static Resign decode(ByteBuf in) {
            return new Resign(Codec.readPg(in), Wire.readLong(in));
        }
    }

    /** Decodes any of them. */
    static GroupMessage decode(int type, ByteBuf in) {
        return switch (type) {
            case Prepare.TYPE -> Prepare.decode(in);
            case PrepareAck.TYPE -> PrepareAck.decode(in);
            case ReconcileRequest.TYPE -> ReconcileRequest.decode(in);
            case ReconcileReply.TYPE -> ReconcileReply.decode(in);
            case Join.TYPE -> Join.decode(in);
            case LearnStart.TYPE -> LearnStart.decode(in);
            case Inventory.TYPE -> Inventory.decode(in);
            case Copy.TYPE -> Copy.decode(in);
            case CopyAck.TYPE -> CopyAck.decode(in);
            case LearnDone.TYPE -> LearnDone.decode(in);
            case LearnDoneAck.TYPE -> LearnDoneAck.decode(in);
            case LearnWait.TYPE -> LearnWait.decode(in);
            case CommitNote.TYPE -> CommitNote.decode(in);
            case Fetch.TYPE -> Fetch.decode(in);
            case FetchReply.TYPE -> FetchReply.decode(in);
            case Resign.TYPE -> Resign.decode(in);
            default -> ScrubMessage.decode(type, in);
        };
    }
}
