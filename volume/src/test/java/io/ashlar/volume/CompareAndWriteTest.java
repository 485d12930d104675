package io.ashlar.volume;

import static org.assertj.core.api.Assertions.assertThat;

import io.ashlar.common.CompareMark;
import io.ashlar.common.Payload;
import io.ashlar.common.VolumeId;
import io.ashlar.replication.PgReply;
import io.ashlar.replication.PgRequest;
import io.ashlar.volume.Front.Sent;
import io.ashlar.volume.owner.FenceRules;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** F3: what an ingress knows of answers reaches the primary (ADR 9). */
class CompareAndWriteTest {
    private static final int BLOCK = 512;
    private static final long SECOND = 1_000 * FakeWorld.MILLI;

    private FakeWorld world;
    private VolumeId volume;
    private Front host;

    @BeforeEach
    void start() {
        world = new FakeWorld(1, 3, VolumeSettings.defaults(), FenceRules.ALL);
        volume = world.log.createVolume(1 << 20, world.node(1).self, 0);
        world.start();
        world.run(2 * SECOND);
        host = Front.login(world, 2, "host");
    }

    private Sent compare(long offset) {
        Payload zeros = Payload.zeros(BLOCK);
        return host.sendUntilTaken(new IoRequest.CompareAndWrite(volume, offset, zeros, zeros));
    }

    private void deliver(Sent sent) {
        host.on(() -> host.connection.delivered(sent.number));
    }

    private PgRequest.CompareAndWrite lastComparison() {
        return of(PgRequest.CompareAndWrite.class).getLast();
    }

    private <T> List<T> of(Class<T> kind) {
        return world.storage.applied.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    @Test
    void aCommandNamesThoseWhoseAnswersItsHostHasUntilTheyAreSettled() {
        // Taken for a repetition, a second command would be told that it was done.
        world.storage.answer =
                request -> request instanceof PgRequest.Settle ? new PgReply.OutOfSpace() : null;
        Sent first = compare(0);
        assertThat(first.result).isEqualTo(IoResult.DONE);
        CompareMark.Command command = lastComparison().mark().ofCommand();
        compare(0);
        assertThat(lastComparison().answered()).as("nobody knows that it came").isEmpty();
        deliver(first);
        world.run(3 * SECOND);
        compare(0);
        assertThat(lastComparison().answered()).containsExactly(command);
        compare(BLOCK);
        assertThat(lastComparison().answered()).as("of another place").isEmpty();
        world.storage.answer = _ -> null;
        world.run(3 * SECOND);
        assertThat(of(PgRequest.Settle.class)).hasSize(1);
        compare(0);
        assertThat(lastComparison().answered()).isEmpty();
    }

    @Test
    void aCommandNamesNoMoreThanAnybodyReads() {
        world.storage.answer =
                request -> request instanceof PgRequest.Settle ? new PgReply.OutOfSpace() : null;
        for (int i = 0; i <= CompareMark.ANSWERED_MAX; i++) {
            deliver(compare(0));
        }
        CompareMark.Command newest = lastComparison().mark().ofCommand();
        compare(0);
        assertThat(lastComparison().answered())
                .hasSize(CompareMark.ANSWERED_MAX)
                .startsWith(newest);
    }

    @Test
    void settlingEndsWithItsAssociation() {
        // A session that is gone must leave nothing behind that goes on for ever.
        world.storage.answer =
                request -> request instanceof PgRequest.Settle ? new PgReply.OutOfSpace() : null;
        deliver(compare(0));
        world.run(2 * SECOND);
        host.on(() -> host.association.close(() -> {}));
        world.run(2 * SECOND);
        world.storage.answer = _ -> null;
        world.run(5 * SECOND);
        assertThat(of(PgRequest.Settle.class)).isEmpty();
    }
}
