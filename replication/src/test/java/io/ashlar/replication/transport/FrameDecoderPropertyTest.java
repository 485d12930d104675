package io.ashlar.replication.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.RandomSource;
import io.ashlar.common.Wire;
import io.ashlar.replication.PeerTransport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class FrameDecoderPropertyTest {
    private static final int SEEDS = 300;
    private static final int PIECES_MAX = 30;

    /** Notes what it is handed, as a connection with a standing stream. */
    private static final class Recorder extends FrameDecoder {
        final List<Long> numbers = new ArrayList<>();
        final List<Integer> bodies = new ArrayList<>();
        int ends;
        int bugs;

        @Override
        int bodyBytesMax() {
            return PeerTransport.BODY_BYTES_MAX;
        }

        @Override
        boolean isStanding() {
            return true;
        }

        @Override
        void onFrame(int version, int type, ByteBuf body) {
            assertThat(ends).as("frames after the end").isZero();
            bodies.add(body.readableBytes());
            numbers.add(Wire.readLong(body));
        }

        @Override
        void onBeat() {}

        @Override
        void onEnd(String reason) {
            ends++;
        }

        @Override
        void onBug(Throwable bug) {
            bugs++;
        }
    }

    private static ByteBuf stream(RandomSource random, int frames, List<Integer> bodies) {
        ByteBuf stream = Unpooled.buffer();
        for (int i = 0; i < frames; i++) {
            byte[] rest = new byte[random.nextInt(8) == 0 ? random.nextInt(100_000) : i % 50];
            ByteBuf frame =
                    Frame.ofMessage(UnpooledByteBufAllocator.DEFAULT, new Note(i, rest), 32);
            Frame.stamp(frame, i);
            bodies.add(8 + rest.length);
            stream.writeBytes(frame);
            frame.release();
        }
        return stream;
    }

    /** Feeds bytes in pieces, as a socket may. */
    private static Recorder feed(RandomSource random, ByteBuf bytes) {
        Recorder recorder = new Recorder();
        EmbeddedChannel channel = new EmbeddedChannel(recorder);
        int largest = Math.max(1 << random.nextInt(18), bytes.readableBytes() / PIECES_MAX);
        while (bytes.isReadable() && channel.isOpen()) {
            int size = Math.min(bytes.readableBytes(), 1 + random.nextInt(largest));
            channel.writeInbound(channel.alloc().directBuffer(size).writeBytes(bytes, size));
        }
        bytes.release();
        channel.finishAndReleaseAll();
        assertThat(recorder.ends).isEqualTo(1);
        assertThat(recorder.bugs).isZero();
        return recorder;
    }

    /** How a network cuts the bytes must not matter. */
    @Test
    void framesComeOutAsTheyWentInHoweverTheyAreCut() {
        for (int seed = 0; seed < SEEDS / 10; seed++) {
            RandomSource random = RandomSource.seeded(seed);
            List<Integer> bodies = new ArrayList<>();
            ByteBuf stream = stream(random, 1 + random.nextInt(30), bodies);
            assertThat(feed(random, stream).bodies).as("seed %s", seed).isEqualTo(bodies);
        }
    }

    /** Flipped bits and lost or repeated bytes cost the rest of a stream, never a wrong message. */
    @Test
    void aSpoiltStreamYieldsOnlyItsIntactBeginning() {
        for (int seed = 0; seed < SEEDS; seed++) {
            RandomSource random = RandomSource.seeded(seed);
            List<Integer> bodies = new ArrayList<>();
            ByteBuf stream = stream(random, 1 + random.nextInt(6), bodies);
            int at = random.nextInt(stream.readableBytes());
            ByteBuf spoilt = Unpooled.buffer();
            spoilt.writeBytes(stream, 0, at);
            switch (random.nextInt(3)) {
                case 0 -> // a bit
                        spoilt.writeByte(stream.getByte(at) ^ (1 << random.nextInt(8)))
                                .writeBytes(stream, at + 1, stream.readableBytes() - at - 1);
                case 1 -> // a lost piece
                        spoilt.writeBytes(
                                stream, at + 1 + random.nextInt(stream.readableBytes() - at), 0);
                default -> { // a repeated piece
                    int from = random.nextInt(at + 1);
                    spoilt.writeBytes(stream, from, stream.readableBytes() - from);
                }
            }
            stream.release();
            List<Integer> out = feed(random, spoilt).bodies;
            assertThat(bodies.subList(0, Math.min(out.size(), bodies.size())))
                    .as("seed %s", seed)
                    .isEqualTo(out);
        }
    }

    /** Any bytes at all, with and without a good header before them, end it and no more. */
    @Test
    void arbitraryBytesNeverDoMoreThanEndTheConnection() {
        for (int seed = 0; seed < SEEDS; seed++) {
            RandomSource random = RandomSource.seeded(seed);
            ByteBuf bytes = Unpooled.buffer();
            if (random.nextInt(2) == 0) {
                bytes.writeInt(Frame.MAGIC);
            }
            int count = random.nextInt(400);
            for (int i = 0; i < count; i++) {
                bytes.writeByte(random.nextInt(256));
            }
            assertThat(feed(random, bytes).numbers).as("seed %s", seed).isEmpty();
        }
    }
}
