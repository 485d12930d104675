package io.ashlar.replication.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayDeque;
import org.junit.jupiter.api.Test;

class SendQueueTest {
    private static ByteBuf frame() {
        return Unpooled.buffer(1000);
    }

    /** One wake-up per batch is what keeps sending cheap; a missing one would strand messages. */
    @Test
    void theLoopIsWokenOncePerBatch() {
        SendQueue queue = new SendQueue(1 << 20);
        assertThat(queue.submit(frame())).isEqualTo(SendQueue.Offer.WAKE);
        assertThat(queue.submit(frame())).isEqualTo(SendQueue.Offer.QUEUED);
        ArrayDeque<ByteBuf> batch = queue.take(new ArrayDeque<>());
        assertThat(batch).hasSize(2);
        assertThat(queue.submit(frame())).isEqualTo(SendQueue.Offer.QUEUED);
        batch.addAll(queue.take(new ArrayDeque<>()));
        assertThat(batch).hasSize(3);
        assertThat(queue.take(new ArrayDeque<>())).isEmpty();
        assertThat(queue.submit(frame())).isEqualTo(SendQueue.Offer.WAKE);
        batch.forEach(ByteBuf::release);
        queue.close();
    }

    /** The limit holds memory, and what is written makes room again. */
    @Test
    void aFrameOverTheLimitClosesTheQueue() {
        ByteBuf first = frame();
        SendQueue queue = new SendQueue(2L * SendQueue.cost(first));
        queue.submit(first);
        queue.submit(frame());
        queue.onWritten(SendQueue.cost(first));
        assertThat(queue.submit(frame())).isEqualTo(SendQueue.Offer.QUEUED);
        ByteBuf last = frame();
        assertThat(queue.submit(last)).isEqualTo(SendQueue.Offer.OVERFLOW);
        assertThat(last.refCnt()).isZero();
        assertThat(queue.submit(frame())).isEqualTo(SendQueue.Offer.CLOSED);
        queue.close();
        assertThat(first.refCnt()).isZero();
    }

    /** A stream that ended must not keep what it will never send. */
    @Test
    void closingReleasesWhatWaits() {
        SendQueue queue = new SendQueue(1 << 20);
        ByteBuf waiting = frame();
        queue.submit(waiting);
        queue.close();
        ByteBuf late = frame();
        assertThat(queue.submit(late)).isEqualTo(SendQueue.Offer.CLOSED);
        assertThat(waiting.refCnt() + late.refCnt()).isZero();
    }
}
