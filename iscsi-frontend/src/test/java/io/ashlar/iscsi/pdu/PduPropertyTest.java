package io.ashlar.iscsi.pdu;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.Payload;
import io.ashlar.common.RandomSource;
import io.ashlar.common.WireFormatException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Any bytes give a value or an error; what is encoded decodes to itself. */
final class PduPropertyTest {
    private static final int ROUNDS = 5_000;
    private static final int SEGMENT_MAX = 512;

    /** What a receiver sees, as text; data by length and content. */
    private static final class Recorder implements PduDecoder.Receiver {
        private final List<String> seen = new ArrayList<>();
        private int begun;
        private int complete;
        private boolean broken;

        @Override
        public void onFirstByte() {
            begun++;
        }

        @Override
        public void onHeader(InitiatorPdu pdu, DataArea area) {
            assertThat(begun).isEqualTo(complete + 1);
        }

        @Override
        public void onPdu(InitiatorPdu pdu, DataArea area, boolean dataIntact) {
            complete++;
            seen.add(
                    pdu
                            + " "
                            + Payload.of(area.array())
                                    .slice(area.offset(), area.length())
                                    .hashCode()
                            + " "
                            + dataIntact);
        }

        @Override
        public void onBroken(String reason) {
            assertThat(broken).isFalse();
            broken = true;
            seen.add("broken: " + reason);
        }
    }

    /** Protects the node from hostile input: no exception but the one that is meant. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void anyHeaderIsAValueOrAnError(long seed) {
        RandomSource random = RandomSource.seeded(seed);
        for (int round = 0; round < ROUNDS; round++) {
            byte[] header = bytes(random, Bhs.BYTES);
            byte[] additional = bytes(random, 4 * random.nextInt(8));
            try {
                InitiatorPdu.decode(Unpooled.wrappedBuffer(header), additional);
            } catch (WireFormatException expected) {
                assertThat(expected).hasMessageContaining("additional header");
            }
            try {
                TargetPdu.decode(Unpooled.wrappedBuffer(header));
            } catch (WireFormatException expected) {
                assertThat(expected).hasMessageContaining("opcode");
            }
        }
    }

    /** Protects both directions from drifting apart. */
    @ParameterizedTest
    @ValueSource(longs = {4, 5, 6})
    void whatIsEncodedDecodesToItself(long seed) {
        RandomSource random = RandomSource.seeded(seed);
        int[] fromInitiator = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x10, 0x1C};
        int[] fromTarget = {0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x31, 0x32, 0x3F};
        for (int round = 0; round < ROUNDS; round++) {
            byte[] header = bytes(random, Bhs.BYTES);
            header[0] = (byte) fromInitiator[random.nextInt(fromInitiator.length)];
            InitiatorPdu pdu = InitiatorPdu.decode(Unpooled.wrappedBuffer(header), new byte[0]);
            ByteBuf out = Unpooled.buffer();
            pdu.encode(out);
            assertThat(InitiatorPdu.decode(out, new byte[0])).isEqualTo(pdu);
            assertThat(InitiatorPdu.decode(out, new byte[0])).hasSameHashCodeAs(pdu);
            header[0] = (byte) fromTarget[random.nextInt(fromTarget.length)];
            TargetPdu answer = TargetPdu.decode(Unpooled.wrappedBuffer(header));
            out.clear();
            answer.encode(out);
            assertThat(TargetPdu.decode(out)).isEqualTo(answer);
        }
    }

    /** Protects framing: where a read ends makes no difference, digests or not. */
    @ParameterizedTest
    @ValueSource(longs = {7, 8, 9, 10})
    void aStreamDecodesTheSameHoweverItIsCut(long seed) {
        RandomSource random = RandomSource.seeded(seed);
        boolean digests = seed % 2 == 0;
        ByteBuf stream = Unpooled.buffer();
        for (int i = 0; i < 50; i++) {
            appendRequest(random, stream, digests);
        }
        Recorder whole = new Recorder();
        decoder(whole, digests).decode(stream.duplicate());
        assertThat(whole.seen).hasSize(50).noneMatch(line -> line.startsWith("broken"));
        for (int round = 0; round < 20; round++) {
            Recorder cut = new Recorder();
            PduDecoder decoder = decoder(cut, digests);
            ByteBuf rest = stream.duplicate();
            while (rest.isReadable()) {
                decoder.decode(
                        rest.readSlice(Math.min(rest.readableBytes(), 1 + random.nextInt(100))));
            }
            assertThat(cut.seen).isEqualTo(whole.seen);
        }
    }

    /** Protects data: one flipped bit never passes for what was sent. */
    @ParameterizedTest
    @ValueSource(longs = {11, 12})
    void digestsFindEveryFlippedBit(long seed) {
        RandomSource random = RandomSource.seeded(seed);
        for (int round = 0; round < 500; round++) {
            ByteBuf stream = Unpooled.buffer();
            appendRequest(random, stream, true);
            int at = random.nextInt(stream.readableBytes());
            stream.setByte(at, stream.getByte(at) ^ 1 << random.nextInt(8));
            Recorder recorder = new Recorder();
            decoder(recorder, true).decode(stream);
            assertThat(recorder.seen).allMatch(s -> s.startsWith("broken") || s.endsWith("false"));
        }
    }

    /** Protects memory: no length is believed that is above the limit. */
    @ParameterizedTest
    @ValueSource(longs = {13, 14, 15, 16})
    void anyStreamIsDecodedWithinTheLimitOrGivenUp(long seed) {
        RandomSource random = RandomSource.seeded(seed);
        for (int round = 0; round < 500; round++) {
            Recorder recorder = new Recorder();
            PduDecoder decoder = decoder(recorder, random.nextInt(2) == 0);
            decoder.decode(Unpooled.wrappedBuffer(bytes(random, 4_000)));
            decoder.decode(Unpooled.wrappedBuffer(bytes(random, 4_000)));
            assertThat(recorder.seen.size()).isLessThan(8_000 / Bhs.BYTES + 1);
        }
    }

    private static PduDecoder decoder(Recorder recorder, boolean digests) {
        PduDecoder decoder = new PduDecoder(recorder, SEGMENT_MAX);
        decoder.configure(digests, digests, SEGMENT_MAX);
        return decoder;
    }

    /** A Data-Out or NOP-Out with data, as an initiator would send it. */
    private static void appendRequest(RandomSource random, ByteBuf out, boolean digests) {
        byte[] data = bytes(random, random.nextInt(SEGMENT_MAX + 1));
        int start = out.writerIndex();
        new DataOutPdu(
                        random.nextInt(2) == 0,
                        random.nextLong(),
                        random.nextInt(1000),
                        random.nextInt(1000),
                        1,
                        random.nextInt(1000),
                        random.nextInt(1000))
                .encode(out);
        out.setMedium(start + Bhs.DATA_SEGMENT_LENGTH, data.length);
        if (digests) {
            out.writeIntLE(io.ashlar.common.Crc32c.of(out.nioBuffer(start, Bhs.BYTES)));
        }
        int dataStart = out.writerIndex();
        out.writeBytes(data).writeZero(Bhs.padded(data.length) - data.length);
        if (digests && data.length > 0) {
            out.writeIntLE(
                    io.ashlar.common.Crc32c.of(out.nioBuffer(dataStart, Bhs.padded(data.length))));
        }
    }

    private static byte[] bytes(RandomSource random, int count) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) random.nextLong();
        }
        return bytes;
    }
}
