package io.ashlar.volume;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.Payload;
import io.ashlar.common.VolumeId;
import io.ashlar.replication.PgReply;
import io.ashlar.replication.PgRequest;
import io.ashlar.volume.Front.Sent;
import io.ashlar.volume.owner.FenceRules;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a host writes it reads, by the owner's node and by others. */
class DataPathTest {
    private static final int BYTES = 16 << 20;

    private FakeWorld world;
    private VolumeId volume;

    @BeforeEach
    void start() {
        world = new FakeWorld(1, 3, VolumeSettings.defaults(), FenceRules.ALL);
        volume = world.log.createVolume(BYTES, world.node(1).self, 0);
        world.start();
        world.run(2_000 * FakeWorld.MILLI);
    }

    /** Random writes, set bits, zeros and reads of any alignment equal an array. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void equalsAnArray(int node) {
        Front front = Front.login(world, node, "host");
        SplittableRandom random = new SplittableRandom(5);
        byte[] model = new byte[BYTES];
        for (int i = 0; i < 120; i++) {
            int length = 512 * (1 + random.nextInt(i % 10 == 0 ? 4096 : 300));
            int offset = 512 * random.nextInt((BYTES - length) / 512 / (i % 2 == 0 ? 1 : 20));
            switch (random.nextInt(4)) {
                case 0 -> {
                    byte[] data = new byte[length];
                    random.nextBytes(data);
                    System.arraycopy(data, 0, model, offset, length);
                    assertThat(
                                    front.await(
                                                    front.send(
                                                            new IoRequest.Write(
                                                                    volume,
                                                                    offset,
                                                                    Payload.of(data),
                                                                    false)))
                                            .result)
                            .isEqualTo(IoResult.DONE);
                }
                case 1 -> {
                    byte[] bits = new byte[length];
                    random.nextBytes(bits);
                    for (int at = 0; at < length; at++) {
                        model[offset + at] |= bits[at];
                    }
                    Sent or = front.send(new IoRequest.OrWrite(volume, offset, Payload.of(bits)));
                    assertThat(front.await(or).result).isEqualTo(IoResult.DONE);
                }
                case 2 -> {
                    Arrays.fill(model, offset, offset + length, (byte) 0);
                    Sent zero =
                            front.send(
                                    new IoRequest.Zero(
                                            volume, offset, length, random.nextInt(2) == 0));
                    assertThat(front.await(zero).result).isEqualTo(IoResult.DONE);
                }
                default -> {
                    Sent read = front.await(front.send(Front.read(volume, offset, length)));
                    assertThat(read.data())
                            .isEqualTo(Arrays.copyOfRange(model, offset, offset + length));
                }
            }
        }
    }

    /** The longest transfer passes, in parts that fit between nodes. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void movesTheLongestTransfer(int node) {
        Front front = Front.login(world, node, "host");
        int length = IoRequest.TRANSFER_BYTES_MAX;
        byte[] data = new byte[length];
        new SplittableRandom(2).nextBytes(data);
        IoRequest write = new IoRequest.Write(volume, 1024, Payload.of(data), true);
        assertThat(front.await(front.send(write)).result).isEqualTo(IoResult.DONE);
        Sent read = front.await(front.send(Front.read(volume, 1024, length)));
        assertThat(read.data()).isEqualTo(data);
    }

    /** What front ends promise to be one step is one request, of reads beside it, too. */
    @Test
    void anAlignedStretchIsOneRequest() {
        Front front = Front.login(world, 2, "host");
        int stretch = world.node(2).volumes.service().volumes("host").get(0).atomicBytes();
        assertThat(stretch).isPositive();
        for (int offset = stretch / 2; offset < 3 * stretch; offset += stretch / 2) {
            int bytes = stretch / 2;
            world.storage.applied.clear();
            front.await(front.sendUntilTaken(Front.write(volume, offset, bytes, 1)));
            assertThat(world.storage.applied).hasSize(1);
        }
        world.storage.applied.clear();
        front.await(front.send(Front.read(volume, stretch / 2, 2 * stretch)));
        assertThat(world.storage.applied)
                .allMatch(request ->
                        request instanceof PgRequest.Read read
                                && read.offset() / stretch
                                        == (read.offset() + read.length() - 1) / stretch);
    }

    /** A zeroed volume is trimmed chunk by chunk, and only edges of blocks are written. */
    @Test
    void zeroesInWholeBlocks() {
        Front front = Front.login(world, 1, "host");
        world.storage.applied.clear();
        Sent zero = front.send(new IoRequest.Zero(volume, 512, BYTES - 1024, true));
        assertThat(front.await(zero).result).isEqualTo(IoResult.DONE);
        long writes =
                world.storage.applied.stream().filter(r -> r instanceof PgRequest.Write).count();
        long trims =
                world.storage.applied.stream().filter(r -> r instanceof PgRequest.Trim).count();
        assertThat(writes).isEqualTo(2);
        assertThat(trims).isEqualTo(BYTES / FakeLog.CHUNK_BYTES);
    }

    @Test
    void refusesWhatLiesOutside() {
        Front front = Front.login(world, 2, "host");
        assertThat(front.await(front.send(Front.read(volume, BYTES - 512, 1024))).error())
                .isEqualTo(IoError.OUT_OF_RANGE);
        assertThat(front.await(front.send(Front.read(volume, -512, 512))).error())
                .isEqualTo(IoError.OUT_OF_RANGE);
        assertThat(front.await(front.send(Front.read(new VolumeId(99), 0, 512))).error())
                .isEqualTo(IoError.NO_SUCH_VOLUME);
        VolumeId hidden = world.log.createVolume(BYTES, world.node(1).self, -1);
        world.run(FakeWorld.MILLI);
        assertThat(front.await(front.send(Front.read(hidden, 0, 512))).error())
                .isEqualTo(IoError.NO_SUCH_VOLUME);
    }

    /** Errors of placement groups keep their meaning on the way through the owner. */
    @Test
    void carriesErrors() {
        Front front = Front.login(world, 2, "host");
        world.storage.answer = _ -> new PgReply.Unrecovered("test");
        assertThat(front.await(front.send(Front.read(volume, 0, 512))).error())
                .isEqualTo(IoError.UNRECOVERED_READ);
        assertThat(front.await(front.send(Front.write(volume, 0, 512, 1))).error())
                .isEqualTo(IoError.WRITE_FAULT);
        world.storage.answer = _ -> new PgReply.OutOfSpace();
        assertThat(front.await(front.send(Front.write(volume, 0, 512, 1))).error())
                .isEqualTo(IoError.OUT_OF_SPACE);
    }

    /** Data that was damaged on its way is never given to a host. */
    @Test
    void verifiesDataWhereItLeaves() {
        Front front = Front.login(world, 1, "host");
        world.storage.answer =
                request ->
                        request instanceof PgRequest.Read
                                ? new PgReply.Done(Payload.zeros(512), new int[] {12345})
                                : null;
        assertThat(front.await(front.send(Front.read(volume, 0, 512))).error())
                .isEqualTo(IoError.FENCED);
    }

    /** Too much in flight is told, and nothing is left counted afterwards. */
    @Test
    void boundsWhatIsInFlight() {
        Front front = Front.login(world, 1, "host");
        world.storage.delay = _ -> 100 * FakeWorld.MILLI;
        Sent last = null;
        for (int i = 0; i < 20; i++) {
            last = front.send(Front.read(volume, 0, IoRequest.TRANSFER_BYTES_MAX));
        }
        assertThat(front.await(last).error()).isEqualTo(IoError.OVERLOADED);
        world.run(10_000 * FakeWorld.MILLI);
        Sent again = front.sendUntilTaken(Front.read(volume, 0, IoRequest.TRANSFER_BYTES_MAX));
        assertThat(again.result).isInstanceOf(IoResult.Done.class);
    }
}
