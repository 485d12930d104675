package io.ashlar.replication.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ashlar.chunkstore.Blocks;
import io.ashlar.chunkstore.Inspection;
import io.ashlar.chunkstore.LogEntry;
import io.ashlar.common.BlockRange;
import io.ashlar.common.ChunkId;
import io.ashlar.common.CompareMark;
import io.ashlar.common.DeviceId;
import io.ashlar.common.NodeId;
import io.ashlar.common.Payload;
import io.ashlar.common.PgId;
import io.ashlar.common.ProcessId;
import io.ashlar.common.VolumeId;
import io.ashlar.common.WireFormatException;
import io.ashlar.replication.PeerMessage;
import io.ashlar.replication.PgReply;
import io.ashlar.replication.PgRequest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MessageCodecTest {
    private static final PgId PG = new PgId(3, 17);
    private static final DeviceId DEVICE = new DeviceId(new UUID(7, 8));
    private static final ChunkId CHUNK = new ChunkId(new VolumeId(9), 2, 77);
    private static final BlockRange RANGE = new BlockRange(CHUNK, 5, 2);
    private static final LogEntry WRITE = new LogEntry(4, 99, LogEntry.Kind.WRITE, RANGE);
    private static final LogEntry TRIM = new LogEntry(4, 100, LogEntry.Kind.TRIM, RANGE);

    private static final CompareMark MARK = new CompareMark(24_576, 512, 1, -2, 3, -4, 5);
    private static final LogEntry MARKED =
            new LogEntry(4, 101, LogEntry.Kind.WRITE, RANGE, List.of(MARK, MARK.at(20_480)));

    private static Blocks blocks() {
        byte[] data = new byte[8192];
        new SplittableRandom(1).nextBytes(data);
        return Blocks.checksummed(Payload.of(data));
    }

    /** Seventeen, of which two are not zeros. */
    private static Blocks sparse() {
        byte[] data = new byte[17 * 4096];
        data[3 * 4096] = 1;
        data[17 * 4096 - 1] = 2;
        return Blocks.checksummed(Payload.of(data));
    }

    static List<PeerMessage> messages() {
        Blocks none = Blocks.checksummed(Payload.EMPTY);
        return List.of(
                new GroupMessage.Prepare(PG, 5, 4, 90, 98, WRITE, blocks()),
                new GroupMessage.Prepare(PG, 5, 4, 90, 98, TRIM, none),
                new GroupMessage.Prepare(PG, 5, 4, 90, 98, MARKED, blocks()),
                new GroupMessage.PrepareAck(PG, 5, 4, 99, 100, false),
                new GroupMessage.ReconcileRequest(PG, 5, 5, 0x1234567890L, 98),
                new GroupMessage.ReconcileReply(PG, 5, 5, 100, List.of(WRITE, TRIM)),
                new GroupMessage.Join(
                        PG, 3, 17, 1 << 20, DEVICE, List.of(WRITE), 98, -1, false, List.of(RANGE)),
                new GroupMessage.LearnStart(
                        PG, DEVICE, 5, 4, 77, 6, 3, false, 98, 101, List.of(RANGE, RANGE)),
                new GroupMessage.Inventory(
                        PG, 3, true, List.of(new GroupMessage.Inventory.ChunkDigest(CHUNK, -7))),
                new GroupMessage.Copy(PG, 5, 4, 3, RANGE, blocks()),
                new GroupMessage.Copy(PG, 5, 4, 3, RANGE, none),
                new GroupMessage.Copy(PG, 5, 4, 3, new BlockRange(CHUNK, 64, 17), sparse()),
                new GroupMessage.Resign(PG, 5),
                new ScrubMessage.ListChunks(PG, 5, 8, Optional.of(CHUNK)),
                new ScrubMessage.ListChunks(PG, 5, 8, Optional.empty()),
                new ScrubMessage.Chunks(PG, 5, 8, List.of(CHUNK, CHUNK)),
                new ScrubMessage.Inspect(PG, 5, 9, RANGE),
                new ScrubMessage.Inspected(
                        PG,
                        5,
                        9,
                        new Inspection(new int[] {-7, 7}, BitSet.valueOf(new long[] {2}))),
                new GroupMessage.CopyAck(PG, 3, 8192),
                new GroupMessage.LearnDone(PG, 5, 4, 3, 98, List.of(MARKED, WRITE)),
                new GroupMessage.LearnDoneAck(PG, 3),
                new GroupMessage.LearnWait(PG, 3),
                new GroupMessage.CommitNote(PG, 5, 4, 99),
                new GroupMessage.Fetch(PG, 5, 12, RANGE),
                new GroupMessage.FetchReply(PG, 5, 12, blocks()),
                new LeaseMessage.Beacon(123_456_789L, true),
                new LeaseMessage.BeaconAnswer(31, 123_456_789L, 44, true),
                new RequestMessage.GroupRequest(
                        1,
                        2,
                        4,
                        new PgRequest.Write(
                                PG, 6, CHUNK, 512, Payload.of(new byte[4096]), new int[] {1, 2})),
                new RequestMessage.GroupRequest(
                        1,
                        2,
                        4,
                        new PgRequest.OrWrite(
                                PG, 6, CHUNK, 512, Payload.of(new byte[512]), new int[] {1})),
                new RequestMessage.GroupRequest(
                        1, 2, 4, new PgRequest.Read(PG, 6, CHUNK, 1024, 512)),
                new RequestMessage.GroupRequest(
                        1,
                        2,
                        4,
                        new PgRequest.CompareAndWrite(
                                PG,
                                6,
                                CHUNK,
                                Payload.of(new byte[512]),
                                Payload.of(new byte[512]),
                                new int[] {1, 2},
                                MARK,
                                List.of(MARK.ofCommand(), new CompareMark.Command(-1, 3)))),
                new RequestMessage.GroupRequest(1, 2, 4, new PgRequest.Settle(PG, 6, CHUNK, MARK)),
                new RequestMessage.GroupRequest(1, 2, 4, new PgRequest.Trim(PG, 6, RANGE)),
                new RequestMessage.GroupRequest(
                        1, 2, 4, new PgRequest.Fence(PG, CHUNK.volume(), 6)),
                response(new PgReply.Done(blocks().data(), blocks().checksums())),
                response(new PgReply.Installed(new ProcessId(new NodeId(3), 5), 9)),
                response(new PgReply.Fenced(8)),
                response(new PgReply.Busy("below minimum")),
                response(new PgReply.Unrecovered("no copy")),
                response(new PgReply.OutOfSpace()),
                response(new PgReply.Refused("gone")),
                new RequestMessage.GroupResponse(7, 1, 2, Optional.empty()));
    }

    private static PeerMessage response(PgReply reply) {
        return new RequestMessage.GroupResponse(7, 1, 2, Optional.of(reply));
    }

    private static PeerMessage decode(int type, ByteBuf body) {
        if (type >= RequestMessage.FIRST_TYPE) {
            return RequestMessage.decode(type, body);
        }
        return type >= LeaseMessage.FIRST_TYPE
                ? LeaseMessage.decode(type, body)
                : GroupMessage.decode(type, body);
    }

    private static byte[] encode(PeerMessage message) {
        ByteBuf out = Unpooled.buffer();
        message.encode(out);
        byte[] bytes = new byte[out.readableBytes()];
        out.readBytes(bytes);
        return bytes;
    }

    /**
     * What is sent is what is received: the second encoding equals the first, and nothing is left
     * over.
     */
    @ParameterizedTest
    @MethodSource("messages")
    void decodesWhatItEncodes(PeerMessage message) {
        byte[] bytes = encode(message);
        ByteBuf body = Unpooled.wrappedBuffer(bytes);
        PeerMessage decoded = decode(message.type(), body);
        assertThat(body.isReadable()).isFalse();
        assertThat(decoded.getClass()).isEqualTo(message.getClass());
        assertThat(encode(decoded)).isEqualTo(bytes);
    }

    /** Protects a rebuild of a thin volume: what nobody has written does not travel. */
    @Test
    void zerosOfACopyDoNotTravel() {
        GroupMessage.Copy copy =
                new GroupMessage.Copy(PG, 5, 4, 3, new BlockRange(CHUNK, 64, 17), sparse());
        byte[] bytes = encode(copy);
        assertThat(bytes).hasSizeLessThan(3 * 4096);
        assertThat(copy.blocks().bytesSet()).isEqualTo(2 * 4096);
        GroupMessage.Copy decoded =
                (GroupMessage.Copy) decode(copy.type(), Unpooled.wrappedBuffer(bytes));
        assertThat(decoded.blocks().data()).isEqualTo(copy.blocks().data());
        assertThat(decoded.blocks().checksums()).isEqualTo(copy.blocks().checksums());
    }

    /** A cut-off body is refused as such, at whatever byte it ends. */
    @ParameterizedTest
    @MethodSource("messages")
    void refusesATruncatedBody(PeerMessage message) {
        byte[] bytes = encode(message);
        int step = Math.max(1, bytes.length / 200);
        for (int length = 0; length < bytes.length; length += step) {
            ByteBuf body = Unpooled.wrappedBuffer(bytes, 0, length);
            assertThatThrownBy(() -> decode(message.type(), body))
                    .isInstanceOf(WireFormatException.class);
        }
    }

    /**
     * Hostile bytes give a message or a refusal, never another exception and never a large
     * allocation.
     */
    @Test
    void survivesArbitraryBytes() {
        SplittableRandom random = new SplittableRandom(42);
        List<PeerMessage> messages = messages();
        for (int round = 0; round < 20_000; round++) {
            PeerMessage message = messages.get(random.nextInt(messages.size()));
            byte[] bytes = encode(message);
            if (bytes.length > 512) {
                bytes = java.util.Arrays.copyOf(bytes, 512 + random.nextInt(bytes.length - 512));
            }
            for (int flips = 1 + random.nextInt(6); flips > 0; flips--) {
                bytes[random.nextInt(Math.min(bytes.length, 200))] = (byte) random.nextInt();
            }
            try {
                decode(message.type(), Unpooled.wrappedBuffer(bytes));
            } catch (WireFormatException expected) {
                assertThat(expected).hasMessageNotContaining("null");
            }
        }
    }

    /** A WRITE without its blocks, or with too many, never reaches a log. */
    @Test
    void refusesAPrepareWhoseBlocksDoNotFitItsEntry() {
        ByteBuf out = Unpooled.buffer();
        new GroupMessage.Prepare(PG, 5, 4, 90, 98, WRITE, Blocks.checksummed(Payload.EMPTY))
                .encode(out);
        assertThatThrownBy(() -> GroupMessage.decode(0x0101, out))
                .isInstanceOf(WireFormatException.class);
    }
}
