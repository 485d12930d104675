package io.ashlar.volume.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ashlar.common.CompareMark;
import io.ashlar.common.NodeId;
import io.ashlar.common.Payload;
import io.ashlar.common.ProcessId;
import io.ashlar.common.Sizes;
import io.ashlar.common.VolumeId;
import io.ashlar.common.WireFormatException;
import io.ashlar.common.reservation.Nexus;
import io.ashlar.common.reservation.ReservationChange;
import io.ashlar.common.reservation.ReservationType;
import io.ashlar.replication.PeerMessage;
import io.ashlar.replication.PeerTransport;
import io.ashlar.volume.IoError;
import io.ashlar.volume.MoveResult;
import io.ashlar.volume.Reset;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Messages survive the wire, and nothing that comes from it does harm. */
class VolumeMessagesPropertyTest {
    private static final long SEED = 42;

    private final SplittableRandom random = new SplittableRandom(SEED);

    private VolumeId volume() {
        return new VolumeId(1 + (random.nextLong() >>> 1) % (Long.MAX_VALUE - 1));
    }

    private Payload payload(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return Payload.of(bytes);
    }

    private int[] checksums(int count) {
        return random.ints(count).toArray();
    }

    private Action action() {
        int offset = 512 * random.nextInt(4096);
        int length = 512 * (1 + random.nextInt(40));
        return switch (random.nextInt(8)) {
            case 0 -> new Action.Read(random.nextInt(1000), offset, length);
            case 1 ->
                    new Action.Write(
                            random.nextInt(1000),
                            offset,
                            payload(length),
                            checksums(Action.pieces(offset, length)));
            case 2 ->
                    new Action.Trim(
                            random.nextInt(1000), random.nextInt(1000), 1 + random.nextInt(24));
            case 3 ->
                    new Action.CompareAndWrite(
                            random.nextInt(1000),
                            payload(512),
                            payload(512),
                            checksums(2),
                            mark(offset),
                            Stream.generate(() -> mark(offset).ofCommand())
                                    .limit(random.nextInt(CompareMark.ANSWERED_MAX + 1))
                                    .toList());
            case 4 -> new Action.Settle(random.nextInt(1000), mark(offset));
            case 5 ->
                    new Action.ChangeReservations(
                            new ReservationChange.Preempt(
                                    new Nexus("iqn.a,i,0x1", 7),
                                    random.nextLong(),
                                    random.nextLong(),
                                    ReservationType.EXCLUSIVE_ACCESS,
                                    random.nextBoolean()));
            case 6 ->
                    new Action.OrWrite(
                            random.nextInt(1000),
                            offset,
                            payload(length),
                            checksums(Action.pieces(offset, length)));
            default -> new Action.Flush();
        };
    }

    private CompareMark mark(int offset) {
        return new CompareMark(
                offset,
                512,
                random.nextLong(),
                random.nextLong(),
                random.nextLong(),
                random.nextLong(),
                random.nextLong());
    }

    private ProcessId process() {
        return new ProcessId(new NodeId(1 + random.nextInt(65535)), random.nextLong());
    }

    private Stamp stamp() {
        return new Stamp(process(), random.nextLong(), random.nextLong());
    }

    private HandOver handOver() {
        List<HandOver.Age> ages = new ArrayList<>();
        for (int i = random.nextInt(5); i > 0; i--) {
            ages.add(new HandOver.Age(random.nextLong(), random.nextLong()));
        }
        List<HandOver.HostMarks> hosts = new ArrayList<>();
        for (int i = random.nextInt(5); i > 0; i--) {
            hosts.add(
                    new HandOver.HostMarks(
                            "host" + i, process(), random.nextLong(), random.nextLong()));
        }
        return new HandOver(
                random.nextLong(),
                random.nextLong(),
                random.nextLong(),
                ages,
                hosts,
                random.nextLong());
    }

    private PeerMessage message() {
        return switch (random.nextInt(19)) {
            case 0 ->
                    new ToOwner.Part(
                            random.nextLong(),
                            random.nextLong(),
                            random.nextLong(),
                            random.nextLong(),
                            "iqn.2026-11.example:hôst" + random.nextInt(),
                            "iqn.2026-11.example:hôst,i,0x" + random.nextInt(),
                            volume(),
                            stamp(),
                            random.nextBoolean() ? stamp() : null,
                            action());
            case 1 ->
                    new ToOwner.Control(
                            random.nextLong(),
                            volume(),
                            ToOwner.Scope.values()[random.nextInt(ToOwner.Scope.values().length)],
                            "host",
                            random.nextLong(),
                            random.nextLong());
            case 2 ->
                    new ToOwner.Pong(
                            volume(), "", random.nextLong(), random.nextLong(), random.nextLong());
            case 3 ->
                    new ToIngress.PartDone(
                            random.nextLong(),
                            random.nextLong(),
                            payload(random.nextInt(5000)),
                            checksums(random.nextInt(3)));
            case 4 ->
                    new ToIngress.PartFailed(
                            random.nextLong(),
                            random.nextLong(),
                            IoError.values()[random.nextInt(IoError.values().length)]);
            case 5 ->
                    new ToIngress.PartRefused(
                            random.nextLong(),
                            random.nextLong(),
                            volume(),
                            random.nextLong(),
                            random.nextBoolean(),
                            random.nextLong());
            case 6 ->
                    new ToIngress.ControlDone(
                            random.nextLong(), random.nextLong(), random.nextBoolean());
            case 7 ->
                    new ToIngress.Ping(
                            random.nextLong(), volume(), random.nextLong(), random.nextLong());
            case 8 -> new ToIngress.Serving(volume(), random.nextLong(), random.nextLong());
            case 9 ->
                    new ToIngress.VolumeReset(
                            volume(),
                            new NodeId(1 + random.nextInt(65535)),
                            random.nextLong(),
                            Reset.values()[random.nextInt(Reset.values().length)],
                            random.nextLong(),
                            random.nextLong());
            case 10 -> new ToIngress.RepliesLost();
            case 11 -> new ToOwner.Move(random.nextLong(), volume(), process().node());
            case 12 ->
                    new ToIngress.PartMoved(
                            random.nextLong(), random.nextLong(), random.nextLong());
            case 13 ->
                    new ToIngress.MoveAnswer(
                            random.nextLong(),
                            random.nextLong(),
                            new MoveResult(
                                    MoveResult.Code.values()[random.nextInt(14)],
                                    random.nextLong(),
                                    "a reason"));
            case 14 -> new Transfer.Offer(volume(), random.nextLong(), random.nextLong());
            case 15 -> new Transfer.Ready(volume(), random.nextLong(), random.nextLong());
            case 16 ->
                    new Transfer.State(
                            volume(),
                            random.nextLong(),
                            random.nextLong(),
                            Transfer.Cause.values()[random.nextInt(2)],
                            random.nextLong(),
                            random.nextLong(),
                            random.nextInt(),
                            random.nextInt(),
                            handOver());
            case 17 -> new Transfer.Taken(volume(), random.nextLong(), random.nextLong());
            default -> new Ticket(random.nextLong());
        };
    }

    private static ByteBuf encode(PeerMessage message) {
        ByteBuf out = Unpooled.buffer();
        message.encode(out);
        return out;
    }

    @Test
    void decodingGivesBackWhatWasEncoded() {
        for (int i = 0; i < 5_000; i++) {
            PeerMessage message = message();
            ByteBuf bytes = encode(message);
            PeerMessage decoded = VolumeMessages.decode(message.type(), bytes.duplicate());
            assertThat(encode(decoded)).isEqualTo(bytes);
            if (i < 300) {
                assertThat(decoded).usingRecursiveComparison().isEqualTo(message);
            }
        }
    }

    /** Damaged bytes give a message or a named error, nothing else. */
    @Test
    void anyBytesGiveAMessageOrAnError() {
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            PeerMessage message = message();
            ByteBuf bytes = encode(message);
            int type = message.type();
            switch (random.nextInt(3)) {
                case 0 -> bytes.writerIndex(random.nextInt(bytes.writerIndex()));
                case 1 -> {
                    for (int j = 0; j < 4; j++) {
                        bytes.setByte(random.nextInt(bytes.writerIndex()), random.nextInt(256));
                    }
                }
                default -> bytes = Unpooled.wrappedBuffer(randomBytes());
            }
            try {
                VolumeMessages.decode(type, bytes);
            } catch (WireFormatException e) {
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(10_000);
    }

    private byte[] randomBytes() {
        byte[] bytes = new byte[random.nextInt(200)];
        random.nextBytes(bytes);
        if (bytes.length > 0) {
            bytes[0] = 1;
        }
        return bytes;
    }

    /** A truncated message is never taken for a shorter one. */
    @Test
    void everyTruncationIsRefused() {
        for (int i = 0; i < 300; i++) {
            PeerMessage message = message();
            ByteBuf bytes = encode(message);
            int step = Math.max(1, bytes.writerIndex() / 50);
            for (int length = 0; length < bytes.writerIndex(); length += step) {
                ByteBuf part = bytes.slice(0, length);
                assertThatThrownBy(() -> VolumeMessages.decode(message.type(), part))
                        .isInstanceOf(WireFormatException.class);
            }
        }
    }

    /** An unknown version says what to do. */
    @Test
    void refusesAnotherVersion() {
        ByteBuf bytes = encode(new Ticket(3)).setByte(0, 9);
        assertThatThrownBy(() -> VolumeMessages.decode(Ticket.TYPE, bytes))
                .hasMessageContaining("version 9")
                .hasMessageContaining("same release");
    }

    /** The largest part fits into a body. */
    @Test
    void theLargestPartFits() {
        int length = Sizes.PAYLOAD_BYTES_MAX;
        Action write =
                new Action.Write(0, 512, payload(length), checksums(Action.pieces(512, length)));
        PeerMessage part =
                new ToOwner.Part(
                        1,
                        1,
                        1,
                        1,
                        "h".repeat(256),
                        "p".repeat(256),
                        new VolumeId(1),
                        stamp(),
                        stamp(),
                        write);
        assertThat(encode(part).readableBytes()).isLessThan(PeerTransport.BODY_BYTES_MAX);
        assertThat(VolumeMessages.decode(part.type(), encode(part))).isNotNull();
    }

    /** What an owner of very many hosts hands over fits into a body, too. */
    @Test
    void theLargestHandOverFits() {
        HandOver handOver =
                new HandOver(
                        1,
                        1,
                        1,
                        Collections.nCopies(HandOver.AGES_MAX, new HandOver.Age(1, 1)),
                        Collections.nCopies(
                                HandOver.HOSTS_MAX,
                                new HandOver.HostMarks("h".repeat(256), process(), 1, 1)),
                        1);
        PeerMessage state =
                new Transfer.State(
                        new VolumeId(1), 1, 1, Transfer.Cause.IMPLICIT, 1, 1, 1, 1, handOver);
        assertThat(encode(state).readableBytes()).isLessThan(PeerTransport.BODY_BYTES_MAX);
        assertThat(VolumeMessages.decode(state.type(), encode(state))).isEqualTo(state);
    }
}
