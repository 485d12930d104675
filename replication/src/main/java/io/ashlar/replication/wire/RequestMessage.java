package io.ashlar.replication.wire;

import io.ashlar.common.ChunkId;
import io.ashlar.common.CompareMark;
import io.ashlar.common.NodeId;
import io.ashlar.common.Payload;
import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Sizes;
import io.ashlar.common.VolumeId;
import io.ashlar.common.Wire;
import io.ashlar.common.WireFormatException;
import io.ashlar.replication.PeerMessage;
import io.ashlar.replication.PgReply;
import io.ashlar.replication.PgRequest;
import io.netty.buffer.ByteBuf;
import java.util.List;

/** What an owner asks of a primary, and the answer. */
public sealed interface RequestMessage extends PeerMessage {
    int FIRST_TYPE = 0x0301;
    int LAST_TYPE = 0x0302;

    /**
     * A request.
     *
     * @param requestId unique in the sending process
     * @param attempt counts how often the owner has sent it
     * @param leadEpoch the lead for which it is meant; a primary of another lead refuses it
     */
    record GroupRequest(long requestId, int attempt, long leadEpoch, PgRequest request)
            implements RequestMessage {
        static final int TYPE = 0x0301;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            out.writeLong(requestId).writeInt(attempt).writeLong(leadEpoch);
            Codec.writePg(out, request.pg());
            out.writeLong(request.accessEpoch());
            switch (request) {
                case PgRequest.Write write -> {
                    out.writeByte(WRITE);
                    Codec.writeChunk(out, write.chunk());
                    out.writeInt(write.offset());
                    writeData(out, write.data(), write.checksums());
                }
                case PgRequest.OrWrite or -> {
                    out.writeByte(OR_WRITE);
                    Codec.writeChunk(out, or.chunk());
                    out.writeInt(or.offset());
                    writeData(out, or.data(), or.checksums());
                }
                case PgRequest.Read read -> {
                    out.writeByte(READ);
                    Codec.writeChunk(out, read.chunk());
                    out.writeInt(read.offset()).writeInt(read.length());
                }
                case PgRequest.Trim trim -> {
                    out.writeByte(TRIM);
                    Codec.writeRange(out, trim.range());
                }
                case PgRequest.CompareAndWrite compare -> {
                    out.writeByte(COMPARE_AND_WRITE);
                    Codec.writeChunk(out, compare.chunk());
                    compare.mark().encode(out);
                    CompareMark.encodeAnswered(out, compare.answered());
                    writeData(out, compare.compared(), compare.checksums());
                    Wire.writePayload(out, compare.data());
                }
                case PgRequest.Settle settle -> {
                    out.writeByte(SETTLE);
                    Codec.writeChunk(out, settle.chunk());
                    settle.mark().encode(out);
                }
                case PgRequest.Fence fence -> {
                    out.writeByte(FENCE);
                    out.writeLong(fence.volume().value());
                }
            }
        }

        static GroupRequest decode(ByteBuf in) {
            long requestId = Wire.readLong(in);
            int attempt = Wire.readInt(in);
            long leadEpoch = Wire.readLong(in);
            PgId pg = Codec.readPg(in);
            long accessEpoch = Wire.readLong(in);
            int kind = Wire.readByte(in);
            PgRequest request =
                    switch (kind) {
                        case WRITE -> decodeWrite(pg, accessEpoch, in);
                        case OR_WRITE -> {
                            PgRequest.Write bits = decodeWrite(pg, accessEpoch, in);
                            yield new PgRequest.OrWrite(
                                    pg,
                                    accessEpoch,
                                    bits.chunk(),
                                    bits.offset(),
                                    bits.data(),
                                    bits.checksums());
                        }
                        case READ -> {
                            ChunkId chunk = Codec.readChunk(in);
                            int offset = Wire.readInt(in);
                            int length = Wire.readInt(in);
                            checkExtent(offset, length);
                            yield new PgRequest.Read(pg, accessEpoch, chunk, offset, length);
                        }
                        case TRIM -> new PgRequest.Trim(pg, accessEpoch, Codec.readRange(in));
                        case COMPARE_AND_WRITE -> decodeCompare(pg, accessEpoch, in);
                        case SETTLE ->
                                new PgRequest.Settle(
                                        pg,
                                        accessEpoch,
                                        Codec.readChunk(in),
                                        CompareMark.decode(in));
                        case FENCE -> {
                            long volume = Wire.readLong(in);
                            if (volume <= 0) {
                                throw new WireFormatException("volume " + volume);
                            }
                            yield new PgRequest.Fence(pg, new VolumeId(volume), accessEpoch);
                        }
                        default -> throw new WireFormatException("no request of kind " + kind);
                    };
            return new GroupRequest(requestId, attempt, leadEpoch, request);
        }

        private static PgRequest decodeCompare(PgId pg, long accessEpoch, ByteBuf in) {
            ChunkId chunk = Codec.readChunk(in);
            CompareMark mark = CompareMark.decode(in);
            List<CompareMark.Command> answered = CompareMark.decodeAnswered(in);
            int[] checksums = Codec.readInts(in, Wire.readCount(in, 2, 4));
            Payload compared = Wire.readPayload(in, Sizes.BLOCK_BYTES);
            Payload data = Wire.readPayload(in, Sizes.BLOCK_BYTES);
            if (checksums.length != 2
                    || compared.length() != mark.length()
                    || data.length() != mark.length()) {
                throw new WireFormatException(
                        "comparison of "
                                + compared.length()
                                + " bytes with "
                                + data.length()
                                + " to write, for "
                                + mark);
            }
            return new PgRequest.CompareAndWrite(
                    pg, accessEpoch, chunk, compared, data, checksums, mark, answered);
        }

        private static PgRequest.Write decodeWrite(PgId pg, long accessEpoch, ByteBuf in) {
            ChunkId chunk = Codec.readChunk(in);
            int offset = Wire.readInt(in);
            int pieces = Wire.readCount(in, PIECES_MAX, 4);
            int[] checksums = Codec.readInts(in, pieces);
            Payload data = Wire.readPayload(in, Sizes.PAYLOAD_BYTES_MAX);
            checkExtent(offset, data.length());
            if (pieces != pieces(offset, data.length())) {
                throw new WireFormatException(
                        pieces + " checksums for " + offset + "+" + data.length());
            }
            return new PgRequest.Write(pg, accessEpoch, chunk, offset, data, checksums);
        }
    }

    /**
     * An answer; without a reply it says that the sender does not lead the group under that lead.
     *
     * @param incarnation of the process that asked; numbers begin anew with every process
     */
    record GroupResponse(
            long incarnation, long requestId, int attempt, java.util.Optional<PgReply> reply)
            implements RequestMessage {
        static final int TYPE = 0x0302;

        @Override
        public int type() {
            return TYPE;
        }

        @Override
        public void encode(ByteBuf out) {
            out.writeLong(incarnation).writeLong(requestId).writeInt(attempt);
            if (reply.isEmpty()) {
                out.writeByte(NOT_PRIMARY);
                return;
            }
            switch (reply.get()) {
                case PgReply.Done done -> {
                    out.writeByte(DONE);
                    writeData(out, done.data(), done.checksums());
                }
                case PgReply.Installed(var primary, long leadEpoch) -> {
                    out.writeByte(INSTALLED).writeShort(primary.node().value());
                    out.writeLong(primary.incarnation()).writeLong(leadEpoch);
                }
                case PgReply.Fenced fenced -> out.writeByte(FENCED).writeLong(fenced.accessEpoch());
                case PgReply.Busy busy -> {
                    out.writeByte(BUSY);
                    Wire.writeString(out, busy.reason());
                }
                case PgReply.Unrecovered unrecovered -> {
                    out.writeByte(UNRECOVERED);
                    Wire.writeString(out, unrecovered.reason());
                }
                case PgReply.OutOfSpace() -> out.writeByte(OUT_OF_SPACE);
                case PgReply.Refused refused -> {
                    out.writeByte(REFUSED);
                    Wire.writeString(out, refused.reason());
                }
            }
        }

        static GroupResponse decode(ByteBuf in) {
            long incarnation = Wire.readLong(in);
            long requestId = Wire.readLong(in);
            int attempt = Wire.readInt(in);
            int kind = Wire.readByte(in);
            if (kind == NOT_PRIMARY) {
                return new GroupResponse(
                        incarnation, requestId, attempt, java.util.Optional.empty());
            }
            PgReply reply =
                    switch (kind) {
                        case DONE -> {
                            int pieces = Wire.readCount(in, PIECES_MAX, 4);
                            int[] checksums = Codec.readInts(in, pieces);
                            yield new PgReply.Done(
                                    Wire.readPayload(in, Sizes.PAYLOAD_BYTES_MAX), checksums);
                        }
                        case INSTALLED ->
                                new PgReply.Installed(
                                        new ProcessId(readNode(in), Wire.readLong(in)),
                                        Wire.readLong(in));
                        case FENCED -> new PgReply.Fenced(Wire.readLong(in));
                        case BUSY -> new PgReply.Busy(Wire.readString(in, REASON_BYTES_MAX));
                        case UNRECOVERED ->
                                new PgReply.Unrecovered(Wire.readString(in, REASON_BYTES_MAX));
                        case OUT_OF_SPACE -> new PgReply.OutOfSpace();
                        case REFUSED -> new PgReply.Refused(Wire.readString(in, REASON_BYTES_MAX));
                        default -> throw new WireFormatException("no reply of kind " + kind);
                    };
            return new GroupResponse(incarnation, requestId, attempt, java.util.Optional.of(reply));
        }

        private static NodeId readNode(ByteBuf in) {
            int node = Wire.readShort(in);
            if (node == 0) {
                throw new WireFormatException("node 0");
            }
            return new NodeId(node);
        }
    }

    int WRITE = 1;
    int READ = 2;
    int TRIM = 3;
    int FENCE = 4;
    int COMPARE_AND_WRITE = 5;
    int SETTLE = 6;
    int OR_WRITE = 7;

    int NOT_PRIMARY = 0;
    int DONE = 1;
    int FENCED = 2;
    int BUSY = 3;
    int UNRECOVERED = 4;
    int OUT_OF_SPACE = 5;
    int REFUSED = 6;
    int INSTALLED = 7;

    /** Most checksums of one transfer: one a block, and one more for an unaligned edge. */
    int PIECES_MAX = Sizes.PAYLOAD_BYTES_MAX / Sizes.BLOCK_BYTES + 1;

    int REASON_BYTES_MAX = 4_096;

    /** How many 4 KiB blocks a range of bytes touches. */
    static int pieces(int offset, int length) {
        return length == 0
                ? 0
                : (offset + length - 1) / Sizes.BLOCK_BYTES - offset / Sizes.BLOCK_BYTES + 1;
    }

    private static void checkExtent(int offset, int length) {
        if (offset < 0
                || length <= 0
                || length > Sizes.PAYLOAD_BYTES_MAX
                || offset > Sizes.CHUNK_BYTES_MAX - length
                || offset % 512 != 0
                || length % 512 != 0) {
            throw new WireFormatException("extent " + offset + "+" + length);
        }
    }

    private static void writeData(ByteBuf out, Payload data, int[] checksums) {
        out.writeInt(checksums.length);
        for (int checksum : checksums) {
            out.writeInt(checksum);
        }
        Wire.writePayload(out, data);
    }

    /** Decodes either. */
    static RequestMessage decode(int type, ByteBuf in) {
        return switch (type) {
            case GroupRequest.TYPE -> GroupRequest.decode(in);
            case GroupResponse.TYPE -> GroupResponse.decode(in);
            default -> throw new WireFormatException("no request message of type " + type);
        };
    }
}
